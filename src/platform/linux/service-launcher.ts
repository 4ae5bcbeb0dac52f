// How a service's command is started so that it outlives us, and what else there must be for that; here: as a child of ours, in a
// session of its own. Must not know what the service is doing, nor how anybody learns that it ended.

import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Service } from '../../check/duties.ts';
import type { ServiceState } from '../../check/service.ts';
import { type Micros, seconds } from '../../vrrp/units.ts';
import { accountOf, ownAccount } from './accounts.ts';
import { devNull } from './dev-null.ts';
import { failureWords, launch } from './launch.ts';
import { LATE, within } from './patience.ts';
import type { ProcessInfo } from './process-table.ts';
import { onExit } from './process-watch.ts';
import { sendDirectly } from './service-remains.ts';
import { exitWords } from './signals.ts';
import { sysnet } from './sysnet.ts';
import { systemCode } from './system-code.ts';
import { isShuttingDown, SHUTTING_DOWN } from './systemctl.ts';

export type Command = Extract<Service, { readonly by: 'start' }>;

/** One question to systemd. */
const ASK = seconds(5);

/** A name that stays the same over our restarts, and that no other command has. */
export function commandKey(command: Command): string {
  const hash = createHash('sha256').update(JSON.stringify(command)).digest('hex').slice(0, 8);
  return `${basename(command.run[0] ?? '').replaceAll(/[^\w.-]/g, '_')}-${hash}`;
}

export interface Launcher {
  /** What whoever watches over it besides us says of it; null: nobody does, or he knows nothing. */
  state(): Promise<ServiceState | null>;
  /** Starts a command that ends by itself once the service is there.
   *  @returns null when it ended with 0, else why not; LATE when it was to be started still, and is not any more */
  daemonise(command: Command, timeout: Micros): Promise<string | null | typeof LATE>;
  /** Sends a signal to processes of the service's former life. */
  signal(signal: 'SIGQUIT' | 'SIGKILL', processes: readonly ProcessInfo[]): Promise<void>;
}

/** As a child of ours, in a session of its own. */
export const sessionLauncher: Launcher = {
  state: async () => null,
  async daemonise(command, timeout) {
    const pid = await spawnCommand(command);
    if (typeof pid === 'string') return pid;
    const status = await within(exitOf(pid), timeout);
    if (status === 0) return null;
    if (status !== LATE) return exitWords(status);
    endGroup(pid);
    return LATE;
  },
  async signal(signal, processes) {
    sendDirectly(signal, processes);
  },
};

/** @param pid of a child that leads its group, and whose exit status nobody has taken: its number is still its own */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    systemCode(error);
  }
}

/** The exit status of a child, taken, as `reap` gives it. */
export function exitOf(pid: number): Promise<number> {
  return new Promise(resolve => onExit({ pid, started: null }, () => resolve(sysnet.reap(pid))));
}

/** What it says goes where our own words go, and never through our hands: a pipe of ours would end with us, and kill it.
 *  @returns its process id, or why it could not be started */
export async function spawnCommand({ run, user }: Command): Promise<number | string> {
  const account = user === null ? await ownAccount() : await accountOf(user);
  if (account === null) return `there is no account ${user}`;
  if (await isShuttingDown(ASK)) return SHUTTING_DOWN;
  const pid = launch(run, account, {}, [devNull(), 0, 1, 1, 2, 2]);
  return typeof pid === 'number' ? pid : failureWords(pid);
}
