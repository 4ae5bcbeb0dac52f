// Tests src/core/hooks.ts where something ends: a router that is taken out, hooks that are, the daemon.
// Must not know programs or HTTP: deliveries end when the test says so.
import t from 'tap';
import { micros, seconds } from '../../src/vrrp/units.ts';
import { all, change, program, hooksRig as rig, STOP, stopped } from '../fixtures/hooks-rig.ts';

t.test('a router that was taken out of the configuration is told its stop by the hooks it had', async t => {
  const web = rig();
  web.hooks.transition(change('active'));
  await web.drain();
  web.hooks.configure([], []);
  web.hooks.transition(change('leaving', { from: 'active', ...STOP }));
  web.hooks.transition(stopped());
  t.equal(web.open[0]?.hook, '/on-stop');
  await web.drain();
  t.strictSame(web.hooks.history(), [], 'and is forgotten then');
  web.hooks.transition(change('backup', { from: 'initialize' }));
  t.strictSame(web.open, []);
});

t.test('one that is at fault when it is taken out stops when the engine says so', async t => {
  const web = rig();
  web.hooks.transition(change('fault', { reason: 'address-fault' }));
  await web.drain();
  web.hooks.configure([], []);
  t.strictSame(web.open, []);
  web.hooks.transition(stopped({ from: 'fault' }));
  t.equal(web.open[0]?.hook, '/on-stop');
});

t.test('both families end before the hooks of their name go', async t => {
  const web = rig();
  const six = { router: 'web/ipv6', family: 'ipv6' } as const;
  web.hooks.transition(change('active'));
  web.hooks.transition(change('active', six));
  await web.drain();
  web.hooks.configure([], []);
  web.hooks.transition(stopped());
  await web.drain();
  web.hooks.transition(stopped(six));
  t.match(web.open, [{ hook: '/on-stop', call: { environment: { HOLDFAST_FAMILY: 'ipv6' } } }]);
});

t.test('hooks that a router has no more are not called, new ones with the next state', async t => {
  const web = rig();
  web.hooks.transition(change('active'));
  await web.drain();
  web.hooks.configure([{ router: 'web', on: { change: program('/new') } }], ['web']);
  t.strictSame(web.open, []);
  web.hooks.transition(change('backup', { from: 'active' }));
  await web.drain();
  t.strictSame(web.begun.slice(2), ['/new backup']);
  web.hooks.configure([], ['web']);
  web.hooks.transition(change('active'));
  t.equal(web.begun.length, 3);
});

t.test('a router that is out of service when it is taken away, or the daemon stops, has stopped too', async t => {
  const web = rig();
  const down = change('initialize', { from: 'active', reason: 'no-carrier' });
  web.hooks.transition(down);
  await web.drain();
  t.strictSame(web.begun, ['/on-fault fault', '/on-change fault']);
  await web.timers.advance(seconds(9));
  web.hooks.configure([], []);
  t.match(JSON.parse(web.open[0]?.call.json ?? '{}'), { event: 'stop', reason: 'shutdown', at: '2026-03-01T12:00:09.000Z' });
  await web.drain();
  t.strictSame(web.hooks.history(), []);

  const whole = rig();
  whole.hooks.transition(down);
  await whole.drain();
  const finished = whole.hooks.finish(seconds(5));
  await whole.drain();
  await finished;
  t.strictSame(whole.begun.slice(2), ['/on-stop stop', '/on-change stop']);
});

t.test('a stop waits until everything is told', async t => {
  const idle = rig();
  await idle.hooks.finish(seconds(5));
  const web = rig();
  web.hooks.transition(change('active'));
  web.hooks.transition(stopped());
  let done = false;
  void web.hooks.finish(seconds(5)).then(() => {
    done = true;
  });
  for (let left = 4; left > 0; left--) {
    t.equal(done, false, `${left} left`);
    await web.end();
  }
  t.equal(done, true);
  t.strictSame(web.log.of('hook.unfinished'), []);
  t.equal(web.timers.pending, 0);
});

t.test('a stop waits no longer than it may, says what is left, and begins nothing more', async t => {
  const web = rig();
  web.hooks.configure(
    [
      { router: 'web', on: all },
      { router: 'db', on: all },
      { router: 'mail', on: all },
    ],
    ['web', 'db', 'mail'],
  );
  web.hooks.transition(change('active'));
  web.hooks.transition(stopped());
  web.hooks.transition(stopped({ router: 'db/ipv6', name: 'db', family: 'ipv6' }));
  web.hooks.transition(stopped({ router: 'mail/ipv4', name: 'mail' }));
  web.open[2]?.end();
  await web.timers.advance(micros(0));
  web.open[2]?.end();
  let done = false;
  void web.hooks.finish(seconds(5)).then(() => {
    done = true;
  });
  await web.timers.advance(seconds(4));
  t.equal(done, false);
  await web.timers.advance(seconds(1));
  t.equal(done, true);
  t.strictSame(
    web.log.of('hook.unfinished').map(({ level, fields, message }) => [level, fields.router, fields.family, message]),
    [
      ['warn', 'web', 'ipv4', 'still telling active after 5 s, not waiting for it; stop was not told'],
      ['warn', 'db', 'ipv6', 'still telling stop after 5 s, not waiting for it'],
    ],
  );
  const before = web.begun.length;
  await web.drain();
  t.strictSame(web.begun.slice(before), ['/on-change active', '/on-change stop'], 'what was begun is told to both');
});
