// rtnetlink messages for links and addresses as bytes: parse what the kernel reports, format what we ask for.
// Pure; must not know sockets or who asks. Host byte order (little endian on all our targets); rtnetlink(7), netlink(7).
//
//   nlmsghdr   length:u32 type:u16 flags:u16 sequence:u32 port:u32
//   ifinfomsg  family:u8 pad:u8 type:u16 index:i32 flags:u32 change:u32
//   ifaddrmsg  family:u8 prefixlen:u8 flags:u8 scope:u8 index:u32
//   then attributes: length:u16 type:u16 value, padded to 4 bytes
import { type Address, addressBytes, addressFromBytes, type Family, familyOf, type Prefix } from '../../vrrp/address.ts';
import type { HeldAddress } from '../ports.ts';

export const RTM = { NEWLINK: 16, DELLINK: 17, GETLINK: 18, SETLINK: 19, NEWADDR: 20, DELADDR: 21, GETADDR: 22 } as const;
/** netlink(7) */
export const NLM = { REQUEST: 0x1, ACK: 0x4, DUMP_INTR: 0x10, REPLACE: 0x100, CREATE: 0x400, DUMP: 0x300 } as const;
export const NLMSG = { ERROR: 2, DONE: 3 } as const;
const HEADER = 16;
/** linux/rtnetlink.h: multicast groups */
export const RTNLGRP = { LINK: 1, IPV4_IFADDR: 5, IPV6_IFADDR: 9 } as const;

const AF_UNSPEC = 0;
const AF_INET = 2;
const AF_INET6 = 10;
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;
const IFLA = { ADDRESS: 1, IFNAME: 3, AF_SPEC: 26 } as const;
const IFA = { ADDRESS: 1, LOCAL: 2, CACHEINFO: 6, FLAGS: 8, PROTO: 11 } as const;
const IFA_F_SECONDARY = 0x1;
const FOREVER = 0xffffffff;
const NLA_F_NESTED = 0x8000;
/** linux/ip.h */
const IPV4_DEVCONF_PROMOTE_SECONDARIES = 20;
/** Our mark in IFA_PROTO (Linux 5.18): VRRP's protocol number. `ip address` shows it as `proto 0x70`. */
const IFAPROT_HOLDFAST = 112;

export interface Message {
  readonly type: number;
  readonly flags: number;
  /** That of the request which it answers or comes of. */
  readonly sequence: number;
  readonly data: Uint8Array;
}

export interface LinkMessage {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly running: boolean;
  readonly mac: Uint8Array;
}

export interface AddressMessage extends HeldAddress {
  readonly index: number;
}

