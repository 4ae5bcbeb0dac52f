// src/core/services.ts, with check-run and watchdog-run: what is checked and revived, and what it comes to for the routers.
import t from 'tap';
import type { Consequence, Duties, Track } from '../../src/check/duties.ts';
import type { Plan } from '../../src/config/plan.ts';
import type { Health } from '../../src/core/messages.ts';
import { createServiceDesk, type Occasion } from '../../src/core/services.ts';
import { createLog } from '../../src/platform/fake/log.ts';
import { createServiceWorld } from '../../src/platform/fake/service-world.ts';
import { createTimers } from '../../src/platform/fake/timers.ts';
import { millis, seconds } from '../../src/vrrp/units.ts';
import { checkSpec, MUTE, TIMING, WRONG, watchdogSpec } from '../fixtures/duties.ts';
import { ordersFor } from '../fixtures/orders.ts';
import { routerSpec } from '../fixtures/virtual-router.ts';

const DEMOTE: Consequence = { do: 'demote' };

function track(router: string, of: string, consequence: Consequence = DEMOTE): Track {
  return { router, of, consequence };
}

/** Routers web and mail, each tracked when something of it is. */
function planOf(duties: Partial<Duties>): Plan {
  const tracked = (name: string): boolean => duties.tracks?.some(({ router }) => router === name) ?? false;
  return {
    routers: [
      routerSpec({ name: 'web', tracked: tracked('web') }),
      routerSpec({ name: 'web', family: 'ipv6', tracked: tracked('web') }),
      routerSpec({ name: 'mail', tracked: tracked('mail') }),
    ],
    duties: { checks: [], watchdogs: [], tracks: [], hooks: [], http: null, ...duties },
  };
}

function rig() {
  const timers = createTimers(seconds(100));
  const world = createServiceWorld(timers);
  const log = createLog();
  const told: (readonly Health[])[] = [];
  const orders = ordersFor(timers, log);
  const desk = createServiceDesk({ ...world, timers, log, orders, wallNow: () => timers.now() / 1000, health: all => told.push(all) });
  return {
    timers,
    world,
    log,
    told,
    desk,
    orders,
    async begin(duties: Partial<Duties>, occasion: Occasion = { type: 'start' }) {
      desk.configure(planOf(duties), occasion);
      await timers.advance(millis(20));
    },
    standing: (router: string) => desk.health().find(each => each.router === router)?.standing,
    events: () => log.lines.map(({ event }) => event),
  };
}

t.test('a check that is up makes well, one that is down demotes, and both families of a router hear it', async t => {
  const r = rig();
  r.world.service('gateway');
  r.desk.configure(planOf({ checks: [checkSpec('gateway')].map(at('gateway')), tracks: [track('web', 'gateway')] }), { type: 'start' });
  t.strictSame(r.desk.health(), [
    { router: 'web/ipv4', standing: 'demoted', adjustment: 0, why: 'gateway: not looked at yet' },
    { router: 'web/ipv6', standing: 'demoted', adjustment: 0, why: 'gateway: not looked at yet' },
  ]);
  await r.timers.advance(millis(20));
  t.strictSame(r.told.at(-1), [
    { router: 'web/ipv4', standing: 'well', adjustment: 0, why: null },
    { router: 'web/ipv6', standing: 'well', adjustment: 0, why: null },
  ]);
  r.world.service('gateway').state = 'dead';
  const before = r.told.length;
  await r.timers.advance(seconds(3));
  t.equal(r.standing('web/ipv4'), 'demoted');
  t.equal(r.standing('mail/ipv4'), undefined, 'nothing is tracked for it');
  t.match(r.log.lines.at(-1), {
    level: 'warn',
    event: 'check.down',
    message: /^gateway is down: connection refused, for 1 s; web: demoted, serves only if nobody else can$/,
  });
  t.ok(r.told.length > before);
});

t.test('one check runs once, for however many routers', async t => {
  const r = rig();
  await r.begin({ checks: [checkSpec('gateway')].map(at('gateway')), tracks: [track('web', 'gateway'), track('mail', 'gateway')] });
  t.equal(r.world.looks, 1);
  t.strictSame([r.standing('web/ipv4'), r.standing('mail/ipv4')], ['well', 'well']);
});

