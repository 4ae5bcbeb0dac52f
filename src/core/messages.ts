// Everything that engine and agent say to each other: one union in each direction, JSON lines over a socket pair.
// Must not know sockets, and nothing that only one of the two can know.
import type { Reason } from '../vrrp/action.ts';
import type { ChecksumForm, Plan } from '../vrrp/router.ts';
import type { State } from '../vrrp/state.ts';
import type { Micros } from '../vrrp/units.ts';
import type { EngineStatus } from './status.ts';

/** Both are the same executable (the engine starts its own, not what the path names by then), so a difference is our bug. */
export const PROTOCOL = 1;

/** Health of one tracked router, as the agent judges it. */
export interface Health {
  /** `routerKey` */
  readonly router: string;
  readonly demoted: boolean;
}

/** A role changed: what hooks, history and systemd's status line live on. */
export interface Transition {
  readonly router: string;
  readonly from: State['name'];
  readonly to: State['name'];
  readonly reason: Reason;
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
      readonly confirmWithin: Micros | null;
    }
  /** The plan on probation stays. */
  | { readonly type: 'confirm' }
  /** The reload that was asked for brings no plan: the file is unchanged, or wrong. What runs goes on. */
  | { readonly type: 'keep' }
  /** No plan will come: the configuration is unusable, or this machine is. The engine leaves with this exit code. */
  | { readonly type: 'refuse'; readonly exit: number }
  | { readonly type: 'health'; readonly health: readonly Health[] }
  | { readonly type: 'status'; readonly id: number };

export type ToAgent =
  /** First of all. `plan` is what runs already: an agent that was restarted serves it and reads no file. */
  | { readonly type: 'hello'; readonly protocol: number; readonly version: string; readonly plan: Plan | null }
  /** The configuration is to be read again: SIGHUP. */
  | { readonly type: 'reload' }
  /** @see ToEngine `plan` of the same id */
  | { readonly type: 'applied'; readonly id: number; readonly refused: readonly Refused[] }
  /** Nobody confirmed in time: this plan, the one before, runs again. */
  | { readonly type: 'reverted'; readonly plan: Plan }
  | { readonly type: 'learned'; readonly learned: Learned }
  | { readonly type: 'transition'; readonly transition: Transition }
  | { readonly type: 'status'; readonly id: number; readonly status: EngineStatus };

/** A router that the engine would not start. */
export interface Refused {
  /** `routerKey` */
  readonly router: string;
  readonly reason: 'already-running';
}
