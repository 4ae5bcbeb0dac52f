// Schema 1 of the status, word for word: scripts and other people's dashboards rely on it.
// A change that this test notices is a change of the contract in design.md, section 5.
import t from 'tap';
import { reportStatus } from '../../src/api/status.ts';
import { millis, seconds, vrid } from '../../src/vrrp/units.ts';
import { engineStatus, routerStatus } from '../fixtures/status-report.ts';
import { prefix } from '../fixtures/virtual-router.ts';

const NOW = Date.parse('2026-03-29T01:00:00.000Z');
const lateness = {
  wakes: 100,
  last_us: 80,
  max_us: 1234,
  histogram: [
    { up_to_us: 1000, count: 99 },
    { up_to_us: null, count: 1 },
  ],
};

t.test('everything that is promised, and nothing else', async t => {
  const engine = engineStatus([routerStatus()], { agentRestarts: 2, droppedLogLines: 5 });
  t.strictSame(reportStatus(engine, 'edge-a', NOW), {
    schema: 1,
    version: '1.2.3',
    node: 'edge-a',
    pid: 4711,
    started: '2026-03-29T00:58:20.000Z',
    scheduling: 'rr 49',
    agent_restarts: 2,
    dropped_log_lines: 5,
    lateness,
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
        advert_interval_ms: 1000,
        active: { address: '192.0.2.11', priority: 150, self: true },
        conflict: null,
        addresses: [{ address: '192.0.2.200/24', held: true, ours: true }],
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
  });
});

t.test('another that claims to be Active', async t => {
  const router = routerStatus({ conflict: { what: 'second-owner', address: '192.0.2.12', since: seconds(998) } });
  const [report] = reportStatus(engineStatus([router]), 'edge-a', NOW).routers;
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
      addresses: [{ address: '192.0.2.200/24', held: false, ours: false }],
      counters: { ...routerStatus().counters, rejected: { 'ttl-not-255': 7, 'wrong-checksum': 1 } },
    },
    { name: 'mail', vrid: vrid(52), interface: 'eth0', advertInterval: millis(250), addresses: [prefix('192.0.2.200/24')] },
  );
  const [report] = reportStatus(engineStatus([router]), 'edge-b', NOW).routers;
  t.match(report, {
    name: 'mail',
    vrid: 52,
    interface: 'eth0',
    state: 'backup',
    since: '2026-03-29T00:59:59.750Z',
    reason: 'tie-break-lost',
    priority: { configured: 150, effective: 1 },
    advert_interval_ms: 250,
    active: { address: '192.0.2.12', priority: 100, self: false },
    addresses: [{ address: '192.0.2.200/24', held: false, ours: false }],
  });
  t.strictSame(report?.counters.rejected, { 'ttl-not-255': 7, 'wrong-checksum': 1 });
});

t.test('nobody known, nothing configured', async t => {
  const router = routerStatus({ state: 'initialize', reason: 'starting', active: null, waiting: 'interface hf0 does not exist' });
  t.match(reportStatus(engineStatus([router]), 'a', NOW).routers[0], {
    state: 'initialize',
    reason: 'starting',
    active: null,
    waiting: 'interface hf0 does not exist',
  });
  t.same(reportStatus(engineStatus([]), 'a', NOW).routers, []);
});

t.test('it survives JSON', async t => {
  const report = reportStatus(engineStatus([routerStatus()]), 'a', NOW);
  t.strictSame(JSON.parse(JSON.stringify(report)), report);
});
