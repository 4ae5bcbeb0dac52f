// src/proof/words.ts: a proof for people.
import t from 'tap';
import { prove } from '../../src/proof/prove.ts';
import { listed, proofLines } from '../../src/proof/words.ts';
import { router } from '../fixtures/diagnose.ts';
import { machinesOf, tracking } from '../fixtures/machines.ts';

async function lines(...texts: readonly string[]): Promise<readonly string[]> {
  return prove((await machinesOf(...texts)).machines).flatMap(proofLines);
}

t.test('each single failure, then what goes wrong', async t => {
  t.strictSame(await lines(tracking({ priority: '150' }, 'releasing'), tracking({}, 'releasing')), [
    'web/ipv4, VRID 17, 192.0.2.200/24',
    '  failed        serves',
    '  nothing       a',
    '  a: releasing  b',
    '  a off         b',
    '  b: releasing  a',
    '  b off         a',
    '  all 9 combinations of failures, from every holder before: never two at once',
    '  nobody in 3:',
    '    a: releasing; b: releasing',
    '    a: releasing; b off',
    '    a off; b: releasing',
  ]);
});

t.test('who has it keeps it; two at once; one alone', async t => {
  const calm = { preempt: 'false', vrid: '17' };
  t.match(await lines(router('web', calm), router('web', calm)), [
    /^web/,
    /^ {2}failed/,
    '  nothing  a or b, whoever had it',
    '  a off    b',
    '  b off    a',
    / 4 /,
    '  always somebody who is on',
  ]);
  const apart = await lines(
    router('web', { vrid: '17', addresses: '["192.0.2.1", "192.0.2.2"]' }),
    router('site', { addresses: '["192.0.2.1"]' }),
  );
  t.match(apart, [
    'web/ipv4, site/ipv4, VRID 17 and 51, 192.0.2.1/32 and 1 more',
    /^/,
    '  nothing  a and b',
    '  a off    b',
    '  b off    a',
    /more than one at once in 1:$/,
    '    nothing',
    /^/,
  ]);
  t.match(await lines(router('web', { addresses: '[]' })), ['web/ipv4, VRID 51, no address', /^/, '  nothing  a', '  a off    nobody']);
});

t.test('not all of very many', async t => {
  const all = ['demoting', 'releasing', 'light', 'heavy', 'bonus'] as const;
  const found = await lines(tracking({}, ...all), tracking({}, ...all), tracking({}, ...all), tracking({}, 'releasing'));
  t.match(
    found.find(line => line.includes('combinations')),
    /^ {2}the first 3000 of \d+ combinations/,
  );
  const five = await lines(...Array.from({ length: 5 }, () => tracking({}, 'releasing')));
  t.match(five.slice(-2), [/^ {4}a/, '    and 11 more']);
});

t.test('names in a row', async t => {
  t.strictSame([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])], ['', 'a', 'a and b', 'a, b and c']);
});
