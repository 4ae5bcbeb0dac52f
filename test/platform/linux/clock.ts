// The alarm on the real clock: it rings when it is due, never before, and only the one that was set last.
// Must not know what rings for.
import t, { type Test } from 'tap';
import { openClock } from '../../../src/platform/linux/clock.ts';
import { sysnet } from '../../../src/platform/linux/sysnet.ts';
import type { Clock } from '../../../src/platform/ports.ts';
import { after, micros, millis } from '../../../src/vrrp/units.ts';
import { until } from '../../netns/lab/clock.ts';

/** A clock, and when it rang. A clock is for the life of a process, so its timer is found by its making. */
function begin(t: Test, ring: (clock: Clock) => void = () => {}) {
  const { timerfd } = sysnet;
  sysnet.timerfd = () => {
    const fd = timerfd();
    t.teardown(() => {
      sysnet.unwatch(fd);
      sysnet.close(fd);
    });
    return fd;
  };
  const rings: number[] = [];
  const clock = openClock(() => {
    rings.push(sysnet.now());
    ring(clock);
  });
  sysnet.timerfd = timerfd;
  return { clock, rings, rang: (count: number) => until(`${count} rings`, 10_000, () => rings.length >= count) };
}

t.test('the time is monotonic and in whole microseconds', async t => {
  const { clock } = begin(t);
  const before = Number(process.hrtime.bigint() / 1000n);
  const now = clock.now();
  t.ok(Number.isInteger(now));
  t.ok(now >= before && clock.now() >= now);
  t.ok(Number(process.hrtime.bigint() / 1000n) >= now, 'of the clock that everything else here reads');
});

t.test('it rings when it is due, once', async t => {
  const { clock, rings, rang } = begin(t);
  const at = after(clock.now(), millis(30));
  clock.wakeAt(at);
  await rang(1);
  t.ok((rings[0] ?? 0) >= at, 'not before');
  const again = after(clock.now(), millis(20));
  clock.wakeAt(again);
  await rang(2);
  t.equal(rings.length, 2);
});

t.test('an instant in the past rings at once, also the beginning of time', async t => {
  const { clock, rang } = begin(t);
  clock.wakeAt(after(clock.now(), micros(-1_000_000)));
  await rang(1);
  clock.wakeAt(micros(0));
  await rang(2);
  t.pass();
});

t.test('what is set later replaces what was set before', async t => {
  const { clock, rings, rang } = begin(t);
  const now = clock.now();
  clock.wakeAt(after(now, millis(5)));
  const at = after(now, millis(60));
  clock.wakeAt(at);
  await rang(1);
  t.ok((rings[0] ?? 0) >= at);
  clock.wakeAt(after(clock.now(), millis(60_000)));
  clock.wakeAt(after(clock.now(), millis(5)));
  await rang(2);
  t.equal(rings.length, 2);
});

t.test('an alarm that was switched off does not ring, even when it was due already', async t => {
  const { clock, rings } = begin(t);
  const sentinel = begin(t);
  clock.wakeAt(after(clock.now(), millis(5)));
  clock.wakeAt(null);
  sentinel.clock.wakeAt(after(clock.now(), millis(30)));
  await sentinel.rang(1);
  t.same(rings, []);
  clock.wakeAt(after(clock.now(), millis(1)));
  const due = clock.now() + 5000;
  while (sysnet.now() < due); // The loop does not get its turn meanwhile.
  clock.wakeAt(null);
  sentinel.clock.wakeAt(after(clock.now(), millis(10)));
  await sentinel.rang(2);
  t.same(rings, []);
});

t.test('of two that are due in the same turn, the first may switch off the second', async t => {
  const one = begin(t, () => other.clock.wakeAt(null));
  const other = begin(t, () => one.clock.wakeAt(null));
  const sentinel = begin(t);
  for (const { clock } of [one, other]) clock.wakeAt(after(clock.now(), millis(1)));
  const both = sysnet.now() + 5000;
  while (sysnet.now() < both);
  sentinel.clock.wakeAt(after(one.clock.now(), millis(10)));
  await sentinel.rang(1);
  t.equal(one.rings.length + other.rings.length, 1);
});

t.test('it may be set again while it rings', async t => {
  const { rings, rang, clock } = begin(t, clock => {
    if (rings.length < 5) clock.wakeAt(after(clock.now(), millis(1)));
  });
  clock.wakeAt(clock.now());
  await rang(5);
  t.equal(rings.length, 5);
});

t.test('without a timer nothing can run', async t => {
  const { timerfd } = sysnet;
  sysnet.timerfd = () => -24;
  t.teardown(() => {
    sysnet.timerfd = timerfd;
  });
  t.throws(() => openClock(() => {}), { message: 'timerfd: EMFILE' });
});
