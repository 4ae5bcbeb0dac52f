// The VRRP message as bytes and as a value: version 3 of RFC 9568 §5.2 over IPv4 and IPv6, version 2 of RFC 3768 §5.3 over
// IPv4. Must not know virtual routers, states or sockets; of the IP header only what the checksum covers. Network byte order.
//
//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  0 |Version| Type  | Virtual Rtr ID|   Priority    |  Addr Count   |
//    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  4 |Reserve| Max Advertise Interval|          Checksum             |   version 3
//    |   Auth Type   |   Adver Int   |          Checksum             |   version 2
//    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  8 |                 Addr Count x 4 or 16 bytes                    |
//    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//    |            Authentication Data, 8 bytes, always               |   version 2
//    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// The interval is in centiseconds, in version 2 in seconds. The checksum covers the message; over IPv6 the pseudo-header too,
// and over IPv4 it does where a version 3 sender follows RFC 5798, which is obsolete but what keepalived and FRR speak
// (decision 0004). Never in version 2.

import { type Address, addressFromBytes, type Family, familyOf, sizeOf, writeAddress } from './address.ts';
import { complement, fold, sumPseudoHeader, sumWords } from './checksum.ts';
import type { ChecksumForm, Version } from './router.ts';
import { type Centis, fromCentis, type Micros, type Priority, priority, seconds, toCentis, toSeconds, type Vrid, vrid } from './units.ts';

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

/** What version 2 says to prove itself: type 0 nothing, type 1 a password in plain text. RFC 2338 §5.3.6, §5.3.10; RFC 3768
 *  took all but 0 away, keepalived did not. */
export interface Authentication {
  readonly type: number;
  /** 8 bytes. A password: never to be logged or shown. */
  readonly data: Uint8Array;
}

export interface Advertisement {
  readonly kind: 'advertisement';
  readonly version: Version;
  readonly vrid: Vrid;
  /** 0: the sender stops taking part. */
  readonly priority: Priority | 0;
  /** Max Advertise Interval, 10 ms..40.95 s in steps of 10 ms; in version 2 1..255 s in steps of 1 s. */
  readonly interval: Micros;
  /** All of one family; may be none. Over IPv6 the first is link-local (§5.2.9); that is the sender's duty. */
  readonly addresses: readonly Address[];
  /** Over IPv6 and in version 2 there is only one form, called `rfc9568`. */
  readonly checksum: ChecksumForm;
  /** null in version 3, and only there. */
  readonly authentication: Authentication | null;
}

/** Why bytes are no advertisement; the order is the order of the checks. */
export type MalformedReason =
  | 'wrong-version'
  | 'wrong-type'
  /** Incomplete, or bytes left over. */
  | 'wrong-length'
  | 'wrong-checksum'
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
const AUTHENTICATION = 8;
const NO_AUTHENTICATION = 0;
const PASSWORD = 1;
const MTU = 1500;
const IP_HEADER: Readonly<Record<Family, number>> = { ipv4: 20, ipv6: 40 };

/** How many addresses one advertisement can carry: the count has 8 bits and the packet must fit 1500 bytes.
 *  @returns 255 for IPv4, 90 for IPv6 */
export function maxAddresses(family: Family): number {
  return Math.min(255, Math.floor((MTU - IP_HEADER[family] - HEADER) / sizeOf(family)));
}

/** The authentication of version 2: type 1 with the password, padded with zeros, or type 0 with nothing.
 *  @param password UTF-8, 8 bytes at most
 *  @throws RangeError for a longer one, without quoting it */
export function authenticate(password: string | null): Authentication {
  const data = new Uint8Array(AUTHENTICATION);
  if (password === null) return { type: NO_AUTHENTICATION, data };
  const text = new TextEncoder().encode(password);
  if (text.length > AUTHENTICATION) throw new RangeError(`a password of ${text.length} bytes, ${AUTHENTICATION} at most`);
  data.set(text);
  return { type: PASSWORD, data };
}

/** Reads one VRRP message of either version, steps 3 to 8 of the ladder in `admit.ts`. Never throws, whatever the bytes.
 *  @param message what follows the IP header; not kept
 *  @param rx the source's family decides the size of the addresses
 *  @returns what the message says, or the first thing that is wrong with it */
