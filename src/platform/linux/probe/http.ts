// One look at a web server: a request over a connection of its own, and as much of the answer as is needed to judge it.
// Must not know what an answer is worth (check/http.ts), nor certificates (tls.ts).
//
// node:http over a socket that we opened, so that it is known how far a look has come when the time is over. Without an agent: each
// look is a new client, and a connection that is kept would hide a server that accepts no more.
import { type IncomingMessage, request as makeRequest } from 'node:http';
import type { Socket } from 'node:net';
import { explainHandshake } from '../../../check/certificate.ts';
import { foreignSeen, judgeAnswer, lateBodySeen, MOST_BODY, silentSeen, wantsBody } from '../../../check/http.ts';
import { lateSeen, networkSeen } from '../../../check/network.ts';
import type { HttpProbe, Seen } from '../../../check/probe.ts';
import type { Matcher } from '../../../check/regex.ts';
import { limitWords } from '../../../check/words.ts';
import { version } from '../../../lib/version.ts';
import { type Micros, micros } from '../../../vrrp/units.ts';
import { codeOf, connectTo } from './connect.ts';
import { type Names, systemNames } from './names.ts';
import { type Look, lookWithin } from './within.ts';

/** Interim answers (1xx) before the one that counts; a server could send them for ever. */
const MOST_INTERIM = 16;

/** How far a look has come. */
type Step =
  | { readonly at: 'name'; readonly name: string }
  | { readonly at: 'files' | 'connection' | 'handshake' | 'answer' }
  | { readonly at: 'body'; readonly status: number };

/** What stays the same from look to look. */
interface Target {
  readonly secure: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Whom the certificate must be for. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly regex: Matcher | string | null;
}

const targets = new WeakMap<HttpProbe, Promise<Target>>();

/** Asks once. Redirections are not followed. */
export function lookAtHttp(probe: HttpProbe, timeout: Micros, names: Names = systemNames): Promise<Seen> {
  let step: Step = { at: 'files' };
  let begin = 0;

  async function run(look: Look): Promise<void> {
    const target = await targetOf(probe);
    // Loaded by whoever asks over TLS.
    const tls = target.secure ? await import('./tls.ts') : null;
    const context = tls === null ? null : await tls.contextFor(probe.tls);
    if (context !== null && 'trouble' in context) return look.end(context);
    step = { at: 'connection' };
    begin = performance.now();
    const socket = await connectTo(look, target.host, target.port, names, name => {
      step = name === null ? { at: 'connection' } : { at: 'name', name };
    });
    if ('trouble' in socket) return look.end(socket);
    if (tls === null || context === null) return ask(look, socket, target);
    step = { at: 'handshake' };
    const channel = await tls.secure(look, socket, target.name, context, probe.tls);
    if ('trouble' in channel) return look.end(channel);
    ask(look, channel, target);
  }

  function ask(look: Look, socket: Socket, { path, headers, regex }: Target): void {
    step = { at: 'answer' };
    const request = makeRequest({ createConnection: () => socket, method: probe.method, path, headers, setHost: false });
    // It ends with its socket. The socket's listener has nothing to say about what comes from here on.
    request.on('error', error => look.end(failedSeen(error, step)));

    const answered = (response: IncomingMessage, body: string, cut: boolean): void => {
      const took = micros((performance.now() - begin) * 1000);
      const { statusCode: status = 0 } = response;
      // Node makes something of all headers when one is read.
      const location = status >= 300 && status <= 399 ? (response.headers.location ?? null) : null;
      look.during(() => look.end(judgeAnswer(probe, regex, { status, location, body, cut, took })));
    };
    request.on('response', response => {
      step = { at: 'body', status: response.statusCode ?? 0 };
      readBody(look, response, wantsBody(probe), (body, cut) => answered(response, body, cut));
    });
    let interim = 0;
    request.on('information', () => {
      interim += 1;
      if (interim > MOST_INTERIM) look.end({ trouble: 'protocol', seen: 'the server sends interim answers (1xx) only' });
    });
    // 101, or any good answer to CONNECT: from then on it is no HTTP any more, and we have nothing to say.
    request.on('upgrade', response => answered(response, '', false));
    request.on('connect', response => answered(response, '', false));
    request.end();
  }

  return lookWithin(timeout, () => late(step, timeout), run);
}

function readBody(look: Look, response: IncomingMessage, wanted: boolean, done: (body: string, cut: boolean) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const text = (): string => Buffer.concat(chunks).toString('utf8', 0, MOST_BODY);
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (wanted) chunks.push(chunk);
    if (length > MOST_BODY) done(text(), true);
  });
  response.on('end', () => done(text(), false));
  response.on('error', error => look.end(failedSeen(error, { at: 'body', status: response.statusCode ?? 0 })));
}

function late(step: Step, timeout: Micros): Seen {
  switch (step.at) {
    case 'name':
      return lateSeen(timeout, step.name);
    case 'connection':
      return lateSeen(timeout, null);
    case 'files':
      return { trouble: 'timeout', seen: `the files of certificates could not be read within ${limitWords(timeout)}` };
    case 'handshake':
    case 'answer':
      return silentSeen(step.at, timeout);
    case 'body':
      return lateBodySeen(step.status, timeout);
  }
}

/** What went wrong behind the connection. */
function failedSeen(error: Error, step: Step): Seen {
  const code = codeOf(error);
  if (step.at === 'body') {
    const how = code.startsWith('HPE_') ? 'its body is not in order' : 'the connection ended within the body';
    return { trouble: 'protocol', seen: `HTTP ${step.status}, but ${how}` };
  }
  if (code.startsWith('HPE_')) {
    const bytes = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : Buffer.alloc(0);
    return foreignSeen(error.message.replace(/^Parse Error: /, ''), bytes.toString('latin1', 0, 200));
  }
  if (code.startsWith('ERR_SSL_')) return explainHandshake(code);
  // Node calls an end without an answer so, as if there had been a reset.
  if (error.message === 'socket hang up') return { trouble: 'protocol', seen: 'the server closed the connection without an answer' };
  return networkSeen(code);
}

function targetOf(probe: HttpProbe): Promise<Target> {
  const known = targets.get(probe);
  if (known !== undefined) return known;
  const target = prepare(probe);
  targets.set(probe, target);
  return target;
}

async function prepare(probe: HttpProbe): Promise<Target> {
  const url = new URL(probe.url);
  const secure = url.protocol === 'https:';
  const host = bare(url.hostname);
  return {
    secure,
    host,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    name: probe.host === null ? host : bare(probe.host.replace(/:\d+$/, '')),
    headers: { Host: probe.host ?? url.host, 'User-Agent': `holdfast/${version}`, Accept: '*/*', Connection: 'close', ...probe.headers },
    // A big library, for the few who have an expression.
    regex: probe.bodyRegex === null ? null : (await import('../../../check/regex.ts')).compileRegex(probe.bodyRegex),
  };
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
