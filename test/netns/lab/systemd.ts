// A real systemd on a node: process 1 of a machine of its own, in namespaces (process ids, mounts, cgroups, host name) and with
// a root file system in memory that systemd.sh makes. Must not know what its units are, nor what is tested with them.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Running, start } from '../../fixtures/running.ts';
import { until } from './clock.ts';
import { childrenOf, runs } from './daemon.ts';
import { run } from './exec.ts';
import { kill, mayStartIn, onExit, PREFIX } from './guard.ts';
import type { Network, Node } from './network.ts';

export interface SystemdMachine {
  /** The process id of systemd, as this machine sees it. */
  readonly pid: number;
  /** Its root directory, as this machine sees it: `${root}/etc/nginx/nginx.conf`. Units of the test go to /etc/systemd/system. */
  readonly root: string;
  /** Runs a program in there to its end. @returns its standard output. @throws Error with its standard error */
  run(...command: readonly string[]): Promise<string>;
  /** Starts a program in there that stays; outside of the cgroups that systemd made. Signals other than `kill` do not reach it. */
  start(command: readonly string[], env?: NodeJS.ProcessEnv): Running;
  /** Writes a unit file and makes systemd read it. */
  unit(name: string, text: string): Promise<void>;
  /** What `systemctl show` says of one property. */
  show(unit: string, property: string): Promise<string>;
  /** The real process id of one that is N in there. */
  pidOf(inside: number): number;
  /** `systemctl poweroff`. Resolves when everything in there has ended, in order. What `start` has started is to end before: nsenter
   *  is stopped with it, and then nobody takes its exit status. */
  poweroff(boundMs: number): Promise<void>;
  /** Pulls the plug. */
  stop(): void;
}

export interface SystemdOptions {
  /** Units of Debian that can be started, beside those that systemd cannot do without. */
  readonly units?: readonly string[];
  /** Files and folders below /etc to be there, beside those of nginx and D-Bus. */
  readonly etc?: readonly string[];
  /** A system of its own in the place of this machine's /usr and /etc: what mmdebstrap has made. */
  readonly tree?: string;
}

const SCRIPT = join(import.meta.dirname, 'systemd.sh');
const PROJECT = join(import.meta.dirname, '../../..');
const OURS = /^hf(\d+)-/;
const TARGETS = ['sysinit', 'basic', 'sockets', 'timers', 'paths', 'slices', 'swap', 'local-fs-pre', 'local-fs', 'network-pre', 'network']
  .concat(['network-online', 'nss-lookup', 'remote-fs', 'multi-user', 'shutdown', 'umount', 'final', 'poweroff', 'reboot', 'emergency'])
  .map(name => `${name}.target`);
const UNITS = ['systemd-poweroff.service', 'systemd-reboot.service', 'systemd-journald.service', 'systemd-journald.socket'].concat([
  'systemd-journald-dev-log.socket',
  'dbus.service',
  'dbus.socket',
  'nginx.service',
]);
const ETC = ['nginx', 'dbus-1'];

/** Programs and units of Debian's packages systemd, dbus and nginx-light. */
const NEEDED = ['systemd', 'system/dbus.service', 'system/nginx.service'].map(name => `/usr/lib/systemd/${name}`);

/** Why there can be no systemd here, or null. */
export function systemdMissing(): string | null {
  const missing = NEEDED.find(path => !existsSync(path));
  if (missing !== undefined) return `${missing} is not installed`;
  return cgroups() === null ? 'no cgroup2 is mounted' : null;
}

/** Boots a machine on a node: in its network, under its name. It is up within a second or two; nginx is there and not started.
 *  @throws Error when the guard refuses the node */
