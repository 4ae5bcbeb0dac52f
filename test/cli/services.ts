// Checks, watchdogs and hooks as `holdfast status` shows them, read as an operator reads them.
// Must not know the daemon.
import t from 'tap';
import { reportStatus } from '../../src/api/status.ts';
import { table } from '../../src/cli/status.ts';
import type { CheckStatus, RouterStatus, ServicesStatus, WatchdogStatus } from '../../src/core/status.ts';
import { micros, millis, seconds } from '../../src/vrrp/units.ts';
import { engineStatus, loaded, routerStatus, servicesStatus } from '../fixtures/status-report.ts';

process.env.TZ = 'UTC';
const NOW = Date.parse('2026-03-29T03:00:00.000Z');

function shown(services: Partial<ServicesStatus>, router: Partial<RouterStatus> = {}): string {
  return table(reportStatus(engineStatus([routerStatus(router)]), 'edge-a', NOW, loaded(), servicesStatus(services)), NOW);
}

const GATEWAY: CheckStatus = {
  name: 'gateway',
  type: 'ping',
  verdict: 'up',
  since: seconds(700),
  last: { seen: { trouble: null, seen: 'answer in 0.4 ms' }, began: seconds(999), ended: micros(999_000_400) },
  heldUntil: null,
  routers: ['web', 'mail'],
};
const NGINX: WatchdogStatus = {
  name: 'nginx',
  service: 'nginx.service',
  phase: 'away',
  since: seconds(995),
  up: false,
  seen: 'killed by SIGKILL; nginx: [emerg] unknown directive "lisen" in /etc/nginx/nginx.conf:12',
  last: null,
  starts: 3,
  nextStart: seconds(1004),
  heldUntil: null,
  reason: null,
  routers: ['web'],
};

t.test('what the services are like', async t => {
  const checks = [
    GATEWAY,
    { ...GATEWAY, name: 'db', type: 'mysql', verdict: 'down', heldUntil: seconds(1030), routers: [] } as const,
    { ...GATEWAY, name: 'new', type: 'http', verdict: 'unknown', last: null } as const,
  ];
  const watchdogs = [
    NGINX,
    { ...NGINX, name: 'web', phase: 'up', seen: 'HTTP 200 in 2 ms', starts: 0, nextStart: null, up: true } as const,
  ];
  const hook = { router: 'web/ipv4', event: 'active', at: NOW - 5000 } as const;
  const hooks = [
    { ...hook, on: 'active', hook: '/usr/local/bin/up', ok: true, seen: 'exit 0', took: millis(12) } as const,
    { ...hook, on: 'change', hook: 'POST https://ops.example/...', ok: false, seen: 'HTTP 500', took: seconds(30) } as const,
  ];
  t.equal(
    shown({ checks, watchdogs, hooks }).split('\n\n').slice(2, 5).join('\n\n'),
    `\
WATCHDOG  SERVICE        STATE  SINCE           FOR  SEEN
nginx     nginx.service  away   02:59:55 (5 s)  web  killed by SIGKILL; nginx: [emerg] unknown directive "lisen" in /etc/nginx/nginx.conf:12; next start in 4 s; started 3 times lately
web       nginx.service  up     02:59:55 (5 s)  web  HTTP 200 in 2 ms

CHECK    TYPE   STATE    SINCE             FOR        SEEN
gateway  ping   up       02:55:00 (5 min)  web, mail  answer in 0.4 ms, 1 s ago
db       mysql  down     02:55:00 (5 min)  -          answer in 0.4 ms, 1 s ago; held down until 03:00:30, as it comes and goes
new      http   unknown  02:55:00 (5 min)  web, mail  not looked at yet

HOOKS OF  HOOK       TOLD    AT        RESULT
web/ipv4  on_active  active  02:59:55  /usr/local/bin/up: exit 0, 12 ms
web/ipv4  on_change  active  02:59:55  FAILED: POST https://ops.example/...: HTTP 500, 30000 ms`,
  );
});

t.test('the priority and the sum that made it', async t => {
  const parts = (...all: readonly (readonly [string, number | 'none' | 'demote' | 'release'])[]) => ({
    routers: [
      {
        router: 'web',
        parts: all.map(([of, effect]) => ({ of, effect })),
        why: all.some(([, e]) => e === 'none') ? null : 'nginx: refused',
        order: null,
      },
    ],
  });
  const line = (services: Partial<ServicesStatus>, router: Partial<RouterStatus>) =>
    /VRID 51 on hf0, (.*), version/.exec(shown(services, router))?.[1];
  t.equal(line(parts(['nginx', 'none']), {}), 'priority 150');
  t.equal(
    line(parts(['uplink', -20], ['gw', 5], ['nginx', 'none']), { priority: { configured: 150, effective: 135 }, adjustment: -15 }),
    'priority 135 = 150 - 20 uplink + 5 gw',
  );
  t.equal(
    line(parts(['uplink', 200]), { priority: { configured: 150, effective: 254 }, adjustment: 200 }),
    'priority 254 = 150 + 200 uplink, kept between 2 and 254',
  );
  t.equal(
    line(parts(['nginx', 'demote']), { priority: { configured: 150, effective: 1 }, standing: 'demoted' }),
    'priority 1 while health is lost (nginx: refused), else 150',
  );
  t.equal(
    line(parts(['nginx', 'release']), { priority: { configured: 150, effective: 1 }, standing: 'released' }),
    'released (nginx: refused), else priority 150',
  );
});
