// src/core/orders.ts: orders over time, over restarts and over broken files.
import t from 'tap';
import { orderWords, readOrders, writeOrders } from '../../src/core/orders.ts';
import { createLog } from '../../src/platform/fake/log.ts';
import { createTimers } from '../../src/platform/fake/timers.ts';
import { seconds } from '../../src/vrrp/units.ts';
import { ordersFor } from '../fixtures/orders.ts';

const DRAIN = { move: 'drain', force: false, until: null, keep: false } as const;
const HOUR = 3_600_000;

function rig(kept: { text: string | null; failing?: string } = { text: null }, at = 100) {
  const timers = createTimers(seconds(at));
  const log = createLog();
  const orders = ordersFor(timers, log, kept);
  let changes = 0;
  orders.onChange(() => {
    changes += 1;
  });
  return { timers, log, orders, kept, changes: () => changes, events: () => log.lines.map(({ event }) => event) };
}

const turn = () => new Promise(resolve => setImmediate(resolve));

t.test('given, replaced, taken back; each is told and said', async t => {
  const { orders, changes, log } = rig();
  orders.give(['web', 'mail'], DRAIN);
  t.match(orders.of('web'), { move: 'drain', since: 100_000, until: null });
  orders.give(['web'], { ...DRAIN, move: 'promote' });
  t.match(orders.of('web'), { move: 'promote' });
  t.strictSame(orders.takeBack(['web', 'db']), ['web']);
  t.equal(orders.of('web'), null);
  t.match(orders.of('mail'), { move: 'drain' });
  t.equal(changes(), 3);
  t.strictSame(orders.takeBack(['web']), []);
  t.equal(changes(), 3, 'nothing changed');
  t.match(log.lines.at(-1), { event: 'operator.resume', message: 'web: serves as the file says again' });
});

t.test('for a while, also for longer than a timer waits', async t => {
  const { orders, timers, changes, log } = rig();
  orders.give(['web'], { ...DRAIN, until: 100_000 + 3 * HOUR });
  orders.give(['mail'], { ...DRAIN, until: 100_000 + 10_000 });
  await timers.advance(seconds(9));
  t.ok(orders.of('mail'));
  await timers.advance(seconds(2));
  t.equal(orders.of('mail'), null);
  t.match(log.lines.at(-1), { event: 'operator.over', message: 'mail: the time to drain it is over' });
  t.equal(changes(), 3);
  await timers.advance(seconds(3 * 3600 - 30));
  t.ok(orders.of('web'));
  await timers.advance(seconds(60));
  t.equal(orders.of('web'), null);
});

t.test('a new agent knows all of them, a new daemon those that were to be kept', async t => {
  const first = rig();
  first.orders.give(['web'], DRAIN);
  first.orders.give(['mail'], { ...DRAIN, keep: true, until: 100_000 + HOUR });
  first.orders.give(['db'], { ...DRAIN, keep: true, until: 101_000 });
  await turn();
  const agent = rig(first.kept);
  await agent.orders.recall(false);
  t.ok(agent.orders.of('web'));
  t.strictSame(agent.events(), []);
  const daemon = rig({ ...first.kept }, 200);
  await daemon.orders.recall(true);
  t.equal(daemon.orders.of('web'), null);
  t.match(daemon.orders.of('mail'), { keep: true });
  t.equal(daemon.orders.of('db'), null, 'over meanwhile');
  t.match(daemon.log.lines, [{ event: 'operator.still', message: /^mail: drained since .* until .*, over restarts too$/ }]);
  await daemon.timers.advance(seconds(3600));
  t.equal(daemon.orders.of('mail'), null);
});

t.test('what was ordered meanwhile is newer than what was kept', async t => {
  const { orders } = rig({ text: writeOrders([{ ...DRAIN, router: 'web', since: 1 }]) });
  const recalled = orders.recall(false);
  orders.give(['web'], { ...DRAIN, move: 'promote' });
  await recalled;
  t.match(orders.of('web'), { move: 'promote' });
});

t.test('a file that cannot be read or written is said, and nothing else happens', async t => {
  for (const text of ['', '{', '{"schema":2,"orders":[]}', '{"schema":1,"orders":[{}]}', '{"schema":1,"orders":3}', 'null']) {
    const { orders, events } = rig({ text });
    await orders.recall(false);
    t.strictSame(events(), ['operator.unreadable'], text);
  }
  const { orders, events, kept } = rig({ text: null, failing: 'no space' });
  await orders.recall(false);
  orders.give(['web'], DRAIN);
  await turn();
  t.strictSame(events(), ['operator.unreadable', 'operator.drain', 'operator.unwritable']);
  t.ok(orders.of('web'));
  t.equal(kept.text, null);
});

t.test('what is kept reads as it was written', async t => {
  const all = [
    { ...DRAIN, router: 'web', since: 1 },
    { move: 'promote', force: true, keep: true, until: 5, router: 'mail', since: 2 } as const,
  ];
  t.strictSame(readOrders(writeOrders(all)), all);
  t.equal(readOrders('[]'), null);
});

t.test('in words', async t => {
  const at = new Date(2026, 0, 2, 12, 3, 11).getTime();
  t.equal(orderWords({ ...DRAIN, router: 'web', since: at }, at), 'drained since 12:03:11');
  t.equal(
    orderWords({ move: 'promote', force: true, keep: true, router: 'web', since: at, until: at + HOUR }, at),
    'promoted by force since 12:03:11 until 13:03:11, over restarts too',
  );
});
