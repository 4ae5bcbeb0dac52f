// Tests src/page/metrics.ts: the text that Prometheus reads, that nothing old looks alive, and that the manual has every metric.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { reportServices } from '../../src/api/services.ts';
import { reportStatus } from '../../src/api/status.ts';
import type { EngineStatus, RouterStatus, ServicesStatus } from '../../src/core/status.ts';
import { type Facts, METRICS, metrics } from '../../src/page/metrics.ts';
import { createTally } from '../../src/page/tally.ts';
import { millis, seconds, vrid } from '../../src/vrrp/units.ts';
import { engineStatus, loaded, neighbour, routerStatus, servicesStatus } from '../fixtures/status-report.ts';
import { ip } from '../fixtures/virtual-router.ts';

const NOW = Date.parse('2026-03-29T12:00:00Z');
const instant = (at: number): string => new Date(at).toISOString();

const SERVICES: ServicesStatus = servicesStatus({
  checks: [
    {
      name: 'gateway',
      type: 'ping',
      verdict: 'down',
      since: seconds(990),
      last: { began: seconds(999), ended: seconds(999.25), seen: { trouble: 'timeout', seen: 'no answer', number: 0 } },
      heldUntil: null,
      routers: ['web'],
    },
    { name: 'new', type: 'tcp', verdict: 'unknown', since: seconds(1000), last: null, heldUntil: null, routers: [] },
  ],
  watchdogs: [
    {
      name: 'nginx',
      service: 'nginx.service',
      phase: 'away',
      since: seconds(999),
      up: false,
      seen: 'killed by signal 9',
      last: { began: seconds(998), ended: seconds(998.5), seen: { trouble: null, seen: 'HTTP 200', number: 0 } },
      starts: 2,
      nextStart: null,
      heldUntil: null,
      reason: null,
      routers: ['web'],
    },
    {
      name: 'app',
      service: 'say "hi"\\now',
      phase: 'unknown',
      since: seconds(999),
      up: false,
      seen: 'not looked at yet',
      last: null,
      starts: 0,
      nextStart: null,
      heldUntil: null,
      reason: null,
      routers: [],
    },
  ],
  hooks: [{ router: 'web/ipv4', on: 'change', event: 'active', hook: '/x', ok: false, seen: 'exit 1', at: NOW, took: millis(1500) }],
});

function facts(routers: readonly RouterStatus[], settings: Partial<EngineStatus> = {}, more: Partial<Facts> = {}): Facts {
  const engine = engineStatus(routers, settings);
  return {
    version: '1.2.3',
    report: reportStatus(engine, 'edge-a', NOW, loaded(NOW - 60_000), SERVICES),
    services: reportServices(SERVICES, at => instant(NOW - (SERVICES.now - at) / 1000), instant),
    answered: NOW,
    transitions: createTally(),
    ...more,
  };
}

const WEB = 'router="web",family="ipv4",vrid="51",interface="hf0"';

/** Everything that there can be. */
function full(): Facts {
  const transitions = createTally();
  for (const to of ['backup', 'active', 'active']) transitions.count({ router: 'web/ipv4', to, reason: 'startup' });
  const web = routerStatus({
    conflict: { what: 'second-active', address: '192.0.2.12', since: seconds(999) },
    peers: [
      { address: ip('192.0.2.12'), self: false, lastHeard: seconds(999), trouble: 'EHOSTUNREACH' },
      { address: ip('192.0.2.13'), self: false, lastHeard: null, trouble: null },
      { address: ip('192.0.2.11'), self: true, lastHeard: null, trouble: null },
    ],
    counters: { ...routerStatus().counters, rejected: { 'ttl-not-255': 7 } },
  });
  return facts([web, routerStatus({ state: 'backup' }, { name: 'mail', vrid: vrid(52) })], { neighbours: [neighbour()] }, { transitions });
}

t.test('what is said of a router that serves', async t => {
  const lines = metrics(full()).split('\n');
  for (const line of [
    'holdfast_build_info{version="1.2.3"} 1',
    'holdfast_up 1',
    `holdfast_engine_answered_timestamp_seconds ${NOW / 1000}`,
    `holdfast_router_state{${WEB},state="active"} 1`,
    `holdfast_router_state{${WEB},state="backup"} 0`,
    'holdfast_router_state{router="mail",family="ipv4",vrid="52",interface="hf0",state="backup"} 1',
    `holdfast_router_state_since_timestamp_seconds{${WEB}} ${NOW / 1000 - 60}`,
    `holdfast_router_priority_effective{${WEB}} 150`,
    `holdfast_router_transitions_total{${WEB},to="active",reason="startup"} 2`,
    `holdfast_router_transitions_total{${WEB},to="backup",reason="startup"} 1`,
    `holdfast_router_adverts_sent_total{${WEB}} 61`,
    `holdfast_router_adverts_rejected_total{${WEB},reason="ttl-not-255"} 7`,
    `holdfast_router_conflict{${WEB},conflict="second-active"} 1`,
    `holdfast_router_conflict{${WEB},conflict="second-owner"} 0`,
    `holdfast_peer_reachable{${WEB},peer="192.0.2.12"} 0`,
    `holdfast_peer_heard_timestamp_seconds{${WEB},peer="192.0.2.12"} ${NOW / 1000 - 1}`,
    'holdfast_neighbours{accepted="true"} 1',
    'holdfast_engine_lateness_seconds_bucket{le="0.001"} 99',
    'holdfast_engine_lateness_seconds_bucket{le="+Inf"} 100',
    'holdfast_engine_lateness_seconds_sum 0.009',
    'holdfast_engine_lateness_seconds_count 100',
    'holdfast_check_up{check="gateway",type="ping"} 0',
    'holdfast_check_latency_seconds{check="gateway",type="ping"} 0.25',
    'holdfast_watchdog_state{watchdog="nginx",service="nginx.service",state="away"} 1',
    'holdfast_hook_ok{router="web/ipv4",hook="on_change"} 0',
    'holdfast_hook_duration_seconds{router="web/ipv4",hook="on_change"} 1.5',
  ])
    t.ok(lines.includes(line), line);
  t.notOk(
    lines.some(line => /peer="192.0.2.1[13]"/.test(line) && /heard/.test(line)),
    'who was never heard has no instant',
  );
  t.notMatch(lines.join('\n'), /peer="192.0.2.11"/, 'and who is this machine has none');
});

