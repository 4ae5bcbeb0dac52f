// What its interfaces mean to a virtual router: whether they can carry it, and from which address it speaks.
// Pure; must not know states or sockets.
import type { HeldAddress, Link } from '../platform/ports.ts';
import { type Address, familyOf, isLinkLocal } from '../vrrp/address.ts';
import type { Unusable } from '../vrrp/event.ts';
import { isOwner, type RouterSpec, type VirtualAddress } from '../vrrp/router.ts';

/** Interfaces by name. */
export type Links = ReadonlyMap<string, Link>;

export type Footing =
  | {
      readonly usable: true;
      /** Of the advertisements. */
      readonly link: Link;
      /** Every interface of the router, that one among them. */
      readonly links: Links;
      readonly primary: Address;
    }
  | {
      readonly usable: false;
      readonly reason: Unusable;
      /** The one to blame. */
      readonly interface: string;
      /** Of the advertisements, when only another interface is unusable: one may still speak. */
      readonly link: Link | null;
    };

/** Made of a link when somebody first asks; it is the same object until something about the interface changes. */
const indexes = new WeakMap<Link, ReadonlyMap<Address, readonly HeldAddress[]>>();
const NONE: readonly HeldAddress[] = [];

/** An address as it is on an interface, once for each prefix length. Hundreds of routers may ask, about hundreds of addresses. */
export function heldOn(link: Link, address: Address): readonly HeldAddress[] {
  const known = indexes.get(link) ?? Map.groupBy(link.addresses, held => held.address);
  indexes.set(link, known);
  return known.get(address) ?? NONE;
}

/** The interface that an address lives on. */
export function interfaceOf(spec: RouterSpec, address: VirtualAddress): string {
  return address.interface ?? spec.interface;
}

/** Every interface that the router needs, that of the advertisements first. */
export function interfacesOf(spec: RouterSpec): readonly string[] {
  return [...new Set([spec.interface, ...spec.addresses.map(address => interfaceOf(spec, address))])];
}

/** @param look finds an interface by its name
 *  @param virtual every virtual address of this machine on the interface of the advertisements: none of them is our own
 *  @param current the address we spoke from until now; kept while it is there, so that no election is held over nothing */
export function footing(
  spec: RouterSpec,
  look: (name: string) => Link | undefined,
  virtual: ReadonlySet<Address>,
  current: Address | null,
): Footing {
  const unusable = (reason: Unusable, on: string, link: Link | null): Footing => ({ usable: false, reason, interface: on, link });
  const link = look(spec.interface);
  if (link === undefined) return unusable('interface-missing', spec.interface, null);
  // A crossover cable has no carrier when the peer is dead, which is when this router is needed.
  const carries = link.unusable === null || (link.unusable === 'no-carrier' && !spec.trackInterface);
  if (!carries) return unusable(link.unusable, spec.interface, null);
  const primary = primaryAddress(spec, link, virtual, current);
  if (primary === null) return unusable('no-address', spec.interface, null);
  const links = new Map<string, Link>();
  for (const name of interfacesOf(spec)) {
    const other = look(name);
    if (other === undefined) return unusable('interface-missing', name, link);
    if (other !== link && other.unusable !== null) return unusable(other.unusable, name, link);
    links.set(name, other);
  }
  return { usable: true, link, links, primary };
}

/** RFC 9568 §1.7: one of the interface's own addresses, over IPv6 a link-local one (§5.1.2.1); for an owner that may be the
 *  virtual address itself. Unicast over IPv6 to peers behind routers needs an address that these can answer. */
function primaryAddress(spec: RouterSpec, link: Link, virtual: ReadonlySet<Address>, current: Address | null): Address | null {
  const local = spec.peers.every(peer => isLinkLocal(peer.address));
  const fits = ({ address, marked, tentative }: HeldAddress): boolean => {
    if (familyOf(address) !== spec.family || tentative) return false;
    // Virtual, for us or for another daemon of this machine.
    if ((virtual.has(address) || marked) && !isOwner(spec)) return false;
    if (spec.source !== null) return address === spec.source;
    return spec.family === 'ipv4' || isLinkLocal(address) === local;
  };
  // First what was right until now: an interface may have hundreds of addresses, and hundreds of routers ask.
  if (current !== null && heldOn(link, current).some(fits)) return current;
  const fit = link.addresses.filter(fits);
  const first = fit.filter(held => !held.secondary);
  return (first.find(held => held.validFor === null) ?? first[0] ?? fit[0])?.address ?? null;
}
