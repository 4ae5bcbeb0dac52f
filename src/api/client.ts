// Asks the daemon through its control socket. Must not know what is done with the answer.
import { request } from 'node:http';
import type { StatusReport } from './status.ts';

/** Nobody answers at the control socket; `message` says where and what to do. Exit code 3. */
export class NotReachable extends Error {
  override readonly name = 'NotReachable';
}

const TIMEOUT = 5_000;

/** @throws NotReachable */
export async function fetchStatus(path: string): Promise<StatusReport> {
  return JSON.parse(await get(path, '/v1/status')) as StatusReport;
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
        else reject(new NotReachable(`the daemon at ${socketPath} answered ${response.statusCode}: ${body.trim()}`));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT / 1000} s`)));
    asked.on('error', (error: NodeJS.ErrnoException) => reject(new NotReachable(explain(socketPath, error))));
    asked.end();
  });
}

function explain(path: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return `no daemon listens at ${path}: is holdfast running? (another place: --socket PATH)`;
  if (error.code === 'ECONNREFUSED') return `the daemon that listened at ${path} is gone: systemctl status holdfast`;
  if (error.code === 'EACCES') return `no permission to open ${path}: try as root`;
  return `${path}: ${error.message}`;
}