t.test('health is said again every two seconds, and otherwise only when it changed', async t => {
  const r = rig();
  await r.begin({ checks: [checkSpec('gateway')].map(at('gateway')), tracks: [track('web', 'gateway')] });
  const before = r.told.length;
  await r.timers.advance(seconds(20));
  t.equal(r.told.length - before, 10);
});

t.test('weights add up', async t => {
  const r = rig();
  r.world.service('a').state = 'dead';
  const checks = [at('a')(checkSpec('a')), at('b')(checkSpec('b'))];
  const tracks = [track('web', 'a', { do: 'weight', weight: -20 }), track('web', 'b', { do: 'weight', weight: 5 })];
  await r.begin({ checks, tracks });
  t.match(r.desk.health()[0], { standing: 'well', adjustment: -15 });
  t.strictSame(r.desk.status().routers, [
    {
      router: 'web',
      parts: [
        { of: 'a', effect: -20 },
        { of: 'b', effect: 5 },
      ],
      why: 'a: connection refused',
      order: null,
    },
  ]);
});

t.test('the number that a check reads is the weight', async t => {
  const r = rig();
  r.world.service('load').answer = { trouble: null, seen: '-7', number: -7 };
  await r.begin({ checks: [at('load')(checkSpec('load'))], tracks: [track('web', 'load', { do: 'weight', weight: 'number' })] });
  t.equal(r.desk.health()[0]?.adjustment, -7);
  r.world.service('load').answer = { trouble: null, seen: '-9', number: -9 };
  await r.timers.advance(seconds(2));
  t.equal(r.told.at(-1)?.[0]?.adjustment, -9);
});

t.test('a watched kind is told, not asked', async t => {
  const r = rig();
  const uplink = { name: 'uplink', probe: { type: 'interface', interface: 'hf1' } as const, timing: { ...TIMING, downDelay: seconds(2) } };
  await r.begin({ checks: [uplink], tracks: [track('web', 'uplink', { do: 'weight', weight: -20 })] });
  t.equal(r.standing('web/ipv4'), 'well', 'nobody has said that it is down, and it has only a weight');
  r.world.tell('hf1', { trouble: null, seen: 'up' });
  r.world.tell('hf1', { trouble: 'down', seen: 'no carrier' });
  await r.timers.advance(seconds(1));
  t.equal(r.desk.health()[0]?.adjustment, 0);
  await r.timers.advance(seconds(2));
  t.equal(r.desk.health()[0]?.adjustment, -20);
  t.equal(r.world.looks, 0);
});

t.test('nginx dies and is back: the routers do not notice', async t => {
  const r = rig();
  const nginx = r.world.service('nginx');
  await r.begin({ watchdogs: [watched(watchdogSpec())], tracks: [track('web', 'nginx')] });
  t.equal(r.standing('web/ipv4'), 'well');
  const before = r.told.length;
  nginx.kill();
  await r.timers.advance(millis(100));
  t.strictSame([nginx.starts, nginx.state, r.standing('web/ipv4')], [1, 'running', 'well']);
  t.strictSame(r.events(), ['watchdog.serving', 'watchdog.died', 'watchdog.revived']);
  t.match(r.log.lines.at(-1)?.message, /^nginx \(\/usr\/sbin\/nginx\) answers again after 3\d(\.\d)? ms, and the addresses stayed$/);
  t.equal(r.told.length, before);
});

t.test('nginx does not start: its test says why, and the address goes in time', async t => {
  const r = rig();
  const nginx = r.world.service('nginx');
  await r.begin({ watchdogs: [watched(watchdogSpec({ test: ['/usr/sbin/nginx', '-t'] }))], tracks: [track('web', 'nginx')] });
  nginx.broken = 'unknown directive "lisen" in /etc/nginx/nginx.conf:12';
  nginx.kill();
  await r.timers.advance(millis(1_999));
  t.equal(r.standing('web/ipv4'), 'well');
  await r.timers.advance(millis(1));
  t.match(r.told.at(-1)?.[0], {
    standing: 'demoted',
    why: /^nginx: killed by SIGKILL; nginx: \[emerg\] unknown directive "lisen" in .*:12$/,
  });
  t.match(r.events(), ['watchdog.serving', 'watchdog.died', 'watchdog.start-failed', 'watchdog.start-waits', 'watchdog.reason']);
  t.ok(r.events().includes('watchdog.handed-over'));
  t.match(r.desk.status().watchdogs[0], { phase: 'away', up: false, reason: /unknown directive/, routers: ['web'] });
  nginx.broken = null;
  await r.timers.advance(seconds(8));
  t.equal(r.standing('web/ipv4'), 'well', 'it goes on trying, and rejoins');
  t.equal(r.desk.status().watchdogs[0]?.reason, null);
});

