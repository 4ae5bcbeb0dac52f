// Asks the daemon through its control socket.
// Must not know what is done with the answer.
import { request } from 'node:http';
import type { HistoryReport } from './history.ts';
import type { OrderReport, OrderRequest, Verb } from './orders.ts';
import type { ConfirmReport, ReloadReport, ReloadRequest } from './reload.ts';
import type { StatusReport } from './status.ts';

/** Nobody answers at the control socket; `message` says where and what to do. Exit code 3. */
export class NotReachable extends Error {
  override readonly name = 'NotReachable';
}

/** In ms. A reload waits for those before it, reads files and is given 10 s by the agent. */
const TIMEOUT = 5_000;
const RELOAD_TIMEOUT = 60_000;

/** @throws NotReachable */
export function fetchStatus(path: string): Promise<StatusReport> {
  return ask<StatusReport>(path, 'GET', '/v1/status', TIMEOUT);
}

/** @throws NotReachable */
export function fetchHistory(path: string): Promise<HistoryReport> {
  return ask<HistoryReport>(path, 'GET', '/v1/history', TIMEOUT);
}

/** @throws NotReachable, also for a question that is refused: its sender has checked it */
export function requestReload(path: string, { dryRun, confirmMs }: ReloadRequest): Promise<ReloadReport> {
  const query = new URLSearchParams();
  if (dryRun) query.set('dry_run', 'true');
  if (confirmMs !== null) query.set('confirm_ms', String(confirmMs));
  return ask<ReloadReport>(path, 'POST', query.size === 0 ? '/v1/reload' : `/v1/reload?${query}`, RELOAD_TIMEOUT);
}

/** @throws NotReachable */
export function requestConfirm(path: string): Promise<ConfirmReport> {
  return ask<ConfirmReport>(path, 'POST', '/v1/confirm', RELOAD_TIMEOUT);
}

/** @throws NotReachable, also for a question that is refused: its sender has checked it */
export function requestOrder(path: string, verb: Verb, { routers, forMs, keep, force }: OrderRequest): Promise<OrderReport> {
  const query = new URLSearchParams(routers.map((router): [string, string] => ['router', router]));
  if (forMs !== null) query.set('for_ms', String(forMs));
  if (keep) query.set('keep', 'true');
  if (force) query.set('force', 'true');
  return ask<OrderReport>(path, 'POST', query.size === 0 ? `/v1/${verb}` : `/v1/${verb}?${query}`, TIMEOUT);
}

async function ask<Report extends { readonly schema: 1 }>(path: string, method: string, url: string, timeout: number): Promise<Report> {
  const { code, body } = await send(path, method, url, timeout);
  const value = parse(body);
  // Whoever answers with a schema is of this or another version of holdfast, and the schema is a contract.
  if (typeof value === 'object' && value !== null && 'schema' in value) return value as Report;
  throw new NotReachable(refused(path, code));
}

/** @returns null for what is no JSON */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function send(
  socketPath: string,
  method: string,
  path: string,
  timeout: number,
): Promise<{ readonly code: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, timeout }, response => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body }));
      response.on('close', () => reject(new NotReachable(`the daemon at ${socketPath} broke off in the middle of its answer: try again`)));
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeout / 1000} s`)));
    asked.on('error', (error: NodeJS.ErrnoException) => reject(new NotReachable(explain(socketPath, error))));
    asked.end();
  });
}

function refused(path: string, code: number): string {
  // Its own word for an engine that does not answer the agent.
  if (code === 503) return `the daemon at ${path} is there, but its engine does not answer: systemctl status holdfast`;
  return notOurs(path);
}

function notOurs(path: string): string {
  return `whoever listens at ${path} does not answer as holdfast does: is it the right socket? (--socket PATH)`;
}

function explain(path: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `no daemon listens at ${path}: is holdfast running? (systemctl status holdfast; another place: --socket PATH)`;
    case 'ECONNREFUSED':
      return `the daemon that listened at ${path} is gone: systemctl status holdfast`;
    case 'EACCES':
      return `no permission to open ${path}: try as root`;
    case 'EAGAIN':
      return `the daemon at ${path} does not take questions any more: systemctl status holdfast`;
    default:
      return error.code?.startsWith('HPE_') ? notOurs(path) : `${path}: ${error.message}`;
  }
}
