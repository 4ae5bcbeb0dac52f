// Schema 1 of the status, word for word: scripts and other people's dashboards rely on it.
// A change that this test notices is a change of the contract in design.md, section 5.
import t from 'tap';
import { latenessAt, reportStatus } from '../../src/api/status.ts';
import type { RouterStatus } from '../../src/core/status.ts';
import { millis, seconds, vrid } from '../../src/vrrp/units.ts';
import { engineStatus, loaded, neighbour, routerStatus, servicesStatus } from '../fixtures/status-report.ts';
import { ip, prefix } from '../fixtures/virtual-router.ts';

const NOW = Date.parse('2026-03-29T01:00:00.000Z');
const lateness = {
  wakes: 100,
  sum_us: 9000,
  last_us: 80,
  max_us: 1234,
  histogram: [
    { up_to_us: 1000, count: 99 },
    { up_to_us: null, count: 1 },
  ],
};

t.test('everything that is promised, and nothing else', async t => {
  const engine = engineStatus([routerStatus()], { agentRestarts: 2, droppedLogLines: 5, neighbours: [neighbour()] });
  t.strictSame(reportStatus(engine, 'edge-a', NOW, loaded(NOW - 100_000), servicesStatus()), {
    schema: 1,
    version: '1.2.3',
    node: 'edge-a',
    pid: 4711,
    started: '2026-03-29T00:58:20.000Z',
    scheduling: 'rr 49',
    agent_restarts: 2,
    dropped_log_lines: 5,
    configuration: { loaded_at: '2026-03-29T00:58:20.000Z', confirm_by: null, last_reload: null },
    lateness,
    checks: [],
    watchdogs: [],
    hooks: [],
    routers: [
      {
        name: 'web',
        family: 'ipv4',
        vrid: 51,
        interface: 'hf0',
        version: 3,
        state: 'active',
        since: '2026-03-29T00:59:00.000Z',
        reason: 'active-down-expired',
        waiting: null,
        priority: { configured: 150, effective: 150 },
        health: { standing: 'well', adjustment: 0, why: null, order: null, parts: [] },
        advert_interval_ms: 1000,
        lease_ms: 6000,
        active: { address: '192.0.2.11', priority: 150, self: true },
        split: false,
        conflict: null,
        checksums: ['rfc9568'],
        peers: [],
        addresses: [{ address: '192.0.2.200/24', interface: 'hf0', held: true, ours: true }],
        counters: {
          adverts_sent: 61,
          adverts_received: 3,
          became_active: 1,
          announcements: 2,
          addresses_put_back: 0,
          rejected: {},
        },
        lateness,
      },
    ],
    page: null,
    neighbours: [
      {
        interface: 'hf0',
        family: 'ipv4',
        address: '192.0.2.12',
        vrid: 51,
        version: 3,
        priority: 100,
        interval_ms: 1000,
        checksum: 'rfc9568',
        last_heard: '2026-03-29T00:59:59.500Z',
        router: 'web',
        reason: null,
        detail: null,
      },
    ],
  });
});

t.test('another that claims to be Active', async t => {
  const router = routerStatus({ conflict: { what: 'second-owner', address: '192.0.2.12', since: seconds(998) } });
  const [report] = reportStatus(engineStatus([router]), 'edge-a', NOW, loaded(), servicesStatus()).routers;
  t.strictSame(report?.conflict, { what: 'second-owner', address: '192.0.2.12', since: '2026-03-29T00:59:58.000Z' });
});

t.test('a backup with a past', async t => {
  const router = routerStatus(
    {
      state: 'backup',
      reason: 'tie-break-lost',
      since: seconds(999.75),
      priority: { configured: 150, effective: 1 },
      active: { address: '192.0.2.12', priority: 100, self: false },
      addresses: [{ address: '192.0.2.200/24', interface: 'hf0', held: false, ours: false }],
      counters: { ...routerStatus().counters, rejected: { 'ttl-not-255': 7, 'wrong-checksum': 1 } },
    },
    { name: 'mail', vrid: vrid(52), interface: 'eth0', advertInterval: millis(250), addresses: [prefix('192.0.2.200/24')] },
  );
  const [report] = reportStatus(engineStatus([router]), 'edge-b', NOW, loaded(), servicesStatus()).routers;
  t.match(report, {
    name: 'mail',
    vrid: 52,
    interface: 'eth0',
    state: 'backup',
    since: '2026-03-29T00:59:59.750Z',
    reason: 'tie-break-lost',
    priority: { configured: 150, effective: 1 },
    advert_interval_ms: 250,
    lease_ms: 2000,
    active: { address: '192.0.2.12', priority: 100, self: false },
    addresses: [{ address: '192.0.2.200/24', interface: 'hf0', held: false, ours: false }],
  });
  t.strictSame(report?.counters.rejected, { 'ttl-not-255': 7, 'wrong-checksum': 1 });
});

