// src/platform/linux/probe/tls.ts, by looks at web servers: whom we believe, and what is wrong with the others.
import { chmod, copyFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type ServerOptions } from 'node:https';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import type { HttpProbe, TlsRules } from '../../../../src/check/probe.ts';
import { lookAtHttp } from '../../../../src/platform/linux/probe/http.ts';
import { contextFor } from '../../../../src/platform/linux/probe/tls.ts';
import { millis, seconds } from '../../../../src/vrrp/units.ts';
import { httpProbe, TLS } from '../../../fixtures/network-probes.ts';
import { until } from '../../../netns/lab/clock.ts';
import { run } from '../../../netns/lab/exec.ts';
import { asn1, makeAuthority, type Pair, texts } from '../fixtures/certificates.ts';
import { leftovers, listen, portOf } from '../fixtures/servers.ts';

const LONG = seconds(30);
const BOUND = 20_000;
const GOOD = /^HTTP 200 in [\d.]+ m?s$/;
const DAY = 86_400_000;
const HERE = ['DNS:www.example', 'IP:127.0.0.1'];

/** Who asked for what over TLS, and whether with a certificate. */
interface Asked {
  readonly host: string | undefined;
  readonly name: string | false | null;
  readonly certificate: string | undefined;
}

async function web(t: Test, pair: Pair, options: ServerOptions = {}) {
  const asked: Asked[] = [];
  const server = createServer({ ...(await texts(pair)), ...options }, (request, response) => {
    const { socket } = request;
    if (!(socket instanceof TLSSocket)) throw new Error('not over TLS');
    asked.push({ host: request.headers.host, name: socket.servername, certificate: socket.getPeerX509Certificate()?.subject });
    response.end('ok');
  });
  server.on('tlsClientError', () => {});
  t.teardown(
    () =>
      new Promise(resolve => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return { url: `https://127.0.0.1:${await portOf(server)}/`, asked };
}

async function look(url: string, tls: Partial<TlsRules>, rest: Partial<HttpProbe> = {}, timeout = LONG) {
  const quiet = leftovers();
  const seen = await lookAtHttp(httpProbe(url, { tls: { ...TLS, ...tls }, ...rest }), timeout);
  await quiet();
  return seen;
}

t.test('believed: by its authority, for a name or an address', async t => {
  const ca = await makeAuthority(t);
  const { url, asked } = await web(t, await ca.issue('www.example', { names: HERE }));
  t.match(await look(url, { ca: ca.path }), { trouble: null, seen: GOOD });
  t.match(await look(url, { ca: ca.path }, { host: 'www.example' }), { trouble: null, seen: GOOD });
  t.match(await look(url, { ca: ca.path }, { host: 'www.example:8443' }), { trouble: null, seen: GOOD });
  t.match(asked, [
    { host: url.slice('https://'.length, -1), name: false },
    { host: 'www.example', name: 'www.example' },
    { host: 'www.example:8443', name: 'www.example' },
  ]);
});

t.test('not believed: each in words, and nothing was sent', async t => {
  const ca = await makeAuthority(t);
  const old = await web(t, await ca.issue('old', { names: HERE, from: '20200101000000Z', until: '20201120120000Z' }));
  t.strictSame(await look(old.url, { ca: ca.path }), { trouble: 'certificate', seen: 'certificate expired on 2020-11-20' });
  const early = await web(t, await ca.issue('early', { names: HERE, from: asn1(Date.now() + 2 * DAY) }));
  t.match(await look(early.url, { ca: ca.path }), { trouble: 'certificate', seen: /^certificate is not valid before 20/ });
  const other = await web(t, await ca.issue('other', { names: ['DNS:other.example', 'DNS:more.example', 'IP:192.0.2.1'] }));
  t.strictSame(await look(other.url, { ca: ca.path }, { host: 'www.example' }), {
    trouble: 'certificate',
    seen: 'certificate is for other.example, more.example, 192.0.2.1, not www.example',
  });
  t.strictSame(await look(other.url, { ca: ca.path }), {
    trouble: 'certificate',
    seen: 'certificate is for other.example, more.example, 192.0.2.1, not 127.0.0.1',
  });
  const common = await web(t, await ca.issue('only.example', { names: [] }));
  t.match(await look(common.url, { ca: ca.path }, { host: 'www.example' }), { seen: 'certificate is for only.example, not www.example' });
  const self = await web(t, await ca.selfSigned('self.example', { names: HERE }));
  t.match(await look(self.url, {}), { trouble: 'certificate', seen: /^certificate of self.example is self-signed/ });
  const good = await ca.issue('www.example', { names: HERE });
  const unknown = await web(t, good);
  t.match(await look(unknown.url, {}), { trouble: 'certificate', seen: /^certificate comes from Holdfast Test Root, not known here/ });
  const { cert, key } = await texts(good);
  const root = (await texts({ certificate: ca.path, key: good.key })).cert;
  const chain = await web(t, good, { cert: cert + root, key });
  t.strictSame(await look(chain.url, {}), {
    trouble: 'certificate',
    seen: 'certificate comes from Holdfast Test Root, an authority that is not known here',
  });
  for (const { asked } of [old, early, other, common, self, unknown, chain]) t.strictSame(asked, []);
});

t.test('without verification everything is believed, but not everything lasts', async t => {
  const ca = await makeAuthority(t);
  const old = await web(t, await ca.issue('old', { names: [], from: '20200101000000Z', until: '20201120120000Z' }));
  t.match(await look(old.url, { verify: false }), { trouble: null });
  t.strictSame(await look(old.url, { verify: false, minDays: 1 }), {
    trouble: 'certificate',
    seen: 'certificate expired on 2020-11-20',
  });
});

t.test('days to expiry', async t => {
  const ca = await makeAuthority(t);
  const { url } = await web(t, await ca.issue('www.example', { names: HERE, until: asn1(Date.now() + 20.5 * DAY) }));
  t.match(await look(url, { ca: ca.path, minDays: 20 }), { trouble: null, seen: GOOD });
  t.match(await look(url, { ca: ca.path, minDays: 21 }), {
    trouble: 'certificate',
    seen: /^certificate expires on 20\d\d-\d\d-\d\d, in 20 days; at least 21 wanted$/,
  });
});

t.test('we prove who we are, when asked', async t => {
  const ca = await makeAuthority(t);
  const server = await ca.issue('www.example', { names: HERE });
  const client = await ca.issue('client.example', { names: ['DNS:client.example'] });
  const authorities = (await texts({ certificate: ca.path, key: client.key })).cert;
  const { url, asked } = await web(t, server, { requestCert: true, rejectUnauthorized: true, ca: authorities });
  t.match(await look(url, { ca: ca.path, certificate: client.certificate, key: client.key }), { trouble: null });
  t.match(asked, [{ certificate: /client.example/ }]);
  t.match(await look(url, { ca: ca.path }), {
    trouble: 'certificate',
    seen: /^the server refuses the handshake: tlsv13 alert certificate required/,
  });
  const both = join(ca.folder, 'both.pem');
  const { cert, key } = await texts(client);
  await writeFile(both, cert + key);
  t.match(await look(url, { ca: ca.path, certificate: both }), { trouble: null }, 'both in one file');
});

t.test('files that cannot be used', async t => {
  const ca = await makeAuthority(t);
  const pair = await ca.issue('www.example', { names: HERE });
  const { url } = await web(t, pair);
  const bad = async (tls: Partial<TlsRules>, seen: RegExp | string) => t.match(await look(url, tls), { trouble: 'certificate', seen });
  const at = (name: string): string => join(ca.folder, name);
  await writeFile(at('nonsense.pem'), 'nonsense');
  await run('openssl', [
    'genpkey',
    '-algorithm',
    'EC',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-aes256',
    '-pass',
    'pass:x',
    '-out',
    at('locked.key'),
  ]);
  await run('mkfifo', [at('pipe')]);
  await bad({ ca: at('none.pem') }, `${at('none.pem')} does not exist`);
  await bad({ ca: ca.folder }, `${ca.folder} is a directory`);
  await bad({ ca: at('pipe') }, `${at('pipe')} is a pipe`);
  await bad({ ca: '/dev/zero' }, '/dev/zero is a device');
  await bad({ ca: at('nonsense.pem') }, `${at('nonsense.pem')} holds no certificate in PEM form`);
  await bad({ ca: ca.path, certificate: pair.key, key: pair.key }, `${pair.key} holds no certificate in PEM form`);
  await bad(
    { ca: ca.path, certificate: pair.certificate, key: at('nonsense.pem') },
    /nonsense.pem holds no private key without a passphrase in PEM form$/,
  );
  await bad({ ca: ca.path, certificate: pair.certificate, key: at('locked.key') }, /locked.key holds no private key without a passphrase/);
  await bad({ ca: ca.path, certificate: pair.certificate, key: at('ca.key') }, /www.example.pem and \S+ca.key do not belong together$/);
});

t.test('files that change are read again', async t => {
  const ca = await makeAuthority(t);
  const { url } = await web(t, await ca.issue('www.example', { names: HERE }));
  const path = join(ca.folder, 'changing.pem');
  const stranger = await makeAuthority(t, 'Somebody Else');
  await copyFile(stranger.path, path);
  t.match(await look(url, { ca: path }), { trouble: 'certificate' });
  await copyFile(ca.path, path);
  await utimes(path, 1, 1);
  await until('the other authority', BOUND, async () => (await look(url, { ca: path })).trouble === null);
  await rm(path);
  await until('the file to be gone', BOUND, async () => (await look(url, { ca: path })).seen === `${path} does not exist`);
});

t.test('a context is made once for all that have the same files', async t => {
  const ca = await makeAuthority(t);
  const rules = { ...TLS, ca: ca.path };
  const [first, second] = await Promise.all([contextFor(rules), contextFor({ ...rules })]);
  t.equal(first, second);
  await chmod(ca.path, 0o600);
  t.equal(await contextFor({ ...rules, verify: false }), first);
});

t.test('what does not speak TLS, or not to the end', async t => {
  const text = await listen(t, socket => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
  t.strictSame(await look(`https://127.0.0.1:${text}/`, {}), { trouble: 'protocol', seen: 'the server does not speak TLS here' });
  const closing = await listen(t, socket => socket.once('data', () => socket.end()));
  t.strictSame(await look(`https://127.0.0.1:${closing}/`, {}), {
    trouble: 'protocol',
    seen: 'the server closed the connection in the TLS handshake',
  });
  const rude = await listen(t, socket => socket.once('data', () => socket.resetAndDestroy()));
  t.strictSame(await look(`https://127.0.0.1:${rude}/`, {}), { trouble: 'unreachable', seen: 'connection reset in the TLS handshake' });
  const silent = await listen(t, () => {});
  t.strictSame(await look(`https://127.0.0.1:${silent}/`, {}, {}, millis(300)), {
    trouble: 'timeout',
    seen: 'connected, but no TLS handshake within 300 ms',
  });
  const noise = await listen(t, socket => socket.once('data', () => socket.write(Buffer.alloc(100, 0x16))));
  t.match(await look(`https://127.0.0.1:${noise}/`, {}), { trouble: /^(protocol|certificate)$/ });
});

t.test('a server with old TLS only', async t => {
  const ca = await makeAuthority(t);
  const { url } = await web(t, await ca.issue('www.example', { names: HERE }), {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  t.match(await look(url, { ca: ca.path }), { trouble: 'certificate', seen: /^(TLS handshake failed|the server refuses the handshake): / });
});
