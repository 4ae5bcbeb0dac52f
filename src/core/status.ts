// What the engine tells about itself on request: plain data, instants in its own monotonic microseconds.
// Must not know JSON schema versions, wall clocks or tables: `api` and `cli` make those of it.
import type { Reason } from '../vrrp/action.ts';
import type { RejectReason } from '../vrrp/admit.ts';
import type { RouterSpec } from '../vrrp/router.ts';
import type { State } from '../vrrp/state.ts';
import type { Micros } from '../vrrp/units.ts';

/** How late the engine was when it woke: the figure that decides whether short intervals are safe here. */
export interface Lateness {
  readonly wakes: number;
  readonly last: Micros;
  readonly max: Micros;
  /** Upper bounds in µs and how many wakes were at or below each, above the one before. */
  readonly histogram: readonly { readonly upTo: Micros | null; readonly count: number }[];
}

export interface RouterStatus {
  readonly spec: RouterSpec;
  readonly state: State['name'];
  readonly since: Micros;
  readonly reason: Reason | 'starting';
  /** What it waits for, in words; null when it takes part. */
  readonly waiting: string | null;
  readonly priority: { readonly configured: number; readonly effective: number };
  readonly demoted: boolean;
  /** Whoever holds the role: ourselves, or the Active router as last heard; null: nobody known. */
  readonly active: { readonly address: string; readonly priority: number; readonly self: boolean } | null;
  /** Another router that lately claimed to be Active while we are; null when none does. */
  readonly conflict: Conflict | null;
  readonly primary: string | null;
  /** With prefix length. `ours`: added by us, so it goes when the role goes. */
  readonly addresses: readonly { readonly address: string; readonly held: boolean; readonly ours: boolean }[];
  readonly counters: RouterCounters;
}

/** `second-owner` is a configuration error: two machines claim to own the addresses. A `second-active` that goes on for 3
 *  intervals though it is answered is a `peer-does-not-hear-us`. Design 4.7. */
export interface Conflict {
  readonly what: 'second-active' | 'peer-does-not-hear-us' | 'second-owner';
  readonly address: string;
  readonly since: Micros;
}

export interface RouterCounters {
  readonly advertsSent: number;
  readonly advertsReceived: number;
  readonly becameActive: number;
  readonly announcements: number;
  readonly addressesPutBack: number;
  readonly rejected: Readonly<Partial<Record<RejectReason, number>>>;
}

export interface EngineStatus {
  readonly now: Micros;
  readonly pid: number;
  readonly version: string;
  readonly started: Micros;
  readonly scheduling: string;
  readonly agentRestarts: number;
  readonly droppedLogLines: number;
  readonly lateness: Lateness;
  readonly routers: readonly RouterStatus[];
}
