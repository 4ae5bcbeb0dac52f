// What a step wants done, as values, in the order in which it must happen. The order is part of the contract.
// Must not know how any of it is done.
import type { Address } from './address.ts';
import type { Unusable } from './event.ts';
import type { State } from './state.ts';
import type { Micros, Priority } from './units.ts';

/** Why a router changed its state. Closed; the same word in code, log, history and manual. */
export type Reason =
  | 'startup'
  | 'address-owner'
  | 'active-down-expired'
  | 'priority-zero'
  | 'preempt'
  | 'higher-priority'
  | 'tie-break-lost'
  | 'shutdown'
  | 'demoted'
  | 'released'
  | 'restored'
  | 'recovered'
  | 'handed-over'
  | 'nobody-took-over'
  | 'address-fault'
  | 'retry'
  | Unusable;

/** Things worth a line or a counter that change no state. */
export type Note =
  /** A second router claims to be Active with less right to it. */
  | { readonly what: 'second-active'; readonly from: Address; readonly priority: Priority }
  /** Another address owner (priority 255) speaks while we are the owner: a configuration error. RFC 9568 §7.1. */
  | { readonly what: 'second-owner'; readonly from: Address }
  /** The Active router uses another interval than ours; we follow it. RFC 9568 §7.1. */
  | { readonly what: 'interval-differs'; readonly from: Address; readonly interval: Micros }
  /** We slept through our own timer and wait once more before we believe the silence. Decision 0009. */
  | { readonly what: 'woke-late'; readonly late: Micros };

export type Action =
  /** Send one advertisement. Priority 0 resigns. */
  | { readonly do: 'advertise'; readonly priority: Priority | 0 }
  /** Put all addresses on the interface; those already there are renewed. */
  | { readonly do: 'acquire' }
  /** Tell the network where all addresses are: gratuitous ARP, unsolicited neighbour advertisement. */
  | { readonly do: 'announce' }
  /** Take all our addresses off the interface. */
  | { readonly do: 'release' }
  | { readonly do: 'report'; readonly from: State['name']; readonly to: State['name']; readonly reason: Reason }
  | ({ readonly do: 'note' } & Note);
