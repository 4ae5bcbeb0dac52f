// Which received packets a virtual router believes: the receive checks of RFC 9568 §7.1, with its errata, as a ladder of
// numbered steps in fixed order. Must not know states, clocks or counters: a verdict goes out, and nothing is touched.
//
//   1  TTL or hop limit is 255                      ttl-not-255     §5.1.1.3, §5.1.2.3
//   2  sent to the VRRP group of its family         not-multicast   §5.1.1.2, §5.1.2.2
//   3  version 3                                    wrong-version   §7.1
//   4  type 1, ADVERTISEMENT                        wrong-type      §5.2.2, §7.1
//   5  header and addresses complete, no more       wrong-length    §7.1
//   6  checksum, over IPv4 in either form           wrong-checksum  §5.2.8, §7.1
//   7  at least one address                         no-addresses    §5.2.5, erratum 8299
//   8  VRID 1..255                                  zero-vrid       §5.2.3
//   9  Max Advertise Interval not 0                 zero-interval   §7.1, erratum 8301
//  10  the VRID is this router's                    unknown-vrid    §7.1, erratum 8298
//  11  not our own packet, come back                own-packet      ours: an echo must not count as a second Active
//
// Steps 3 to 9 are `decode`. An empty message fails step 5, as there is no version to look at. That the address owner hears
// an advertisement at all is worth a log line but no reason to discard it (erratum 8298), so it is no step here.
import { type Address, type Family, familyOf } from './address.ts';
import { type Advertisement, decode, type Endpoints, type MalformedReason, VRRP_GROUP, VRRP_TTL } from './packet.ts';
import type { VirtualRouter } from './router.ts';

/** What the network layer said about a packet. */
export interface Reception extends Endpoints {
  /** IPv4 TTL or IPv6 hop limit, 0..255 */
  readonly ttl: number;
}

/** The step that a packet failed. Closed; the same word in code, log, counter and manual. */
export type RejectReason = 'ttl-not-255' | 'not-multicast' | MalformedReason | 'unknown-vrid' | 'own-packet';

/** How the address list of an advertisement differs from ours, whatever the order. */
export interface AddressDifference {
  /** Configured here, not advertised. */
  readonly missing: readonly Address[];
  /** Advertised, not configured here. */
  readonly extra: readonly Address[];
}

export interface Admitted {
  readonly kind: 'admitted';
  readonly advertisement: Advertisement;
  /** A misconfiguration worth a log line, RFC 9568 §7.1; the packet counts all the same. null: no difference. */
  readonly differs: AddressDifference | null;
}

export interface Rejected {
  readonly kind: 'rejected';
  readonly reason: RejectReason;
  /** The evidence in a few words, such as "TTL 64". */
  readonly detail: string;
}

/** The VRID that a message claims to be for, so that its router can be found before anything is decoded.
 *  @returns 0..255, or null when the message is too short to have one */
export function peekVrid(message: Uint8Array): number | null {
  return message[1] ?? null;
}

/** Climbs the ladder above. Never throws, whatever the bytes.
 *  @param message what follows the IP header; not kept
 *  @param self the router that `peekVrid` led to, on the receiving interface */
export function examine(message: Uint8Array, rx: Reception, self: VirtualRouter): Admitted | Rejected {
  const family = familyOf(rx.source);
  if (rx.ttl !== VRRP_TTL) return rejected('ttl-not-255', `${TTL_NAME[family]} ${rx.ttl}`);
  if (rx.destination !== VRRP_GROUP[family]) return rejected('not-multicast', `sent to ${rx.destination}`);
  const advertisement = decode(message, rx);
  if (advertisement.kind === 'malformed') return rejected(advertisement.reason, advertisement.detail);
  if (advertisement.vrid !== self.vrid) return rejected('unknown-vrid', `VRID ${advertisement.vrid}`);
  if (rx.source === self.primary) return rejected('own-packet', `from ${rx.source}`);
  return { kind: 'admitted', advertisement, differs: difference(self, advertisement.addresses) };
}

const TTL_NAME: Readonly<Record<Family, string>> = { ipv4: 'TTL', ipv6: 'hop limit' };

/** Allocates only when the lists are not the same in the same order, which between healthy peers they are. */
function difference(self: VirtualRouter, advertised: readonly Address[]): AddressDifference | null {
  const { addresses } = self;
  if (addresses.length === advertised.length && addresses.every((ours, index) => ours.address === advertised[index])) return null;
  const ours = new Set(addresses.map(prefix => prefix.address));
  const theirs = new Set(advertised);
  const missing = [...ours].filter(address => !theirs.has(address));
  const extra = [...theirs].filter(address => !ours.has(address));
  return missing.length + extra.length === 0 ? null : { missing, extra };
}

function rejected(reason: RejectReason, detail: string): Rejected {
  return { kind: 'rejected', reason, detail };
}
