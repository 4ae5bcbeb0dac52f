// What hooks are told of a router: the engine's word for what happened, with what the configuration says about the router.
// Must not know hooks.
import { formatPrefix } from '../vrrp/address.ts';
import type { RouterSpec } from '../vrrp/router.ts';
import { routerKey } from '../vrrp/router.ts';
import type { RoleChange } from './hook-call.ts';
import type { Transition } from './messages.ts';
import type { RouterStatus } from './status.ts';

type About = Pick<RoleChange, 'router' | 'name' | 'family' | 'vrid' | 'interface' | 'addresses'>;

function about(spec: RouterSpec): About {
  const { name, family, vrid, interface: device, addresses } = spec;
  return { router: routerKey(spec), name, family, vrid, interface: device, addresses: addresses.map(formatPrefix) };
}

/** A change that the engine has told. */
export function changeOf(spec: RouterSpec, { from, to, reason, why, priority, active, stopping, at }: Transition): RoleChange {
  return { ...about(spec), from, to, reason, why, priority, active, stopping, at };
}

/** Where a router is now; how it came there nobody has seen. */
export function situationOf(spec: RouterSpec, { state, reason, priority, active, since }: RouterStatus): RoleChange {
  return { ...about(spec), from: null, to: state, reason, why: null, priority: priority.effective, active, stopping: false, at: since };
}
