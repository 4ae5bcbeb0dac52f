// Tests src/core/hooks.ts: that each router's hooks are told in order and one at a time, and what is said about it.
// Must not know programs or HTTP: deliveries end when the test says so. Routers and daemons that end: hooks-end.ts.
import t from 'tap';
import type { StateEvent } from '../../src/check/duties.ts';
import { micros, millis, seconds } from '../../src/vrrp/units.ts';
import { all, change, type Open, program, hooksRig as rig, stopped, webhook } from '../fixtures/hooks-rig.ts';
import fc from '../fixtures/property.ts';

t.test('the specific hook, then on_change, and then the next state', async t => {
  const web = rig();
  web.hooks.transition(change('backup', { from: 'initialize', reason: 'startup' }));
  web.hooks.transition(change('active'));
  t.strictSame(web.begun, ['/on-backup backup']);
  await web.end();
  t.strictSame(web.begun, ['/on-backup backup', '/on-change backup']);
  await web.end();
  t.strictSame(web.begun.slice(2), ['/on-active active']);
  await web.end();
  await web.end();
  t.strictSame(web.begun.slice(2), ['/on-active active', '/on-change active']);
  t.strictSame(web.open, []);
  t.equal(web.timers.pending, 0, 'no timer is left');
});

t.test('what a hook is told', async t => {
  const web = rig();
  await web.timers.advance(seconds(2));
  web.hooks.transition(change('active', { at: millis(101_500) }));
  const call = web.open[0]?.call;
  t.match(JSON.parse(call?.json ?? '{}'), { router: 'web', event: 'active', node: 'edge-a', at: '2026-03-01T12:00:01.500Z', skipped: 0 });
  t.strictSame(call?.arguments, ['INSTANCE', 'web', 'MASTER', '150']);
});

t.test('states that come and go while a hook runs are skipped, the last one is told', async t => {
  const web = rig();
  web.hooks.transition(change('active'));
  t.equal(web.open[0]?.superseded.aborted, false);
  web.hooks.transition(change('leaving', { from: 'active', reason: 'demoted' }));
  t.equal(web.open[0]?.superseded.aborted, false, 'leaving is no news');
  web.hooks.transition(change('backup', { from: 'leaving', reason: 'handed-over' }));
  t.equal(web.open[0]?.superseded.aborted, true);
  web.hooks.transition(change('fault', { reason: 'address-fault' }));
  web.hooks.transition(stopped());
  await web.end();
  await web.end();
  t.match(web.open, [{ event: 'stop', superseded: { aborted: false } }]);
  t.match(JSON.parse(web.open[0]?.call.json ?? '{}'), { skipped: 2 });
  await web.drain();
  t.strictSame(web.begun, ['/on-active active', '/on-change active', '/on-stop stop', '/on-change stop']);
});

t.test('a state without a hook of its own, and a router without any', async t => {
  const web = rig({ change: program('/on-change'), backup: program('/on-backup') });
  web.hooks.transition(change('active'));
  await web.drain();
  t.strictSame(web.begun, ['/on-change active']);
  const none = rig({});
  none.hooks.transition(change('active'));
  none.hooks.transition(change('active', { router: 'db/ipv4', name: 'db' }));
  t.strictSame(none.begun, []);
  t.strictSame(none.remembered, ['web/ipv4 active', 'db/ipv4 active'], 'is remembered all the same, for hooks that are configured later');
});

t.test('one router’s hook that hangs delays no other, nor the other family', async t => {
  const web = rig();
  web.hooks.configure(
    [
      { router: 'web', on: all },
      { router: 'db', on: all },
    ],
    ['web', 'db'],
  );
  web.hooks.transition(change('active'));
  web.hooks.transition(change('active', { router: 'web/ipv6', family: 'ipv6' }));
  web.hooks.transition(change('active', { router: 'db/ipv4', name: 'db' }));
  t.strictSame(
    web.open.map(({ router, call }) => `${router} ${call.environment.HOLDFAST_FAMILY}`),
    ['web ipv4', 'web ipv6', 'db ipv4'],
  );
  web.open[2]?.end();
  await web.timers.advance(micros(0));
  t.match(web.open[2], { router: 'db', hook: '/on-change' });
});

