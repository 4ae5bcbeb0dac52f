// Checks, watchdogs, hooks and health in schema 1 of the status, word for word: a contract.
// Must not know how they come about.
import t from 'tap';
import { reportHealth, reportServices } from '../../src/api/services.ts';
import { micros, millis, seconds } from '../../src/vrrp/units.ts';
import { servicesStatus } from '../fixtures/status-report.ts';

const wall = (ms: number): string => new Date(ms).toISOString();
/** The agent's 1000 s is the first second of 2026. */
const instant = (at: number): string => wall(Date.parse('2026-01-01T00:00:00Z') + (at - seconds(1000)) / 1000);
const LOOK = { seen: { trouble: 'timeout', seen: 'no answer within 1 s' }, began: seconds(998), ended: seconds(999) } as const;

t.test('checks', async t => {
  const check = {
    name: 'gateway',
    type: 'ping',
    verdict: 'down',
    since: seconds(990),
    heldUntil: seconds(1030),
    routers: ['web'],
  } as const;
  const { checks } = reportServices(
    servicesStatus({
      checks: [
        { ...check, last: LOOK },
        { ...check, verdict: 'unknown', last: null, heldUntil: null, routers: [] },
      ],
    }),
    instant,
    wall,
  );
  t.strictSame(checks, [
    {
      name: 'gateway',
      type: 'ping',
      state: 'down',
      since: '2025-12-31T23:59:50.000Z',
      last: { at: '2025-12-31T23:59:58.000Z', latency_ms: 1000, trouble: 'timeout', seen: 'no answer within 1 s' },
      held_until: '2026-01-01T00:00:30.000Z',
      routers: ['web'],
    },
    { name: 'gateway', type: 'ping', state: 'unknown', since: '2025-12-31T23:59:50.000Z', last: null, held_until: null, routers: [] },
  ]);
});

t.test('watchdogs', async t => {
  const { watchdogs } = reportServices(
    servicesStatus({
      watchdogs: [
        {
          name: 'nginx',
          service: 'nginx.service',
          phase: 'away',
          since: seconds(999),
          up: false,
          seen: 'killed by SIGKILL',
          last: null,
          starts: 3,
          nextStart: seconds(1004),
          heldUntil: null,
          reason: 'nginx: [emerg] no port',
          routers: ['web', 'mail'],
        },
      ],
    }),
    instant,
    wall,
  );
  t.strictSame(watchdogs, [
    {
      name: 'nginx',
      service: 'nginx.service',
      state: 'away',
      since: '2025-12-31T23:59:59.000Z',
      up: false,
      seen: 'killed by SIGKILL',
      last: null,
      starts: 3,
      next_start: '2026-01-01T00:00:04.000Z',
      held_until: null,
      reason: 'nginx: [emerg] no port',
      routers: ['web', 'mail'],
    },
  ]);
});

t.test('hooks', async t => {
  const at = Date.parse('2026-01-01T00:00:07Z');
  const hook = {
    router: 'web/ipv4',
    on: 'change',
    event: 'active',
    hook: '/usr/local/bin/notify',
    ok: false,
    seen: 'exit status 1',
  } as const;
  t.strictSame(reportServices(servicesStatus({ hooks: [{ ...hook, at, took: millis(12.5) }] }), instant, wall).hooks, [
    {
      router: 'web/ipv4',
      on: 'on_change',
      event: 'active',
      hook: '/usr/local/bin/notify',
      ok: false,
      seen: 'exit status 1',
      at: '2026-01-01T00:00:07.000Z',
      took_ms: 12.5,
    },
  ]);
});

t.test('health, with the sum', async t => {
  const parts = [{ of: 'uplink', effect: -20 }] as const;
  t.strictSame(reportHealth({ standing: 'well', adjustment: -20 }, { router: 'web', parts, why: 'uplink: no carrier', order: null }), {
    standing: 'well',
    adjustment: -20,
    why: 'uplink: no carrier',
    order: null,
    parts,
  });
  t.strictSame(reportHealth({ standing: 'well', adjustment: micros(0) }, null), {
    standing: 'well',
    adjustment: 0,
    why: null,
    order: null,
    parts: [],
  });
});

t.test('an order, with its instants', async t => {
  const order = { router: 'web', move: 'drain', force: true, keep: false, since: 0, until: 3_600_000 } as const;
  const report = (until: number | null) =>
    reportHealth({ standing: 'released', adjustment: 0 }, { router: 'web', parts: [], why: 'drained', order: { ...order, until } }).order;
  const since = '1970-01-01T00:00:00.000Z';
  t.strictSame(report(3_600_000), { move: 'drain', force: true, since, until: '1970-01-01T01:00:00.000Z', keep: false });
  t.match(report(null), { until: null });
});
