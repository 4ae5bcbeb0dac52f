// Tests src/core/lateness.ts: the histogram of late wake-ups.
import t from 'tap';
import { createLatenessMeter } from '../../src/core/lateness.ts';
import { micros } from '../../src/vrrp/units.ts';

t.test('before the first wake-up everything is 0', async t => {
  const { wakes, last, max, histogram } = createLatenessMeter().snapshot();
  t.strictSame([wakes, last, max], [0, 0, 0]);
  t.ok(histogram.every(({ count }) => count === 0));
  t.equal(histogram.at(-1)?.upTo, null, 'the last bucket has no bound');
});

t.test('a bound belongs to its own bucket', async t => {
  // [late, upper bound of the bucket it is counted in]
  const cases = [
    [0, 500],
    [500, 500],
    [501, 1_000],
    [20_000, 20_000],
    [20_001, 50_000],
    [5_000_000, 5_000_000],
    [5_000_001, null],
    [3_600_000_000, null],
  ] as const;
  for (const [late, upTo] of cases) {
    const meter = createLatenessMeter();
    meter.record(micros(late));
    const counted = meter.snapshot().histogram.filter(({ count }) => count > 0);
    t.strictSame(counted, [{ upTo, count: 1 }], `${late} µs`);
  }
});

t.test('last, largest and all of them', async t => {
  const meter = createLatenessMeter();
  for (const late of [10, 7_000, 30]) meter.record(micros(late));
  const { wakes, sum, last, max, histogram } = meter.snapshot();
  t.strictSame([wakes, sum, last, max], [3, 7_040, 30, 7_000]);
  t.equal(
    histogram.reduce((sum, { count }) => sum + count, 0),
    3,
  );
});

t.test('a snapshot stays as it was', async t => {
  const meter = createLatenessMeter();
  const before = meter.snapshot();
  meter.record(micros(1));
  t.equal(before.wakes, 0);
  t.equal(before.histogram[0]?.count, 0);
});
