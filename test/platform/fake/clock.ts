// Tests src/platform/fake/clock.ts: the order of things in a fake world, on which every scenario rests.
import t from 'tap';
import { createLoop, createTimeline } from '../../../src/platform/fake/clock.ts';
import { micros, millis, seconds } from '../../../src/vrrp/units.ts';

t.test('everything at its instant, and at one instant in the order of asking', async t => {
  const timeline = createTimeline();
  const seen: string[] = [];
  const note = (what: string) => () => seen.push(`${what} ${timeline.now()}`);
  timeline.at(micros(20), note('b'));
  timeline.at(micros(10), note('a'));
  timeline.at(micros(20), note('c'));
  const cancel = timeline.at(micros(15), note('never'));
  cancel();
  timeline.at(micros(21), note('later'));
  timeline.run(micros(20));
  t.strictSame(seen, ['a 10', 'b 20', 'c 20']);
  timeline.at(micros(5), note('past is now'));
  timeline.run(micros(30));
  t.strictSame(seen.slice(3), ['past is now 20', 'later 21']);
  t.equal(timeline.now(), 30, 'and ends where it was told to');
});

t.test('who watches sees what lasts for no time at all', async t => {
  const timeline = createTimeline();
  let light = false;
  const seen: boolean[] = [];
  timeline.watch(() => seen.push(light));
  timeline.at(micros(1), () => {
    light = true;
  });
  timeline.at(micros(1), () => {
    light = false;
  });
  timeline.run(micros(2));
  t.strictSame(seen, [true, false]);
});

t.test('a loop that asks to be woken in the past is found out', async t => {
  const timeline = createTimeline();
  const clock = createLoop(timeline).clock(() => clock.wakeAt(micros(0)));
  clock.wakeAt(micros(10));
  t.throws(() => timeline.run(seconds(1)), /time stands still at 10/);
});

t.test('one alarm: set again it replaces, null takes it off', async t => {
  const timeline = createTimeline();
  const rung: number[] = [];
  const clock = createLoop(timeline).clock(() => rung.push(clock.now()));
  clock.wakeAt(micros(10));
  clock.wakeAt(micros(20));
  timeline.run(micros(30));
  clock.wakeAt(micros(40));
  clock.wakeAt(null);
  timeline.run(micros(50));
  t.strictSame(rung, [20]);
});

t.test('a process that stands still gets everything afterwards, its alarm first', async t => {
  const timeline = createTimeline();
  const loop = createLoop(timeline);
  const seen: string[] = [];
  const clock = loop.clock(() => seen.push('alarm'));
  loop.stall();
  t.equal(loop.running, false);
  loop.call(() => seen.push('packet'));
  clock.wakeAt(millis(1));
  timeline.run(millis(2));
  t.strictSame(seen, []);
  loop.resume();
  t.strictSame(seen, ['alarm', 'packet']);
});

t.test('a process that is gone gets nothing, and what it had open is cleaned up', async t => {
  const timeline = createTimeline();
  const loop = createLoop(timeline);
  const seen: string[] = [];
  loop.clock(() => seen.push('alarm')).wakeAt(millis(1));
  loop.onEnd(() => seen.push('cleaned up'));
  loop.stall();
  loop.call(() => seen.push('packet'));
  loop.end();
  loop.end();
  loop.resume();
  loop.call(() => seen.push('another'));
  timeline.run(millis(2));
  t.strictSame(seen, ['cleaned up']);
});