t.test('a label cannot break out of its quotes', async t => {
  t.match(metrics(full()), 'holdfast_watchdog_up{watchdog="app",service="say \\"hi\\"\\\\now"} 0\n');
  const { services } = full();
  const evil = services.checks.map(check => ({ ...check, name: 'a"} 1\nholdfast_up 1' }));
  const text = metrics({ ...full(), report: null, services: { ...services, checks: evil } });
  t.strictSame(
    text.split('\n').filter(line => line.startsWith('holdfast_up')),
    ['holdfast_up 0'],
  );
});

t.test('when the engine is silent, nothing that only it knows is told', async t => {
  const text = metrics({ ...full(), report: null });
  t.match(text, '\nholdfast_up 0\n');
  t.match(text, `\nholdfast_engine_answered_timestamp_seconds ${NOW / 1000}\n`, 'but since when');
  t.notMatch(text, /holdfast_router|holdfast_peer|holdfast_engine_started|lateness/);
  t.match(text, 'holdfast_check_up{check="gateway",type="ping"} 0', 'the agent’s own checks go on');
  t.notMatch(metrics({ ...full(), report: null, answered: null }), /holdfast_engine_answered/);
});

t.test('every series once, every metric with its words', async t => {
  const lines = metrics(full()).trimEnd().split('\n');
  const series = lines.filter(line => !line.startsWith('#')).map(line => line.replace(/ \S+$/, ''));
  t.equal(new Set(series).size, series.length);
  for (const { name, type, help } of METRICS) {
    t.ok(lines.includes(`# HELP ${name} ${help}`), name);
    t.ok(lines.includes(`# TYPE ${name} ${type}`), name);
    t.equal(name.endsWith('_total'), type === 'counter', `${name} is named as its kind`);
  }
});

const promtool = (argv: readonly string[], input = '') => spawnSync('promtool', argv, { input, encoding: 'utf8' });
const missing = promtool(['--version']).error === undefined ? false : 'promtool is not installed: apt-get install prometheus';

t.test('promtool has nothing to say about it', { skip: missing }, async t => {
  const { status, stdout, stderr } = promtool(['check', 'metrics'], metrics(full()));
  t.strictSame([status, stdout, stderr], [0, '', '']);
});

t.test('the manual has the same table', async t => {
  const manual = readFileSync(join(import.meta.dirname, '../../docs/monitoring.md'), 'utf8');
  const rows = manual.split('\n').filter(line => line.startsWith('| `holdfast_'));
  t.strictSame(
    rows,
    METRICS.map(({ name, type, help, labels }) => `| \`${name}\` | ${type} | ${labels.map(label => `\`${label}\``).join(' ')} | ${help} |`),
  );
});

/** Every metric that a text names. */
const named = (text: string): readonly string[] => [...text.matchAll(/\bholdfast_[a-z_]+\b/g)].map(([name]) => name);

t.test('alerts and dashboard ask for metrics that there are', async t => {
  const known = new Set(METRICS.flatMap(({ name }) => [name, `${name}_bucket`, `${name}_count`, `${name}_sum`]));
  for (const file of ['monitoring.md', 'grafana-dashboard.json']) {
    const text = readFileSync(join(import.meta.dirname, '../../docs', file), 'utf8');
    t.ok(named(text).length > 10, file);
    t.strictSame(
      named(text).filter(name => !known.has(name)),
      [],
      file,
    );
  }
});

t.test('promtool takes the alerts', { skip: missing }, async t => {
  const manual = readFileSync(join(import.meta.dirname, '../../docs/monitoring.md'), 'utf8');
  const [, rules = ''] = /```yaml\n(groups:[\s\S]*?)```/.exec(manual) ?? [];
  const folder = t.testdir({ 'rules.yml': rules });
  const { status, stdout, stderr } = promtool(['check', 'rules', join(folder, 'rules.yml')]);
  t.equal(status, 0, stderr);
  t.match(stdout, 'SUCCESS: 8 rules found');
});
