// Tests src/platform/linux/webhook.ts against real servers: what they are sent, which answers are final, and that no server can
// keep it longer than it may. Must not know routers or queues.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { postWebhook, type Webhook, type WebhookParts } from '../../../src/platform/linux/webhook.ts';
import { millis, seconds } from '../../../src/vrrp/units.ts';

const BODY = '{"event":"active","why":"\u00fcbernommen"}';
const NEVER = new AbortController().signal;
const PARTS: WebhookParts = {
  version: '1.2.3',
  secret: async () => ({ secret: 'geheim' }),
  connection: async () => ({}),
};

interface Received {
  /** In ms. */
  readonly at: number;
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (response: ServerResponse, attempt: number) => void;

const status =
  (...codes: readonly number[]): Answer =>
  (response, attempt) =>
    void response.writeHead(codes[Math.min(attempt, codes.length) - 1] ?? 500).end('as it is');

async function listen(t: Test, server: Server): Promise<number> {
  t.teardown(() => server.close());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function receiver(received: Received[], answer: Answer) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      received.push({ at: performance.now(), method: request.method, url: request.url, headers: request.headers, body });
      answer(response, received.length);
    });
  };
}

/** A server, and a hook that posts to it. */
async function serve(t: Test, answer: Answer, hook: Partial<Webhook> = {}) {
  const received: Received[] = [];
  const server = createServer(receiver(received, answer));
  t.teardown(() => server.closeAllConnections());
  const port = await listen(t, server);
  const webhook: Webhook = { do: 'post', url: `http://127.0.0.1:${port}/hook?key=1`, secret: null, timeout: seconds(20), ...hook };
  return {
    received,
    post: (superseded = NEVER, parts = PARTS) => postWebhook(webhook, BODY, superseded, parts),
  };
}

/** What the middle of three clocks would say too: time limits are compared with generous bounds. */
async function timed<T>(work: Promise<T>): Promise<readonly [T, number]> {
  const begun = performance.now();
  return [await work, performance.now() - begun];
}

t.test('one request with everything that a receiver needs', async t => {
  const before = Math.floor(Date.now() / 1000);
  const { received, post } = await serve(t, status(204), { secret: { from: 'env', name: 'KEY' } });
  t.strictSame(await post(), { ok: true, seen: 'HTTP 204' });
  const [request] = received;
  t.match(request, {
    method: 'POST',
    url: '/hook?key=1',
    body: BODY,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(BODY)),
      'user-agent': 'holdfast/1.2.3',
      'x-holdfast-delivery': /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      connection: 'close',
    },
  });
  const timestamp = request?.headers['x-holdfast-timestamp'];
  t.ok(Number(timestamp) >= before && Number(timestamp) <= Date.now() / 1000);
  const wanted = createHmac('sha256', 'geheim').update(`${timestamp}.${request?.body}`).digest('hex');
  t.equal(request?.headers['x-holdfast-signature'], `sha256=${wanted}`);
});

