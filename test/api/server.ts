// The control socket as a file and as HTTP: who may use it, whose it is, what it answers.
// Must not know what a status or a reload looks like.
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:http';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ConfirmReport, ReloadReport, ReloadRequest } from '../../src/api/reload.ts';
import { type Control, SocketInUse, serveControl } from '../../src/api/server.ts';
import { reportStatus } from '../../src/api/status.ts';
import { snippet } from '../fixtures/snippet.ts';
import { engineStatus, loaded, servicesStatus } from '../fixtures/status-report.ts';
import { until } from '../netns/lab/clock.ts';

const REPORT = reportStatus(engineStatus([]), 'edge-a', 0, loaded(), servicesStatus());
const RELOAD: ReloadReport = {
  schema: 1,
  outcome: 'unchanged',
  changes: { added: [], removed: [], changed: [], unchanged: 1, lines: ['= 1 unchanged'] },
  refused: [],
  problem: null,
  report: '',
  confirm_by: null,
};
const control: Control = {
  status: async () => REPORT,
  history: async () => ({ schema: 1, events: [{ at: '1970-01-01T00:00:00.000Z', level: 'info', event: 'x', fields: {}, message: 'y' }] }),
  reload: async () => RELOAD,
  confirm: async () => ({ schema: 1, outcome: 'confirmed' }),
  order: async (verb, { routers }) =>
    routers.includes('none')
      ? { schema: 1, outcome: 'unknown-router', routers: ['web'], unknown: 'none' }
      : { schema: 1, outcome: 'done', routers: [verb], unknown: null },
};

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'hf-api-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

async function serve(t: Test, path: string, what: Control = control): Promise<void> {
  const server = await serveControl(path, what);
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
}

function ask(
  socketPath: string,
  options: RequestOptions = {},
): Promise<{ code: number | undefined; type: string | undefined; allow: string | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/v1/status', agent: false, ...options }, response => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ code: response.statusCode, type: response.headers['content-type'], allow: response.headers.allow, body }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

t.test('GET /v1/status, in a directory that is made when it is not there', async t => {
  const path = join(folder(t), 'holdfast/control.sock');
  await serve(t, path);
  const { code, type, body } = await ask(path);
  t.same([code, type], [200, 'application/json']);
  t.same(JSON.parse(body), REPORT);
  t.equal(body.at(-1), '\n');
});

t.test('nobody outside the owner and the group may connect', async t => {
  const path = join(folder(t), 'control.sock');
  await serve(t, path);
  t.equal(lstatSync(path).mode & 0o777, 0o660);
});

t.test('what it does not know, and what it does not do', async t => {
  const path = join(folder(t), 'control.sock');
  await serve(t, path);
  for (const unknown of ['/', '/v1', '/v1/status/', '/v2/status', '/../v1/status']) {
    t.match(await ask(path, { path: unknown }), { code: 404, body: '{"error":"not-found"}\n' }, unknown);
  }
  for (const [at, allowed] of [
    ['/v1/status', 'GET'],
    ['/v1/reload', 'POST'],
    ['/v1/confirm', 'POST'],
  ] as const) {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].filter(method => method !== allowed)) {
      t.match(
        await ask(path, { path: at, method }),
        { code: 405, allow: allowed, body: '{"error":"method-not-allowed"}\n' },
        `${method} ${at}`,
      );
    }
  }
});

t.test('POST /v1/reload: what is asked, and a code for each outcome', async t => {
  const path = join(folder(t), 'control.sock');
  const asked: ReloadRequest[] = [];
  let outcome: ReloadReport['outcome'] = 'unchanged';
  await serve(t, path, {
    ...control,
    async reload(request) {
      asked.push(request);
      return { ...RELOAD, outcome };
    },
  });
  for (const query of ['', '?', '?dry_run=true', '?dry_run=false&confirm_ms=60000', '?confirm_ms=1000', '?confirm_ms=3600000']) {
    t.match(await ask(path, { method: 'POST', path: `/v1/reload${query}` }), { code: 200 }, query);
  }
  t.strictSame(asked, [
    { dryRun: false, confirmMs: null },
    { dryRun: false, confirmMs: null },
    { dryRun: true, confirmMs: null },
    { dryRun: false, confirmMs: 60_000 },
    { dryRun: false, confirmMs: 1000 },
    { dryRun: false, confirmMs: 3_600_000 },
  ]);
  for (const [each, code] of Object.entries({
    applied: 200,
    unchanged: 200,
    planned: 200,
    invalid: 422,
    busy: 409,
    silent: 503,
  } as const)) {
    outcome = each as ReloadReport['outcome'];
    const answer = await ask(path, { method: 'POST', path: '/v1/reload' });
    t.same([answer.code, JSON.parse(answer.body)], [code, { ...RELOAD, outcome: each }]);
  }
});

