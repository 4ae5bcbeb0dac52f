// src/cli/page-view.ts: what the page says of a report, of the past, and of an engine that is silent.
import t from 'tap';
import type { EventReport } from '../../src/api/history.ts';
import { reportServices } from '../../src/api/services.ts';
import { reportStatus, type StatusReport } from '../../src/api/status.ts';
import { type Knowledge, viewOf } from '../../src/cli/page-view.ts';
import type { EngineStatus, RouterStatus, ServicesStatus } from '../../src/core/status.ts';
import { seconds, vrid } from '../../src/vrrp/units.ts';
import { engineStatus, loaded, neighbour, routerStatus, servicesStatus } from '../fixtures/status-report.ts';

process.env.TZ = 'UTC';
const NOW = Date.UTC(2026, 0, 2, 12, 0, 0);
const instant = (at: number): string => new Date(at).toISOString();

const SERVICES: ServicesStatus = servicesStatus({
  checks: [
    {
      name: 'gateway',
      type: 'ping',
      verdict: 'down',
      since: seconds(990),
      last: { began: seconds(999), ended: seconds(999), seen: { trouble: 'timeout', seen: 'no answer' } },
      heldUntil: null,
      routers: ['web'],
    },
  ],
});

const moved = (before: number, to: string, message: string, router = 'web'): EventReport => ({
  at: instant(NOW - before * 1000),
  level: 'info',
  event: 'vrrp.transition',
  fields: { router, vrid: 51, family: 'ipv4', from: 'backup', to, reason: 'preempt' },
  message,
});

function reportOf(routers: readonly RouterStatus[], settings: Partial<EngineStatus> = {}): StatusReport {
  return reportStatus(engineStatus(routers, settings), 'edge-a', NOW, loaded(NOW - 60_000), SERVICES);
}

function knowledge(settings: Partial<Knowledge> = {}): Knowledge {
  return {
    node: 'edge-a',
    version: '1.2.3',
    socket: '/run/holdfast/control.sock',
    report: reportOf([routerStatus()]),
    services: reportServices(SERVICES, at => instant(NOW - (SERVICES.now - at) / 1000), instant),
    events: [moved(3600, 'backup', 'taking part'), moved(60, 'active', 'no Active router was heard; serving')],
    answered: NOW,
    lastKnown: ['web/ipv4'],
    ...settings,
  };
}

t.test('who serves, since when and why, as `holdfast why` says it', async t => {
  const view = viewOf(knowledge(), NOW);
  t.match(view, { node: 'edge-a', at: '12:00:00', silence: null, title: 'Active', light: 'active', more: null, notices: [] });
  t.match(view.routers, [
    {
      name: 'web',
      family: 'IPv4',
      light: 'active',
      since: 'since 11:59:00 (60 s)',
      sentence: 'This machine serves since 11:59:00 (60 s): no Active router was heard; serving',
      notices: [],
      lines: [/^VRID 51 on hf0, priority 150, every 1000 ms$/, '192.0.2.200/24 here', 'adverts: 61 sent, 3 received'],
      span: ['11:00:00', '12:00:00'],
      changes: [
        { at: '11:59:00', text: 'active: no Active router was heard; serving' },
        { at: '11:00:00', text: 'backup: taking part' },
      ],
    },
  ]);
  t.match(view.tables.find(({ title }) => title === 'Checks')?.rows, [{ tone: 'bad', cells: ['gateway', 'ping', 'down'] }]);
});

t.test('the strip: each state until the next, the last one until now', async t => {
  const { past } = viewOf(knowledge(), NOW).routers[0] ?? { past: [] };
  t.match(past, [
    { light: 'backup', from: 0, to: 3540 / 3600 },
    { light: 'active', from: 3540 / 3600, to: 1 },
  ]);
  const young = viewOf(knowledge({ events: [moved(6, 'active', 'x')] }), NOW).routers[0];
  t.match(young, { span: ['11:59:00', '12:00:00'], past: [{ from: 0.9, to: 1 }] }, 'it is never shorter than a minute');
  const strange = viewOf(knowledge({ events: [moved(60, 'paradise', 'x'), moved(60, 'active', 'y', 'mail')] }), NOW).routers[0];
  t.match(strange?.past, [{ light: 'unknown' }], 'words of another version, and other routers');
  t.equal(
    viewOf(knowledge({ events: Array.from({ length: 90 }, (_, i) => moved(90 - i, 'active', 'x')) }), NOW).routers[0]?.past.length,
    30,
  );
});

