// src/cli/past.ts: which events concern a router, and the sentence that they come to.
import t from 'tap';
import type { EventReport } from '../../src/api/history.ts';
import { type RouterReport, reportStatus, type StatusReport } from '../../src/api/status.ts';
import { concerns, explainRouter, trackedBy } from '../../src/cli/past.ts';
import type { RouterStatus, ServicesStatus } from '../../src/core/status.ts';
import { priority } from '../../src/vrrp/units.ts';
import { engineStatus, loaded, routerStatus, servicesStatus } from '../fixtures/status-report.ts';
import { ip } from '../fixtures/virtual-router.ts';

const NOW = Date.UTC(2026, 0, 2, 12, 0, 0);
const event = (before: number, name: string, fields: EventReport['fields'], message: string): EventReport => ({
  at: new Date(NOW - before * 1000).toISOString(),
  level: 'info',
  event: name,
  fields,
  message,
});
const WEB = { router: 'web', family: 'ipv4' };

function report(more: Partial<RouterStatus> = {}, services: Partial<ServicesStatus> = {}): { all: StatusReport; web: RouterReport } {
  const all = reportStatus(engineStatus([routerStatus(more)]), 'edge-a', NOW, loaded(), servicesStatus(services));
  const [web] = all.routers;
  if (web === undefined) throw new Error('no router');
  return { all, web };
}

t.test('what concerns a router', async t => {
  const is = (fields: EventReport['fields'], family: string | null = 'ipv4') =>
    concerns(event(0, 'x', fields, ''), 'web', family, service => (service === 'nginx' ? ['web'] : ['mail']));
  t.equal(is(WEB), true);
  t.equal(is({ router: 'web', family: 'ipv6' }), false);
  t.equal(is({ router: 'web', family: 'ipv6' }, null), true);
  t.equal(is({ router: 'web' }), true, 'an order is about both families');
  t.equal(is({ router: 'web/ipv4' }), true);
  t.equal(is({ router: 'web/ipv6' }), false);
  t.equal(is({ router: 'mail', family: 'ipv4' }), false);
  t.equal(is({ watchdog: 'nginx' }), true);
  t.equal(is({ check: 'disk' }), false);
  t.equal(is({}), true, 'the whole machine');
});

t.test('who depends on what', async t => {
  t.strictSame(trackedBy({ checks: [], watchdogs: [] })('nginx'), []);
});

t.test('the last change, its reason, and what led to it', async t => {
  const { all, web } = report();
  const events = [
    event(500, 'vrrp.transition', WEB, 'long ago'),
    event(95, 'check.down', {}, 'too long before'),
    event(31, 'agent.reloaded', {}, 'reloaded: 1 changed'),
    event(30, 'vrrp.transition', WEB, 'serving 192.0.2.200: 192.0.2.12 (priority 100) fell silent 361 ms ago'),
    event(29, 'vrrp.transition', { router: 'web', family: 'ipv6' }, 'another family'),
    event(28, 'vrrp.second-active', WEB, '192.0.2.12 claims to be Active too'),
    event(5, 'agent.reloaded', {}, 'long after'),
  ];
  const { sentence, chain } = explainRouter(web, all, events, NOW);
  t.match(
    sentence,
    /^web\/ipv4: this machine serves since \d\d:59:30 \(30 s\): serving 192\.0\.2\.200: 192\.0\.2\.12 \(priority 100\) fell silent 361 ms ago$/,
  );
  t.strictSame(
    chain.map(({ message }) => message),
    ['reloaded: 1 changed', 'serving 192.0.2.200: 192.0.2.12 (priority 100) fell silent 361 ms ago', '192.0.2.12 claims to be Active too'],
  );
});

t.test('served elsewhere, waiting, or not known', async t => {
  const active = { address: ip('192.0.2.12'), priority: priority(200), self: false };
  const moved = [event(3, 'vrrp.transition', WEB, 'giving up')];
  const sentence = (more: Partial<RouterStatus>, services: Partial<ServicesStatus> = {}) => {
    const { all, web } = report(more, services);
    return explainRouter(web, all, moved, NOW).sentence;
  };
  t.match(sentence({ state: 'backup', active }), /^web\/ipv4: 192\.0\.2\.12 serves since /);
  t.match(sentence({ state: 'leaving', active: null }), /: this machine still serves since /);
  t.match(
    sentence({ state: 'initialize', active: null, waiting: 'no carrier' }),
    /: nobody is known to serve since .*; waiting: no carrier$/,
  );
  const routers = [{ router: 'web', parts: [], why: 'drained since 12:00:00', order: null }];
  t.match(sentence({ state: 'backup', active }, { routers }), /; now: drained since 12:00:00$/);
  const { all, web } = report();
  t.strictSame(explainRouter(web, all, [], NOW), {
    sentence: 'web/ipv4: this machine serves; nothing is known of how that came about',
    chain: [],
  });
});