t.test('the signature is checked as the manual says', async t => {
  const manual = readFileSync(new URL('../../../docs/hooks.md', import.meta.url), 'utf8');
  const [, check = 'exit 9'] = /```sh\n(digest=[^`]*)```/.exec(manual) ?? [];
  const { received, post } = await serve(t, status(204), { secret: { from: 'env', name: 'KEY' } });
  await post();
  const timestamp = String(received[0]?.headers['x-holdfast-timestamp']);
  const signature = String(received[0]?.headers['x-holdfast-signature']);
  const verdict = (secret: string) =>
    spawnSync('sh', ['-c', check], { env: { PATH: process.env.PATH, timestamp, signature, body: received[0]?.body, secret } }).status;
  t.equal(verdict('geheim'), 0);
  t.equal(verdict('geraten'), 1);
});

t.test('without a secret nothing is signed', async t => {
  const { received, post } = await serve(t, status(200));
  t.strictSame(await post(), { ok: true, seen: 'HTTP 200' });
  t.equal(received[0]?.headers['x-holdfast-signature'], undefined);
});

t.test('fails three times, then takes it: the same delivery, signed anew', async t => {
  const { received, post } = await serve(t, status(503, 429, 500, 204), { secret: { from: 'env', name: 'KEY' } });
  t.strictSame(await post(), { ok: true, seen: 'HTTP 204 after 4 attempts' });
  t.equal(received.length, 4);
  t.equal(new Set(received.map(({ headers }) => headers['x-holdfast-delivery'])).size, 1);
  for (const { headers, body } of received) {
    const wanted = createHmac('sha256', 'geheim').update(`${headers['x-holdfast-timestamp']}.${body}`).digest('hex');
    t.equal(headers['x-holdfast-signature'], `sha256=${wanted}`);
  }
  // Waits of 0.5 s, 1 s, 2 s, less a quarter, and less what may pass between two clocks.
  const waits = received.slice(1).map(({ at }, i) => at - (received[i]?.at ?? 0));
  for (const [i, least] of [375, 750, 1_500].entries()) t.ok((waits[i] ?? 0) > least - 100, `wait ${i + 1}: ${waits[i]} ms`);
});

t.test('which answers are final', async t => {
  for (const code of [400, 401, 404, 410]) {
    const { received, post } = await serve(t, status(code));
    t.strictSame(await post(), { ok: false, seen: `HTTP ${code}` });
    t.equal(received.length, 1);
  }
  const moved = await serve(t, status(301));
  t.strictSame(await moved.post(), { ok: false, seen: 'HTTP 301: redirections are not followed, write the address that it leads to' });
  t.equal(moved.received.length, 1);
});

t.test('which are not', async t => {
  await Promise.all(
    [408, 429, 500, 502, 599].map(async code => {
      const { post } = await serve(t, status(code, 200));
      t.strictSame(await post(), { ok: true, seen: 'HTTP 200 after 2 attempts' }, String(code));
    }),
  );
});

t.test('gives up when its time is over, and does not wait for it', async t => {
  // The third attempt is due 1.1 to 1.9 s after the first.
  const { received, post } = await serve(t, status(500), { timeout: millis(1_100) });
  const [delivery, took] = await timed(post());
  t.strictSame(delivery, { ok: false, seen: 'HTTP 500; given up after 2 attempts' });
  t.equal(received.length, 2);
  t.ok(took < 1_100, `${took} ms`);
  const once = await serve(t, status(500), { timeout: millis(300) });
  t.strictSame(await once.post(), { ok: false, seen: 'HTTP 500; given up' });
});

t.test('a server that accepts and says nothing', async t => {
  const one = await serve(t, () => {}, { timeout: millis(700) });
  const [delivery, took] = await timed(one.post());
  t.match(delivery, { ok: false, seen: /^no answer within \d00 ms; given up$/ });
  t.ok(took >= 690 && took < 5_000, `${took} ms`);
  // An attempt has its own limit, so that one bad moment does not cost the whole time.
  const other = await serve(t, (response, attempt) => attempt === 2 && response.writeHead(204).end(), { timeout: seconds(60) });
  const [second, longer] = await timed(other.post());
  t.strictSame(second, { ok: true, seen: 'HTTP 204 after 2 attempts' });
  t.ok(longer >= 9_990 && longer < 30_000, `${longer} ms`);
});

t.test('a server that begins an answer and never ends it', async t => {
  let ended = false;
  let end = (): void => {};
  const over = new Promise<void>(resolve => {
    end = resolve;
  });
  const slow = await serve(t, response => {
    response.writeHead(200, { 'content-length': 1_000 });
    response.write('.');
    response.on('close', () => {
      ended = true;
      end();
    });
  });
  t.strictSame(await slow.post(), { ok: true, seen: 'HTTP 200' });
  t.equal(ended, false, 'its status is the answer');
  await over;
  // 100 MB, as fast as they are taken.
  let sent = 0;
  let closed = (): void => {};
  const gone = new Promise<void>(resolve => {
    closed = resolve;
  });
  const flood = await serve(t, response => {
    response.writeHead(200);
    response.on('close', closed);
    const more = (): void => {
      while (sent < 100_000_000 && !response.destroyed) {
        sent += 65_536;
        if (!response.write(Buffer.alloc(65_536))) {
          response.once('drain', more);
          return;
        }
      }
    };
    more();
  });
  t.strictSame(await flood.post(), { ok: true, seen: 'HTTP 200' });
  await gone;
  t.ok(sent < 16_000_000, `the rest is not read: ${sent} bytes were written`);
  // One letter of the header at a time.
  const trickle = createTcpServer(socket => {
    const timer = setInterval(() => socket.write('H'), 50);
    socket.on('close', () => clearInterval(timer)).on('error', () => {});
  });
  const port = await listen(t, trickle);
  const hook: Webhook = { do: 'post', url: `http://127.0.0.1:${port}/`, secret: null, timeout: millis(600) };
  const [third, long] = await timed(postWebhook(hook, BODY, NEVER, PARTS));
  t.equal(third.ok, false);
  t.ok(long < 5_000, `${long} ms`);
});

