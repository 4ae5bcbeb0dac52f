// The states of a virtual router: RFC 9568 §6.3, plus `leaving` (decision 0005) and `fault` (decision 0012).
// A variant holds only what is true in that state; every timer is a field with the instant at which it is due.
import type { Address } from './address.ts';
import type { Unusable } from './event.ts';
import { earliest, type Micros, type Priority } from './units.ts';

/** The Active router as it was last heard. */
export interface Heard {
  readonly address: Address;
  readonly priority: Priority;
}

/** A demoted Active offers its role again at `at`, then waits `backoff` before the next offer. */
export interface Offer {
  readonly at: Micros;
  readonly backoff: Micros;
}

export interface Initialize {
  readonly name: 'initialize';
}

export interface Backup {
  readonly name: 'backup';
  /** Active_Down_Timer. */
  readonly downAt: Micros;
  /** Active_Adver_Interval: as learned from the Active router, else our own. */
  readonly activeInterval: Micros;
  readonly heard: Heard | null;
  /** Until then a lower-priority Active is respected (`preempt_delay`); null: none was heard since we are Backup. */
  readonly preemptAt: Micros | null;
  /** That delay is over, and the lower-priority Active's advertisements are discarded since. */
  readonly preempting: boolean;
  /** Addresses of a former life are still on the interface, and nobody else claimed them yet (decision 0007). */
  readonly holding: boolean;
  /** The Active router resigned (priority 0), and the timer runs for the answer to that. */
  readonly resigned: boolean;
  /** The one extra wait after a stall has been spent in this down interval (decision 0009). */
  readonly graced: boolean;
}

export interface Active {
  readonly name: 'active';
  /** Adver_Timer. */
  readonly advertAt: Micros;
  /** The next announcement of the addresses, and how many have gone out since we took over. */
  readonly announceAt: Micros;
  readonly announced: number;
  /** When we last spoke up beyond the timers, or are about to; null: never. Bounds what a flood can make us send. */
  readonly answeredAt: Micros | null;
  /** Set while demoted. */
  readonly offer: Offer | null;
  /** The interface is unusable; if it still is at `until`, someone else has the role and we step down. */
  readonly cutOff: { readonly until: Micros; readonly reason: Unusable } | null;
}

export interface Leaving {
  readonly name: 'leaving';
  /** Where it leads: a stop ends in Initialize, and so does an interface of the addresses that cannot carry them; an offer
   *  ends in Backup, or in Active again when nobody takes over; a router that is released ends in Fault. */
  readonly cause: 'shutdown' | 'interface' | 'demoted' | 'released';
  /** How many advertisements with priority 0 were sent. */
  readonly attempt: 1 | 2;
  /** Nobody took over until then: try again or give up. Once a successor is heard: release then. */
  readonly until: Micros;
  readonly successor: (Heard & { readonly interval: Micros }) | null;
  /** How long to wait before the next offer if this one finds nobody. */
  readonly backoff: Micros;
}

export interface Fault {
  readonly name: 'fault';
  /** null: released, until health is back. */
  readonly retryAt: Micros | null;
}

export type State = Initialize | Backup | Active | Leaving | Fault;

/** When `step` wants to see a `time` event. The driver sleeps until the earliest of these.
 *  @returns the instant, or null for never */
export function deadline(state: State): Micros | null {
  switch (state.name) {
    case 'initialize':
      return null;
    case 'backup':
      return state.downAt;
    case 'active': {
      if (state.cutOff !== null) return state.cutOff.until;
      return earliest(earliest(state.advertAt, state.announceAt), state.offer?.at ?? null);
    }
    case 'leaving':
      return state.until;
    case 'fault':
      return state.retryAt;
  }
}