t.test('a delivery that does not end by itself is not waited for', async t => {
  const web = rig();
  web.hooks.transition(change('active'));
  web.hooks.transition(change('backup', { from: 'active' }));
  await web.timers.advance(seconds(34));
  t.strictSame(web.begun, ['/on-active active']);
  await web.timers.advance(seconds(1));
  t.strictSame(web.begun, ['/on-active active', '/on-change active']);
  t.match(web.log.of('hook.failed'), [
    {
      level: 'error',
      fields: { event: 'active', took_ms: 35_000 },
      message: '/on-active: not ended after 35 s, and not waited for any longer',
    },
  ]);
  web.open[0]?.end();
  await web.timers.advance(micros(0));
  t.equal(web.log.lines.length, 1, 'and that it ends later is no news');
});

t.test('our own bug in a delivery is a failed delivery', async t => {
  const web = rig();
  web.hooks.transition(change('active'));
  web.open[0]?.fail(new Error('bug'));
  await web.timers.advance(micros(0));
  t.equal(web.log.of('hook.failed')[0]?.message, '/on-active: Error: bug');
  t.strictSame(web.begun, ['/on-active active', '/on-change active']);
});

t.test('one line for each delivery, and the last one of each hook in the history', async t => {
  const web = rig({ active: program('/on-active'), change: webhook });
  web.hooks.transition(change('active'));
  await web.timers.advance(millis(1_234));
  await web.end({ ok: false, seen: 'exit 3: no such host' });
  await web.timers.advance(millis(56));
  await web.end({ ok: true, seen: 'HTTP 204' });
  t.strictSame(web.log.lines, [
    {
      level: 'error',
      event: 'hook.failed',
      fields: { router: 'web', family: 'ipv4', event: 'active', hook: 'on_active', took_ms: 1234 },
      message: '/on-active: exit 3: no such host',
    },
    {
      level: 'info',
      event: 'hook.done',
      fields: { router: 'web', family: 'ipv4', event: 'active', hook: 'on_change', took_ms: 56 },
      message: 'POST https://hooks.example.com/...: HTTP 204',
    },
  ]);
  const at = 1_772_366_400_000;
  const own = { router: 'web/ipv4', on: 'active', event: 'active', hook: '/on-active', ok: false, seen: 'exit 3: no such host' };
  const every = {
    router: 'web/ipv4',
    on: 'change',
    event: 'active',
    hook: 'POST https://hooks.example.com/...',
    ok: true,
    seen: 'HTTP 204',
  };
  t.strictSame(web.hooks.history(), [
    { ...own, at, took: 1_234_000 },
    { ...every, at: at + 1234, took: 56_000 },
  ]);
  web.hooks.transition(change('backup'));
  await web.end();
  t.strictSame(
    web.hooks.history().map(({ on, event }) => `${on} ${event}`),
    ['active active', 'change backup'],
  );
  web.hooks.configure([{ router: 'web', on: { active: program('/on-active') } }], ['web']);
  t.strictSame(
    web.hooks.history().map(({ on }) => on),
    ['active'],
    'hooks that are gone have none',
  );
});

t.test('what is to be remembered: nothing while a state is told, as nobody knows how far that gets', async t => {
  const web = rig();
  web.hooks.transition(change('backup', { from: 'initialize' }));
  t.strictSame(web.remembered, [], 'nothing was known before');
  await web.drain();
  web.hooks.transition(change('active'));
  t.strictSame(web.remembered, ['web/ipv4 backup', 'web/ipv4 null']);
  await web.drain();
  web.hooks.transition(change('leaving', { from: 'active' }));
  t.strictSame(web.remembered.slice(2), ['web/ipv4 active']);
});

t.test('a webhook that was given up for a newer state is told again when that was the last after all', async t => {
  const failed = { ok: false, seen: 'HTTP 503, not tried again' };
  const web = rig({ active: program('/on-active'), change: webhook });
  web.hooks.recover(change('backup', { from: null }), 'backup');
  web.hooks.transition(change('active'));
  await web.end();
  web.hooks.transition(change('backup', { from: 'active' }));
  web.hooks.transition(change('active'));
  await web.end(failed);
  t.strictSame(web.begun, ['/on-active active', 'POST active', 'POST active'], 'the program has heard of it');
  await web.end(failed);
  t.strictSame(web.open, [], 'one that failed with nothing behind it has failed');
  t.strictSame(web.remembered.slice(-1), ['web/ipv4 active']);
});

