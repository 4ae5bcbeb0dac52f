// src/cli/history.ts: `holdfast history` and `holdfast why`, from a daemon and from what a dead one left.
import t, { type Test } from 'tap';
import type { EventReport } from '../../src/api/history.ts';
import { reportStatus } from '../../src/api/status.ts';
import { controlSocket } from '../fixtures/control.ts';
import { start } from '../fixtures/running.ts';
import { engineStatus, loaded, routerStatus, servicesStatus } from '../fixtures/status-report.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

function daemon(t: Test, events: readonly EventReport[]): Promise<string> {
  const report = reportStatus(engineStatus([routerStatus()]), 'edge-a', Date.now(), loaded(), servicesStatus());
  return controlSocket(t, { status: async () => report, history: async () => ({ schema: 1, events }) });
}

async function run(verb: string, ...argv: readonly string[]) {
  const running = start([process.execPath, MAIN, verb, ...argv]);
  const { code } = await running.ended();
  return { code, out: running.out.join('\n'), err: running.err.join('\n') };
}

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
const EVENTS: readonly EventReport[] = [
  { at: ago(7200), level: 'warn', event: 'check.down', fields: { check: 'disk' }, message: 'disk is down' },
  { at: ago(60), level: 'info', event: 'vrrp.transition', fields: { router: 'web', family: 'ipv4' }, message: 'serving 192.0.2.200' },
  { at: ago(50), level: 'error', event: 'vrrp.transition', fields: { router: 'mail', family: 'ipv4' }, message: 'cannot hold' },
];

t.test('history: all of it, of one router, of late', async t => {
  const path = await daemon(t, EVENTS);
  const { code, out } = await run('history', '--socket', path);
  t.equal(code, 0);
  const [first = '', second = '', third = '', ...more] = out.split('\n');
  t.match(first, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +warn +disk +disk is down$/);
  t.match(second, / +web\/ipv4 +serving 192\.0\.2\.200$/);
  t.match(third, / +error +mail\/ipv4 +cannot hold$/);
  t.strictSame(more, []);
  t.match(await run('history', 'web', '--socket', path), { code: 0, out: /^[^\n]*serving 192\.0\.2\.200$/ });
  t.notMatch((await run('history', '--since', '1h', '--socket', path)).out, /disk/);
  t.match(JSON.parse((await run('history', '--json', '--socket', path)).out), { schema: 1, events: [{ event: 'check.down' }, {}, {}] });
});

t.test('why: a sentence for each router, and its chain', async t => {
  const path = await daemon(t, EVENTS);
  t.match(await run('why', '--socket', path), {
    code: 0,
    out: /^web\/ipv4: this machine serves since .* \(\d+ s\): serving 192\.0\.2\.200\n {2}\d{4}-.*web\/ipv4 +serving 192\.0\.2\.200$/,
  });
  t.match(await run('why', 'web', '--socket', path), { code: 0, out: /this machine serves/ });
  t.match(await run('why', 'db', '--socket', path), { code: 2, err: 'holdfast: no virtual router is called "db"' });
  t.match(JSON.parse((await run('why', '--json', '--socket', path)).out), { schema: 1, routers: [{ sentence: /^web/, chain: [{}] }] });
});

t.test('calls that make no sense, and nobody there', async t => {
  t.match(await run('history', '--since', 'monday'), { code: 2, err: /--since needs a duration such as 30m or 24h, not "monday"/ });
  t.match(await run('history', 'web', 'mail'), { code: 2, err: /takes one router/ });
  t.match(await run('history', '--socket', '/nonexistent/control-none.sock'), { code: 3, err: /^holdfast: no daemon listens/ });
  t.match(await run('why', '--socket', '/nonexistent/control.sock'), { code: 3, err: /^holdfast: no daemon listens/ });
});

t.test('nothing has happened', async t => {
  t.match(await run('history', '--socket', await daemon(t, [])), { code: 0, out: 'nothing has happened' });
});
