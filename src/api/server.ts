// The control socket: HTTP over a UNIX socket, JSON answers, read-only.
// Must not know engines or files of configuration.
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import type { StatusReport } from './status.ts';

export interface Control {
  /** @returns null when the engine does not answer */
  status(): Promise<StatusReport | null>;
}

/** A daemon listens there already. */
export class SocketInUse extends Error {
  override readonly name = 'SocketInUse';
}

/** Listens at `path`; what a killed daemon left there is removed, what a live one listens at is not.
 *  @throws SocketInUse, or the system's error when the path cannot be used */
export async function serveControl(path: string, control: Control): Promise<Server> {
  makeDirectory(dirname(path));
  const server = createServer((request, response) => {
    const answer = (code: number, body: unknown): void => {
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(`${JSON.stringify(body)}\n`);
    };
    if (request.method !== 'GET') return answer(405, { error: 'method-not-allowed' });
    if (request.url !== '/v1/status') return answer(404, { error: 'not-found' });
    control.status().then(
      status => (status === null ? answer(503, { error: 'engine-silent' }) : answer(200, status)),
      (error: unknown) => answer(500, { error: String(error) }),
    );
  });
  await makeRoom(path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o660);
  return server;
}

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
