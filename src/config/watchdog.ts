// From the settings of a watchdog to what it looks after and how: the service, its probe, the test that says why it does not start.
// Must not know whether the settings make sense together (watchdog-meaning.ts).
import type { Service, WatchdogSpec } from '../check/duties.ts';
import type { Entry } from './entry.ts';
import { probeOf, timingOf } from './probe.ts';
import type { WatchdogSettings } from './watchdog-schema.ts';

export type Watchdog = Entry<WatchdogSettings>;

/** @returns null where something is missing that no default can stand for */
export function watchdogOf({ name, settings }: Watchdog): WatchdogSpec | null {
  const { probe: asked, hold } = settings;
  const [service, probe] = [serviceOf(settings), asked === undefined ? null : probeOf(asked)];
  if (service === null || asked === undefined || probe === null) return null;
  return {
    name,
    service,
    probe,
    timing: timingOf(asked, hold),
    test: settings.test === undefined ? testOf(service) : settings.test.length === 0 ? null : settings.test,
    reviveWithin: settings.revive_within,
    handOver: settings.hand_over,
    startLimit: settings.start_limit,
    startLimitInterval: settings.start_limit_interval,
  };
}

function serviceOf({ unit, start, pid_file, user }: WatchdogSettings): Service | null {
  if (unit !== undefined) return { by: 'unit', unit };
  return start === undefined ? null : { by: 'start', run: start, pidFile: pid_file ?? null, user: user ?? null };
}

const NGINX = '/usr/sbin/nginx';

/** `nginx -t` with the options that say which configuration it is about; null for other services. */
function testOf(service: Service): readonly string[] | null {
  if (service.by === 'unit') return service.unit === 'nginx.service' ? [NGINX, '-t'] : null;
  const [program, words] = [service.run.slice(0, 1).join(), service.run.slice(1)];
  return program.endsWith('/nginx')
    ? [program, '-t', ...words.filter((word, index) => isAbout(word) || isAbout(words[index - 1] ?? '', true))]
    : null;
}

/** nginx(8): configuration file, prefix, global directives, error log.
 *  @param apart whether the value stands in the next word */
function isAbout(word: string, apart = false): boolean {
  return (apart ? /^-[cpge]$/ : /^-[cpge]/).test(word);
}
