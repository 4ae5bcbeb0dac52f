// Everything that can happen to a virtual router, as values. The state machine learns of the world only by these.
// Must not know what is done about them.
import type { Address } from './address.ts';
import type { VirtualRouter } from './router.ts';
import type { Micros, Priority } from './units.ts';

/** Why an interface cannot carry a virtual router just now. */
export type Unusable = 'interface-missing' | 'interface-down' | 'no-carrier' | 'no-address';

export type Event =
  /** The interface is usable and we may take part. `adopted`: addresses of a former life are still on the interface. */
  | { readonly type: 'startup'; readonly adopted: boolean }
  /** Leave the virtual router in order. */
  | { readonly type: 'shutdown' }
  /** The clock reached `deadline(state)`. A late or needless one finds nothing due. */
  | { readonly type: 'time' }
  /** An admitted advertisement; `priority` 0 says that its sender stops taking part. */
  | { readonly type: 'advert'; readonly from: Address; readonly priority: Priority | 0; readonly interval: Micros }
  /** Settings, health or our own address changed; `self` is already the new one. */
  | { readonly type: 'reconfigured'; readonly previous: VirtualRouter }
  /** Our interfaces cannot carry us any more. `speaks`: the one of the advertisements still can, so we may leave in order. */
  | { readonly type: 'link-down'; readonly reason: Unusable; readonly speaks: boolean }
  /** The interface carries us again. */
  | { readonly type: 'link-up' }
  /** Somebody took a virtual address off the interface while it was ours. */
  | { readonly type: 'address-lost' }
  /** The addresses cannot be held: they could not be added, or were taken away again and again. Stay out for `wait`. */
  | { readonly type: 'fault'; readonly wait: Micros };
