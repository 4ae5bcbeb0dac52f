// Programs in units of their own: what runs inside the unit of holdfast ends with it, and is kept from most of the machine.
// Must not know what the programs are for. systemd-run(1), systemd.exec(5), systemd.kill(5)
import { access, readFile } from 'node:fs/promises';
import { seconds } from '../../vrrp/units.ts';
import type { Program } from '../agent-ports.ts';

const SYSTEMD_RUN = '/usr/bin/systemd-run';
/** Also where /bin is a directory of its own. */
const SYSTEMCTL = '/bin/systemctl';
/** With `--wait` systemd-run asks over D-Bus, which a small system may lack. */
const BUS = '/run/dbus/system_bus_socket';
/** The unit ends by itself so long after its time is over, in case that nobody is left who ends it; in s. */
const GRACE = 10;

/** Whether this process belongs to a service of systemd that can start others; so it is the case with our own unit, and not in a
 *  terminal, a container or under another init. */
export async function isInService(cgroup = '/proc/self/cgroup', needed = ['/run/systemd/system', SYSTEMD_RUN, BUS]): Promise<boolean> {
  try {
    const [text] = await Promise.all([readFile(cgroup, 'utf8'), ...needed.map(path => access(path))]);
    // Version 2, or systemd's own hierarchy of version 1. cgroups(7)
    return /^(0:|\d+:name=systemd):\/(.*\/)?[^/]+\.service$/m.test(text);
  } catch {
    return false;
  }
}

/** The command that runs a program in a unit of its own: standard input and output are those of the command, and so is the exit status.
 *  What the program leaves behind stays, until `killCommand`.
 *  @param unit `NAME.service`, which no other has */
export function runCommand(
  unit: string,
  description: string,
  program: Omit<Program, 'input' | 'user'> & { readonly user: string },
): readonly string[] {
  const [path = '', ...rest] = program.argv;
  return [
    SYSTEMD_RUN,
    '--quiet',
    '--wait',
    '--pipe',
    '--collect',
    `--unit=${unit}`,
    `--description=${description}`,
    // The main process alone: what it starts outlives it, as it does without systemd.
    '--property=KillMode=process',
    `--property=RuntimeMaxSec=${Math.ceil(program.timeout / 1_000_000) + GRACE}`,
    `--uid=${program.user}`,
    ...Object.entries(program.environment).map(([name, value]) => `--setenv=${name}=${value}`),
    '--',
    path,
    // It puts variables in for `$NAME`, as in a unit file. systemd.service(5)
    ...rest.map(argument => argument.replaceAll('$', '$$$$')),
  ];
}

/** The command that ends everything in a unit. */
export function killCommand(unit: string): readonly string[] {
  return [SYSTEMCTL, 'kill', '--signal=SIGKILL', unit];
}

/** How long `killCommand` may take. */
export const KILL_TIMEOUT = seconds(5);
