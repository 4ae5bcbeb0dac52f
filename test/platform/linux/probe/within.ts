// src/platform/linux/probe/within.ts: a look ends in time, once, and leaves nothing open.
import { MessageChannel } from 'node:worker_threads';
import t from 'tap';
import type { Seen } from '../../../../src/check/probe.ts';
import { type Look, lookWithin } from '../../../../src/platform/linux/probe/within.ts';
import { millis, seconds } from '../../../../src/vrrp/units.ts';
import { leftovers } from '../fixtures/servers.ts';

const GOOD: Seen = { trouble: null, seen: 'good' };
const LATE: Seen = { trouble: 'timeout', seen: 'late' };
const late = () => LATE;

t.test('the first word counts', async t => {
  const quiet = leftovers();
  const seen = await lookWithin(seconds(10), late, look => {
    look.end(GOOD);
    look.end(LATE);
  });
  t.strictSame(seen, GOOD);
  await quiet();
});

t.test('when the time is over it ends, not before and not much later', async t => {
  const quiet = leftovers();
  const begin = performance.now();
  t.strictSame(await lookWithin(millis(100), late, () => {}), LATE);
  const took = performance.now() - begin;
  t.ok(took >= 99 && took < 5_000, `${took} ms`);
  await quiet();
});

t.test('what was opened is closed before anybody hears of the end, the last first', async t => {
  const order: string[] = [];
  await lookWithin(millis(10), late, look => {
    look.closing(() => order.push('first'));
    look.closing(() => {
      order.push('second');
      throw new Error('closed already');
    });
    look.closing(() => order.push('third'));
  });
  t.strictSame(order, ['third', 'second', 'first']);
});

t.test('what is opened after the end is closed at once', async t => {
  const order: string[] = [];
  const looks: Look[] = [];
  await lookWithin(seconds(10), late, look => {
    looks.push(look);
    look.end(GOOD);
    t.ok(look.ended);
  });
  for (const look of looks) look.closing(() => order.push('closed'));
  t.strictSame(order, ['closed']);
});

t.test('nothing that goes wrong gets out', async t => {
  const oh = (): never => {
    throw new Error('oh');
  };
  const failed = { trouble: 'failed', seen: 'the check itself failed: Error: oh' };
  t.strictSame(await lookWithin(seconds(10), late, oh), failed, 'at the beginning');
  t.strictSame(await lookWithin(seconds(10), late, async () => oh()), failed, 'later');
  t.strictSame(await lookWithin(millis(1), oh, () => {}), failed, 'at the end');
  t.strictSame(await lookWithin(seconds(10), late, look => void setImmediate(() => look.during(oh))), failed, 'in between');
  t.match((await lookWithin(seconds(10), late, () => Promise.reject('x'.repeat(1_000)))).seen, /^the check itself failed: x{200}…$/);
});

t.test('how much time is left', async t => {
  await lookWithin(millis(100), late, look => {
    t.ok(look.left() > 0 && look.left() <= 100_000);
    // A timer may be a little early.
    look.closing(() => t.ok(look.left() < 5_000));
  });
});

t.test('an answer that lies there when this process comes back counts, though the time is over', async t => {
  const { port1, port2 } = new MessageChannel();
  t.teardown(() => port1.close());
  // Behind an immediate come the timers, and then what has arrived.
  await new Promise(resolve => setImmediate(resolve));
  const seen = await lookWithin(millis(20), late, look => {
    port2.once('message', () => look.end(GOOD));
    port1.postMessage('there');
    const until = performance.now() + 60;
    while (performance.now() < until);
  });
  t.strictSame(seen, GOOD);
});
