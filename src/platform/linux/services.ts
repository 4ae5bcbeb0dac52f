// The services of this machine: for each one the way in which it is started and followed.
// Must not know why one is started, nor what its probe says.
import { join } from 'node:path';
import { unreachable } from '../../lib/unreachable.ts';
import type { ServiceHandle, Services } from '../agent-ports.ts';
import { holderOf } from './port-holder.ts';
import { openForegroundService } from './service-foreground.ts';
import { type Command, commandKey, sessionLauncher } from './service-launcher.ts';
import { openServiceMemory } from './service-memory.ts';
import { openPidFileService } from './service-pid-file.ts';
import { openTransientService, unitLauncher } from './service-transient.ts';
import { openUnitService } from './service-unit.ts';

export interface ServiceParts {
  /** Where notes are kept over a restart of the agent: below /run, RUNTIME_DIRECTORY or that of the control socket. */
  readonly directory: string;
  /** Whether what we start is to be in units of its own: `isInService`. */
  readonly ownUnits: boolean;
}

export function openServices({ directory, ownUnits }: ServiceParts): Services {
  function openCommand(command: Command, ended: () => void): ServiceHandle {
    const key = commandKey(command);
    const unit = `holdfast-${key}.service`;
    const memory = openServiceMemory(join(directory, `service-${key}.json`));
    if (command.pidFile !== null) {
      const launcher = ownUnits ? unitLauncher(unit, command) : sessionLauncher;
      return openPidFileService(command, command.pidFile, { launcher, memory }, ended);
    }
    return ownUnits ? openTransientService(unit, command, ended) : openForegroundService(command, memory, ended);
  }

  return {
    holderOf,
    open(service, ended) {
      switch (service.by) {
        case 'unit':
          return openUnitService(service.unit, ended);
        case 'start':
          return openCommand(service, ended);
        default:
          return unreachable(service);
      }
    },
  };
}
