// The control socket: HTTP over a UNIX socket, JSON answers. Who may open it may do all of it.
// Must not know engines or files of configuration.
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import type { HistoryReport } from './history.ts';
import { type OrderReport, type OrderRequest, readOrderQuery, type Verb } from './orders.ts';
import { type ConfirmReport, type ReloadReport, type ReloadRequest, readReloadQuery } from './reload.ts';
import type { StatusReport } from './status.ts';

export interface Control {
  /** @returns null when the engine does not answer */
  status(): Promise<StatusReport | null>;
  history(): Promise<HistoryReport>;
  reload(request: ReloadRequest): Promise<ReloadReport>;
  confirm(): Promise<ConfirmReport>;
  order(verb: Verb, request: OrderRequest): Promise<OrderReport>;
}

interface Answer {
  readonly code: number;
  readonly body: unknown;
  readonly allow?: string;
}

/** Connections at a time: whoever opens more is cut off, so that the checks of this process still get theirs. */
const MOST_CONNECTIONS = 64;

/** ms. A question is one line, and comes at once; an answer that nobody reads is given up. */
const HEADERS = 2_000;
const READING = 90_000;

/** A daemon listens there already. */
export class SocketInUse extends Error {
  override readonly name = 'SocketInUse';
}

/** Listens at `path`; what a killed daemon left there is removed, what a live one listens at is not.
 *  @throws SocketInUse, or the system's error when the path cannot be used */
export async function serveControl(path: string, control: Control): Promise<Server> {
  makeDirectory(dirname(path));
  const limits = { headersTimeout: HEADERS, requestTimeout: 2 * HEADERS, connectionsCheckingInterval: HEADERS / 2 };
  const server = createServer(limits, (request, response) => {
    const answer = ({ code, body, allow }: Answer): void => {
      response.writeHead(code, { 'content-type': 'application/json', ...(allow === undefined ? {} : { allow }) });
      response.end(`${JSON.stringify(body)}\n`);
    };
    // Nothing that is asked has a body; one that comes all the same must not block the connection.
    request.resume();
    route(request, control).then(answer, (error: unknown) => answer({ code: 500, body: { error: String(error) } }));
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(READING);
  await makeRoom(path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o660);
  return server;
}

async function route({ method, url = '' }: IncomingMessage, control: Control): Promise<Answer> {
  const [path = ''] = url.split('?', 1);
  const query = url.slice(path.length + 1);
  const noQuery = { code: 400, body: { error: 'bad-query', detail: `${path} takes no parameter` } };
  switch (path) {
    case '/v1/status': {
      if (method !== 'GET') return notAllowed('GET');
      if (query !== '') return noQuery;
      const status = await control.status();
      return status === null ? { code: 503, body: { error: 'engine-silent' } } : { code: 200, body: status };
    }
    case '/v1/history': {
      if (method !== 'GET') return notAllowed('GET');
      return query === '' ? { code: 200, body: await control.history() } : noQuery;
    }
    case '/v1/reload': {
      if (method !== 'POST') return notAllowed('POST');
      const wish = readReloadQuery(query);
      if (typeof wish === 'string') return { code: 400, body: { error: 'bad-query', detail: wish } };
      const body = await control.reload(wish);
      return { code: RELOAD_CODES[body.outcome], body };
    }
    case '/v1/confirm': {
      if (method !== 'POST') return notAllowed('POST');
      if (query !== '') return noQuery;
      const body = await control.confirm();
      return { code: CONFIRM_CODES[body.outcome], body };
    }
    case '/v1/drain':
    case '/v1/promote':
    case '/v1/resume':
    case '/v1/announce': {
      if (method !== 'POST') return notAllowed('POST');
      const verb = VERBS[path];
      const wish = readOrderQuery(verb, query);
      if (typeof wish === 'string') return { code: 400, body: { error: 'bad-query', detail: wish } };
      const body = await control.order(verb, wish);
      return { code: body.outcome === 'done' ? 200 : 404, body };
    }
    default:
      return { code: 404, body: { error: 'not-found' } };
  }
}

const VERBS = { '/v1/drain': 'drain', '/v1/promote': 'promote', '/v1/resume': 'resume', '/v1/announce': 'announce' } as const;

function notAllowed(allow: string): Answer {
  return { code: 405, body: { error: 'method-not-allowed' }, allow };
}

/** RFC 9110 §15; the outcome in the body says more. */
const RELOAD_CODES: Readonly<Record<ReloadReport['outcome'], number>> = {
  applied: 200,
  unchanged: 200,
  planned: 200,
  invalid: 422,
  busy: 409,
  silent: 503,
};
const CONFIRM_CODES: Readonly<Record<ConfirmReport['outcome'], number>> = { confirmed: 200, 'nothing-to-confirm': 409, silent: 503 };

/** One level, as /run/holdfast is; below what does not exist a path is rather mistyped. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** Removes the socket of a daemon that is dead, and nothing else. */
async function makeRoom(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw new Error(`${path} is there already, and is no socket`);
  if (await occupied(path)) throw new SocketInUse(path);
  unlinkSync(path);
}

/** Only a refusal tells that nobody listens; a daemon that stands still with a full queue answers neither way. */
function occupied(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createConnection(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}
