// What changes from one plan to the next, as a value.
// Must not know how a change is applied, nor which ones hurt.
import { type Plan, type RouterSpec, routerKey } from '../vrrp/router.ts';

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
}

/** Compares two plans by `routerKey`. The order of addresses is a difference, the order of routers is none. */
export function difference(old: Plan, next: Plan): Difference {
  const before = new Map(old.routers.map(spec => [routerKey(spec), spec]));
  const kept = new Set(next.routers.map(routerKey));
  const added: RouterSpec[] = [];
  const changed: Change[] = [];
  const unchanged: RouterSpec[] = [];
  for (const to of next.routers) {
    const from = before.get(routerKey(to));
    const keys = from === undefined ? [] : differing(from, to);
    if (from === undefined) added.push(to);
    else if (keys.length > 0) changed.push({ from, to, keys });
    else unchanged.push(to);
  }
  return { added, removed: old.routers.filter(spec => !kept.has(routerKey(spec))), changed, unchanged };
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
