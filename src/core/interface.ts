// What an interface means to a virtual router: whether it can carry one, and from which address it speaks.
// Pure; must not know states or sockets.
import type { Link } from '../platform/ports.ts';
import { type Address, familyOf } from '../vrrp/address.ts';
import type { Unusable } from '../vrrp/event.ts';
import { isOwner, type RouterSpec } from '../vrrp/router.ts';

export type Footing =
  | { readonly usable: true; readonly link: Link; readonly primary: Address }
  | { readonly usable: false; readonly reason: Unusable };

/** @param virtual every virtual address of this machine on that interface: none of them is our own
 *  @param current the address we spoke from until now; kept while it is there, so that no election is held over nothing */
export function footing(spec: RouterSpec, link: Link | undefined, virtual: ReadonlySet<Address>, current: Address | null): Footing {
  if (link === undefined) return { usable: false, reason: 'interface-missing' };
  if (link.unusable !== null) return { usable: false, reason: link.unusable };
  const primary = primaryAddress(spec, link, virtual, current);
  return primary === null ? { usable: false, reason: 'no-address' } : { usable: true, link, primary };
}

/** RFC 9568 §1.7: one of the interface's own addresses; for an owner that may be the virtual address itself. */
function primaryAddress(spec: RouterSpec, link: Link, virtual: ReadonlySet<Address>, current: Address | null): Address | null {
  const own = link.addresses.filter(held => familyOf(held.address) === spec.family && (isOwner(spec) || !virtual.has(held.address)));
  if (own.some(held => held.address === current)) return current;
  return (own.find(held => !held.secondary) ?? own[0])?.address ?? null;
}