t.test('nobody known, nothing configured', async t => {
  const router = routerStatus({ state: 'initialize', reason: 'starting', active: null, waiting: 'interface hf0 does not exist' });
  t.match(reportStatus(engineStatus([router]), 'a', NOW, loaded(), servicesStatus()).routers[0], {
    state: 'initialize',
    reason: 'starting',
    active: null,
    waiting: 'interface hf0 does not exist',
  });
  t.same(reportStatus(engineStatus([]), 'a', NOW, loaded(), servicesStatus()).routers, []);
});

t.test('a password is not part of it', async t => {
  const router = routerStatus({}, { password: 'hunter2' });
  t.notMatch(JSON.stringify(reportStatus(engineStatus([router]), 'a', NOW, loaded(), servicesStatus())), /hunter|password/);
});

t.test('unicast peers: heard, silent, ourselves, in trouble', async t => {
  const peers = [
    { address: ip('192.0.2.12'), self: false, lastHeard: seconds(999), trouble: null },
    { address: ip('192.0.2.13'), self: false, lastHeard: null, trouble: 'EHOSTUNREACH' },
    { address: ip('192.0.2.11'), self: true, lastHeard: null, trouble: null },
  ];
  t.strictSame(reportStatus(engineStatus([routerStatus({ peers })]), 'a', NOW, loaded(), servicesStatus()).routers[0]?.peers, [
    { address: '192.0.2.12', self: false, last_heard: '2026-03-29T00:59:59.000Z', trouble: null },
    { address: '192.0.2.13', self: false, last_heard: null, trouble: 'EHOSTUNREACH' },
    { address: '192.0.2.11', self: true, last_heard: null, trouble: null },
  ]);
});

t.test('a neighbour that is not accepted, and one that cannot be read', async t => {
  const neighbours = [
    neighbour({ version: 2, rejected: { reason: 'wrong-version', detail: 'version 2' }, checksum: null }),
    neighbour({ vrid: 7, priority: null, interval: null, router: null, rejected: { reason: 'unknown-vrid', detail: 'VRID 7' } }),
  ];
  t.match(reportStatus(engineStatus([], { neighbours }), 'a', NOW, loaded(), servicesStatus()).neighbours, [
    { version: 2, checksum: null, router: 'web', reason: 'wrong-version', detail: 'version 2' },
    { vrid: 7, priority: null, interval_ms: null, router: null, reason: 'unknown-vrid' },
  ]);
});

t.test('the families of one name stand together, and a split is told on both', async t => {
  const of = (name: string, family: 'ipv4' | 'ipv6', state: RouterStatus['state']) => routerStatus({ state }, { name, family });
  const report = (...routers: readonly RouterStatus[]) =>
    reportStatus(engineStatus(routers), 'a', NOW, loaded(), servicesStatus()).routers.map(
      ({ name, family, split }) => `${name}/${family} ${split}`,
    );
  t.strictSame(report(of('web', 'ipv6', 'active'), of('mail', 'ipv4', 'backup'), of('web', 'ipv4', 'backup'), of('db', 'ipv6', 'active')), [
    'web/ipv4 true',
    'web/ipv6 true',
    'mail/ipv4 false',
    'db/ipv6 false',
  ]);
  for (const [here, there, split] of [
    ['active', 'active', false],
    ['active', 'leaving', false],
    ['backup', 'initialize', false],
    ['active', 'initialize', true],
    ['fault', 'active', true],
  ] as const) {
    t.strictSame(report(of('web', 'ipv4', here), of('web', 'ipv6', there)), [`web/ipv4 ${split}`, `web/ipv6 ${split}`]);
  }
});

t.test('the configuration: what waits for its confirmation, how the last reload ended', async t => {
  const engine = engineStatus([], { confirmBy: seconds(1042) });
  const lastReload = { at: NOW - 18_000, outcome: 'applied', problem: 'web was not started' };
  t.strictSame(reportStatus(engine, 'a', NOW, { loadedAt: null, lastReload }, servicesStatus()).configuration, {
    loaded_at: null,
    confirm_by: '2026-03-29T01:00:42.000Z',
    last_reload: { at: '2026-03-29T00:59:42.000Z', outcome: 'applied', problem: 'web was not started' },
  });
});

t.test('it survives JSON', async t => {
  const report = reportStatus(engineStatus([routerStatus()]), 'a', NOW, loaded(), servicesStatus());
  t.strictSame(JSON.parse(JSON.stringify(report)), report);
});

t.test('how late a share of the wake-ups was', async t => {
  const histogram = [
    { up_to_us: 100, count: 9_000 },
    { up_to_us: 1000, count: 990 },
    { up_to_us: 5000, count: 5 },
    { up_to_us: null, count: 5 },
  ];
  const report = { wakes: 10_000, last_us: 1, sum_us: 1, max_us: 700_000, histogram };
  t.strictSame(
    [0.5, 0.9, 0.999, 0.9999].map(share => latenessAt(report, share)),
    [100, 100, 1000, 700_000],
  );
  t.equal(latenessAt({ ...report, max_us: 900 }, 0.999), 900, 'nothing was later than the latest');
  t.equal(latenessAt({ ...report, wakes: 999 }, 0.5), null);
  t.equal(latenessAt({ ...report, wakes: 20_000 }, 0.999), 700_000);
});