export async function bootSystemd(network: Network, node: Node, options: SystemdOptions = {}): Promise<SystemdMachine> {
  mayStartIn(node.namespace);
  const missing = systemdMissing();
  const all = cgroups();
  if (missing !== null || all === null) throw new Error(missing ?? 'no cgroup2');
  for (const name of readdirSync(all)) if (left(name)) removeCgroup(join(all, name));
  const cgroup = join(all, `${PREFIX}${node.name}-${process.hrtime.bigint()}`);
  mkdirSync(cgroup);
  // Each one ends with the one before it: the test, unshare, systemd, and with that everything in its namespace.
  const outside = ['setpriv', '--pdeathsig', 'KILL', 'nsenter', `--net=/run/netns/${node.namespace}`];
  const apart = ['unshare', '--mount', '--propagation=private', '--cgroup', '--uts', '--ipc', '--pid', '--fork', '--kill-child'];
  const lists = [
    [...TARGETS, ...UNITS, ...(options.units ?? [])],
    [...ETC, ...(options.etc ?? [])],
  ].map(list => list.join(' '));
  // The cgroup namespace begins where its first process is: there first.
  const child = spawn(
    'sh',
    [
      '-c',
      'echo $$ >"$0/cgroup.procs" && exec "$@"',
      cgroup,
      ...outside,
      ...apart,
      SCRIPT,
      node.name,
      PROJECT,
      network.folder,
      ...lists,
      options.tree ?? '',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const over = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const remove = onExit(() => {
    if (!over()) child.kill('SIGKILL');
    removeCgroup(cgroup);
  });

  try {
    const pid = await until('systemd to take over', 10_000, () => {
      if (over()) throw new Error(`the machine ended: ${said}`);
      const first = childrenOf(child.pid ?? 0)[0];
      return first !== undefined && readFileSync(`/proc/${first}/comm`, 'utf8') === 'systemd\n' && first;
    });
    const enter = ['nsenter', `--target=${pid}`, '--all', '--'];
    const within = (command: readonly string[]): Promise<string> => run(enter[0] ?? '', [...enter.slice(1), ...command]);
    let state = '';
    await until(
      'systemd to be up',
      20_000,
      async () => {
        state = await within(['systemctl', 'is-system-running']).catch(String);
        return state.trim() === 'running';
      },
      () => `${state} ${said}`,
    );
    const machine: SystemdMachine = {
      pid,
      root: `/proc/${pid}/root`,
      run: (...command) => within(command),
      // nsenter stays outside, as its parent: who kills the one ends the other.
      start: (command, env) => start([...enter, 'setpriv', '--pdeathsig', 'KILL', '--', ...command], env),
      async unit(name, text) {
        writeFileSync(`${machine.root}/etc/systemd/system/${name}`, text);
        await within(['systemctl', 'daemon-reload']);
      },
      show: async (unit, property) => (await within(['systemctl', 'show', '--value', `--property=${property}`, '--', unit])).trim(),
      pidOf(inside) {
        const outside = processesIn(cgroup).find(each => insideOf(each) === inside);
        if (outside !== undefined) return outside;
        throw new Error(`no process ${inside} in there`);
      },
      async poweroff(boundMs) {
        // The connection may go before the answer comes.
        await within(['systemctl', 'poweroff']).catch(() => {});
        await until('the machine to be off', boundMs, () => !runs(pid));
      },
      stop: remove,
    };
    return machine;
  } catch (error) {
    remove();
    throw error;
  }
}

/** Where the second version of cgroups is mounted. */
function cgroups(): string | null {
  return /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1] ?? null;
}

/** Of a lab that was killed before it could clean up. */
function left(name: string): boolean {
  const maker = Number(OURS.exec(name)?.[1] ?? 0);
  return maker > 0 && !existsSync(`/proc/${maker}`);
}

/** Real process ids in a cgroup and below it. */
function processesIn(cgroup: string): readonly number[] {
  const own = readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  return [...own, ...foldersIn(cgroup).flatMap(processesIn)];
}

function foldersIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => join(folder, entry.name));
}

/** Its process id in the innermost namespace. */
function insideOf(pid: number): number {
  try {
    return Number(/^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? Number.NaN);
  } catch {
    return Number.NaN;
  }
}

/** Ends what is in it, and takes it away. Without waiting its turn: the moment may be that of exit. */
function removeCgroup(cgroup: string): void {
  const tick = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; existsSync(cgroup) && waited < 2000; waited += 10) {
    try {
      for (const pid of processesIn(cgroup)) kill(pid, 'SIGKILL');
      const take = (folder: string): void => {
        foldersIn(folder).forEach(take);
        rmdirSync(folder);
      };
      take(cgroup);
    } catch {
      // Still busy: what was killed has not ended yet.
      Atomics.wait(tick, 0, 0, 10);
    }
  }
}
