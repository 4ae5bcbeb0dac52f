// The VRRP message as bytes and as a value: version 3 of RFC 9568 §5.2, over IPv4 and IPv6. Network byte order.
// Must not know virtual routers, states or sockets; of the IP header only what the checksum covers.
//
//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  0 |Version| Type  | Virtual Rtr ID|   Priority    |  Addr Count   |
//    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  4 |Reserve| Max Advertise Interval|          Checksum             |
//    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  8 |                 Addr Count x 4 or 16 bytes                    |
//    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// The interval is in centiseconds. The checksum covers the message; over IPv6 the pseudo-header too, and over IPv4 it does
// where the sender follows RFC 5798, which is obsolete but what keepalived and FRR speak (decision 0003).

import { type Address, addressFromBytes, type Family, familyOf, sizeOf, writeAddress } from './address.ts';
import { complement, fold, sumPseudoHeader, sumWords } from './checksum.ts';
import type { ChecksumForm, Version } from './router.ts';
import { type Centis, fromCentis, type Micros, type Priority, priority, toCentis, type Vrid, vrid } from './units.ts';

/** The IP protocol number of VRRP. RFC 9568 §5.1.1.4. */
export const VRRP_PROTOCOL = 112;

/** TTL or hop limit of every advertisement, so that none can have crossed a router. RFC 9568 §5.1.1.3, §5.1.2.3. */
export const VRRP_TTL = 255;

/** The groups that advertisements go to. RFC 9568 §5.1.1.2, §5.1.2.2. */
export const VRRP_GROUP: Readonly<Record<Family, Address>> = { ipv4: '224.0.0.18' as Address, ipv6: 'ff02::12' as Address };

/** The addresses in the IP header. */
export interface Endpoints {
  readonly source: Address;
  readonly destination: Address;
}

export interface Advertisement {
  readonly kind: 'advertisement';
  readonly version: Version;
  readonly vrid: Vrid;
  /** 0: the sender stops taking part. */
  readonly priority: Priority | 0;
  /** Max Advertise Interval, 10 ms..40.95 s in steps of 10 ms. */
  readonly interval: Micros;
  /** At least one, all of one family. Over IPv6 the first is link-local (§5.2.9); that is the sender's duty. */
  readonly addresses: readonly Address[];
  /** Over IPv6 there is only one form, called `rfc9568`. */
  readonly checksum: ChecksumForm;
}

/** Why bytes are no advertisement; the order is the order of the checks. */
export type MalformedReason =
  | 'wrong-version'
  | 'wrong-type'
  /** Incomplete, or bytes left over. */
  | 'wrong-length'
  | 'wrong-checksum'
  | 'no-addresses'
  | 'zero-vrid'
  | 'zero-interval';

export interface Malformed {
  readonly kind: 'malformed';
  readonly reason: MalformedReason;
  /** The evidence in a few words, such as "version 2". */
  readonly detail: string;
}

const HEADER = 8;
const ADVERTISEMENT = 1;
const MTU = 1500;
const IP_HEADER: Readonly<Record<Family, number>> = { ipv4: 20, ipv6: 40 };

/** How many addresses one advertisement can carry: the count has 8 bits and the packet must fit 1500 bytes.
 *  @returns 255 for IPv4, 90 for IPv6 */
export function maxAddresses(family: Family): number {
  return Math.min(255, Math.floor((MTU - IP_HEADER[family] - HEADER) / sizeOf(family)));
}

/** Reads one VRRP message, steps 3 to 9 of the ladder in `admit.ts`. Never throws, whatever the bytes.
 *  @param message what follows the IP header; not kept
 *  @param rx the source's family decides the size of the addresses
 *  @returns what the message says, or the first thing that is wrong with it */
