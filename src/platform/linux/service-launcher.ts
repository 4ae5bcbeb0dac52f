// How a service's command is started so that it outlives us: in a session of its own, or in a unit of its own where systemd
// runs us. Must not know what the service is doing, nor how anybody learns that it ended.
import { createHash } from 'node:crypto';
import { openSync } from 'node:fs';
import { basename } from 'node:path';
import type { Service } from '../../check/duties.ts';
import { type Micros, micros, seconds } from '../../vrrp/units.ts';
import { accountOf, ownAccount } from './accounts.ts';
import { failureWords, launch } from './launch.ts';
import { LATE, within } from './patience.ts';
import type { ProcessInfo } from './process-table.ts';
import { onExit } from './process-watch.ts';
import { sendDirectly } from './service-remains.ts';
import { exitWords } from './signals.ts';
import { sysnet } from './sysnet.ts';
import { systemCode } from './system-code.ts';
import { isRefusedByShutdown, isShuttingDown, refusalWords, type Said, SHUTTING_DOWN, tellSystemd } from './systemctl.ts';

export type Command = Extract<Service, { readonly by: 'start' }>;

/** One order to systemd that is nobody's start. */
const ORDER = seconds(5);

const nothing = openSync('/dev/null', 'r');

/** A name that stays the same over our restarts, and that no other command has. */
export function commandKey(command: Command): string {
  const hash = createHash('sha256').update(JSON.stringify(command)).digest('hex').slice(0, 8);
  return `${basename(command.run[0] ?? '').replaceAll(/[^\w.-]/g, '_')}-${hash}`;
}

export interface Launcher {
  /** Starts a command that ends by itself once the service is there.
   *  @returns null when it ended with 0, else why not; LATE when it was to be started still, and is not any more */
  daemonise(command: Command, timeout: Micros): Promise<string | null | typeof LATE>;
  /** Sends a signal to processes of the service's former life. */
  signal(signal: 'SIGQUIT' | 'SIGKILL', processes: readonly ProcessInfo[]): Promise<void>;
}

/** As a child of ours, in a session of its own. */
export const sessionLauncher: Launcher = {
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
  if (await isShuttingDown(ORDER)) return SHUTTING_DOWN;
  const pid = launch(run, account, {}, [nothing, 0, 1, 1, 2, 2]);
  return typeof pid === 'number' ? pid : failureWords(pid);
}

/** In a unit of its own: outside of our cgroup, which ends with us, and of our sandbox. It is seen in `systemctl status` and in the
 *  journal, and systemd ends what is left of it. */
export function unitLauncher(unit: string): Launcher {
  return {
    async daemonise(command, timeout) {
      const kind = ['--property=Type=forking', ...(command.pidFile === null ? [] : [`--property=PIDFile=${command.pidFile}`])];
      const said = await runInUnit(unit, command, ['--collect', ...kind], timeout);
      if (said.kind === 'ended' && said.status === 0) return null;
      return said.kind === 'late' ? LATE : unitFailure(said, unit);
    },
    async signal(signal, processes) {
      if (sendDirectly(signal, processes).length === 0) return;
      await tellSystemd(['systemctl', 'kill', `--signal=${signal}`, '--', unit], ORDER);
    },
  };
}

function unitFailure(said: Said, unit: string): string {
  if (isRefusedByShutdown(said)) return SHUTTING_DOWN;
  const words = refusalWords(said);
  // Its commands and their statuses are in the journal, the unit itself is gone.
  return words.startsWith('Job for') ? `it has failed: journalctl --unit=${unit}` : words;
}

/** @param kind further arguments of systemd-run(1)
 *  @returns what systemd-run said; status 0: the unit is up */
export async function runInUnit(unit: string, { run, user }: Command, kind: readonly string[], timeout: Micros): Promise<Said> {
  const deadline = sysnet.now() + timeout;
  const left = (): Micros => micros(Math.max(0, deadline - sysnet.now()));
  const [path = '', ...rest] = run;
  const argv = [
    'systemd-run',
    `--unit=${unit}`,
    `--description=${basename(path)}, kept alive by holdfast`,
    `--property=TimeoutStartSec=${Math.ceil(timeout / 1_000_000)}`,
    ...(user === null ? [] : [`--uid=${user}`]),
    ...kind,
    '--',
    path,
    // It puts variables in for `$NAME`, as in a unit file. systemd.service(5)
    ...rest.map(argument => argument.replaceAll('$', '$$$$')),
  ];
  const said = await tellSystemd(argv, timeout);
  if (said.kind !== 'ended' || !/already (loaded|exists)/.test(said.text)) return said;
  // Of a former life: failed, or a process that somebody kept alive.
  await tellSystemd(['systemctl', 'stop', '--', unit], left());
  await tellSystemd(['systemctl', 'reset-failed', '--', unit], left());
  return tellSystemd(argv, left());
}
