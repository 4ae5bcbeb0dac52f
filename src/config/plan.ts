// What changes from one plan to the next, as a value.
// Must not know how a change is applied or told.
import { type Plan, placeOf, type RouterSpec, routerKey } from '../vrrp/router.ts';

export interface Difference {
  readonly added: readonly RouterSpec[];
  /** As they were. */
  readonly removed: readonly RouterSpec[];
  readonly changed: readonly Change[];
  readonly unchanged: readonly RouterSpec[];
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
  return { added, removed: old.routers.filter(spec => !kept.has(spec)), changed, unchanged };
}

/** Whether there is anything to do. */
export function isEmpty({ added, removed, changed }: Difference): boolean {
  return added.length + removed.length + changed.length === 0;
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
};

function differing(from: RouterSpec, to: RouterSpec): (keyof RouterSpec)[] {
  return Object.keys(KEYS)
    .filter(isKey)
    .filter(key => JSON.stringify(from[key]) !== JSON.stringify(to[key]));
}

function isKey(key: string): key is keyof RouterSpec {
  return Object.hasOwn(KEYS, key);
}
