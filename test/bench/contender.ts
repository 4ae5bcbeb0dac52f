// What is compared: holdfast and keepalived, each with its defaults, as pairs of one kind or of both; what a daemon costs.
// Must not know cases or figures.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FullStatus } from '../netns/lab/control.ts';
import { childrenOf, type Daemon, start } from '../netns/lab/daemon.ts';
import { run } from '../netns/lab/exec.ts';
import { kill } from '../netns/lab/guard.ts';
import { EXECUTABLE, memoryOf, startHoldfast } from '../netns/lab/holdfast.ts';
import { writeKeepalived } from '../netns/lab/keepalived.ts';
import type { Network, Node } from '../netns/lab/network.ts';
import type { RouterSettings } from '../netns/lab/router.ts';

/** A kind of daemon. */
interface Kind {
  start(network: Network, node: Node, routers: readonly RouterSettings[]): Daemon;
  /** How many routers of a daemon that was just started are Backup. */
  backups(daemon: Daemon): Promise<number>;
}

export interface Contender {
  readonly name: string;
  /** On the node that is Active while both live. */
  readonly active: Kind;
  readonly backup: Kind;
}

const HOLDFAST: Kind = {
  start: startHoldfast,
  // Of a thousand lines at once it drops those that the pipe does not take, so they cannot be counted.
  async backups(daemon) {
    const socket = socketOf(daemon);
    if (socket === null) return 0;
    // Into a file, as two megabytes are more than a pipe takes at once; the exit code tells of health, which is not asked for.
    const file = `${socket}.json`;
    await run('sh', ['-c', '"$0" status --json --socket "$1" > "$2" || true', EXECUTABLE, socket, file]);
    const text = readFileSync(file, 'utf8');
    if (text === '') return 0;
    const { routers }: FullStatus = JSON.parse(text);
    return routers.filter(({ state }) => state === 'backup').length;
  },
};
const KEEPALIVED: Kind = {
  start: startQuietly,
  backups: async ({ lines }) => lines.filter(({ text }) => text.includes('Entering BACKUP STATE')).length,
};

/** keepalived that writes its log once. Where no syslog daemon runs, syslog(3) opens and writes the machine's console for each
 *  line, which takes milliseconds that are not keepalived's. */
function startQuietly(network: Network, node: Node, routers: readonly RouterSettings[]): Daemon {
  const file = (suffix: string) => join(network.folder, `keepalived-${node.name}.${suffix}`);
  writeKeepalived(network, node, routers);
  const files = ['--use-file', file('conf'), '--pid', file('pid'), '--vrrp_pid', file('vrrp.pid'), '--checkers_pid', file('check.pid')];
  const command = ['keepalived', '--dont-fork', '--log-console', '--no-syslog', '--vrrp', ...files];
  return start(node, { name: `keepalived ${node.name}`, command });
}

/** Where a holdfast can be asked; null for others. */
export function socketOf(daemon: Daemon): string | null {
  return 'socket' in daemon && typeof daemon.socket === 'string' ? daemon.socket : null;
}

export const CONTENDERS: readonly Contender[] = [
  { name: 'holdfast', active: HOLDFAST, backup: HOLDFAST },
  { name: 'keepalived', active: KEEPALIVED, backup: KEEPALIVED },
];

/** Active > Backup. */
export const MIXED: readonly Contender[] = [
  { name: 'holdfast>keepalived', active: HOLDFAST, backup: KEEPALIVED },
  { name: 'keepalived>holdfast', active: KEEPALIVED, backup: HOLDFAST },
];

/** Every process of a daemon, itself first. */
function processes(daemon: Daemon): readonly number[] {
  return [daemon.pid, ...childrenOf(daemon.pid)];
}

/** kill -9 for all processes of a daemon in one moment, so that none can clean up after another. */
export function killAll(daemon: Daemon): void {
  const all = processes(daemon);
  for (const pid of all) kill(pid, 'SIGKILL');
}

export interface Memory {
  /** Of the process that sends the advertisements, KiB. */
  readonly anonymous: number;
  /** Of all processes together, KiB. */
  readonly pss: number;
}

/** @param daemon one that has run for a while */
export function memory(daemon: Daemon): Memory {
  const all = processes(daemon).map(memoryOf);
  // holdfast's engine is the process that was started; keepalived's is the child of it.
  const engine = daemon.name.startsWith('keepalived') ? all.at(-1) : all[0];
  return { anonymous: engine?.anonymous ?? Number.NaN, pss: all.reduce((sum, one) => sum + one.pss, 0) };
}

/** Time that all processes of a daemon have spent on a CPU, ns. From schedstat, as the ticks of /proc/PID/stat are as long
 *  as a thousand advertisements. */
export function cpuTime(daemon: Daemon): number {
  let sum = 0;
  for (const pid of processes(daemon)) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      try {
        sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
      } catch {
        // The thread ended while we looked.
      }
    }
  }
  return sum;
}
