// Which received packets a virtual router believes: the receive checks of RFC 9568 §7.1, with its errata, and of RFC 3768 §7.1
// for version 2, as a ladder of numbered steps in fixed order. Must not know states, clocks or counters: a verdict goes out.
//
//                                                                   RFC 9568              RFC 3768
//   1  TTL or hop limit is 255; from a unicast        ttl-not-255     §5.1.1.3, §5.1.2.3    §5.2.3, §7.1
//      peer, in the range that is set for it
//   2  sent to the VRRP group of its family; to a     not-multicast   §5.1.1.2, §5.1.2.2    §5.2.2
//      router with peers, not to the group            not-unicast     not in the RFC
//   3  the version is this router's                   wrong-version   §7.1                  §7.1
//   4  type 1, ADVERTISEMENT                          wrong-type      §5.2.2, §7.1          §5.3.2
//   5  header, addresses and in version 2             wrong-length    §7.1                  §7.1
//      authentication data complete, no more
//   6  checksum; version 3 over IPv4 in either form   wrong-checksum  §5.2.8, §7.1          §5.3.8, §7.1
//   7  VRID 1..255                                    zero-vrid       §5.2.3                §5.3.3
//   8  the interval is not 0                          zero-interval   §7.1, erratum 8301
//   9  at least one address, unless we have none      no-addresses    §5.2.5, erratum 8299
//      either
//  10  the VRID is this router's                      unknown-vrid    §7.1, erratum 8298    §7.1
//  11  not our own packet, come back                  own-packet      ours: an echo must not count as a second Active
//  12  to a router with peers, from one of them       not-a-peer      not in the RFC
//  13  version 2: the same type of authentication     wrong-password                        §5.3.6, §7.1
//      and the same password
//  14  version 2: the same interval                   wrong-interval                        §7.1
//
// Steps 3 to 8 are `decode`, but for the other version, which is named before anything else is read. An empty message fails
// step 5, as there is no version to look at. That the address owner hears an advertisement at all is worth a log line but no
// reason to discard it (erratum 8298), so it is no step here; nor is another address list, which RFC 3768 lets us check and
// then wants discarded: two routers that discard each other's advertisements are both Active.
import { type Address, type Family, familyOf } from './address.ts';
import {
  type Advertisement,
  type Authentication,
  authenticate,
  checksumForm,
  decode,
  type Endpoints,
  type MalformedReason,
  readInterval,
  VRRP_GROUP,
  VRRP_TTL,
} from './packet.ts';
import { type ChecksumForm, isUnicastRouter, type Peer, type VirtualRouter } from './router.ts';
import type { Micros } from './units.ts';

/** What the network layer said about a packet. */
export interface Reception extends Endpoints {
  /** IPv4 TTL or IPv6 hop limit, 0..255 */
  readonly ttl: number;
}

/** The step that a packet failed. Closed; the same word in code, log, counter and manual. */
export type RejectReason =
  | 'ttl-not-255'
  | 'not-multicast'
  | 'not-unicast'
  | MalformedReason
  | 'no-addresses'
  | 'unknown-vrid'
  | 'own-packet'
  | 'not-a-peer'
  | 'wrong-password'
  | 'wrong-interval';

/** More addresses than anybody reads, of each kind. */
const NAMED = 8;

/** How the address list of an advertisement differs from ours, whatever the order; the first 8 of each kind. */
export interface AddressDifference {
  /** Configured here, not advertised. */
  readonly missing: readonly Address[];
  /** Advertised, not configured here. */
  readonly extra: readonly Address[];
  /** How many more there are of both. */
  readonly more: number;
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
  const unicast = isUnicastRouter(self);
  const peer = self.peers.find(({ address }) => address === rx.source) ?? null;
  const { minTtl, maxTtl } = peer ?? DIRECT;
  if (rx.ttl < minTtl || rx.ttl > maxTtl) return rejected('ttl-not-255', describeTtl(family, rx.ttl, peer));
  const toGroup = rx.destination === VRRP_GROUP[family];
  if (toGroup === unicast) return rejected(unicast ? 'not-unicast' : 'not-multicast', `sent to ${rx.destination}`);
  const first = message[0];
  if (first !== undefined && first >>> 4 !== self.version) return rejected('wrong-version', `version ${first >>> 4}`);
  const advertisement = decode(message, rx);
  if (advertisement.kind === 'malformed') return rejected(advertisement.reason, advertisement.detail);
  if (advertisement.addresses.length === 0 && self.addresses.length > 0) return rejected('no-addresses', 'count 0');
  if (advertisement.vrid !== self.vrid) return rejected('unknown-vrid', `VRID ${advertisement.vrid}`);
  if (rx.source === self.primary) return rejected('own-packet', `from ${rx.source}`);
  if (unicast && peer === null) return rejected('not-a-peer', `from ${rx.source}`);
  if (advertisement.authentication !== null) {
    const wrong = passwordDifference(advertisement.authentication, self.password);
    if (wrong !== null) return rejected('wrong-password', wrong);
    if (advertisement.interval !== self.advertInterval) {
      const detail = `interval ${advertisement.interval / 1_000_000} s, ${self.advertInterval / 1_000_000} s here`;
      return rejected('wrong-interval', detail);
    }
  }
  return { kind: 'admitted', advertisement, differs: difference(self, advertisement.addresses) };
}