t.test('questions that make no sense change nothing', async t => {
  const path = join(folder(t), 'control.sock');
  await serve(t, path, { ...control, reload: () => Promise.reject(new Error('asked')), confirm: () => Promise.reject(new Error('asked')) });
  for (const query of [
    'dry_run',
    'dry_run=yes',
    'dry_run=true&dry_run=true',
    'dryrun=true',
    'dry_run=true&confirm_ms=60000',
    'confirm_ms=',
    'confirm_ms=999',
    'confirm_ms=3600001',
    'confirm_ms=1e4',
    'confirm_ms=-1000',
    'confirm_ms=60s',
    'confirm_ms=99999999999999999999',
    'dry_run=true?x',
    '%',
  ]) {
    t.match(
      await ask(path, { method: 'POST', path: `/v1/reload?${query}` }),
      { code: 400, body: /^\{"error":"bad-query","detail":".+"\}\n$/ },
      query,
    );
  }
  t.match(await ask(path, { method: 'POST', path: '/v1/confirm?now' }), { code: 400 });
  t.match(await ask(path, { path: '/v1/status?json' }), { code: 400 });
});

t.test('POST /v1/confirm', async t => {
  const path = join(folder(t), 'control.sock');
  let outcome: ConfirmReport['outcome'] = 'confirmed';
  await serve(t, path, { ...control, confirm: async () => ({ schema: 1, outcome }) });
  for (const [each, code] of [
    ['confirmed', 200],
    ['nothing-to-confirm', 409],
    ['silent', 503],
  ] as const) {
    outcome = each;
    t.match(await ask(path, { method: 'POST', path: '/v1/confirm' }), { code, body: `{"schema":1,"outcome":"${each}"}\n` });
  }
});

t.test('an engine that does not answer', async t => {
  const path = join(folder(t), 'control.sock');
  await serve(t, path, { ...control, status: async () => null });
  t.match(await ask(path), { code: 503, body: '{"error":"engine-silent"}\n' });
});

t.test('our own mistake is an answer too', async t => {
  const path = join(folder(t), 'control.sock');
  await serve(t, path, { ...control, status: () => Promise.reject(new Error('oops')) });
  t.match(await ask(path), { code: 500, body: '{"error":"Error: oops"}\n' });
});

t.test('several at once', async t => {
  const path = join(folder(t), 'control.sock');
  let open = 0;
  let most = 0;
  await serve(t, path, {
    ...control,
    async status() {
      open += 1;
      most = Math.max(most, open);
      while (most < 5) await new Promise(resolve => setImmediate(resolve));
      open -= 1;
      return REPORT;
    },
  });
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask(path)));
  t.same(
    answers.map(({ code }) => code),
    [200, 200, 200, 200, 200],
  );
});

t.test('a socket at which somebody listens is theirs', async t => {
  const path = join(folder(t), 'control.sock');
  await serve(t, path);
  await t.rejects(serveControl(path, { ...control, status: async () => null }), SocketInUse);
  t.equal((await ask(path)).code, 200, 'and they still do');
});

t.test('also when they stand still and their queue is full', async t => {
  const path = join(folder(t), 'control.sock');
  const stopped = snippet(`
    import { createServer } from 'node:net';
    createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => process.stderr.write('up\\n'));
    process.stdin.resume();`);
  t.teardown(async () => {
    stopped.signal('SIGCONT');
    await stopped.kill();
  });
  await stopped.says(/up/);
  stopped.signal('SIGSTOP');
  for (let i = 0; i < 4; i++) await t.rejects(serveControl(path, control), SocketInUse, `attempt ${i}`);
  t.ok(lstatSync(path).isSocket());
});

t.test('what a daemon left that was killed is removed', async t => {
  const path = join(folder(t), 'control.sock');
  const dead = snippet(`
    import { createServer } from 'node:net';
    createServer().listen(${JSON.stringify(path)}, () => process.stderr.write('up\\n'));
    process.stdin.resume();`);
  await dead.says(/up/);
  await dead.kill();
  t.ok(lstatSync(path).isSocket());
  await serve(t, path);
  t.equal((await ask(path)).code, 200);
});

