// Asks the daemon through its control socket.
// Must not know what is done with the answer.
import { request } from 'node:http';
import type { StatusReport } from './status.ts';

/** Nobody answers at the control socket; `message` says where and what to do. Exit code 3. */
export class NotReachable extends Error {
  override readonly name = 'NotReachable';
}

const TIMEOUT = 5_000;

/** @throws NotReachable */
export async function fetchStatus(path: string): Promise<StatusReport> {
  const body = await get(path, '/v1/status');
  try {
    // Whoever answers is of this or another version of holdfast, and the schema is a contract.
    return JSON.parse(body) as StatusReport;
  } catch {
    throw new NotReachable(notOurs(path));
  }
}

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, timeout: TIMEOUT }, response => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new NotReachable(refused(socketPath, response.statusCode ?? 0)));
      });
      response.on('close', () => reject(new NotReachable(`the daemon at ${socketPath} broke off in the middle of its answer: try again`)));
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT / 1000} s`)));
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
