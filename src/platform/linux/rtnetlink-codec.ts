// rtnetlink messages for links and addresses: parse what the kernel reports, format what we ask for. rtnetlink(7)
// Pure; must not know sockets or who asks. Host byte order (little endian on all our targets).
//
//   ifinfomsg  family:u8 pad:u8 type:u16 index:i32 flags:u32 change:u32
//   ifaddrmsg  family:u8 prefixlen:u8 flags:u8 scope:u8 index:u32
import { type Address, addressBytes, addressFromBytes, type Family, familyOf, isLinkLocal, type Prefix } from '../../vrrp/address.ts';
import type { Scope } from '../../vrrp/router.ts';
import type { AddressRequest, HeldAddress } from '../ports.ts';
import { attribute, attributes, nest, numbers, text, view } from './netlink-codec.ts';

export const RTM = { NEWLINK: 16, DELLINK: 17, GETLINK: 18, SETLINK: 19, NEWADDR: 20, DELADDR: 21, GETADDR: 22 } as const;
/** linux/rtnetlink.h: multicast groups */
export const RTNLGRP = { LINK: 1, IPV4_IFADDR: 5, IPV6_IFADDR: 9 } as const;

const AF_UNSPEC = 0;
const AF_INET = 2;
const AF_INET6 = 10;
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;
const IFLA = { ADDRESS: 1, IFNAME: 3, AF_SPEC: 26 } as const;
const IFA = { ADDRESS: 1, LOCAL: 2, LABEL: 3, CACHEINFO: 6, FLAGS: 8, PROTO: 11 } as const;
/** linux/if_addr.h. The first is called IFA_F_SECONDARY over IPv4. */
const IFA_F = {
  TEMPORARY: 0x1,
  NODAD: 0x2,
  OPTIMISTIC: 0x4,
  DADFAILED: 0x8,
  DEPRECATED: 0x20,
  TENTATIVE: 0x40,
  NOPREFIXROUTE: 0x200,
} as const;
const SCOPES: Readonly<Record<Scope, number>> = { global: 0, link: 253, host: 254 };
const FOREVER = 0xffffffff;
/** linux/ip.h */
const IPV4_DEVCONF_PROMOTE_SECONDARIES = 20;
/** Our mark in IFA_PROTO (Linux 5.18): VRRP's protocol number. `ip address` shows it as `proto 0x70`. */
const IFAPROT_HOLDFAST = 112;

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
    secondary: (flags & (IFA_F.TEMPORARY | IFA_F.DEPRECATED)) !== 0,
    tentative: family === 'ipv6' && isTentative(flags),
  };
}

/** RFC 4429: an optimistic address may be spoken from while it is being checked; a duplicate never. */
function isTentative(flags: number): boolean {
  return (flags & IFA_F.DADFAILED) !== 0 || (flags & (IFA_F.TENTATIVE | IFA_F.OPTIMISTIC)) === IFA_F.TENTATIVE;
}

function familyName(number: number): Family | null {
  if (number === AF_INET) return 'ipv4';
  return number === AF_INET6 ? 'ipv6' : null;
}

function addressHead(index: number, prefix: Prefix, scope: number): Uint8Array {
  const head = new Uint8Array(8);
  head[0] = familyOf(prefix.address) === 'ipv4' ? AF_INET : AF_INET6;
  head[1] = prefix.length;
  head[3] = scope;
  view(head).setUint32(4, index, true);
  return head;
}

function localAttributes(address: Address): readonly Uint8Array[] {
  const bytes = addressBytes(address);
  return [attribute(IFA.LOCAL, bytes), attribute(IFA.ADDRESS, bytes)];
}

/** The kernel works out the scope of an IPv6 address by itself, whatever it is told; over IPv4 it takes our word. */
function scopeOf({ address, scope }: AddressRequest): number {
  return SCOPES[scope ?? (familyOf(address) === 'ipv6' && isLinkLocal(address) ? 'link' : 'global')];
}

/** RTM_NEWADDR, to add or to renew: the kernel takes flags and both lifetimes of an IPv6 address anew each time. */
export function formatNewAddress(index: number, request: AddressRequest): readonly Uint8Array[] {
  const lifetime = request.validFor ?? FOREVER;
  const ipv6 = familyOf(request.address) === 'ipv6';
  return [
    addressHead(index, request, scopeOf(request)),
    ...localAttributes(request.address),
    attribute(IFA.CACHEINFO, numbers(ipv6 ? 0 : lifetime, lifetime, 0, 0)),
    attribute(IFA.PROTO, Uint8Array.of(IFAPROT_HOLDFAST)),
    ...(ipv6 ? [attribute(IFA.FLAGS, numbers(IFA_F.NODAD | IFA_F.NOPREFIXROUTE))] : []),
    ...(request.label === undefined || ipv6 ? [] : [attribute(IFA.LABEL, text(request.label))]),
  ];
}

/** RTM_DELADDR */
export function formatDeleteAddress(index: number, prefix: Prefix): readonly Uint8Array[] {
  return [addressHead(index, prefix, 0), ...localAttributes(prefix.address)];
}

/** RTM_SETLINK with promote_secondaries=1, which spares us a writable /proc/sys. */
export function formatPromoteSecondaries(index: number): readonly Uint8Array[] {
  const head = new Uint8Array(16);
  view(head).setInt32(4, index, true);
  const INET_CONF = 1;
  const setting = attribute(IPV4_DEVCONF_PROMOTE_SECONDARIES, numbers(1));
  return [head, nest(IFLA.AF_SPEC, nest(AF_INET, nest(INET_CONF, setting)))];
}
