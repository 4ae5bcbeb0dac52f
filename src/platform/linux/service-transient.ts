// Services that a command starts, in units of their own where systemd runs us: outside of our cgroup, which ends with us, and of our
// sandbox. Systemd remembers them over our restarts, knows how they ended, and ends what is left of them.
// Must not know how units are asked. systemd-run(1), systemd.service(5)
import { basename } from 'node:path';
import { type Micros, micros, seconds } from '../../vrrp/units.ts';
import type { ServiceHandle } from '../agent-ports.ts';
import { afterGoodEnd } from './service-foreground.ts';
import type { Command, Launcher } from './service-launcher.ts';
import { sendDirectly } from './service-remains.ts';
import { type Begin, openUnitService } from './service-unit.ts';
import { sysnet } from './sysnet.ts';
import { type Said, tellSystemd } from './systemctl.ts';
import { distrust } from './trust.ts';

/** One order to systemd that is nobody's start. */
const ORDER = seconds(5);

/** In the foreground. */
export function openTransientService(unit: string, command: Command, ended: () => void): ServiceHandle {
  /** When it was started here, and when it ended; in µs. */
  let born = 0;
  let died = Number.POSITIVE_INFINITY;

  const service = openUnitService(
    unit,
    () => {
      died = sysnet.now();
      ended();
    },
    (verb, facts, timeout) => {
      born = sysnet.now();
      died = Number.POSITIVE_INFINITY;
      return begin(unit, command)(verb, facts, timeout);
    },
  );

  return {
    async state() {
      const state = await service.state();
      // A unit that ended well is forgotten by systemd, as one that was never started.
      return state.name === 'missing' || state.name === 'stopped' ? afterGoodEnd(died - born) : state;
    },
    async start(timeout: Micros) {
      const doubt = await distrust(command.run[0] ?? '');
      return doubt ?? service.start(timeout);
    },
    close: service.close,
  };
}

/** In the background, with a pid file: systemd reads it too, and removes it when the service is gone, so that what systemd says of its
 *  end counts. */
export function unitLauncher(unit: string, command: Command): Launcher {
  const service = openUnitService(unit, () => {}, begin(unit, command));
  return {
    async state() {
      const state = await service.state();
      // Forgotten, as one that ended well; or started by somebody else, in another place.
      return state.name === 'missing' || state.name === 'stopped' ? null : state;
    },
    daemonise: (_command, timeout) => service.start(timeout),
    async signal(signal, processes) {
      if (sendDirectly(signal, processes).length === 0) return;
      await tellSystemd(['systemctl', 'kill', `--signal=${signal}`, '--', unit], ORDER);
    },
  };
}

/** A unit that failed is still there, and is started as it was. */
function begin(unit: string, command: Command): Begin {
  return async (verb, facts, timeout) => {
    const deadline = sysnet.now() + timeout;
    if (facts.load !== 'not-found') {
      const said = await tellSystemd(['systemctl', verb, '--', unit], timeout);
      if (said.kind !== 'ended' || !said.text.includes('not found')) return said;
    }
    return runInUnit(unit, command, micros(Math.max(0, deadline - sysnet.now())));
  };
}

function runInUnit(unit: string, { run, user, pidFile }: Command, timeout: Micros): Promise<Said> {
  const [path = '', ...rest] = run;
  const kind = pidFile === null ? [] : ['--property=Type=forking', `--property=PIDFile=${pidFile}`];
  const argv = [
    'systemd-run',
    `--unit=${unit}`,
    `--description=${basename(path)}, kept alive by holdfast`,
    ...kind,
    `--property=TimeoutStartSec=${Math.ceil(timeout / 1_000_000)}`,
    // How often it is started is our own affair: the watchdog's budget.
    '--property=StartLimitIntervalSec=0',
    ...(user === null ? [] : [`--uid=${user}`]),
    '--',
    path,
    // It puts variables in for `$NAME`, as in a unit file. systemd.service(5)
    ...rest.map(argument => argument.replaceAll('$', '$$$$')),
  ];
  return tellSystemd(argv, timeout);
}
