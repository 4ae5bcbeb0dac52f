// src/check/damping.ts: when what comes and goes is held down, and for how long.
import t from 'tap';
import { type Falls, fell, heldUntil, holdFor } from '../../src/check/damping.ts';
import { micros, seconds } from '../../src/vrrp/units.ts';

const HOLD = seconds(30);

function falls(...at: readonly number[]): Falls {
  return at.reduce<Falls>((known, second) => fell(known, seconds(second)), []);
}

t.test('the third fall within five minutes is flapping, and each further one doubles the hold', async t => {
  t.equal(holdFor(falls(0, 10), HOLD, seconds(20)), 0);
  t.equal(holdFor(falls(0, 10, 20), HOLD, seconds(30)), 30_000_000);
  t.equal(holdFor(falls(0, 10, 20, 30), HOLD, seconds(40)), 60_000_000);
  t.equal(holdFor(falls(0, 10, 20, 30, 40), HOLD, seconds(50)), 120_000_000);
});

t.test('ten minutes are the longest', async t => {
  const many = falls(...Array.from({ length: 20 }, (_, index) => index));
  t.equal(holdFor(many, HOLD, seconds(20)), 600_000_000);
});

t.test('what is older than five minutes is forgotten', async t => {
  t.equal(holdFor(falls(0, 10, 20), HOLD, seconds(299.9)), 30_000_000);
  t.equal(holdFor(falls(0, 10, 20), HOLD, seconds(300)), 0);
  t.strictSame(fell(falls(0, 10), seconds(305)), [seconds(10), seconds(305)]);
});

t.test('a hold of 0 is none', async t => {
  t.equal(heldUntil(falls(0, 10, 20), micros(0), seconds(30)), null);
  t.equal(heldUntil(falls(0), HOLD, seconds(30)), null);
  t.equal(heldUntil(falls(0, 10, 20), HOLD, seconds(30)), seconds(60));
});
