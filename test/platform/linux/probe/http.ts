// src/platform/linux/probe/http.ts: a request, and whatever a server does with it. Over TLS: tls.ts.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { HttpProbe } from '../../../../src/check/probe.ts';
import { lookAtHttp } from '../../../../src/platform/linux/probe/http.ts';
import { createNames } from '../../../../src/platform/linux/probe/names.ts';
import { millis, seconds } from '../../../../src/vrrp/units.ts';
import { httpProbe } from '../../../fixtures/network-probes.ts';
import { closedPort, leftovers, listen, listenUdp, portOf } from '../fixtures/servers.ts';

const LONG = seconds(30);
/** For what never comes. */
const SHORT = millis(300);
const GOOD = /^HTTP 200 in [\d.]+ m?s$/;

/** A web server of Node's. @returns its URL without a path */
async function web(t: Test, answer: RequestListener, host = '127.0.0.1'): Promise<string> {
  const server = createServer(answer);
  t.teardown(
    () =>
      new Promise(resolve => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  const port = await portOf(server, host);
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A server that gives these bytes as soon as it is asked, and closes unless told otherwise. */
async function bytes(t: Test, text: string, then: (socket: Socket) => void = socket => socket.end()): Promise<string> {
  const port = await listen(t, socket =>
    socket.once('data', () => {
      socket.write(text);
      then(socket);
    }),
  );
  return `http://127.0.0.1:${port}`;
}

const look = (url: string, rest: Partial<HttpProbe> = {}, timeout = LONG) => lookAtHttp(httpProbe(url, rest), timeout);

/** Everything that a look does leaves nothing open. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const quiet = leftovers();
  const result = await work();
  await quiet();
  return result;
}

t.test('what is asked', async t => {
  const seen: IncomingMessage[] = [];
  const url = await web(t, (request, response) => {
    seen.push(request);
    response.end('ok');
  });
  t.match(await quietly(() => look(`${url}/a/b?c=d%20e#f`)), { trouble: null, seen: GOOD });
  await look(url, { method: 'HEAD', host: 'www.example', headers: { 'X-Key': 'one', 'user-agent': 'other' } });
  await look(url, { method: 'POST' });
  const [first, second, third] = seen;
  t.match(first, { method: 'GET', url: '/a/b?c=d%20e', httpVersion: '1.1' });
  t.match(first?.headers, { host: url.slice('http://'.length), connection: 'close', 'user-agent': /^holdfast\// });
  t.match(second, { method: 'HEAD', url: '/' });
  t.match(second?.headers, { host: 'www.example', 'x-key': 'one', 'user-agent': 'other' });
  t.match(third?.headers, { 'content-length': '0' });
});

t.test('over IPv6, and by a name', async t => {
  t.match(await look(await web(t, (_, response) => response.end(), '::1')), { trouble: null });
  const url = await web(t, (_, response) => response.end());
  const names = createNames({ servers: [], hosts: `${import.meta.dirname}/../fixtures/hosts` });
  const named = httpProbe(url.replace('127.0.0.1', 'both.example'));
  t.match(await quietly(() => lookAtHttp(named, LONG, names)), { trouble: null, seen: GOOD });
  const silent = await listenUdp(t, () => {});
  const mute = createNames({ servers: [`127.0.0.1:${silent}`], hosts: '/dev/null' });
  t.strictSame(await quietly(() => lookAtHttp(named, SHORT, mute)), {
    trouble: 'timeout',
    seen: 'no answer from a name server about both.example within 300 ms',
  });
});

t.test('what comes is judged', async t => {
  const url = await web(t, ({ url }, response) => {
    if (url === '/moved') response.writeHead(301, { Location: 'https://www.example/' }).end('moved');
    else if (url === '/none') response.writeHead(204).end();
    else if (url === '/json') response.end(JSON.stringify({ status: 'ok', checks: [{ name: 'db' }] }));
    else response.writeHead(503).end('down');
  });
  t.strictSame(await look(`${url}/moved`), { trouble: 'unexpected', seen: 'HTTP 301 to https://www.example/, wanted 200-299' });
  t.match(await look(`${url}/moved`, { status: [{ from: 301, to: 301 }] }), { trouble: null }, 'is not followed');
  t.match(await look(`${url}/none`), { trouble: null, seen: /^HTTP 204 in / });
  t.match(await look(`${url}/`), { trouble: 'unexpected', seen: 'HTTP 503, wanted 200-299' });
  t.match(await look(`${url}/json`, { body: '"ok"', bodyRegex: '"name":"[a-z]+"', json: { 'checks.0.name': 'db' } }), { trouble: null });
  t.match(await look(`${url}/json`, { method: 'HEAD' }), { trouble: null, seen: GOOD });
  t.match(await look(`${url}/json`, { bodyRegex: 'name: [a-z]+' }), { trouble: 'unexpected', seen: /does not match name: \[a-z\]\+$/ });
  t.match(await look(`${url}/json`, { bodyRegex: 'a(' }), { trouble: 'unexpected', seen: /expression cannot be used: missing/ });
  t.match(await look(`${url}/json`, { json: { status: 'fine' } }), { trouble: 'unexpected', seen: /status is "ok", not "fine"$/ });
});

t.test('a good answer that takes too long', async t => {
  const url = await web(t, (_, response) => void setTimeout(() => response.end(), 60));
  t.match(await look(url, { maxLatency: millis(20) }), { trouble: 'slow', seen: /^HTTP 200 in \d+ ms, more than 20 ms$/ });
  t.match(await look(url, { maxLatency: LONG }), { trouble: null });
});

t.test('nobody listens', async t => {
  const url = `http://127.0.0.1:${await closedPort()}/`;
  t.strictSame(await quietly(() => look(url)), {
    trouble: 'refused',
    seen: 'connection refused',
  });
});

t.test('a server that accepts and says nothing', async t => {
  const url = `http://127.0.0.1:${await listen(t, () => {})}`;
  t.strictSame(await quietly(() => look(url, {}, SHORT)), { trouble: 'timeout', seen: 'connected, but no answer within 300 ms' });
});

t.test('a server that says one byte after the other', async t => {
  const drip = (text: string) => (socket: Socket) => {
    let at = 0;
    const timer = setInterval(() => socket.write(text[at++ % text.length] ?? ''), 20);
    socket.on('close', () => clearInterval(timer));
  };
  const headers = await bytes(t, 'HTTP/1.1 200 OK\r\n', drip('X-A: b\r\n'));
  t.strictSame(await quietly(() => look(headers, {}, SHORT)), { trouble: 'timeout', seen: 'connected, but no answer within 300 ms' });
  const body = await bytes(t, 'HTTP/1.1 200 OK\r\n\r\n', drip('x'));
  const late = { trouble: 'timeout', seen: 'HTTP 200, but the body did not end within 300 ms' };
  t.strictSame(await quietly(() => look(body, {}, SHORT)), late);
  t.strictSame(await quietly(() => look(body, { body: 'x' }, SHORT)), late, 'what is in it by then does not count');
  const again = await bytes(t, '', drip('HTTP/1.1 100 Continue\r\n\r\n'));
  t.match(await quietly(() => look(again, { headers: { Expect: '100-continue' } }, SHORT)), { trouble: 'timeout' });
});

t.test('a body without an end', async t => {
  const block = Buffer.alloc(1 << 16, 'abc ');
  const pour = (socket: Socket): void => {
    while (!socket.destroyed && socket.write(block));
    socket.once('drain', () => pour(socket));
  };
  const url = await bytes(t, 'HTTP/1.1 200 OK\r\n\r\n', pour);
  const before = process.memoryUsage().rss;
  t.match(await quietly(() => look(url)), { trouble: null, seen: GOOD }, 'its beginning is enough');
  t.match(await look(url, { body: 'c a' }), { trouble: null });
  t.strictSame(await look(url, { body: 'nowhere' }), {
    trouble: 'unexpected',
    seen: 'HTTP 200, but "nowhere" is not in the first 64 KiB of the body',
  });
  t.match(await look(url, { json: { a: 1 } }), { seen: /more than 64 KiB, too much to be read as JSON$/ });
  t.ok(process.memoryUsage().rss - before < 200 << 20);
});

t.test('a body of just as much as is read', async t => {
  const url = await web(t, (_, response) => response.end(`${'x'.repeat((1 << 16) - 2)}ok`));
  t.match(await look(url, { body: 'ok' }), { trouble: null });
  t.match(await look(url, { body: 'no' }), { seen: 'HTTP 200, but "no" is not in the body' });
});

t.test('an answer that breaks off', async t => {
  const nothing = await bytes(t, '');
  t.strictSame(await quietly(() => look(nothing)), { trouble: 'protocol', seen: 'the server closed the connection without an answer' });
  const headers = await bytes(t, 'HTTP/1.1 200 OK\r\nX-A: b\r\n');
  t.strictSame(await quietly(() => look(headers)), { trouble: 'protocol', seen: 'the server closed the connection without an answer' });
  const reset = await bytes(t, '', socket => socket.resetAndDestroy());
  t.strictSame(await quietly(() => look(reset)), { trouble: 'unreachable', seen: 'connection reset' });
  const within = { trouble: 'protocol', seen: 'HTTP 200, but the connection ended within the body' };
  const short = await bytes(t, 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc');
  t.strictSame(await quietly(() => look(short)), within);
  const chunked = await bytes(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc');
  t.strictSame(await quietly(() => look(chunked)), within);
  const open = await bytes(t, 'HTTP/1.1 200 OK\r\n\r\nabc');
  t.match(await quietly(() => look(open, { body: 'abc' })), { trouble: null }, 'a body until the end of the connection');
});

t.test('what is no HTTP', async t => {
  const url = (text: string) => bytes(t, text, () => {});
  const ssh = await url('SSH-2.0-OpenSSH_9.2p1 Debian\r\n');
  t.match(await quietly(() => look(ssh)), {
    trouble: 'protocol',
    seen: /^that is no answer in HTTP \(.*\): SSH-2.0-OpenSSH_9.2p1 Debian$/,
  });
  t.match(await look(await url('\x15\x03\x01\x00\x02\x02\x46')), { trouble: 'protocol', seen: /the server wants TLS/ });
  for (const text of [
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 abc\r\n\r\n',
    'HTTP/9.9 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX-A: ${'b'.repeat(1 << 17)}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(1 << 14)}\r\n`,
    Array.from({ length: 2_000 }, (_, i) => String.fromCharCode((i * 7919) % 256)).join(''),
  ]) {
    const noise = await url(text);
    const words = /^[\x20-\x7e\xa1-\xff…]{5,200}$/;
    t.match(await quietly(() => look(noise)), { trouble: 'protocol', seen: words }, JSON.stringify(text.slice(0, 40)));
  }
  const body = await url('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
  t.strictSame(await quietly(() => look(body)), { trouble: 'protocol', seen: 'HTTP 200, but its body is not in order' });
});

t.test('answers with more than was asked for do not hold it up', async t => {
  const upgrade = await bytes(t, 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nxyz', () => {});
  t.match(await quietly(() => look(upgrade)), { trouble: 'unexpected', seen: 'HTTP 101, wanted 200-299' });
  const connect = await bytes(t, 'HTTP/1.1 200 OK\r\n\r\n', () => {});
  t.match(await quietly(() => look(connect, { method: 'CONNECT' })), { trouble: null });
  const early = await bytes(
    t,
    'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    () => {},
  );
  t.match(await quietly(() => look(early)), { trouble: null, seen: GOOD });
  const twice = await bytes(t, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n');
  t.match(await quietly(() => look(twice, { body: 'ok' })), { trouble: null });
});

t.test('interim answers without an end', async t => {
  const block = 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000);
  const pour = (socket: Socket): void => {
    while (!socket.destroyed && socket.write(block));
    socket.once('drain', () => pour(socket));
  };
  const url = await bytes(t, '', pour);
  t.strictSame(await quietly(() => look(url)), { trouble: 'protocol', seen: 'the server sends interim answers (1xx) only' });
});

t.test('a request that cannot be made does not get out', async t => {
  const url = await web(t, (_, response) => response.end());
  t.match(await quietly(() => look(url, { headers: { 'X-A': 'b\r\nX-C: secret' } })), { trouble: 'failed', seen: /^(?!.*secret)/ });
  t.match(await quietly(() => look(url, { method: 'NO SUCH' })), { trouble: 'failed' });
  t.match(await quietly(() => look('no URL')), { trouble: 'failed' });
});

t.test('an expression that explodes elsewhere', async t => {
  const url = await web(t, (_, response: ServerResponse) => response.end(`${'a'.repeat(60_000)}!`));
  const begin = performance.now();
  t.match(await look(url, { bodyRegex: '^(a+)+$' }), { trouble: 'unexpected', seen: /does not match/ });
  t.ok(performance.now() - begin < 20_000);
});

t.test('many at once, of which some never end, do not disturb each other', async t => {
  const good = await web(t, (_, response) => response.end('ok'));
  const bad = `http://127.0.0.1:${await listen(t, () => {})}`;
  const quiet = leftovers();
  const lost = Promise.all(Array.from({ length: 100 }, () => look(bad, {}, seconds(3))));
  const begin = performance.now();
  const seen = await Promise.all(Array.from({ length: 100 }, () => look(good)));
  t.ok(performance.now() - begin < 3_000, 'they did not wait');
  t.ok(seen.every(({ trouble }) => trouble === null));
  t.ok((await lost).every(({ trouble }) => trouble === 'timeout'));
  await quiet();
});
