// Everything that engine and agent say to each other: one union in each direction, JSON lines over a socket pair.
// Must not know sockets, and nothing that only one of the two can know.
import type { Reason } from '../vrrp/action.ts';
import type { Plan } from '../vrrp/router.ts';
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

export type ToEngine =
  | { readonly type: 'hello'; readonly protocol: number; readonly version: string }
  /** The whole wish; the engine works out the difference. */
  | { readonly type: 'plan'; readonly plan: Plan }
  /** No plan will come: the configuration is unusable, or this machine is. The engine leaves with this exit code. */
  | { readonly type: 'refuse'; readonly exit: number }
  | { readonly type: 'health'; readonly health: readonly Health[] }
  | { readonly type: 'status'; readonly id: number };

export type ToAgent =
  /** First of all. `plan` is what runs already: an agent that was restarted serves it and reads no file. */
  | { readonly type: 'hello'; readonly protocol: number; readonly version: string; readonly plan: Plan | null }
  | { readonly type: 'applied'; readonly refused: readonly Refused[] }
  | { readonly type: 'transition'; readonly transition: Transition }
  | { readonly type: 'status'; readonly id: number; readonly status: EngineStatus };

/** A router that the engine would not start. */
export interface Refused {
  readonly router: string;
  readonly reason: 'already-running';
}
