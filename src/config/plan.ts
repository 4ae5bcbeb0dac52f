// All that one machine is to do, as plain data, and what changes from one plan to the next.
// Must not know how a change is applied or told.
import type { Duties } from '../check/duties.ts';
import { placeOf, type RouterSpec, routerKey } from '../vrrp/router.ts';

/** As the agent hands it to the engine, which keeps the duties for an agent that is started again. */
export interface Plan {
  readonly routers: readonly RouterSpec[];
  readonly duties: Duties;
}

export interface Difference {
  readonly added: readonly RouterSpec[];
  /** As they were. */
  readonly removed: readonly RouterSpec[];
  readonly changed: readonly Change[];
  readonly unchanged: readonly RouterSpec[];
  readonly duties: DutyChanges;
}

/** What changes in the duties, by names: `check gateway`, `watchdog nginx`, `track of web`, `hooks of web`, `http`. */
export interface DutyChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export interface Change {
  readonly from: RouterSpec;
  readonly to: RouterSpec;
  /** The settings that differ; never empty. */
  readonly keys: readonly (keyof RouterSpec)[];
  /** Another interface or VRID is another virtual router to the network: the old one leaves in order, so that somebody else
   *  can serve it, and the new one starts. */
  readonly restarts: boolean;
}

/** Compares two plans: a router is the same under any name as long as interface, family and VRID are, and else by its name.
 *  The order of addresses is a difference, the order of routers is none. */
export function difference(old: Plan, next: Plan): Difference {
  const places = new Map(old.routers.map(spec => [placeOf(spec), spec]));
  const wanted = new Set(next.routers.map(placeOf));
  const names = new Map(old.routers.flatMap(spec => (wanted.has(placeOf(spec)) ? [] : [[routerKey(spec), spec] as const])));
  const added: RouterSpec[] = [];
  const changed: Change[] = [];
  const unchanged: RouterSpec[] = [];
  const kept = new Set<RouterSpec>();
  for (const to of next.routers) {
    const from = places.get(placeOf(to)) ?? names.get(routerKey(to));
    if (from === undefined) {
      added.push(to);
      continue;
    }
    kept.add(from);
    const keys = differing(from, to);
    if (keys.length > 0) changed.push({ from, to, keys, restarts: placeOf(from) !== placeOf(to) });
    else unchanged.push(to);
  }
  const removed = old.routers.filter(spec => !kept.has(spec));
  return { added, removed, changed, unchanged, duties: dutyChanges(old.duties, next.duties) };
}

/** Whether there is anything to do. */
export function isEmpty({ added, removed, changed, duties }: Difference): boolean {
  return [added, removed, changed, duties.added, duties.removed, duties.changed].every(list => list.length === 0);
}

function dutyChanges(old: Duties, next: Duties): DutyChanges {
  const [before, after] = [byName(old), byName(next)];
  return {
    added: [...after.keys()].filter(name => !before.has(name)),
    removed: [...before.keys()].filter(name => !after.has(name)),
    changed: [...after].flatMap(([name, text]) => (before.has(name) && before.get(name) !== text ? [name] : [])),
  };
}

/** Every duty as text under its name; the order in which a router tracks says nothing. */
function byName({ checks, watchdogs, tracks, hooks, http }: Duties): ReadonlyMap<string, string> {
  const tracked = Map.groupBy(tracks, ({ router }) => router);
  return new Map([
    ...checks.map(check => [`check ${check.name}`, JSON.stringify(check)] as const),
    ...watchdogs.map(watchdog => [`watchdog ${watchdog.name}`, JSON.stringify(watchdog)] as const),
    ...Array.from(
      tracked,
      ([router, list]) =>
        [
          `track of ${router}`,
          list
            .map(each => JSON.stringify(each))
            .sort()
            .join(),
        ] as const,
    ),
    ...hooks.map(({ router, on }) => [`hooks of ${router}`, JSON.stringify(on)] as const),
    ...(http === null ? [] : [['http', JSON.stringify(http)] as const]),
  ]);
}

/** Every key, so that one that is added to `RouterSpec` cannot be forgotten here. */
const KEYS: Readonly<Record<keyof RouterSpec, true>> = {
  name: true,
  family: true,
  interface: true,
  vrid: true,
  version: true,
  priority: true,
  addresses: true,
  advertInterval: true,
  preempt: true,
  preemptDelay: true,
  accept: true,
  checksum: true,
  peers: true,
  source: true,
  password: true,
  lease: true,
  tracked: true,
  trackInterface: true,
};

function differing(from: RouterSpec, to: RouterSpec): (keyof RouterSpec)[] {
  return Object.keys(KEYS)
    .filter(isKey)
    .filter(key => JSON.stringify(from[key]) !== JSON.stringify(to[key]));
}

function isKey(key: string): key is keyof RouterSpec {
  return Object.hasOwn(KEYS, key);
}