t.test('a program that failed has run, so it is not run again for the same state', async t => {
  const web = rig({ active: program('/on-active'), backup: program('/on-backup') });
  web.hooks.transition(change('active'));
  web.hooks.transition(change('backup', { from: 'active' }));
  web.hooks.transition(change('active'));
  await web.end({ ok: false, seen: 'exit 1' });
  t.strictSame(web.begun, ['/on-active active']);
});

t.test('an agent that was started again tells what was not told', async t => {
  const same = rig();
  same.hooks.recover(change('active', { from: null }), 'active');
  t.strictSame(same.begun, []);
  t.strictSame(same.remembered, [], 'who told us knows');
  const other = rig();
  other.hooks.recover(change('active', { from: null }), 'backup');
  t.match(JSON.parse(other.open[0]?.call.json ?? '{}'), { event: 'active', previous_state: null });
  const unknown = rig();
  unknown.hooks.recover(change('backup', { from: null }), null);
  await unknown.drain();
  t.strictSame(unknown.begun, ['/on-backup backup', '/on-change backup']);
  const leaving = rig();
  leaving.hooks.recover(change('leaving', { from: null }), 'active');
  leaving.hooks.transition(change('active', { from: 'leaving', reason: 'nobody-took-over' }));
  t.strictSame(leaving.begun, [], 'served all the time');
  const waiting = rig();
  waiting.hooks.recover(change('initialize', { from: null, reason: 'starting' }), null);
  t.strictSame(waiting.begun, []);
  const late = rig();
  late.hooks.transition(change('active'));
  late.hooks.recover(change('active', { from: null }), 'backup');
  await late.drain();
  t.strictSame(late.begun, ['/on-active active', '/on-change active'], 'a transition that came before its answer');
});

t.test('however changes and ends mix, every hook ends at the last state, one at a time for each router', async () => {
  const roles = ['active', 'backup', 'fault', 'stop'] as const;
  const happening = fc.oneof(
    fc.record({ do: fc.constant('change' as const), router: fc.constantFrom('a', 'b'), role: fc.constantFrom<StateEvent>(...roles) }),
    fc.record({ do: fc.constant('end' as const), which: fc.nat(3), ok: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 40 }), async happenings => {
      const two = rig();
      const on = { ...all, change: webhook };
      two.hooks.configure(
        [
          { router: 'a', on },
          { router: 'b', on },
        ],
        ['a', 'b'],
      );
      const last = new Map<string, StateEvent>();
      const told = new Map<string, string>();
      const finish = async (open: Open | undefined, ok: boolean): Promise<void> => {
        if (open === undefined) return;
        // A program that failed has run; a webhook counts when it was taken, or nothing newer waited.
        if (ok || open.hook !== 'POST' || !open.superseded.aborted) told.set(`${open.router} ${open.hook === 'POST'}`, open.event);
        open.end({ ok, seen: '' });
        await two.timers.advance(micros(0));
      };
      const look = (): void => {
        const running = two.open.map(({ router }) => router);
        if (new Set(running).size !== running.length) throw new Error(`two at once: ${running}`);
      };
      for (const each of happenings) {
        if (each.do === 'change') {
          last.set(each.router, each.role);
          const to = each.role === 'stop' ? 'initialize' : each.role;
          two.hooks.transition(change(to, { router: `${each.router}/ipv4`, name: each.router, stopping: each.role === 'stop' }));
        } else await finish(two.open[each.which], each.ok);
        look();
      }
      while (two.open.length > 0) {
        await finish(two.open[0], true);
        look();
      }
      for (const [router, role] of last) {
        const heard = [told.get(`${router} false`), told.get(`${router} true`)];
        if (heard.some(each => each !== role)) throw new Error(`${router} is ${role}, heard ${heard}`);
      }
    }),
    { numRuns: 200 },
  );
});
