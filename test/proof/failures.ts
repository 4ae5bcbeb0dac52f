// src/proof/failures.ts: what the checks of one member can come to.
import t from 'tap';
import type { Track } from '../../src/check/duties.ts';
import { healthyOf, OFF, outcomesOf, singlesOf } from '../../src/proof/failures.ts';

const track = (of: string, consequence: Track['consequence']): Track => ({ router: 'web', of, consequence });
const demote = (of: string) => track(of, { do: 'demote' });
const weight = (of: string, value: number | 'number') => track(of, { do: 'weight', weight: value });

t.test('nothing tracked: it is well, or off', async t => {
  t.strictSame(outcomesOf([]), [{ condition: { standing: 'well', adjustment: 0 }, failures: [] }]);
  t.equal(OFF.condition, 'off');
});

t.test('each outcome once, with the fewest failures', async t => {
  const all = outcomesOf([demote('a'), demote('b'), weight('c', -20), weight('d', -40)]);
  t.strictSame(
    all.map(({ condition, failures }) => [condition === 'off' ? '' : `${condition.standing} ${condition.adjustment}`, failures.join()]),
    [
      ['well 0', ''],
      ['demoted 0', 'a'],
      ['well -20', 'c'],
      ['well -40', 'd'],
      ['demoted -20', 'a,c'],
      ['demoted -40', 'a,d'],
      ['well -60', 'c,d'],
      ['demoted -60', 'a,c,d'],
    ],
  );
  t.strictSame(
    outcomesOf([weight('a', -20), weight('b', -20), weight('c', -40)]).find(
      ({ condition }) => condition !== 'off' && condition.adjustment === -40,
    )?.failures,
    ['c'],
  );
});

t.test('twenty checks are no more than their outcomes', async t => {
  const many = Array.from({ length: 20 }, (_, index) => demote(`c${index}`));
  t.equal(outcomesOf(many).length, 2);
});

t.test('a number that is the weight: as it is, and at both ends', async t => {
  t.strictSame(
    outcomesOf([weight('load', 'number')]).map(({ condition, failures }) => [condition, failures]),
    [
      [{ standing: 'well', adjustment: 0 }, []],
      [{ standing: 'well', adjustment: -253 }, ['load reads -253']],
      [{ standing: 'well', adjustment: 253 }, ['load reads 253']],
    ],
  );
});

t.test('one that fails alone, also where two come to the same', async t => {
  const tracks = [weight('bonus', 20), weight('malus', -20), demote('x'), weight('load', 'number')];
  t.strictSame(healthyOf(tracks), { standing: 'well', adjustment: 20 });
  t.strictSame(singlesOf(tracks), [
    { condition: { standing: 'well', adjustment: 0 }, failures: ['bonus'] },
    { condition: { standing: 'well', adjustment: 0 }, failures: ['malus'] },
    { condition: { standing: 'demoted', adjustment: 20 }, failures: ['x'] },
    { condition: { standing: 'well', adjustment: -233 }, failures: ['load reads -253'] },
    { condition: { standing: 'well', adjustment: 273 }, failures: ['load reads 253'] },
  ]);
});