t.test('two Actives, a split, and what a router waits for', async t => {
  const conflict = { what: 'second-active', address: '192.0.2.12', since: seconds(999) } as const;
  const view = viewOf(knowledge({ report: reportOf([routerStatus({ conflict })], { neighbours: [neighbour()] }) }), NOW);
  t.match(view, { title: 'two Actives', light: 'fault' });
  t.match(view.routers[0]?.notices, [{ level: 'warning', text: '192.0.2.12 claims to be Active too' }]);
  t.match(view.tables.at(-1), { title: 'Neighbours', rows: [{ tone: 'good', cells: ['192.0.2.12', 'hf0', '51'] }] });
  const waiting = viewOf(knowledge({ report: reportOf([routerStatus({ state: 'fault', waiting: 'eth0 has no carrier' })]) }), NOW);
  t.match(waiting, { light: 'fault', routers: [{ notices: [{ level: 'warning', text: 'waiting: eth0 has no carrier' }] }] });
  const rejected = { reason: 'ttl-not-255', detail: 'TTL 254' } as const;
  const strangers = [neighbour({ rejected }), neighbour({ router: null, vrid: 9 }), neighbour({ priority: null, interval: null })];
  const heard = viewOf(knowledge({ report: reportOf([routerStatus()], { neighbours: strangers }) }), NOW).tables.at(-1)?.rows ?? [];
  t.strictSame(
    heard.map(({ tone }) => tone),
    ['bad', 'plain', 'good'],
  );
  t.match(heard[2]?.cells, ['192.0.2.12', 'hf0', '51', '?', '?']);
});

t.test('a failed reload stands first', async t => {
  const report: StatusReport = {
    ...reportOf([routerStatus()]),
    configuration: {
      loaded_at: instant(NOW - 60_000),
      confirm_by: null,
      last_reload: { at: instant(NOW - 5000), outcome: 'invalid', problem: 'holdfast.toml:3:5 what is this' },
    },
  };
  t.match(viewOf(knowledge({ report }), NOW).notices, [{ level: 'error', text: /^the reload at 11:59:55 failed/ }]);
});

t.test('an engine that is silent: no state is shown, and what was, ends there', async t => {
  const view = viewOf(knowledge({ report: null, answered: NOW - 30_000 }), NOW);
  t.match(view, {
    light: 'unknown',
    silence: /^The engine of holdfast has not answered since 11:59:30 \(30 s\): nobody knows/,
    routers: [{ name: 'web', family: 'IPv4', light: 'unknown', since: '', sentence: 'Unknown: the engine does not answer.' }],
  });
  const { past = [] } = view.routers[0] ?? {};
  t.match(past, [{ light: 'backup' }, { light: 'active', to: 3570 / 3600 }, { light: 'unknown', from: 3570 / 3600, to: 1 }]);
  t.match(view.tables[1]?.rows, [{ cells: ['gateway'] }], 'the agent’s own checks go on');
  t.match(viewOf(knowledge({ report: null, answered: null, lastKnown: [] }), NOW).silence, /has not answered yet/);
});

t.test('a thousand routers do not make a page of a thousand cards', async t => {
  const routers = Array.from({ length: 100 }, (_, i) =>
    routerStatus({ state: i % 2 === 0 ? 'active' : 'backup' }, { name: `r${i}`, vrid: vrid(i + 1) }),
  );
  const view = viewOf(knowledge({ report: reportOf(routers) }), NOW);
  t.equal(view.routers.length, 40);
  t.equal(view.more, 'and 60 more (30 active, 30 backup): holdfast status');
  const neighbours = Array.from({ length: 300 }, () => neighbour());
  const flooded = viewOf(knowledge({ report: reportOf([routerStatus()], { neighbours }) }), NOW).tables.at(-1);
  t.match(flooded, { title: 'Neighbours (and 200 more)' });
  t.equal(flooded?.rows.length, 100);
  t.match(viewOf(knowledge({ report: reportOf([]) }), NOW), { title: 'no virtual router', light: 'unknown', routers: [] });
});
