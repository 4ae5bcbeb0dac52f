// Tests src/platform/linux/web-server.ts over real sockets of loopback: what it answers, and every bound that it has.
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { WebAnswer, WebQuestion, WebServer } from '../../../src/platform/agent-ports.ts';
import { openWebServer, type WebLimits } from '../../../src/platform/linux/web-server.ts';

const LIMITS: WebLimits = {
  connections: 8,
  refusals: 2,
  streams: 3,
  request: 500,
  idle: 500,
  stuck: 1_000,
  refusal: 300,
  stream: 60_000,
  buffered: 64 * 1024,
};

interface Rig {
  readonly server: WebServer;
  readonly port: number;
  readonly asked: WebQuestion[];
}

async function rig(
  t: Test,
  settings: { limits?: Partial<WebLimits>; answer?: (question: WebQuestion) => Promise<WebAnswer> } = {},
): Promise<Rig> {
  const asked: WebQuestion[] = [];
  const plain = async ({ target }: WebQuestion): Promise<WebAnswer> => ({
    status: 200,
    headers: { 'content-type': 'text/plain', 'x-own': 'yes' },
    body: target === '/events' ? 'begin\n' : `you asked ${target}\n`,
    stream: target === '/events',
  });
  const server = openWebServer(
    question => {
      asked.push(question);
      return (settings.answer ?? plain)(question);
    },
    { ...LIMITS, ...settings.limits },
  );
  const port = await freePort();
  t.equal(await server.listen({ address: '127.0.0.1', port }), null);
  t.teardown(() => server.close());
  return { server, port, asked };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function get(port: number, path: string, method = 'GET', headers: Readonly<Record<string, string>> = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}

interface Raw {
  readonly socket: Socket;
  text(): string;
  closed: Promise<unknown>;
}

async function raw(port: number, first = ''): Promise<Raw> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', chunk => {
    text += chunk;
  });
  socket.on('error', () => {});
  const closed = new Promise(resolve => socket.once('close', resolve));
  await once(socket, 'connect');
  if (first !== '') socket.write(first);
  return { socket, text: () => text, closed };
}

async function within(t: Test, ms: number, what: string, is: () => boolean): Promise<void> {
  const end = performance.now() + ms;
  while (!is() && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 10));
  t.ok(is(), what);
}

t.test('answers what it is told, also to HEAD', async t => {
  const { port, asked } = await rig(t);
  t.match(await get(port, '/x?y', 'GET', { authorization: 'Bearer z', cookie: 'a=b' }), {
    status: 200,
    headers: { 'x-own': 'yes' },
    body: 'you asked /x?y\n',
  });
  t.strictSame(asked[0], { method: 'GET', target: '/x?y', host: `127.0.0.1:${port}`, authorization: 'Bearer z', cookie: 'a=b' });
  t.match(await get(port, '/x', 'HEAD'), { status: 200, headers: { 'content-length': '13' }, body: '' });
  t.match(await get(port, '/events', 'HEAD'), { status: 200, body: '' }, 'a stream has a head too');
});

