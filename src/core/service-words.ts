// What happened to a service or a check, in words for people: what, why, and what to do about it.
// Must not know where they are shown; holds no state.
import type { Service, Track, WatchdogSpec } from '../check/duties.ts';
import type { CheckState } from '../check/health.ts';
import type { WatchdogReport } from '../check/watchdog.ts';
import type { Level } from '../lib/log.ts';
import { unreachable } from '../lib/unreachable.ts';
import type { Ended } from '../platform/agent-ports.ts';
import { between, type Micros } from '../vrrp/units.ts';
import { showDuration } from './explain.ts';

/** The unit, or the program that starts it; its arguments are in the configuration. */
export function showService(service: Service): string {
  return service.by === 'unit' ? service.unit : (service.run[0] ?? '');
}

/** How a program ended, with the line of what it said that tells most.
 *  @returns null when it ended well */
export function showEnd(argv: readonly string[], ended: Ended): string | null {
  const name = argv[0]?.split('/').at(-1) ?? '';
  switch (ended.kind) {
    case 'exit':
      return ended.status === 0 ? null : `${name}: ${tellingLine(ended.output) ?? `exit status ${ended.status}`}`;
    case 'signal':
      return `${name}: killed by ${ended.signal}`;
    case 'timeout':
      return `${name}: still running after ${showDuration(ended.took)}`;
    case 'unsafe':
      return ended.message;
    case 'system-error':
      return `${ended.op} ${ended.target}: ${ended.code}`;
    default:
      return unreachable(ended);
  }
}

/** Of what a program said, the line with the error, else the last one. */
export function tellingLine(output: string): string | null {
  const lines = output.split('\n').flatMap(line => (line.trim() === '' ? [] : [line.trim()]));
  const line = lines.find(each => /emerg|error|fatal/i.test(each)) ?? lines.at(-1);
  // nginx: its name, or an instant and its process, which the reader has already.
  return line?.replace(/^nginx: |^\d{4}\/\d\d\/\d\d [\d:]+ (\[\w+\]) \d+#\d+: /, '$1 ').trimStart() ?? null;
}

/** Level, event name and sentence of what a watchdog reports. */
export function explainWatchdog(spec: WatchdogSpec, report: WatchdogReport, now: Micros): readonly [Level, string, string] {
  const { name, service } = spec;
  const what = `${name} (${showService(service)})`;
  switch (report.what) {
    case 'serving':
      return ['info', 'watchdog.serving', `${what} answers`];
    case 'died':
      return ['error', 'watchdog.died', `${what}: ${report.how}; starting it again`];
    case 'hung': {
      const since = showDuration(between(report.since, now));
      return [
        'error',
        'watchdog.hung',
        `${what} has not answered for ${since}: ${report.seen}; ending what is left of it and starting it again`,
      ];
    }
    case 'sick':
      return ['error', 'watchdog.sick', `${what} answers wrongly: ${report.seen}; it is alive, so it is not started again`];
    case 'stopped':
      return ['warn', 'watchdog.stopped', `${what}: ${report.why}; left alone until it is started${howToStart(service)}`];
    case 'start-waits':
      return ['warn', 'watchdog.start-waits', `${what}: next start in ${showDuration(report.wait)}`];
    case 'start-failed':
      return ['error', 'watchdog.start-failed', `${what} does not start: ${report.why}`];
    case 'revived': {
      const then = report.handed ? '; its routers rejoin when it goes on answering' : ', and the addresses stayed';
      return ['info', 'watchdog.revived', `${what} answers again after ${showDuration(report.away)}${then}`];
    }
    case 'handed-over':
      return [
        'error',
        'watchdog.handed-over',
        `${what} is not back after ${showDuration(report.away)}: its routers give the addresses away`,
      ];
    case 'held': {
      const left = showDuration(between(now, report.until));
      return ['warn', 'watchdog.held', `${what} answers, and comes and goes: held down for ${left} more`];
    }
    case 'rejoined':
      return ['info', 'watchdog.rejoined', `${what} is well: its routers rejoin`];
    default:
      return unreachable(report);
  }
}

function howToStart(service: Service): string {
  return service.by === 'unit' ? `: systemctl start ${service.unit}` : '';
}

/** Level, event name and sentence of a check that changed; null: nothing that anybody must know. */
export function explainCheck(
  name: string,
  before: CheckState,
  state: CheckState,
  tracks: readonly Track[],
  now: Micros,
): readonly [Level, string, string] | null {
  const seen = state.last?.seen.seen ?? '';
  if (state.verdict !== before.verdict) {
    const since = showDuration(between(state.since, now));
    if (state.verdict === 'down') return ['warn', 'check.down', `${name} is down: ${seen}, for ${since}${consequences(tracks)}`];
    return ['info', 'check.up', `${name} is up: ${seen}`];
  }
  if (state.heldUntil !== null && state.heldUntil !== before.heldUntil) {
    const left = showDuration(between(now, state.heldUntil));
    return ['warn', 'check.held', `${name} is good again (${seen}), and comes and goes: held down for ${left} more`];
  }
  return null;
}

function consequences(tracks: readonly Track[]): string {
  if (tracks.length === 0) return '; nothing depends on it';
  return tracks.map(track => `; ${track.router}: ${showConsequence(track)}`).join('');
}

function showConsequence({ consequence }: Track): string {
  switch (consequence.do) {
    case 'demote':
      return 'demoted, serves only if nobody else can';
    case 'release':
      return 'gives its addresses up';
    case 'weight':
      if (consequence.weight === 'number') return 'priority as the number says';
      return consequence.weight < 0 ? `priority ${consequence.weight}` : `priority without +${consequence.weight}`;
  }
}
