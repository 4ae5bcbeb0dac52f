// Tests src/vrrp/timers.ts: the figures of RFC 9568 §6.1 and RFC 3768 §6.1 worked out by hand, and the relations that failover rests on.
import t from 'tap';
import { activeDownInterval, autoLease, lateTolerance, leaveWait, skewTime } from '../../src/vrrp/timers.ts';
import { type Micros, millis, priority, seconds } from '../../src/vrrp/units.ts';
import fc from '../fixtures/property.ts';

const anyPriority = fc.integer({ min: 1, max: 255 }).map(priority);
const version3 = fc.integer({ min: 1, max: 4095 }).map(centis => [millis(10 * centis), 3] as const);
const version2 = fc.integer({ min: 1, max: 255 }).map(number => [seconds(number), 2] as const);
const anyInterval = fc.oneof(version3, version2);

t.test('skew and active-down interval, µs', async t => {
  const rows: readonly (readonly [Micros, number, number, number])[] = [
    // interval, priority, (256 - priority) x interval / 256 rounded up, 3 x interval + that
    [seconds(1), 1, 996_094, 3_996_094],
    [seconds(1), 100, 609_375, 3_609_375],
    [seconds(1), 254, 7_813, 3_007_813],
    [seconds(1), 255, 3_907, 3_003_907],
    [millis(100), 100, 60_938, 360_938],
    [millis(10), 1, 9_961, 39_961],
    [millis(10), 254, 79, 30_079],
    [millis(10), 255, 40, 30_040],
    [millis(40_950), 1, 40_790_040, 163_640_040],
    [millis(40_950), 255, 159_961, 123_009_961],
  ];
  for (const [interval, level, skew, down] of rows) {
    t.equal(skewTime(priority(level), interval, 3), skew, `skew of ${level} at ${interval}`);
    t.equal(activeDownInterval(priority(level), interval, 3), down, `down interval of ${level} at ${interval}`);
  }
});

t.test('version 2: the skew is a part of one second, whatever the interval', async t => {
  const rows: readonly (readonly [Micros, number, number, number])[] = [
    [seconds(1), 1, 996_094, 3_996_094],
    [seconds(1), 100, 609_375, 3_609_375],
    [seconds(1), 255, 3_907, 3_003_907],
    [seconds(2), 100, 609_375, 6_609_375],
    [seconds(10), 254, 7_813, 30_007_813],
    [seconds(255), 1, 996_094, 765_996_094],
    [seconds(255), 255, 3_907, 765_003_907],
  ];
  for (const [interval, level, skew, down] of rows) {
    t.equal(skewTime(priority(level), interval, 2), skew, `skew of ${level} at ${interval}`);
    t.equal(activeDownInterval(priority(level), interval, 2), down, `down interval of ${level} at ${interval}`);
  }
  t.equal(leaveWait(seconds(1), 2), leaveWait(seconds(1), 3), 'at 1 s both versions are the same');
  t.equal(leaveWait(seconds(10), 2), 1_046_094, '255/256 s and 50 ms');
});

t.test('a leaver waits for the longest skew and a little more', async t => {
  t.equal(leaveWait(seconds(1), 3), 1_046_094, '255/256 of it and 50 ms');
  t.equal(leaveWait(millis(100), 3), 149_610, 'half an interval is 50 ms too');
  t.equal(leaveWait(millis(10), 3), 14_961, 'half an interval is 5 ms');
});

t.test('how late is late', async t => {
  t.equal(lateTolerance(millis(10)), 20_000);
  t.equal(lateTolerance(millis(40)), 20_000);
  t.equal(lateTolerance(millis(100)), 50_000);
  t.equal(lateTolerance(seconds(1)), 500_000);
});

t.test('leases in whole seconds', async t => {
  const rows: readonly (readonly [Micros, number])[] = [
    [millis(10), 1],
    [millis(100), 1],
    [millis(160), 1],
    [millis(170), 2],
    [seconds(1), 6],
    [millis(1010), 7],
    [millis(40_950), 246],
  ];
  for (const [interval, lease] of rows) t.equal(autoLease(interval), lease * 1_000_000, `at ${interval} µs`);
});

t.test('skew is less than the interval, and less for a higher priority, at every priority', async t => {
  for (const interval of [millis(10), millis(100), seconds(1), millis(40_950)]) {
    let above: number = interval;
    for (let level = 1; level <= 255; level += 1) {
      const skew = skewTime(priority(level), interval, 3);
      if (skew <= 0 || skew >= above) t.fail(`skew ${skew} of priority ${level} at ${interval}, ${above} before`);
      above = skew;
    }
  }
});

t.test('property: 0 < skew < interval, and a leaver outwaits every skew', async () => {
  fc.assert(
    fc.property(anyPriority, anyInterval, (level, [interval, version]) => {
      const skew = skewTime(level, interval, version);
      return (
        Number.isInteger(skew) &&
        skew > 0 &&
        skew < interval &&
        leaveWait(interval, version) > skew &&
        activeDownInterval(level, interval, version) === 3 * interval + skew
      );
    }),
  );
});

t.test('property: a lease renewed every third of it outlives the longest down interval', async () => {
  fc.assert(
    fc.property(anyPriority, anyInterval, (level, [interval, version]) => {
      const lease = autoLease(interval);
      return lease % 1_000_000 === 0 && lease >= 1_000_000 && (lease * 2) / 3 >= activeDownInterval(level, interval, version);
    }),
  );
});
