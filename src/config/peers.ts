// What is to be said about the unicast peers of a router, and about the address that it speaks from.
// Must not know single values, nor which of these addresses are this machine's (environment.ts).
import { type Address, type Family, familyOf, isLinkLocal } from '../vrrp/address.ts';
import { OWNER } from '../vrrp/units.ts';
import { quote } from './diagnostic.ts';
import type { PlacedFinding } from './finding.ts';
import { familiesOf, type Router } from './router.ts';

/** Peers that cannot be, and families that would have none. */
export function checkPeers(router: Router): readonly PlacedFinding[] {
  const { settings, placeOf, name } = router;
  const { peers } = settings;
  if (peers.length === 0) return [];
  const wrong = (place: readonly (string | number)[], message: string, hint?: string): PlacedFinding => ({
    code: 'bad-peer',
    severity: 'error',
    message,
    place: placeOf(['peers', ...place]),
    hint,
  });
  const first = new Map<Address, number>();
  const findings = peers.flatMap(({ address }, index): PlacedFinding[] => {
    const twice = first.get(address);
    first.set(address, twice ?? index);
    if (twice !== undefined) {
      const related = [{ message: 'first listed at', place: placeOf(['peers', twice]) }];
      return [{ ...wrong([index], `${address} is listed twice`), related }];
    }
    if (isVirtual(router, address)) {
      const hint = 'a peer needs an address of its own, which it has whether it is Active or not';
      return [wrong([index], `${address} is a virtual address, not a peer`, hint)];
    }
    return serves(router, familyOf(address)) ? [] : [wrong([index], strange(router, address))];
  });
  for (const family of familiesOf(settings)) {
    if (peers.some(({ address }) => familyOf(address) === family)) continue;
    const hint = `add the ${NAMES[family]} address of each peer, or put the ${NAMES[family]} addresses into a virtual router of their own`;
    findings.push(wrong([], `virtual router ${quote(name)} has ${NAMES[family]} addresses, but no peer over ${NAMES[family]}`, hint));
  }
  return findings;
}

/** A source that cannot be. */
export function checkSource(router: Router): readonly PlacedFinding[] {
  const { settings, placeOf, isBroken } = router;
  const { source, peers } = settings;
  if (source === undefined) return [];
  const wrong = (message: string, hint?: string): PlacedFinding[] => [
    { code: 'bad-source', severity: 'error', message, place: placeOf(['source']), hint },
  ];
  if (isVirtual(router, source)) {
    return wrong(`${source} is a virtual address`, 'advertisements come from an address that the machine has whether it is Active or not');
  }
  if (!serves(router, familyOf(source))) return wrong(strange(router, source));
  if (familyOf(source) === 'ipv4' || isLinkLocal(source) || peers.length > 0 || isBroken('peers')) return [];
  return wrong(
    `${source} is not link-local, as the source of IPv6 multicast must be (RFC 9568 §5.1.2.1)`,
    "leave `source` out, or write the interface's address that begins with fe80:",
  );
}

const NAMES: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

/** An owner's virtual addresses are its own. */
function isVirtual({ settings: { addresses = [], priority } }: Router, address: Address): boolean {
  return priority !== OWNER && addresses.some(virtual => virtual.address === address);
}

function serves({ settings }: Router, family: Family): boolean {
  return familiesOf(settings).includes(family);
}

function strange({ name }: Router, address: Address): string {
  return `${address} is an ${NAMES[familyOf(address)]} address, and virtual router ${quote(name)} has none of that family`;
}