t.test('servers that are no servers, in words', async t => {
  const to = (url: string, timeout = millis(300)) => postWebhook({ do: 'post', url, secret: null, timeout }, BODY, NEVER, PARTS);
  const closed = createTcpServer();
  const free = await listen(t, closed);
  await new Promise(resolve => closed.close(resolve));
  t.strictSame(await to(`http://127.0.0.1:${free}/`), { ok: false, seen: 'connection refused; given up' });
  const rude = await listen(
    t,
    createTcpServer(socket => void socket.on('error', () => {}).resetAndDestroy()),
  );
  t.strictSame(await to(`http://127.0.0.1:${rude}/`), { ok: false, seen: 'connection reset; given up' });
  const odd = await listen(
    t,
    createTcpServer(socket => void socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.2\r\n\r\n')),
  );
  t.match(await to(`http://127.0.0.1:${odd}/`), { ok: false, seen: /^Parse Error: .*; given up$/ });
  t.match(await to(`https://127.0.0.1:${odd}/`), { ok: false, seen: /; given up$/ });
  t.strictSame(await to('ftp://127.0.0.1/'), { ok: false, seen: 'that is no URL of a web server' });
  t.strictSame(await to('hooks'), { ok: false, seen: 'that is no URL of a web server' });
});

t.test('names that cannot be found', async t => {
  const failing = (code: string): WebhookParts => ({
    ...PARTS,
    connection: async () => ({ lookup: (hostname, _options, done) => done(Object.assign(new Error(code), { code, hostname }), '') }),
  });
  const hook: Webhook = { do: 'post', url: 'http://hooks.example.com/', secret: null, timeout: millis(300) };
  t.strictSame(await postWebhook(hook, BODY, NEVER, failing('ENOTFOUND')), {
    ok: false,
    seen: 'no such name: hooks.example.com; given up',
  });
  t.strictSame(await postWebhook(hook, BODY, NEVER, failing('ETIMEOUT')), {
    ok: false,
    seen: 'no answer from a name server about hooks.example.com; given up',
  });
  const deaf: WebhookParts = { ...PARTS, connection: async () => ({ lookup: () => {} }) };
  const [delivery, took] = await timed(postWebhook(hook, BODY, NEVER, deaf));
  t.match(delivery, { ok: false, seen: /^no answer within \d00 ms; given up$/ });
  t.ok(took < 5_000);
});

t.test('nothing is tried again once another state came', async t => {
  const controller = new AbortController();
  let third = (): void => {};
  const tried = new Promise<void>(resolve => {
    third = resolve;
  });
  const waiting = await serve(t, (response, attempt) => {
    response.writeHead(500).end();
    if (attempt === 3) response.on('close', third);
  });
  const first = waiting.post(controller.signal);
  await tried;
  controller.abort();
  const [delivery, took] = await timed(first);
  t.strictSame(delivery, { ok: false, seen: 'HTTP 500; not tried again, as another state came' });
  t.ok(took < 1_400, `the wait before the fourth attempt, 1.5 s at least, ends at once: ${took} ms`);
  t.equal(waiting.received.length, 3);
  const late = await serve(t, status(500));
  t.match(await late.post(controller.signal), { ok: false, seen: /not tried again/ });
  t.equal(late.received.length, 1, 'but it is tried once');
  const good = await serve(t, status(204));
  t.strictSame(await good.post(controller.signal), { ok: true, seen: 'HTTP 204' });
});

t.test('a secret that cannot be had', async t => {
  const { received, post } = await serve(t, status(204), { secret: { from: 'file', path: '/nowhere' }, timeout: millis(300) });
  const failing: WebhookParts = { ...PARTS, secret: async () => ({ failure: '/nowhere cannot be read' }) };
  t.strictSame(await post(NEVER, failing), { ok: false, seen: '/nowhere cannot be read' });
  const hanging: WebhookParts = { ...PARTS, secret: () => new Promise(() => {}) };
  t.strictSame(await post(NEVER, hanging), { ok: false, seen: 'the secret could not be read within 300 ms' });
  t.strictSame(received, [], 'nothing is sent unsigned instead');
});

/** Certificates of an authority of our own. @returns paths of PEM files */
function certificates(folder: string) {
  const openssl = (...argv: readonly string[]): void => void execFileSync('openssl', argv, { cwd: folder, stdio: 'pipe' });
  const issue = (name: string, subject: string, ...more: readonly string[]): void =>
    openssl(
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.pem`,
      ],
      ...['-subj', subject, ...more],
    );
  issue('ca', '/CN=authority', '-days', '2');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key'];
  issue('good', '/CN=good', '-days', '2', '-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=CA:FALSE', ...signed);
  issue(
    'other',
    '/CN=other',
    '-days',
    '2',
    '-addext',
    'subjectAltName=DNS:other.example',
    '-addext',
    'basicConstraints=CA:FALSE',
    ...signed,
  );
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  return { ca: read('ca.pem'), pair: (name: string) => ({ key: read(`${name}.key`), cert: read(`${name}.pem`) }) };
}

t.test('TLS is verified', async t => {
  const { ca, pair } = certificates(t.testdir({}));
  const serveTls = async (name: string) => {
    const received: Received[] = [];
    const server = createTlsServer(pair(name), receiver(received, status(204)));
    // What it thinks of clients that refuse it.
    server.on('tlsClientError', () => {});
    const port = await listen(t, server);
    const hook: Webhook = { do: 'post', url: `https://127.0.0.1:${port}/`, secret: null, timeout: seconds(20) };
    return { received, post: (parts: WebhookParts) => timed(postWebhook(hook, BODY, NEVER, parts)) };
  };
  const believing: WebhookParts = { ...PARTS, connection: async () => ({ ca }) };
  const good = await serveTls('good');
  t.strictSame((await good.post(believing))[0], { ok: true, seen: 'HTTP 204' });
  const [unknown, took] = await good.post(PARTS);
  t.match(unknown, {
    ok: false,
    seen: /^the certificate is refused: unable to verify the first certificate|^the certificate is refused: /,
  });
  t.ok(took < 10_000, `and not tried again: ${took} ms`);
  const other = await serveTls('other');
  t.match((await other.post(believing))[0], { ok: false, seen: /^the certificate is refused: .*127\.0\.0\.1 is not in the cert/ });
  const self = await serveTls('ca');
  t.match((await self.post(PARTS))[0], { ok: false, seen: /^the certificate is refused: self-signed certificate/ });
  t.equal(good.received.length, 1);
  t.strictSame([...other.received, ...self.received], [], 'nobody else got the body');
});
