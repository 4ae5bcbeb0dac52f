// What the client makes of daemons that are there, gone, silent or something else: always an answer or a sentence with advice.
// Must not know what is printed.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { fetchHistory, fetchStatus, NotReachable, requestConfirm, requestOrder, requestReload } from '../../src/api/client.ts';
import type { ReloadReport, ReloadRequest } from '../../src/api/reload.ts';
import { type Control, serveControl } from '../../src/api/server.ts';
import { reportStatus, type StatusReport } from '../../src/api/status.ts';
import { start } from '../fixtures/running.ts';
import { result, snippet, source } from '../fixtures/snippet.ts';
import { engineStatus, loaded, routerStatus, servicesStatus } from '../fixtures/status-report.ts';

const REPORT = reportStatus(engineStatus([routerStatus()]), 'edge-a', 0, loaded(), servicesStatus());
const RELOAD: ReloadReport = { schema: 1, outcome: 'busy', changes: null, refused: [], problem: null, report: '', confirm_by: null };
const control: Control = {
  status: async () => REPORT,
  history: async () => ({ schema: 1, events: [{ at: '1970-01-01T00:00:00.000Z', level: 'info', event: 'x', fields: {}, message: 'y' }] }),
  reload: async () => RELOAD,
  confirm: async () => ({ schema: 1, outcome: 'nothing-to-confirm' }),
  order: async (verb, request) => ({ schema: 1, outcome: 'done', routers: [verb, ...request.routers], unknown: JSON.stringify(request) }),
};

function place(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'hf-client-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return join(folder, 'control.sock');
}

async function listen(t: Test, path: string, server: Server): Promise<void> {
  const open = new Set<Socket>();
  server.on('connection', socket => open.add(socket));
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  await new Promise<void>(resolve => server.listen(path, resolve));
}

/** Fails with a `NotReachable` of these words, and of nothing else. */
function says(t: Test, path: string, message: string): Promise<unknown> {
  return t.rejects(fetchStatus(path), new NotReachable(message));
}

t.test('the status, as the server gives it', async t => {
  const path = place(t);
  let report: StatusReport | null = REPORT;
  const server = await serveControl(path, { ...control, status: async () => report });
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  t.same(await fetchStatus(path), REPORT);
  // More than one read takes.
  report = reportStatus(engineStatus(Array.from({ length: 2000 }, () => routerStatus())), 'edge-a', 0, loaded(), servicesStatus());
  t.equal((await fetchStatus(path)).routers.length, 2000);
  report = null;
  await says(t, path, `the daemon at ${path} is there, but its engine does not answer: systemctl status holdfast`);
});

t.test('a reload and a confirmation: every outcome is an answer, whatever its code', async t => {
  const path = place(t);
  const asked: ReloadRequest[] = [];
  const server = await serveControl(path, {
    ...control,
    async reload(request) {
      asked.push(request);
      return RELOAD;
    },
  });
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const wishes: readonly ReloadRequest[] = [
    { dryRun: false, confirmMs: null },
    { dryRun: true, confirmMs: null },
    { dryRun: false, confirmMs: 90_000 },
  ];
  for (const wish of wishes) t.same(await requestReload(path, wish), RELOAD);
  t.same(asked, wishes);
  t.same(await requestConfirm(path), { schema: 1, outcome: 'nothing-to-confirm' });
  // Cannot come from our command line, which checks it.
  await t.rejects(requestReload(path, { dryRun: false, confirmMs: 1 }), NotReachable);
});

t.test('nobody is there', async t => {
  const path = place(t);
  const advice = '(systemctl status holdfast; another place: --socket PATH)';
  await says(t, path, `no daemon listens at ${path}: is holdfast running? ${advice}`);
  await says(t, '/etc/passwd/x', `no daemon listens at /etc/passwd/x: is holdfast running? ${advice}`);
});

t.test('somebody was there', async t => {
  const path = place(t);
  const dead = snippet(`
    import { createServer } from 'node:net';
    createServer().listen(${JSON.stringify(path)}, () => process.stderr.write('up\\n'));
    process.stdin.resume();`);
  await dead.says(/up/);
  await dead.kill();
  await says(t, path, `the daemon that listened at ${path} is gone: systemctl status holdfast`);
});

t.test('no permission', { skip: process.getuid?.() === 0 ? false : 'needs root: it becomes somebody else' }, async t => {
  const path = place(t);
  const server = await serveControl(path, control);
  t.teardown(() => server.close());
  const ask = `
    import { fetchStatus } from ${source('api/client.ts')};
    fetchStatus(${JSON.stringify(path)}).catch(error => console.log(JSON.stringify(error.message)));`;
  const other = (command: readonly string[]) => start(['setpriv', '--reuid=65534', '--clear-groups', '--', ...command]);
  t.equal(await result(ask, other), `no permission to open ${path}: try as root`);
});

t.test('somebody else is there', async t => {
  const strange = (path: string) => `whoever listens at ${path} does not answer as holdfast does: is it the right socket? (--socket PATH)`;
  for (const answer of [
    'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi',
  ]) {
    const path = place(t);
    await listen(
      t,
      path,
      createServer(socket => socket.on('error', () => {}).once('data', () => socket.write(answer))),
    );
    await says(t, path, strange(path));
  }
});

t.test('one that breaks off', async t => {
  const before = place(t);
  await listen(
    t,
    before,
    createServer(socket => socket.on('error', () => {}).once('data', () => socket.destroy())),
  );
  await says(t, before, `${before}: socket hang up`);
  const within = place(t);
  const server = createHttpServer((_, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('{"schema":1');
    setImmediate(() => response.destroy());
  });
  await listen(t, within, server);
  await says(t, within, `the daemon at ${within} broke off in the middle of its answer: try again`);
});

t.test('one that says nothing is given up', async t => {
  const path = place(t);
  await listen(
    t,
    path,
    createServer(socket => socket.on('error', () => {}).resume()),
  );
  await says(t, path, `${path}: no answer within 5 s`);
});

t.test('an order is asked for as it was given', async t => {
  const path = place(t);
  const server = await serveControl(path, control);
  t.teardown(() => server.close());
  const request = { routers: ['web', 'a&b'], forMs: 1000, keep: true, force: true };
  t.strictSame(await requestOrder(path, 'drain', request), {
    schema: 1,
    outcome: 'done',
    routers: ['drain', 'web', 'a&b'],
    unknown: JSON.stringify(request),
  });
  const none = { routers: [], forMs: null, keep: false, force: false };
  t.match(await requestOrder(path, 'resume', none), { routers: ['resume'], unknown: JSON.stringify(none) });
});

t.test('the past', async t => {
  const path = place(t);
  const server = await serveControl(path, control);
  t.teardown(() => server.close());
  t.match(await fetchHistory(path), { schema: 1, events: [{ event: 'x', message: 'y' }] });
});
