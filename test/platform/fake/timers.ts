// Tests src/platform/fake/timers.ts: the clock that the agent's tests live by.
// Must not know what is timed.
import t from 'tap';
import { createTimers } from '../../../src/platform/fake/timers.ts';
import { after, micros, seconds } from '../../../src/vrrp/units.ts';

t.test('fires each timer at its instant, and those of one instant as they were set', async t => {
  const timers = createTimers(seconds(5));
  const seen: string[] = [];
  const note = (what: string) => () => seen.push(`${what} ${timers.now()}`);
  timers.schedule(micros(5_000_020), note('b'));
  timers.schedule(micros(5_000_010), note('a'));
  timers.schedule(micros(5_000_020), note('c'));
  timers.schedule(micros(5_000_021), note('later'));
  timers.schedule(micros(7), note('past is now'));
  t.strictSame(seen, [], 'nothing by itself');
  await timers.advance(micros(20));
  t.strictSame(seen, ['past is now 5000000', 'a 5000010', 'b 5000020', 'c 5000020']);
  t.equal(timers.pending, 1);
  await timers.advance(micros(0));
  t.equal(seen.length, 4);
  await timers.advance(seconds(1));
  t.equal(seen[4], 'later 5000021');
  t.equal(timers.now(), 6_000_020, 'and ends where it was told to');
});

t.test('what was taken back does not fire, and taking it back again does nothing', async t => {
  const timers = createTimers();
  const seen: string[] = [];
  const cancel = timers.schedule(micros(10), () => seen.push('never'));
  const cancelB = timers.schedule(micros(20), () => seen.push('b'));
  timers.schedule(micros(5), cancel);
  await timers.advance(micros(30));
  timers.schedule(micros(40), () => seen.push('c'));
  cancel();
  cancelB();
  await timers.advance(micros(10));
  t.strictSame(seen, ['b', 'c']);
  t.equal(timers.pending, 0);
});

t.test('promises settle before the clock moves and between two timers', async t => {
  const timers = createTimers();
  const seen: string[] = [];
  const chain = async (name: string) => {
    for (let i = 0; i < 50; i++) await Promise.resolve();
    seen.push(`${name} ${timers.now()}`);
  };
  void chain('before');
  timers.schedule(micros(10), () => void chain('first'));
  timers.schedule(micros(10), () => seen.push('second 10'));
  timers.schedule(micros(20), () => void chain('last'));
  await timers.advance(micros(20));
  t.strictSame(seen, ['before 0', 'first 10', 'second 10', 'last 20']);
});

t.test('what a settled promise sets is due in the same advance', async t => {
  const timers = createTimers();
  const sleep = (by: number) => new Promise<void>(resolve => timers.schedule(after(timers.now(), micros(by)), resolve));
  const seen: number[] = [];
  void (async () => {
    for (let i = 0; i < 100; i++) {
      await sleep(10);
      seen.push(timers.now());
    }
  })();
  await timers.advance(micros(995));
  t.equal(seen.length, 99);
  t.equal(seen[98], 990);
});

t.test('says what a timer throws, and when time stands still', async t => {
  const timers = createTimers();
  timers.schedule(micros(10), () => {
    throw new Error('broken');
  });
  await t.rejects(timers.advance(micros(20)), /broken/);
  const again = (): void => void timers.schedule(timers.now(), again);
  again();
  await t.rejects(timers.advance(micros(20)), /time stands still at 10 µs/);
});