export function decode(message: Uint8Array, rx: Endpoints): Advertisement | Malformed {
  if (message.length === 0) return malformed('wrong-length', 'empty');
  const bytes = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const version = bytes.getUint8(0) >>> 4;
  if (version !== 2 && version !== 3) return malformed('wrong-version', `version ${version}`);
  const family = familyOf(rx.source);
  if (version === 2 && family === 'ipv6') return malformed('wrong-version', 'version 2 over IPv6');
  const type = bytes.getUint8(0) & 0x0f;
  if (type !== ADVERTISEMENT) return malformed('wrong-type', `type ${type}`);

  if (message.length < HEADER) return malformed('wrong-length', `${message.length} bytes, the header alone has ${HEADER}`);
  const count = bytes.getUint8(3);
  const size = sizeOf(family);
  const end = HEADER + count * size;
  const length = version === 2 ? end + AUTHENTICATION : end;
  if (message.length !== length) return malformed('wrong-length', `${message.length} bytes, ${length} for ${count} addresses`);

  const checksum = checksumForm(message, rx, version);
  if (checksum === null) return malformed('wrong-checksum', `0x${bytes.getUint16(6).toString(16).padStart(4, '0')}`);

  const id = bytes.getUint8(1);
  if (id === 0) return malformed('zero-vrid', 'VRID 0');
  const interval = readInterval(bytes, version);
  if (interval === 0) return malformed('zero-interval', 'interval 0');

  const level = bytes.getUint8(2);
  const addresses: Address[] = [];
  for (let at = HEADER; at < end; at += size) addresses.push(addressFromBytes(message, at, family));
  return {
    kind: 'advertisement',
    version,
    vrid: vrid(id),
    priority: level === 0 ? 0 : priority(level),
    interval,
    addresses,
    checksum,
    authentication: version === 2 ? { type: bytes.getUint8(4), data: message.slice(end) } : null,
  };
}

/** Writes one VRRP message, RFC 9568 §7.2, RFC 3768 §7.2. What it refuses is our own bug: configuration has been checked before.
 *  @param source the sender's own address; together with `destination` part of the checksum where the form says so
 *  @throws RangeError for too many addresses, a mixture of families, an interval that the version cannot say, version 2 over
 *  IPv6 or without its 8 bytes of authentication, version 3 with any */
export function encode(advertisement: Advertisement, source: Address, destination: Address): Uint8Array {
  const { version, addresses, authentication } = advertisement;
  const family = familyOf(source);
  const size = sizeOf(family);
  if (version === 2 && family === 'ipv6') throw new RangeError('version 2 over IPv6');
  if ((authentication?.data.length ?? 0) !== (version === 2 ? AUTHENTICATION : 0))
    throw new RangeError(`authentication in version ${version}`);
  if (addresses.length > maxAddresses(family)) throw new RangeError(`${addresses.length} addresses`);

  const end = HEADER + addresses.length * size;
  const message = new Uint8Array(end + (authentication?.data.length ?? 0));
  const bytes = new DataView(message.buffer);
  bytes.setUint8(0, (version << 4) | ADVERTISEMENT);
  bytes.setUint8(1, advertisement.vrid);
  bytes.setUint8(2, advertisement.priority);
  bytes.setUint8(3, addresses.length);
  if (authentication === null) bytes.setUint16(4, toCentis(advertisement.interval));
  else {
    bytes.setUint8(4, authentication.type);
    bytes.setUint8(5, toSeconds(advertisement.interval));
    message.set(authentication.data, end);
  }
  let at = HEADER;
  for (const address of addresses) {
    if (familyOf(address) !== family) throw new RangeError(`${address} in an advertisement from ${source}`);
    writeAddress(address, message, at);
    at += size;
  }
  const withPseudoHeader = version === 3 && (family === 'ipv6' || advertisement.checksum === 'rfc5798');
  const pseudoHeader = withPseudoHeader ? sumPseudoHeader(source, destination, VRRP_PROTOCOL, message.length) : 0;
  bytes.setUint16(6, complement(sumWords(message) + pseudoHeader));
  return message;
}

/** What the header says about the interval; the caller has made sure that it is complete.
 *  @returns µs, 0 for a header that says 0 */
export function readInterval(bytes: DataView, version: Version): Micros {
  return version === 2 ? seconds(bytes.getUint8(5)) : fromCentis((bytes.getUint16(4) & 0x0fff) as Centis);
}

/** Which form the checksum of this message is right in; null: in none. For about one IPv4 sender in 65,000 the pseudo-header
 *  sums up to nothing and both forms are the same bytes: that counts as RFC 9568. */
export function checksumForm(message: Uint8Array, rx: Endpoints, version: Version): ChecksumForm | null {
  const sum = sumWords(message);
  const overIpv6 = familyOf(rx.source) === 'ipv6';
  if (!overIpv6 && fold(sum) === 0xffff) return 'rfc9568';
  if (version === 2) return null;
  if (fold(sum + sumPseudoHeader(rx.source, rx.destination, VRRP_PROTOCOL, message.length)) !== 0xffff) return null;
  return overIpv6 ? 'rfc9568' : 'rfc5798';
}

function malformed(reason: MalformedReason, detail: string): Malformed {
  return { kind: 'malformed', reason, detail };
}
