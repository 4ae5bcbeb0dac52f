// What the engine tells about itself on request: plain data, instants in its own monotonic microseconds.
// Must not know JSON schema versions, wall clocks or tables: `api` and `cli` make those of it.
import type { HookEvent, StateEvent } from '../check/duties.ts';
import type { Part } from '../check/fitness.ts';
import type { CheckState, Look } from '../check/health.ts';
import type { Probe } from '../check/probe.ts';
import type { Phase } from '../check/watchdog.ts';
import type { Reason } from '../vrrp/action.ts';
import type { Address, Family } from '../vrrp/address.ts';
import type { RejectReason } from '../vrrp/admit.ts';
import type { ChecksumForm, RouterSpec, Standing } from '../vrrp/router.ts';
import type { State } from '../vrrp/state.ts';
import type { Micros } from '../vrrp/units.ts';
import type { Order } from './orders.ts';

/** How late the engine was when it woke: the figure that decides whether short intervals are safe here. */
export interface Lateness {
  readonly wakes: number;
  /** Of all wakes. */
  readonly sum: Micros;
  readonly last: Micros;
  readonly max: Micros;
  /** Upper bounds in µs and how many wakes were at or below each, above the one before. */
  readonly histogram: readonly { readonly upTo: Micros | null; readonly count: number }[];
}

export interface RouterStatus {
  /** Without what nobody may read, and without the addresses, which stand below. */
  readonly spec: Omit<RouterSpec, 'password' | 'addresses'>;
  readonly state: State['name'];
  readonly since: Micros;
  readonly reason: Reason | 'starting';
  /** What it waits for, in words; null when it takes part. */
  readonly waiting: string | null;
  readonly priority: { readonly configured: number; readonly effective: number };
  readonly standing: Standing;
  /** What the weights add to the priority, or take from it. */
  readonly adjustment: number;
  /** Whoever holds the role: ourselves, or the Active router as last heard; null: nobody known. */
  readonly active: { readonly address: string; readonly priority: number; readonly self: boolean } | null;
  /** Another router that lately claimed to be Active while we are; null when none does. */
  readonly conflict: Conflict | null;
  readonly primary: string | null;
  /** The forms of the checksum that its advertisements carry; two: each is sent in both. */
  readonly checksums: readonly ChecksumForm[];
  /** Unicast peers in the order of the file. */
  readonly peers: readonly PeerStatus[];
  /** With prefix length. `ours`: added by us, so it goes when the role goes. */
  readonly addresses: readonly {
    readonly address: string;
    readonly interface: string;
    readonly held: boolean;
    readonly ours: boolean;
  }[];
  readonly counters: RouterCounters;
}

/** A Backup is silent by nature, so `lastHeard` tells little; `trouble` is what the network says about packets to it. */
export interface PeerStatus {
  readonly address: Address;
  /** It is this machine, and left out. */
  readonly self: boolean;
  readonly lastHeard: Micros | null;
  /** errno name of what keeps advertisements from arriving there; null: nothing known. */
  readonly trouble: string | null;
}

/** A VRRP speaker heard on an interface, ours or not: one for each address and VRID. */
export interface Neighbour {
  readonly interface: string;
  readonly family: Family;
  readonly address: Address;
  readonly vrid: number;
  readonly version: number;
  /** As it says; null where its advertisement cannot be read. */
  readonly priority: number | null;
  readonly interval: Micros | null;
  readonly checksum: ChecksumForm | null;
  readonly lastHeard: Micros;
  /** The router here that it speaks to; null: none has its VRID. */
  readonly router: string | null;
  /** Why its last advertisement was not accepted; null: it was. `not-running`: nobody looked, as the router takes no part now. */
  readonly rejected: { readonly reason: RejectReason | 'not-running'; readonly detail: string } | null;
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

/** What the agent knows of a check. */
export interface CheckStatus {
  readonly name: string;
  readonly type: Probe['type'];
  readonly verdict: CheckState['verdict'];
  readonly since: Micros;
  readonly last: Look | null;
  /** Good again, and held down until then because it flaps; null: not held. */
  readonly heldUntil: Micros | null;
  /** Names of the routers that depend on it. */
  readonly routers: readonly string[];
}

export interface WatchdogStatus {
  readonly name: string;
  /** The unit, or the command that starts it. */
  readonly service: string;
  readonly phase: Phase['name'];
  readonly since: Micros;
  /** Whether its routers count on it. */
  readonly up: boolean;
  /** What is known of it, in words. */
  readonly seen: string;
  readonly last: Look | null;
  /** How often it was started lately. */
  readonly starts: number;
  /** When it is started next; null: nothing waits. */
  readonly nextStart: Micros | null;
  readonly heldUntil: Micros | null;
  /** Why the last start failed, as its test says; null: nothing known. */
  readonly reason: string | null;
  readonly routers: readonly string[];
}

/** What its checks do to a router, one after the other. */
export interface Dependence {
  readonly router: string;
  readonly parts: readonly Part[];
  /** What is wrong, in words; null: nothing. */
  readonly why: string | null;
  /** What an operator wants of it; null: nothing. */
  readonly order: Order | null;
}

/** The last delivery to one hook of one router. */
export interface HookStatus {
  /** `routerKey` */
  readonly router: string;
  /** The key of the configuration without its `on_`. */
  readonly on: HookEvent;
  /** What was told. */
  readonly event: StateEvent;
  /** In words, without secrets. */
  readonly hook: string;
  readonly ok: boolean;
  /** `exit 0`, `HTTP 204`, `killed after 30 s`, ... */
  readonly seen: string;
  /** When it began, ms since 1970. */
  readonly at: number;
  readonly took: Micros;
}

/** What the agent knows of the services of this machine. */
export interface ServicesStatus {
  /** The agent's monotonic instant, which compares with those below. */
  readonly now: Micros;
  readonly hooks: readonly HookStatus[];
  readonly checks: readonly CheckStatus[];
  readonly watchdogs: readonly WatchdogStatus[];
  readonly routers: readonly Dependence[];
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
  readonly neighbours: readonly Neighbour[];
  /** The running plan goes at that instant unless it is confirmed; null: it stays. */
  readonly confirmBy: Micros | null;
}
