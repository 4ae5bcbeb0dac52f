// Everything that engine and agent say to each other: one union in each direction, JSON lines over a socket pair.
// Must not know sockets, and nothing that only one of the two can know.
import type { StateEvent } from '../check/duties.ts';
import type { Stand } from '../check/orders.ts';
import type { Plan } from '../config/plan.ts';
import type { Reason } from '../vrrp/action.ts';
import type { ChecksumForm } from '../vrrp/router.ts';
import type { State } from '../vrrp/state.ts';
import type { Micros } from '../vrrp/units.ts';
import type { Entry } from './history.ts';
import type { EngineStatus, RouterStatus } from './status.ts';

/** Both are the same executable (the engine starts its own, not what the path names by then), so a difference is our bug. */
export const PROTOCOL = 1;

/** Health of one router, as the agent judges it. */
export interface Health extends Stand {
  /** `routerKey` */
  readonly router: string;
}

/** What a log says, without the time. */
export type LogLine = Omit<Entry, 'at'>;

/** A role changed: what hooks, history and systemd's status line live on. */
export interface Transition {
  readonly router: string;
  readonly from: State['name'];
  readonly to: State['name'];
  readonly reason: Reason;
  /** The sentence of the log. */
  readonly why: string;
  /** The effective one, after the change. */
  readonly priority: number;
  /** Whoever holds the role then. */
  readonly active: RouterStatus['active'];
  /** Somebody wants it to end: the daemon stops, or a reload took the router out. */
  readonly stopping: boolean;
  /** Engine's monotonic instant. */
  readonly at: Micros;
}

/** What a router has learned about its peers, and what is lost with its process otherwise. Design 4.7. */
export interface Learned {
  /** `routerKey` */
  readonly router: string;
  /** The forms in which its peers send their checksums. */
  readonly checksums: readonly ChecksumForm[];
}

export type ToEngine =
  | { readonly type: 'hello'; readonly protocol: number; readonly version: string }
  /** The whole wish; the engine works out the difference.
   *  `confirmWithin`: go back to the plan before, unless `confirm` follows within that time. */
  | {
      readonly type: 'plan';
      readonly id: number;
      readonly plan: Plan;
      readonly learned: readonly Learned[];
      /** Of the routers that checks decide about, as far as known; the others are as they were, a new one is demoted. */
      readonly health: readonly Health[];
      readonly confirmWithin: Micros | null;
    }
  /** The plan on probation stays. */
  | { readonly type: 'confirm' }
  /** The reload that was asked for brings no plan: the file is unchanged, or wrong. What runs goes on. */
  | { readonly type: 'keep' }
  /** No plan will come: the configuration is unusable, or this machine is. The engine leaves with this exit code. */
  | { readonly type: 'refuse'; readonly exit: number }
  /** Of all routers that checks decide about, at least every few seconds: nobody knows how they are when it stays out. */
  | { readonly type: 'health'; readonly health: readonly Health[] }
  /** Announce the addresses that are held here once more: to whoever missed it. */
  | { readonly type: 'announce'; readonly routers: readonly string[] }
  /** The hooks of this state were called, so that an agent that is started again does not call them once more; null: they are
   *  being called. */
  | { readonly type: 'told'; readonly router: string; readonly event: StateEvent | null }
  /** Every hook has been called; after `finish`. */
  | { readonly type: 'finished' }
  | { readonly type: 'status'; readonly id: number };

export type ToAgent =
  /** First of all. `running` is what runs already: an agent that was restarted serves it and reads no file. */
  | { readonly type: 'hello'; readonly protocol: number; readonly version: string; readonly running: Legacy | null }
  /** The configuration is to be read again: SIGHUP. */
  | { readonly type: 'reload' }
  /** @see ToEngine `plan` of the same id */
  | { readonly type: 'applied'; readonly id: number; readonly refused: readonly Refused[] }
  /** Nobody confirmed in time: this plan, the one before, runs again. */
  | { readonly type: 'reverted'; readonly plan: Plan }
  | { readonly type: 'learned'; readonly learned: Learned }
  /** A line of the engine's log. `at`: its monotonic instant. */
  | { readonly type: 'logged'; readonly at: Micros; readonly line: LogLine }
  /** The daemon stops and no transition follows: call the hooks that wait, then say `finished`. */
  | { readonly type: 'finish' }
  | { readonly type: 'transition'; readonly transition: Transition }
  | { readonly type: 'status'; readonly id: number; readonly status: EngineStatus };

/** What an agent finds when the one before it has died. */
export interface Legacy {
  readonly plan: Plan;
  readonly health: readonly Health[];
  /** By `routerKey`, the state whose hooks were called last; null: nobody knows. */
  readonly told: Readonly<Record<string, StateEvent | null>>;
}

/** A router that the engine would not start. */
export interface Refused {
  /** `routerKey` */
  readonly router: string;
  readonly reason: 'already-running';
}