t.test('nginx does not start, and its configuration is good: somebody else has its port', async t => {
  const r = rig();
  const nginx = r.world.service('nginx');
  const probe = {
    type: 'http',
    url: 'http://127.0.0.1:8080/',
    method: 'GET',
    host: null,
    headers: {},
    status: [],
    body: null,
    bodyRegex: null,
  } as const;
  const tls = { verify: true, ca: null, certificate: null, key: null, minDays: 0 };
  const spec = { ...watchdogSpec({ test: ['/usr/sbin/fine', '-t'] }), probe: { ...probe, json: {}, maxLatency: null, tls } };
  await r.begin({ watchdogs: [spec], tracks: [track('web', 'nginx')] });
  nginx.squatter = 'apache2 (123)';
  nginx.kill();
  await r.timers.advance(millis(100));
  t.equal(r.log.lines.find(({ event }) => event === 'watchdog.reason')?.message, 'port 8080 is held by apache2 (123)');
});

t.test('nginx hangs', async t => {
  const r = rig();
  const nginx = r.world.service('nginx');
  await r.begin({ watchdogs: [watched(watchdogSpec())], tracks: [track('web', 'nginx')] });
  nginx.state = 'hung';
  // At most an interval until somebody asks, then the timeout as often as it takes.
  await r.timers.advance(millis(3_100));
  t.equal(nginx.starts, 1);
  t.equal(r.standing('web/ipv4'), 'well');
  t.match(r.log.lines.find(({ event }) => event === 'watchdog.hung')?.message, /has not answered for 2 s: no answer within 1 s/);
});

t.test('an answer that is wrong starts nothing', async t => {
  const r = rig();
  const nginx = r.world.service('nginx');
  await r.begin({ watchdogs: [watched(watchdogSpec())], tracks: [track('web', 'nginx', { do: 'release' })] });
  nginx.answer = WRONG;
  await r.timers.advance(seconds(3));
  t.strictSame([nginx.starts, r.standing('web/ipv4')], [0, 'released']);
});

t.test('a reload leaves alone what did not change', async t => {
  const r = rig();
  const checks = [at('a')(checkSpec('a')), at('b')(checkSpec('b'))];
  await r.begin({ checks, tracks: [track('web', 'a'), track('web', 'b')] });
  const since = r.desk.status().checks.map(each => each.since);
  await r.timers.advance(seconds(5));
  const slower = at('b')(checkSpec('b', { interval: seconds(5) }));
  r.desk.configure(planOf({ checks: [at('a')(checkSpec('a')), slower], tracks: [track('web', 'a'), track('web', 'b')] }), {
    type: 'reload',
  });
  t.strictSame(
    r.desk.status().checks.map(({ verdict }) => verdict),
    ['up', 'unknown'],
  );
  t.equal(r.desk.status().checks[0]?.since, since[0]);
  t.equal(r.standing('web/ipv4'), 'well', 'what comes with a reload takes nothing from a router that serves');
  r.world.service('b').state = 'dead';
  await r.timers.advance(millis(20));
  t.equal(r.standing('web/ipv4'), 'demoted', 'until its first look');
});

t.test('what a reload takes away is not looked at any more', async t => {
  const r = rig();
  const watchdogs = [watched(watchdogSpec())];
  await r.begin({ checks: [at('a')(checkSpec('a'))], watchdogs, tracks: [track('web', 'a'), track('web', 'nginx')] });
  r.desk.configure(planOf({}), { type: 'reload' });
  await r.timers.advance(millis(50));
  const { looks } = r.world;
  r.world.service('nginx').kill();
  await r.timers.advance(seconds(10));
  t.equal(r.world.looks, looks);
  t.equal(r.world.service('nginx').starts, 0);
  t.strictSame(r.desk.status(), { now: r.timers.now(), checks: [], watchdogs: [], routers: [] });
});

