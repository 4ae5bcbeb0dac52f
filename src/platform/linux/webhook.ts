// Tells a web server something: one POST of JSON, signed, and tried again as long as that makes sense.
// Must not know what is told. Never waits longer than it was given, whatever the server does.
import { createHmac, randomUUID } from 'node:crypto';
import type { ClientRequest, RequestOptions } from 'node:http';
import type { Hook } from '../../check/duties.ts';
import { lookupSeen, networkSeen } from '../../check/network.ts';
import type { SecretSource } from '../../check/probe.ts';
import { limitWords, oneLine } from '../../check/words.ts';
import { millis } from '../../vrrp/units.ts';
import type { Delivery } from '../agent-ports.ts';
import { LATE, within } from './patience.ts';

export type Webhook = Extract<Hook, { readonly do: 'post' }>;

export interface WebhookParts {
  /** Of this holdfast. */
  readonly version: string;
  /** `readSecret` */
  secret(source: SecretSource): Promise<{ readonly secret: string } | { readonly failure: string }>;
  /** How servers are found and believed: `lookup`, `ca`. */
  connection(): Promise<Pick<RequestOptions, 'lookup'> & { readonly ca?: string | string[] }>;
}

/** Longest time of one attempt; in ms, like all that follow. */
const ATTEMPT = 10_000;
/** Between two attempts: doubled each time, give or take a quarter, so that many machines do not come back at once. */
const FIRST_WAIT = 500;
const LAST_WAIT = 30_000;
const JITTER = 0.25;
/** An answer's body is read to its end, so that the server sees an orderly one, but not for ever; in ms and bytes. */
const BODY_TIME = 1_000;
const BODY_SIZE = 1 << 16;
/** Longest piece of an error of TLS in a line of ours. */
const LONGEST = 200;

/** What came of one attempt, in words. */
interface Attempt {
  readonly ok: boolean;
  /** Another attempt may have another end. */
  readonly again: boolean;
  readonly seen: string;
}

/** Delivers at least once when it says so, and maybe when it does not: an answer can be lost. `X-Holdfast-Delivery` stays the same
 *  for all attempts. Never rejects.
 *  @param superseded when aborted, nothing is tried again; the attempt that runs goes on */
export async function postWebhook(hook: Webhook, body: string, superseded: AbortSignal, parts: WebhookParts): Promise<Delivery> {
  const end = performance.now() + hook.timeout / 1000;
  const url = URL.parse(hook.url);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return { ok: false, seen: 'that is no URL of a web server' };
  const key = hook.secret === null ? null : parts.secret(hook.secret);
  const ready = await within(Promise.all([key, parts.connection()]), hook.timeout);
  if (ready === LATE) return { ok: false, seen: `the secret could not be read within ${limitWords(hook.timeout)}` };
  const [fetched, options] = ready;
  if (fetched !== null && 'failure' in fetched) return { ok: false, seen: fetched.failure };
  const delivery = randomUUID();

  for (let attempts = 1, wait = FIRST_WAIT; ; attempts++, wait = Math.min(wait * 2, LAST_WAIT)) {
    const headers = headersOf(body, delivery, fetched?.secret ?? null, parts.version);
    const { ok, again, seen } = await attempt(url, { ...options, method: 'POST', headers, agent: false }, body, end);
    const after = attempts === 1 ? '' : ` after ${attempts} attempts`;
    if (ok || !again) return { ok, seen: `${seen}${after}` };
    const pause = wait * (1 - JITTER + 2 * JITTER * Math.random());
    if (!superseded.aborted && performance.now() + pause >= end) return { ok, seen: `${seen}; given up${after}` };
    await sleep(pause, superseded);
    if (superseded.aborted) return { ok, seen: `${seen}; not tried again, as another state came` };
  }
}

/** The receiver checks the signature over the text `TIMESTAMP.BODY`, and that the timestamp, in s since 1970, is of these days. */
function headersOf(body: string, delivery: string, secret: string | null, version: string): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signed = secret === null ? null : createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    'User-Agent': `holdfast/${version}`,
    'X-Holdfast-Delivery': delivery,
    'X-Holdfast-Timestamp': timestamp,
    ...(signed === null ? {} : { 'X-Holdfast-Signature': `sha256=${signed}` }),
  };
}

async function attempt(url: URL, options: RequestOptions, body: string, end: number): Promise<Attempt> {
  // Loaded by whoever has webhooks.
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const limit = Math.max(1, Math.min(ATTEMPT, end - performance.now()));
  return new Promise(resolve => {
    let asked: ClientRequest | null = null;
    const late = setTimeout(() => {
      resolve({ ok: false, again: true, seen: `no answer within ${limitWords(millis(Math.ceil(limit / 100) * 100))}` });
      asked?.destroy();
    }, limit);
    const fail = (error: unknown): void => {
      clearTimeout(late);
      resolve({ ok: false, ...failureOf(error, asked) });
    };
    try {
      asked = request(url, options);
    } catch (error) {
      fail(error);
      return;
    }
    // It may come after the answer too, and nobody is interested then.
    asked.on('error', fail);
    asked.on('response', response => {
      clearTimeout(late);
      resolve(judge(response.statusCode ?? 0));
      const enough = setTimeout(() => response.destroy(), BODY_TIME);
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > BODY_SIZE) response.destroy();
      });
      response.on('error', () => {});
      response.on('close', () => clearTimeout(enough));
    });
    asked.end(body);
  });
}

/** RFC 9110 §15 */
function judge(status: number): Attempt {
  if (status >= 200 && status <= 299) return { ok: true, again: false, seen: `HTTP ${status}` };
  if (status >= 300 && status <= 399) {
    return { ok: false, again: false, seen: `HTTP ${status}: redirections are not followed, write the address that it leads to` };
  }
  return { ok: false, again: status === 408 || status === 429 || status >= 500, seen: `HTTP ${status}` };
}

/** A certificate that is not believed now will not be in a second either. */
function failureOf(error: unknown, asked: ClientRequest | null): Pick<Attempt, 'again' | 'seen'> {
  if (!(error instanceof Error)) return { again: false, seen: String(error) };
  const socket = asked?.socket ?? null;
  if (socket !== null && 'authorizationError' in socket && socket.authorizationError) {
    return { again: false, seen: `the certificate is refused: ${oneLine(error.message, LONGEST)}` };
  }
  return { again: asked !== null, seen: errorWords(error) };
}

function errorWords(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if ('hostname' in error && typeof error.hostname === 'string') return lookupSeen(code, error.hostname, error.hostname.includes('.')).seen;
  // Others are of HTTP and TLS, and have words of their own.
  return /^E[A-Z]+$/.test(code) && code !== 'EPROTO' ? networkSeen(code).seen : oneLine(error.message, LONGEST);
}

function sleep(ms: number, interrupted: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (interrupted.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      interrupted.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    interrupted.addEventListener('abort', done);
  });
}