export function decode(message: Uint8Array, rx: Endpoints): Advertisement | Malformed {
  if (message.length === 0) return malformed('wrong-length', 'empty');
  const bytes = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const version = bytes.getUint8(0) >>> 4;
  if (version !== 3) return malformed('wrong-version', `version ${version}`);
  const type = bytes.getUint8(0) & 0x0f;
  if (type !== ADVERTISEMENT) return malformed('wrong-type', `type ${type}`);

  if (message.length < HEADER) return malformed('wrong-length', `${message.length} bytes, the header alone has ${HEADER}`);
  const family = familyOf(rx.source);
  const count = bytes.getUint8(3);
  const size = sizeOf(family);
  const length = HEADER + count * size;
  if (message.length !== length) return malformed('wrong-length', `${message.length} bytes, ${length} for ${count} addresses`);

  const checksum = checksumForm(message, rx);
  if (checksum === null) return malformed('wrong-checksum', `0x${bytes.getUint16(6).toString(16).padStart(4, '0')}`);

  if (count === 0) return malformed('no-addresses', 'count 0');
  const id = bytes.getUint8(1);
  if (id === 0) return malformed('zero-vrid', 'VRID 0');
  const interval = bytes.getUint16(4) & 0x0fff;
  if (interval === 0) return malformed('zero-interval', 'interval 0');

  const level = bytes.getUint8(2);
  const addresses: Address[] = [];
  for (let at = HEADER; at < length; at += size) addresses.push(addressFromBytes(message, at, family));
  return {
    kind: 'advertisement',
    version,
    vrid: vrid(id),
    priority: level === 0 ? 0 : priority(level),
    interval: fromCentis(interval as Centis),
    addresses,
    checksum,
  };
}

/** Writes one VRRP message, RFC 9568 §7.2. What it refuses is our own bug: configuration has been checked before.
 *  @param source the sender's own address; together with `destination` part of the checksum where the form says so
 *  @throws RangeError for another version than 3, no or too many addresses, a mixture of families, an interval that
 *  is no whole number of centiseconds 1..4095 */
export function encode(advertisement: Advertisement, source: Address, destination: Address): Uint8Array {
  const { addresses } = advertisement;
  const family = familyOf(source);
  const size = sizeOf(family);
  if (advertisement.version !== 3) throw new RangeError(`version ${advertisement.version} cannot be sent`);
  if (addresses.length < 1 || addresses.length > maxAddresses(family)) throw new RangeError(`${addresses.length} addresses`);

  const message = new Uint8Array(HEADER + addresses.length * size);
  const bytes = new DataView(message.buffer);
  bytes.setUint8(0, (advertisement.version << 4) | ADVERTISEMENT);
  bytes.setUint8(1, advertisement.vrid);
  bytes.setUint8(2, advertisement.priority);
  bytes.setUint8(3, addresses.length);
  bytes.setUint16(4, toCentis(advertisement.interval));
  let at = HEADER;
  for (const address of addresses) {
    if (familyOf(address) !== family) throw new RangeError(`${address} in an advertisement from ${source}`);
    writeAddress(address, message, at);
    at += size;
  }
  const withPseudoHeader = family === 'ipv6' || advertisement.checksum === 'rfc5798';
  const pseudoHeader = withPseudoHeader ? sumPseudoHeader(source, destination, VRRP_PROTOCOL, message.length) : 0;
  bytes.setUint16(6, complement(sumWords(message) + pseudoHeader));
  return message;
}

/** Which form the checksum of this message is right in; null: in none. For about one IPv4 sender in 65,000 the pseudo-header
 *  sums up to nothing and both forms are the same bytes: that counts as RFC 9568. */
function checksumForm(message: Uint8Array, rx: Endpoints): ChecksumForm | null {
  const sum = sumWords(message);
  const overIpv6 = familyOf(rx.source) === 'ipv6';
  if (!overIpv6 && fold(sum) === 0xffff) return 'rfc9568';
  if (fold(sum + sumPseudoHeader(rx.source, rx.destination, VRRP_PROTOCOL, message.length)) !== 0xffff) return null;
  return overIpv6 ? 'rfc9568' : 'rfc5798';
}

function malformed(reason: MalformedReason, detail: string): Malformed {
  return { kind: 'malformed', reason, detail };
}
