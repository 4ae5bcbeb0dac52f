// src/check/fitness.ts: what the checks of a router come to.
import t from 'tap';
import { fitness, type Tracked } from '../../src/check/fitness.ts';

const DEMOTE = { do: 'demote' } as const;
const RELEASE = { do: 'release' } as const;

function tracked(of: string, up: boolean, consequence: Tracked['consequence'], number: number | null = null): Tracked {
  return { of, up, consequence, number };
}

function weight(value: number | 'number'): Tracked['consequence'] {
  return { do: 'weight', weight: value };
}

t.test('nothing tracked, nothing lost', async t => {
  t.strictSame(fitness([]), { standing: 'well', adjustment: 0, parts: [] });
});

t.test('one that is down demotes, or releases, which is more', async t => {
  t.equal(fitness([tracked('a', true, DEMOTE), tracked('b', true, RELEASE)]).standing, 'well');
  t.equal(fitness([tracked('a', false, DEMOTE), tracked('b', true, RELEASE)]).standing, 'demoted');
  t.equal(fitness([tracked('a', false, DEMOTE), tracked('b', false, RELEASE)]).standing, 'released');
});

t.test('keepalived.conf(5): a positive weight counts while it is up, a negative one while it is down', async t => {
  t.equal(fitness([tracked('a', true, weight(20))]).adjustment, 20);
  t.equal(fitness([tracked('a', false, weight(20))]).adjustment, 0);
  t.equal(fitness([tracked('a', true, weight(-20))]).adjustment, 0);
  t.equal(fitness([tracked('a', false, weight(-20))]).adjustment, -20);
});

t.test('weights add up, and the sum is shown', async t => {
  const sum = fitness([
    tracked('a', false, weight(-20)),
    tracked('b', true, weight(5)),
    tracked('c', true, weight(-50)),
    tracked('d', true, DEMOTE),
  ]);
  t.strictSame(sum, {
    standing: 'well',
    adjustment: -15,
    parts: [
      { of: 'a', effect: -20 },
      { of: 'b', effect: 5 },
      { of: 'c', effect: 'none' },
      { of: 'd', effect: 'none' },
    ],
  });
  t.strictSame(fitness([tracked('a', false, DEMOTE), tracked('b', false, RELEASE)]).parts, [
    { of: 'a', effect: 'demote' },
    { of: 'b', effect: 'release' },
  ]);
});

t.test('a number that is read is the weight, whole and within bounds', async t => {
  t.equal(fitness([tracked('a', true, weight('number'), 7.9)]).adjustment, 7);
  t.equal(fitness([tracked('a', false, weight('number'), -10)]).adjustment, -10);
  t.equal(fitness([tracked('a', true, weight('number'), 4000)]).adjustment, 253);
  t.equal(fitness([tracked('a', true, weight('number'), -4000)]).adjustment, -253);
  t.equal(fitness([tracked('a', true, weight('number'))]).adjustment, 0, 'none was read');
});
