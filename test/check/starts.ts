// src/check/starts.ts: never a storm.
import t from 'tap';
import { afterDeath, afterFailure, NO_STARTS, type Starts, started } from '../../src/check/starts.ts';
import { type Micros, seconds } from '../../src/vrrp/units.ts';

const BUDGET = { startLimit: 3, startLimitInterval: seconds(60) };

t.test('within the budget it is started at once', async t => {
  let starts: Starts = NO_STARTS;
  for (const second of [0, 1, 2]) {
    const [known, at] = afterDeath(starts, BUDGET, null, seconds(second));
    t.equal(at, seconds(second));
    starts = started(known, at);
  }
  t.strictSame(starts, { at: [0, 1_000_000, 2_000_000], strikes: 0 });
});

t.test('beyond it each start waits longer, up to a minute', async t => {
  let starts: Starts = { at: [seconds(0), seconds(0), seconds(0)], strikes: 0 };
  let now: Micros = seconds(1);
  const waits: number[] = [];
  for (let n = 0; n < 10; n += 1) {
    const [known, at] = afterDeath(starts, BUDGET, null, now);
    waits.push((at - now) / 1000);
    starts = { ...started(known, at), at: [at, at, at] };
    now = at;
  }
  t.strictSame(waits, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

t.test('the budget fills again with time', async t => {
  const starts = { at: [seconds(0), seconds(30), seconds(40)], strikes: 0 };
  t.equal(afterDeath(starts, BUDGET, null, seconds(59))[1], seconds(59.5));
  t.strictSame(afterDeath(starts, BUDGET, null, seconds(60)), [{ at: [seconds(30), seconds(40)], strikes: 0 }, seconds(60)]);
});

t.test('a start that failed is not repeated at once, whatever the budget', async t => {
  const [once, at] = afterFailure(NO_STARTS, seconds(10));
  t.equal(at, seconds(10.5));
  t.equal(afterFailure(once, seconds(20))[1], seconds(21));
});

t.test('strikes are forgotten when it has lived for the whole interval', async t => {
  const starts = { at: [], strikes: 6 };
  t.equal(afterDeath(starts, BUDGET, seconds(40), seconds(100))[0].strikes, 0);
  t.equal(afterDeath(starts, BUDGET, seconds(40.1), seconds(100))[0].strikes, 6);
});
