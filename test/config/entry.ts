// Tests src/config/entry.ts: the settings of one table from the common one and the machine's own, and where each is written.
import t from 'tap';
import { z } from 'zod';
import { entriesOf, isBroken } from '../../src/config/entry.ts';
import type { Path } from '../../src/config/tree.ts';
import { soundOf } from '../fixtures/sound.ts';

const table = z.object({ x: z.number().prefault(7), y: z.unknown().optional() });

const TEXT = `
[check.one]
x = 1
y = [1, 2]
[check.two]
[node.here.check.one]
x = 2
[node.here.check.own]
y = 3
[node.there.check.one]
x = 3
`;

t.test('lays the settings of a machine over the common ones, and fills in defaults', async t => {
  const values = (node: string) =>
    entriesOf(soundOf(TEXT), node, 'check', table).map(({ name, settings }) => [name, settings.x, settings.y]);
  t.strictSame(values('here'), [
    ['one', 2, [1, 2]],
    ['two', 7, undefined],
    ['own', 7, 3],
  ]);
  t.strictSame(values('there'), [
    ['one', 3, [1, 2]],
    ['two', 7, undefined],
  ]);
  t.strictSame(values('elsewhere')[0], ['one', 1, [1, 2]]);
  t.strictSame(entriesOf(soundOf(TEXT), 'here', 'watchdog', table), []);
});

t.test('knows what is written, and where', async t => {
  const [one, two, own] = entriesOf(soundOf(TEXT), 'here', 'check', table);
  t.strictSame(Object.keys(one?.written ?? {}), ['x', 'y']);
  t.strictSame(Object.keys(two?.written ?? {}), []);
  const path = (entry: typeof one, ...steps: Path) => entry?.placeOf(steps).path.join('.');
  t.equal(path(one, 'x'), 'node.here.check.one.x');
  t.equal(path(one, 'y', 1), 'check.one.y.1');
  t.equal(path(one, 'z'), 'check.one.z');
  t.equal(path(one), 'check.one');
  t.equal(path(own), 'node.here.check.own');
  t.equal(path(own, 'z'), 'node.here.check.own.z');
});

t.test('knows what was broken, in either table or around them', async t => {
  for (const [broken, x, y] of [
    [['check', 'one', 'x'], true, false],
    [['node', 'here', 'check', 'one', 'x'], true, false],
    [['node', 'there', 'check', 'one', 'x'], false, false],
    [['check', 'one'], true, true],
    [['check'], true, true],
    [['node'], true, true],
  ] as const) {
    const [one] = entriesOf(soundOf(TEXT, [broken]), 'here', 'check', table);
    t.strictSame([one?.isBroken('x'), one?.isBroken('y')], [x, y], broken.join('.'));
  }
  t.equal(isBroken(new Set(['["a"]']), ['a', 'b']), true);
  t.equal(isBroken(new Set(['["a","b"]']), ['a']), false);
});
