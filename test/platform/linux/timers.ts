// The agent's timers on the real clock: never early, in order, and gone when they are not wanted any more.
// Must not know what they are for.
import t from 'tap';
import { timers } from '../../../src/platform/linux/timers.ts';
import { after, millis, seconds } from '../../../src/vrrp/units.ts';

t.test('never before its time, and in order', async t => {
  const begun = timers.now();
  const fired: string[] = [];
  const early: string[] = [];
  const done = new Promise<void>(resolve => {
    for (const [name, ms] of [
      ['c', 30],
      ['a', 10],
      ['d', 60],
      ['b', 10],
    ] as const) {
      const due = after(begun, millis(ms));
      timers.schedule(due, () => {
        fired.push(name);
        if (timers.now() < due) early.push(name);
        if (fired.length === 4) resolve();
      });
    }
  });
  await done;
  t.strictSame(fired, ['a', 'b', 'c', 'd']);
  t.strictSame(early, []);
});

t.test('what lies in the past fires at once, and what is set while one fires has its turn', async t => {
  const fired: string[] = [];
  await new Promise<void>(resolve => {
    timers.schedule(after(timers.now(), millis(-5)), () => {
      fired.push('past');
      timers.schedule(timers.now(), () => {
        fired.push('then');
        resolve();
      });
    });
  });
  t.strictSame(fired, ['past', 'then']);
});

t.test('a cancelled one never fires, an hour that waits behind does not delay, and cancelling twice is nothing', async t => {
  const fired: string[] = [];
  const hour = timers.schedule(after(timers.now(), seconds(3600)), () => fired.push('hour'));
  const soon = timers.schedule(after(timers.now(), millis(5)), () => fired.push('soon'));
  await new Promise<void>(resolve => {
    timers.schedule(after(timers.now(), millis(20)), resolve);
  });
  soon();
  t.strictSame(fired, ['soon']);
  const never = timers.schedule(after(timers.now(), millis(5)), () => fired.push('never'));
  never();
  never();
  hour();
  await new Promise<void>(resolve => {
    timers.schedule(after(timers.now(), millis(30)), resolve);
  });
  t.strictSame(fired, ['soon']);
});
