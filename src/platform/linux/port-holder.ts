// Who listens on a TCP port of this machine: the likely reason why a service cannot start.
// Must not know the service. proc(5): /proc/net/tcp, /proc/PID/fd
import { readdir, readFile, readlink } from 'node:fs/promises';
import { everyProcess, type ProcessInfo } from './process-table.ts';

/** TCP_LISTEN of include/net/tcp_states.h. */
const LISTEN = '0A';

/** Takes 10 to 100 ms, in small portions: it looks at every descriptor of every process.
 *  @param port 1..65535
 *  @returns `nginx (4711)`; several when they share it; `a process that we may not look at`; null: nobody listens there */
export async function holderOf(port: number): Promise<string | null> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(path => readFile(path, 'latin1').catch(() => '')));
  const sockets = new Set(tables.flatMap(table => listeners(table, port)));
  if (sockets.size === 0) return null;
  const holders: ProcessInfo[] = [];
  for (const process of await everyProcess(0)) if (await holdsAny(process.pid, sockets)) holders.push(process);
  // Workers have it from their master.
  const eldest = holders.filter(each => !holders.some(({ pid }) => pid === each.parent));
  if (eldest.length === 0) return 'a process that we may not look at';
  return eldest.map(({ name, pid }) => `${name} (${pid})`).join(', ');
}

/** Inodes of the sockets that listen on a port. A line: `0: 00000000:0050 00000000:0000 0A queues timer retransmits uid timeout inode` */
function listeners(table: string, port: number): readonly string[] {
  return table.split('\n').flatMap(line => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const matches = state === LISTEN && Number.parseInt(local.split(':')[1] ?? '', 16) === port;
    return matches && inode !== '0' ? [`socket:[${inode}]`] : [];
  });
}

async function holdsAny(pid: number, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all((await readdir(folder).catch(() => [])).map(fd => readlink(`${folder}/${fd}`).catch(() => '')));
  return links.some(link => sockets.has(link));
}