/** What any VRRP packet says about its sender, for the list of neighbours. */
export interface Overheard {
  /** 0..15 */
  readonly version: number;
  /** 0..255 */
  readonly vrid: number;
  /** 0..255; null, like the interval, where the header cannot be read. */
  readonly priority: number | null;
  /** As the header says, so it may be 0. */
  readonly interval: Micros | null;
  /** null where the checksum is wrong, or cannot be told. */
  readonly checksum: ChecksumForm | null;
}

/** Reads what can be read, believing nothing. Never throws, whatever the bytes.
 *  @returns null when the message is too short for version and VRID */
export function overheard(message: Uint8Array, rx: Endpoints): Overheard | null {
  const [first, vrid] = message;
  if (first === undefined || vrid === undefined) return null;
  const version = first === 0x21 ? 2 : first === 0x31 ? 3 : null;
  if (version === null || message.length < 8) return { version: first >>> 4, vrid, priority: null, interval: null, checksum: null };
  const header = new DataView(message.buffer, message.byteOffset, 8);
  return {
    version,
    vrid,
    priority: header.getUint8(2),
    interval: readInterval(header, version),
    checksum: checksumForm(message, rx, version),
  };
}

const DIRECT = { minTtl: VRRP_TTL, maxTtl: VRRP_TTL };
const TTL_NAME: Readonly<Record<Family, string>> = { ipv4: 'TTL', ipv6: 'hop limit' };

function describeTtl(family: Family, ttl: number, peer: Peer | null): string {
  const found = `${TTL_NAME[family]} ${ttl}`;
  if (peer === null || peer.minTtl === VRRP_TTL) return found;
  const range = peer.minTtl === peer.maxTtl ? `${peer.minTtl}` : `${peer.minTtl} to ${peer.maxTtl}`;
  return `${found}, ${range} expected of this peer`;
}

/** What is wrong with the authentication, without any byte of a password; null: nothing is. The data of type 0 are to be
 *  ignored, RFC 3768 §5.3.10. */
function passwordDifference(theirs: Authentication, password: string | null): string | null {
  const ours = authenticate(password);
  if (theirs.type > 1) return `authentication type ${theirs.type}`;
  if (theirs.type !== ours.type) return password === null ? 'a password, none is set here' : 'no password';
  const same = theirs.type === 0 || ours.data.every((byte, index) => byte === theirs.data[index]);
  return same ? null : 'another password';
}

/** Allocates only when the lists are not the same in the same order, which between healthy peers they are. */
function difference(self: VirtualRouter, advertised: readonly Address[]): AddressDifference | null {
  const { addresses } = self;
  if (addresses.length === advertised.length && addresses.every((ours, index) => ours.address === advertised[index])) return null;
  const ours = new Set(addresses.map(prefix => prefix.address));
  const theirs = new Set(advertised);
  const missing = [...ours].filter(address => !theirs.has(address));
  const extra = [...theirs].filter(address => !ours.has(address));
  const all = missing.length + extra.length;
  if (all === 0) return null;
  const named = { missing: missing.slice(0, NAMED), extra: extra.slice(0, NAMED) };
  return { ...named, more: all - named.missing.length - named.extra.length };
}

function rejected(reason: RejectReason, detail: string): Rejected {
  return { kind: 'rejected', reason, detail };
}