t.test('another agent before us: its word holds until everything was looked at', async t => {
  const r = rig();
  r.world.service('slow').state = 'hung';
  const checks = [at('a')(checkSpec('a')), at('slow')(checkSpec('slow'))];
  const health = [{ router: 'web/ipv4', standing: 'well', adjustment: 3, why: null } as const];
  await r.begin({ checks, tracks: [track('web', 'a'), track('web', 'slow')] }, { type: 'restart', health });
  t.match(r.desk.health()[0], { router: 'web/ipv4', standing: 'well', adjustment: 3 });
  t.match(r.desk.health()[1], { router: 'web/ipv6', standing: 'demoted' }, 'of this one nobody knew anything');
  await r.timers.advance(seconds(1));
  t.match(r.desk.health()[0], { standing: 'demoted', adjustment: 0, why: 'slow: no answer within 1 s' });
});

t.test('an agent that is started again starts no service that was stopped', async t => {
  const r = rig();
  r.world.service('nginx').state = 'stopped';
  await r.begin({ watchdogs: [watched(watchdogSpec())], tracks: [track('web', 'nginx')] }, { type: 'restart', health: [] });
  t.equal(r.world.service('nginx').starts, 0);
  t.equal(r.desk.status().watchdogs[0]?.phase, 'stopped');
});

t.test('300 checks do not begin at once, nor look at once', async t => {
  const r = rig();
  const checks = Array.from({ length: 300 }, (_, index) => at('a')(checkSpec(`c${index}`)));
  r.desk.configure(planOf({ checks }), { type: 'start' });
  await r.timers.advance(millis(99));
  t.equal(r.world.looks, 50);
  await r.timers.advance(seconds(5));
  const seen: number[] = [];
  for (let n = 0; n < 10; n += 1) {
    const { looks } = r.world;
    await r.timers.advance(millis(100));
    seen.push(r.world.looks - looks);
  }
  t.ok(Math.max(...seen) <= 60, `at most 60 in a tenth of a second: ${seen}`);
});

t.test('what nobody tracks is checked all the same, and says so', async t => {
  const r = rig();
  r.world.service('a').state = 'hung';
  await r.begin({ checks: [at('a')(checkSpec('a'))] });
  await r.timers.advance(seconds(1));
  t.match(r.log.lines.at(-1)?.message, /^a is down: no answer within 1 s, for 1 s; nothing depends on it$/);
  t.strictSame(MUTE.trouble, 'timeout');
});

/** A check of that service. */
function at(host: string) {
  return (spec: ReturnType<typeof checkSpec>) => ({ ...spec, probe: { type: 'tcp', host, port: 80 } as const });
}

function watched(spec: ReturnType<typeof watchdogSpec>) {
  return { ...spec, probe: { type: 'tcp', host: 'nginx', port: 80 } as const };
}

t.test('an order counts before the checks, and for a router that depends on nothing too', async t => {
  const r = rig();
  r.world.service('gateway');
  await r.begin({ checks: [checkSpec('gateway')].map(at('gateway')), tracks: [track('web', 'gateway')] });
  t.equal(r.standing('mail/ipv4'), undefined);
  r.orders.give(['mail', 'web'], { move: 'drain', force: false, until: null, keep: false });
  t.match(r.told.at(-1), [
    { router: 'web/ipv4', standing: 'demoted', why: /^drained since / },
    { router: 'web/ipv6', standing: 'demoted' },
    { router: 'mail/ipv4', standing: 'demoted' },
  ]);
  t.match(r.desk.status().routers, [
    { router: 'web', why: /^drained since /, order: { move: 'drain' } },
    { router: 'mail', order: { move: 'drain' } },
  ]);
  r.orders.takeBack(['mail', 'web']);
  t.match(r.told.at(-1), [
    { router: 'web/ipv4', standing: 'well', why: null },
    { router: 'web/ipv6', standing: 'well' },
    { router: 'mail/ipv4', standing: 'well', adjustment: 0, why: null },
  ]);
  r.orders.give(['mail'], { move: 'promote', force: false, until: null, keep: false });
  t.match(
    r.told.at(-1)?.find(({ router }) => router === 'mail/ipv4'),
    { standing: 'well', adjustment: 154 },
  );
});
