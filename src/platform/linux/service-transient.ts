// A service that a command starts and that stays in the foreground, in a unit of its own: systemd is its parent, remembers it over
// our restarts, knows how it ended, and ends what is left of it. Must not know how units are asked.
import { type Micros, seconds } from '../../vrrp/units.ts';
import type { ServiceHandle } from '../agent-ports.ts';
import { afterGoodEnd } from './service-foreground.ts';
import { type Command, runInUnit } from './service-launcher.ts';
import { type Begin, openUnitService } from './service-unit.ts';
import { sysnet } from './sysnet.ts';
import { tellSystemd } from './systemctl.ts';
import { distrust } from './trust.ts';

/** One order to systemd that is nobody's start. */
const ORDER = seconds(5);

export function openTransientService(unit: string, command: Command, ended: () => void): ServiceHandle {
  /** When it was started here, and when it ended; in µs. */
  let born = 0;
  let died = Number.POSITIVE_INFINITY;

  const begin: Begin = async (_verb, facts, timeout) => {
    if (facts.active !== 'inactive') await tellSystemd(['systemctl', 'stop', '--', unit], ORDER);
    if (facts.load !== 'not-found') await tellSystemd(['systemctl', 'reset-failed', '--', unit], ORDER);
    born = sysnet.now();
    died = Number.POSITIVE_INFINITY;
    return runInUnit(unit, command, [], timeout);
  };

  const service = openUnitService(
    unit,
    () => {
      died = sysnet.now();
      ended();
    },
    begin,
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