t.test('anything else that is there stays', async t => {
  const at = folder(t);
  const file = join(at, 'holdfast.toml');
  writeFileSync(file, 'precious');
  await t.rejects(serveControl(file, control), { message: `${file} is there already, and is no socket` });
  t.equal(readFileSync(file, 'utf8'), 'precious');
  const directory = join(at, 'directory');
  mkdirSync(directory);
  await t.rejects(serveControl(directory, control), { message: /is no socket/ });
  const link = join(at, 'link');
  symlinkSync(file, link);
  await t.rejects(serveControl(link, control), { message: /is no socket/ });
});

t.test('a place that cannot be used', async t => {
  await t.rejects(serveControl('/proc/holdfast/control.sock', control), { code: 'ENOENT' });
  await t.rejects(serveControl(join(folder(t), 'not/there/control.sock'), control), { code: 'ENOENT' });
  await t.rejects(serveControl(join(folder(t), 'x'.repeat(200)), control));
});

t.test('somebody who is no daemon of ours but listens is left alone', async t => {
  const path = join(folder(t), 'control.sock');
  const other = createServer().listen(path);
  await new Promise(resolve => other.once('listening', resolve));
  t.teardown(() => other.close());
  await t.rejects(serveControl(path, control), SocketInUse);
});

t.test('orders: who, and which routers there are', async t => {
  const path = join(folder(t), 'control.sock');
  await serve(t, path);
  const answer = async (url: string, method = 'POST') => {
    const { code, body } = await ask(path, { method, path: url });
    return { code, body: JSON.parse(body) };
  };
  for (const verb of ['drain', 'promote', 'resume', 'announce']) {
    t.match(await answer(`/v1/${verb}?router=web`), { code: 200, body: { outcome: 'done', routers: [verb] } });
    t.match(await answer(`/v1/${verb}?router=none`), { code: 404, body: { outcome: 'unknown-router', unknown: 'none' } });
    t.match(await answer(`/v1/${verb}?speed=1`), { code: 400, body: { error: 'bad-query' } });
    t.match(await answer(`/v1/${verb}`, 'GET'), { code: 405 });
  }
});

t.test('GET /v1/history', async t => {
  const path = join(folder(t), 'control.sock');
  await serve(t, path);
  const { code, body } = await ask(path, { path: '/v1/history' });
  t.match({ code, body: JSON.parse(body) }, { code: 200, body: { schema: 1, events: [{ event: 'x' }] } });
  t.match(await ask(path, { path: '/v1/history?all' }), { code: 400 });
  t.match(await ask(path, { path: '/v1/history', method: 'POST' }), { code: 405 });
});

/** Connects and says only that. */
function dumb(path: string, words = ''): Socket {
  const socket = createConnection(path, () => socket.write(words));
  // Cut off is what some of them are to be.
  return socket.on('error', () => {}).resume();
}

t.test('clients that say nothing, or half of it, are cut off, and then there is room again', async t => {
  const path = join(folder(t), 'control.sock');
  await serve(t, path);
  const all = Array.from({ length: 100 }, (_, index) => dumb(path, index % 2 === 0 ? '' : 'GET /v1/status HTTP/1.1\r\nx:'));
  t.teardown(() => {
    for (const socket of all) socket.destroy();
  });
  const open = () => all.filter(socket => !socket.closed).length;
  await until('those beyond 64 to be cut off', 10_000, () => open() <= 64);
  t.ok(open() > 0, `${open()} were let in`);
  await until('the others to be cut off', 20_000, () => open() === 0);
  t.match(await ask(path), { code: 200 });
});

t.test('a client that sends and sends is one connection, whose answers wait until it reads', async t => {
  const path = join(folder(t), 'control.sock');
  let asked = 0;
  const status = async () => {
    asked += 1;
    return REPORT;
  };
  await serve(t, path, { ...control, status });
  const greedy = dumb(path);
  t.teardown(() => greedy.destroy());
  greedy.pause();
  for (let i = 0; i < 20_000; i++) greedy.write('GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n');
  for (let i = 0; i < 20; i++) t.match(await ask(path), { code: 200 });
  t.ok(asked < 10_000, `${asked} of 20,000 were answered while nobody reads`);
});
