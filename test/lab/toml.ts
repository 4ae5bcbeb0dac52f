// src/lab/toml.ts: what is written is read again as it was.
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { parse } from '../../src/config/parse.ts';
import { formatTable, type Value } from '../../src/lab/toml.ts';
import fc from '../fixtures/property.ts';

t.test('a table', async t => {
  t.equal(
    formatTable(['vrrp', 'a.b'], { vrid: 51, on: true, list: ['a', { b: -1 }], 'x y': 'q"\\\n' }),
    '[vrrp."a.b"]\nvrid = 51\non = true\nlist = ["a", { b = -1 }]\n"x y" = "q\\"\\\\\\n"\n',
  );
});

t.test('there and back, whatever the text', async t => {
  const text = fc.string({ unit: 'grapheme' });
  const value: fc.Arbitrary<Value> = fc.oneof(text, fc.boolean(), fc.integer(), fc.array(text), fc.dictionary(text, fc.integer()));
  const plain = (each: unknown): unknown => JSON.parse(JSON.stringify(each));
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.dictionary(text, value, { maxKeys: 5 }), settings => {
        const { tree, flaws } = parse(formatTable(['table'], settings));
        return flaws.length === 0 && isDeepStrictEqual(plain(tree?.table), plain(settings));
      }),
    ),
  );
});
