// Tests src/vrrp/units.ts: the bounds of each kind of number, and the conversions at their edges.
import t from 'tap';
import {
  after,
  between,
  DEMOTED,
  earliest,
  fromCentis,
  micros,
  millis,
  OWNER,
  priority,
  seconds,
  toCentis,
  toSeconds,
  vrid,
} from '../../src/vrrp/units.ts';
import fc from '../fixtures/property.ts';

t.test('priorities and VRIDs are whole numbers 1..255', async t => {
  for (const make of [priority, vrid]) {
    for (const value of [1, 2, 254, 255]) t.equal(make(value), value);
    for (const value of [0, -1, 256, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      t.throws(() => make(value), RangeError, `${make.name} ${value}`);
  }
  t.equal(OWNER, 255);
  t.equal(DEMOTED, 1);
});

t.test('microseconds are whole, and rounded up', async t => {
  t.equal(micros(7812.5), 7813);
  t.equal(micros(7813), 7813);
  t.equal(micros(0.001), 1);
  t.equal(millis(10), 10_000);
  t.equal(millis(0.0001), 1);
  t.equal(seconds(40.95), 40_950_000);
});

t.test('centiseconds 1..4095 are what the wire can carry', async t => {
  const rows: readonly (readonly [number, number])[] = [
    [10_000, 1],
    [1_000_000, 100],
    [40_940_000, 4094],
    [40_950_000, 4095],
  ];
  for (const [us, cs] of rows) {
    const wire = toCentis(micros(us));
    t.equal(wire, cs);
    t.equal(fromCentis(wire), us);
  }
  for (const us of [0, 1, 9_999, 10_001, 15_000, 40_960_000, -10_000]) t.throws(() => toCentis(micros(us)), RangeError, `${us} µs`);
});

t.test('version 2 carries 1..255 whole seconds', async t => {
  for (const number of [1, 2, 254, 255]) t.equal(toSeconds(seconds(number)), number);
  for (const us of [0, 1, 10_000, 999_999, 1_000_001, 1_500_000, 256_000_000, -1_000_000]) {
    t.throws(() => toSeconds(micros(us)), RangeError, `${us} µs`);
  }
});

t.test('instants', async t => {
  t.equal(after(seconds(5), millis(10)), 5_010_000);
  t.equal(between(seconds(5), seconds(7)), 2_000_000);
  t.equal(between(seconds(7), seconds(5)), -2_000_000);
  t.equal(earliest(null, null), null);
  t.equal(earliest(seconds(1), null), 1_000_000);
  t.equal(earliest(null, seconds(1)), 1_000_000);
  t.equal(earliest(seconds(1), seconds(2)), 1_000_000);
  t.equal(earliest(seconds(2), seconds(1)), 1_000_000);
});

t.test('property: centiseconds there and back, and between undoes after', async () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 4095 }), cs => toCentis(millis(10 * cs)) === cs));
  const instant = fc.integer({ min: 0, max: 2 ** 52 }).map(micros);
  const duration = fc.integer({ min: 0, max: 2 ** 40 }).map(micros);
  fc.assert(fc.property(instant, duration, (now, by) => between(now, after(now, by)) === by));
});
