// All that one machine has: its virtual routers, checks and watchdogs, and the duties of the agent that come out of them.
// Must not know whether they make sense together (meaning.ts).
import type { CheckSpec, Duties, Hook, HookEvent, RouterHooks, Track } from '../check/duties.ts';
import { type CheckSettings, checkTable } from './check-schema.ts';
import { type Entry, entriesOf, type Sound } from './entry.ts';
import { type Http, httpOf, httpSpecOf } from './http.ts';
import { probeOf, timingOf } from './probe.ts';
import { type Router, routersOf } from './router.ts';
import { type Watchdog, watchdogOf } from './watchdog.ts';
import { watchdogTable } from './watchdog-schema.ts';

export type Check = Entry<CheckSettings>;

export interface Machine {
  readonly routers: readonly Router[];
  readonly checks: readonly Check[];
  readonly watchdogs: readonly Watchdog[];
  /** null: it has no `[http]`. */
  readonly http: Http | null;
}

/** @param node as the file calls the machine */
export function machineOf(sound: Sound, node: string): Machine {
  return {
    routers: routersOf(sound, node),
    checks: entriesOf(sound, node, 'check', checkTable),
    watchdogs: entriesOf(sound, node, 'watchdog', watchdogTable),
    http: httpOf(sound, node),
  };
}

/** What is complete of it. */
export function dutiesOf({ routers, checks, watchdogs, http }: Machine): Duties {
  const outcomes = new Map([...checks, ...watchdogs].map(({ name, settings }) => [name, settings.on_fail]));
  return {
    checks: checks.flatMap(check => specOf(check) ?? []),
    watchdogs: watchdogs.flatMap(watchdog => watchdogOf(watchdog) ?? []),
    tracks: routers.flatMap(({ name: router, settings }) =>
      settings.track.flatMap(({ name: of, onFail }): Track[] => {
        const consequence = onFail ?? outcomes.get(of);
        return consequence === undefined ? [] : [{ router, of, consequence }];
      }),
    ),
    hooks: routers.flatMap(hooksOf),
    http: httpSpecOf(http),
  };
}

function specOf({ name, settings }: Check): CheckSpec | null {
  const probe = probeOf(settings);
  return probe === null ? null : { name, probe, timing: timingOf(settings, settings.hold) };
}

function hooksOf({ name: router, settings }: Router): RouterHooks[] {
  const { on_active: active, on_backup: backup, on_fault: fault, on_stop: stop, on_change: change } = settings;
  const all: Readonly<Record<HookEvent, Hook | undefined>> = { active, backup, fault, stop, change };
  const on = Object.fromEntries(Object.entries(all).flatMap(([event, hook]) => (hook === undefined ? [] : [[event, hook]])));
  return Object.keys(on).length === 0 ? [] : [{ router, on }];
}