function view(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

/** The messages of one datagram, as views into it; a truncated one ends the walk. */
export function parseMessages(datagram: Uint8Array): readonly Message[] {
  const at = view(datagram);
  const found: Message[] = [];
  for (let offset = 0; offset + HEADER <= datagram.length; ) {
    const length = at.getUint32(offset, true);
    if (length < HEADER || offset + length > datagram.length) break;
    found.push({
      type: at.getUint16(offset + 4, true),
      flags: at.getUint16(offset + 6, true),
      sequence: at.getUint32(offset + 8, true),
      data: datagram.subarray(offset + HEADER, offset + length),
    });
    offset += (length + 3) & ~3;
  }
  return found;
}

/** A whole datagram with one message for the kernel. */
export function formatMessage(type: number, flags: number, sequence: number, data: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(HEADER + data.reduce((sum, { length }) => sum + length, 0));
  view(bytes).setUint32(0, bytes.length, true);
  view(bytes).setUint16(4, type, true);
  view(bytes).setUint16(6, flags, true);
  view(bytes).setUint32(8, sequence, true);
  let offset = HEADER;
  for (const part of data) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** The attributes behind the fixed part; a truncated one ends the walk. */
function attributes(data: Uint8Array, from: number): ReadonlyMap<number, Uint8Array> {
  const at = view(data);
  const found = new Map<number, Uint8Array>();
  for (let offset = from; offset + 4 <= data.length; ) {
    const length = at.getUint16(offset, true);
    if (length < 4 || offset + length > data.length) break;
    found.set(at.getUint16(offset + 2, true) & ~NLA_F_NESTED, data.subarray(offset + 4, offset + length));
    offset += (length + 3) & ~3;
  }
  return found;
}

/** RTM_NEWLINK or RTM_DELLINK. @returns null for what tells nothing about an interface as a whole: one without a name, or
 *  of a family (a bridge says DELLINK of the family AF_BRIDGE when an interface merely leaves it) */
export function parseLink(data: Uint8Array): LinkMessage | null {
  if (data.length < 16 || data[0] !== AF_UNSPEC) return null;
  const attrs = attributes(data, 16);
  const name = attrs.get(IFLA.IFNAME);
  if (name === undefined) return null;
  const flags = view(data).getUint32(8, true);
  return {
    index: view(data).getInt32(4, true),
    name: Buffer.from(name.subarray(0, -1)).toString(),
    up: (flags & IFF_UP) !== 0,
    running: (flags & IFF_RUNNING) !== 0,
    mac: Uint8Array.from(attrs.get(IFLA.ADDRESS) ?? []),
  };
}

/** RTM_NEWADDR or RTM_DELADDR. @returns null for families other than IPv4 and IPv6 */
export function parseAddressMessage(data: Uint8Array): AddressMessage | null {
  if (data.length < 8) return null;
  const family = familyName(data[0] ?? 0);
  if (family === null) return null;
  const attrs = attributes(data, 8);
  const bytes = attrs.get(IFA.LOCAL) ?? attrs.get(IFA.ADDRESS);
  if (bytes === undefined || bytes.length !== (family === 'ipv4' ? 4 : 16)) return null;
  const cache = attrs.get(IFA.CACHEINFO);
  const valid = cache === undefined || cache.length < 8 ? FOREVER : view(cache).getUint32(4, true);
  const wide = attrs.get(IFA.FLAGS);
  const flags = wide === undefined || wide.length < 4 ? (data[2] ?? 0) : view(wide).getUint32(0, true);
  return {
    index: view(data).getUint32(4, true),
    address: addressFromBytes(bytes, 0, family),
    length: data[1] ?? 0,
    validFor: valid === FOREVER ? null : valid,
    marked: attrs.get(IFA.PROTO)?.[0] === IFAPROT_HOLDFAST,
    secondary: (flags & IFA_F_SECONDARY) !== 0,
  };
}

function familyName(number: number): Family | null {
  if (number === AF_INET) return 'ipv4';
  return number === AF_INET6 ? 'ipv6' : null;
}

function attribute(type: number, ...values: readonly Uint8Array[]): Uint8Array {
  const size = values.reduce((sum, { length }) => sum + ((length + 3) & ~3), 0);
  const bytes = new Uint8Array(4 + size);
  const length = 4 + values.reduce((sum, value, i) => sum + (i === values.length - 1 ? value.length : (value.length + 3) & ~3), 0);
  view(bytes).setUint16(0, length, true);
  view(bytes).setUint16(2, type, true);
  let offset = 4;
  for (const value of values) {
    bytes.set(value, offset);
    offset += (value.length + 3) & ~3;
  }
  return bytes;
}

function numbers(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, i) => {
    view(bytes).setUint32(4 * i, value, true);
  });
  return bytes;
}

function addressHead(index: number, prefix: Prefix): Uint8Array {
  const head = new Uint8Array(8);
  head[0] = familyOf(prefix.address) === 'ipv4' ? AF_INET : AF_INET6;
  head[1] = prefix.length;
  view(head).setUint32(4, index, true);
  return head;
}

function localAttributes(address: Address): readonly Uint8Array[] {
  const bytes = addressBytes(address);
  return [attribute(IFA.LOCAL, bytes), attribute(IFA.ADDRESS, bytes)];
}

/** RTM_NEWADDR. @param validFor seconds of both lifetimes, null: forever */
export function formatNewAddress(index: number, prefix: Prefix, validFor: number | null): readonly Uint8Array[] {
  const lifetime = validFor ?? FOREVER;
  return [
    addressHead(index, prefix),
    ...localAttributes(prefix.address),
    attribute(IFA.CACHEINFO, numbers(lifetime, lifetime, 0, 0)),
    attribute(IFA.PROTO, Uint8Array.of(IFAPROT_HOLDFAST)),
  ];
}

/** RTM_DELADDR */
export function formatDeleteAddress(index: number, prefix: Prefix): readonly Uint8Array[] {
  return [addressHead(index, prefix), ...localAttributes(prefix.address)];
}

/** RTM_SETLINK with promote_secondaries=1, which spares us a writable /proc/sys. */
export function formatPromoteSecondaries(index: number): readonly Uint8Array[] {
  const head = new Uint8Array(16);
  view(head).setInt32(4, index, true);
  const INET_CONF = 1;
  const setting = attribute(IPV4_DEVCONF_PROMOTE_SECONDARIES, numbers(1));
  return [head, attribute(IFLA.AF_SPEC | NLA_F_NESTED, attribute(AF_INET | NLA_F_NESTED, attribute(INET_CONF | NLA_F_NESTED, setting)))];
}