t.test('two hosts are none, and what is no HTTP is refused', async t => {
  const { port, asked } = await rig(t);
  const two = await raw(port, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n');
  await two.closed;
  t.equal(asked[0]?.host ?? null, null);
  const none = await raw(port, 'GET / HTTP/1.1\r\n\r\n');
  await none.closed;
  t.match(none.text(), /^HTTP\/1.1 400 /);
  const noise = await raw(port, '\u0016\u0003\u0001 hello\r\n\r\n');
  await noise.closed;
  t.match(noise.text(), /^HTTP\/1.1 400 /);
  const large = await raw(port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  await large.closed;
  t.match(large.text(), /^HTTP\/1.1 431 /);
});

t.test('a body is refused, and cut off', async t => {
  const { port, asked } = await rig(t);
  for (const head of ['Content-Length: 104857600', 'Transfer-Encoding: chunked', 'Content-Length: 104857600\r\nExpect: 100-continue']) {
    const sender = await raw(port, `GET / HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n`);
    let sent = 0;
    const block = Buffer.alloc(64 * 1024);
    const push = (): void => {
      while (!sender.socket.destroyed && sent < 100 * 1024 * 1024) {
        sent += block.length;
        if (!sender.socket.write(block)) return;
      }
    };
    sender.socket.on('drain', push);
    push();
    await sender.closed;
    t.ok(sent < 20 * 1024 * 1024, `${sent >> 10} KiB were sent: ${head}`);
    t.match(sender.text(), /^(HTTP\/1.1 413 |$)/);
    t.notMatch(sender.text(), /100 Continue/);
  }
  t.strictSame(asked, []);
});

t.test('who asks nothing, or half of it, is cut off', async t => {
  const { port } = await rig(t);
  const began = performance.now();
  const all = await Promise.all([
    raw(port),
    raw(port, 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: '),
    raw(port, 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'),
  ]);
  const drip = setInterval(() => all[1]?.socket.write('x'), 50);
  await Promise.all(all.map(({ closed }) => closed));
  clearInterval(drip);
  t.ok(performance.now() - began < 2500, 'within a few seconds');
  t.match(all[2]?.text() ?? '', /you asked \/x/, 'after its answer');
});

t.test('whoever idles makes room for whoever asks', async t => {
  const { port } = await rig(t, { limits: { request: 30_000 } });
  const idlers: Raw[] = [];
  for (let i = 0; i < 40; i += 1) idlers.push(await raw(port));
  t.match(await get(port, '/x'), { status: 200 });
  await within(
    t,
    1000,
    'and only as many as may are open',
    () => idlers.filter(({ socket }) => !socket.closed).length <= LIMITS.connections,
  );
  for (const { socket } of idlers) socket.destroy();
});

t.test('when all are busy, the next ones are told, and those behind them cut off', async t => {
  const { promise: held, resolve } = Promise.withResolvers<void>();
  const answer = async (): Promise<WebAnswer> => {
    await held;
    return { status: 200, headers: {}, body: 'late\n', stream: false };
  };
  const { port } = await rig(t, { answer });
  const busy = await Promise.all(
    Array.from({ length: LIMITS.connections }, () => raw(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')),
  );
  await new Promise(resolve => setTimeout(resolve, 100));
  t.match(await get(port, '/'), { status: 503, headers: { 'retry-after': '5', connection: 'close' }, body: /too many connections/ });
  const silent = await Promise.all(Array.from({ length: LIMITS.refusals + 3 }, () => raw(port)));
  await Promise.all(silent.map(({ closed }) => closed));
  t.pass('who says nothing there is not kept');
  resolve();
  await Promise.all(busy.map(({ closed }) => closed));
  t.ok(
    busy.every(({ text }) => /late/.test(text())),
    'and those who were first have their answers',
  );
});

t.test('streams: told to all of them, counted, and no more than may be', async t => {
  const { port, server } = await rig(t);
  const one = await raw(port, 'GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
  await within(t, 1000, 'one', () => server.watchers() === 1 && /begin/.test(one.text()));
  for (let i = 0; i < 2; i += 1) await raw(port, 'GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
  await within(t, 1000, 'three', () => server.watchers() === 3);
  t.match(await get(port, '/events'), { status: 503, body: /too many watch/ });
  t.match(await get(port, '/x'), { status: 200 }, 'but there is room for questions');
  server.tell('news\n');
  await within(t, 1000, 'heard', () => /news/.test(one.text()));
  one.socket.destroy();
  await within(t, 1000, 'gone', () => server.watchers() === 2);
  server.dismiss();
  t.equal(server.watchers(), 0);
});

t.test('who does not read its stream is dropped, and nobody else is', async t => {
  const { port, server } = await rig(t);
  const slow = await raw(port, 'GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
  const good = await raw(port, 'GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
  await within(t, 1000, 'both', () => server.watchers() === 2);
  slow.socket.pause();
  let told = 0;
  while (server.watchers() === 2 && told < 200) {
    server.tell(`${'x'.repeat(128 * 1024)}\n`);
    told += 1;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  t.equal(server.watchers(), 1, `after ${told} x 128 KiB`);
  await within(t, 1000, 'the other has all of it', () => good.text().length >= told * 128 * 1024);
});

t.test('a stream has an end, so that those that vanished are not kept', async t => {
  const { port, server } = await rig(t, { limits: { stream: 200 } });
  const { closed } = await raw(port, 'GET /events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await closed;
  t.equal(server.watchers(), 0);
});

t.test('an answer that fails is one', async t => {
  const { port } = await rig(t, { answer: () => Promise.reject(new Error('oh')) });
  t.match(await get(port, '/'), { status: 500, body: 'Error: oh\n' });
});

t.test('another place: the old one and its connections go, and what cannot be had changes nothing', async t => {
  const { port, server } = await rig(t);
  const old = await raw(port, 'GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
  await within(t, 1000, 'watched', () => server.watchers() === 1);
  t.equal(await server.listen({ address: '127.0.0.1', port }), null, 'the same place is nothing new');
  t.equal(server.watchers(), 1);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const address = taken.address();
  const other = typeof address === 'object' && address !== null ? address.port : 0;
  t.match(await server.listen({ address: '127.0.0.1', port: other }), `somebody listens at port ${other} already`);
  t.match(await server.listen({ address: '192.0.2.1', port }), 'this machine does not have the address 192.0.2.1');
  t.equal(server.watchers(), 1, 'the stream goes on');
  t.ok(server.listening());
  t.match(await get(port, '/x'), { status: 200 });
  t.equal(await server.listen({ address: '0.0.0.0', port }), null, 'all addresses at the same port');
  await old.closed;
  t.match(await get(port, '/x'), { status: 200 });
  const next = await freePort();
  t.equal(await server.listen({ address: '127.0.0.1', port: next }), null);
  await t.rejects(get(port, '/x'), { code: 'ECONNREFUSED' });
  t.match(await get(next, '/x'), { status: 200 });
  server.close();
  t.notOk(server.listening());
  await t.rejects(get(next, '/x'), { code: 'ECONNREFUSED' });
});
