// Another router that claims the role which is ours: since when, and whether it hears our answers.
// Must not know why it claims, nor decide who is right: that is `vrrp`.
import type { Note } from '../vrrp/action.ts';
import type { RouterSpec } from '../vrrp/router.ts';
import { activeDownInterval } from '../vrrp/timers.ts';
import { between, DEMOTED, type Micros } from '../vrrp/units.ts';
import type { Conflict } from './status.ts';

/** Unheard for so many intervals though answered each time: it does not hear us. Design 4.7. */
const PATIENCE = 3;

type Claim = Extract<Note, { what: 'second-active' | 'second-owner' }>;

export interface Rival {
  /** @returns the conflict when this claim makes it a `peer-does-not-hear-us`, which is worth saying once */
  claims(claim: Claim, spec: RouterSpec, now: Micros): Conflict | null;
  /** null: nobody disputes. A claim is over when none came for as long as a Backup would wait. */
  current(spec: RouterSpec, now: Micros): Conflict | null;
}

export function createRival(): Rival {
  let known: (Conflict & { readonly last: Micros }) | null = null;

  function current(spec: RouterSpec, now: Micros): Conflict | null {
    if (known === null || between(known.last, now) > activeDownInterval(DEMOTED, spec.advertInterval, spec.version)) return null;
    return { what: known.what, address: known.address, since: known.since };
  }

  return {
    current,
    claims({ what, from }, spec, now) {
      const before = current(spec, now);
      const same = before !== null && (before.what === 'second-owner') === (what === 'second-owner') && before.address === from;
      const since = same ? before.since : now;
      const deaf = what === 'second-active' && between(since, now) >= PATIENCE * spec.advertInterval;
      known = { what: deaf ? 'peer-does-not-hear-us' : what, address: from, since, last: now };
      return deaf && !(same && before.what === 'peer-does-not-hear-us') ? current(spec, now) : null;
    },
  };
}
