// IP and link-layer addresses as values: parse, format, compare, contain. An address is its canonical text, so that
// equality is `===`; bytes are made where a packet needs them. Must not know interfaces, sockets or protocols.
import type { Vrid } from './units.ts';

export type Family = 'ipv4' | 'ipv6';

/** Canonical text: dotted decimal, or RFC 5952 form. Only `parseAddress` and `addressFromBytes` make one. */
export type Address = string & { readonly brand: 'address' };

/** An address together with the network it lies in. */
export interface Prefix {
  readonly address: Address;
  /** 0..32 or 0..128 bits */
  readonly length: number;
}

export function familyOf(address: Address): Family {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** Size of an address on the wire, 4 or 16 bytes. */
export function sizeOf(family: Family): number {
  return family === 'ipv4' ? 4 : 16;
}

/** Reads strict dotted decimal (no leading zeros, four parts) or RFC 4291 §2.2 text in any of its spellings; no zone ids.
 *  @returns the canonical address, or null when the text is none */
export function parseAddress(text: string): Address | null {
  if (!text.includes(':')) return parseIpv4(text) < 0 ? null : (text as Address);
  const bytes = new Uint8Array(16);
  return parseIpv6(text, bytes, 0) ? addressFromBytes(bytes, 0, 'ipv6') : null;
}

/** Reads `address/length`; without a length the prefix is the address alone, /32 or /128. The host part is kept.
 *  @returns null when the address is none or the length is no plain decimal 0..32 or 0..128 */
export function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return null;
  const bits = sizeOf(familyOf(address)) * 8;
  if (slash < 0) return { address, length: bits };
  const length = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > bits) return null;
  return { address, length: Number(length) };
}

/** The text that `parsePrefix` reads, always with its length. */
export function formatPrefix(prefix: Prefix): string {
  return `${prefix.address}/${prefix.length}`;
}

/** The address in network order.
 *  @returns 4 or 16 bytes of its own */
export function addressBytes(address: Address): Uint8Array {
  const bytes = new Uint8Array(sizeOf(familyOf(address)));
  writeAddress(address, bytes, 0);
  return bytes;
}

/** Writes the address in network order at `offset`, where its 4 or 16 bytes must have room. */
export function writeAddress(address: Address, into: Uint8Array, offset: number): void {
  if (familyOf(address) === 'ipv4') writeWord(parseIpv4(address), into, offset);
  else parseIpv6(address, into, offset);
}

/** Reads an address from network order; the caller has made sure that 4 or 16 bytes are there. */
export function addressFromBytes(bytes: Uint8Array, offset: number, family: Family): Address {
  if (family === 'ipv6') return formatIpv6(new DataView(bytes.buffer, bytes.byteOffset + offset, 16)) as Address;
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}` as Address;
}

/** Orders addresses as unsigned integers in network order, the tie-break of RFC 9568 §6.4.3. IPv4 sorts before IPv6.
 *  @returns negative, 0 or positive, for `sort` */
export function compareAddresses(a: Address, b: Address): number {
  const left = view(a);
  const right = view(b);
  if (left.byteLength !== right.byteLength) return left.byteLength - right.byteLength;
  for (let at = 0; at < left.byteLength; at += 4) {
    const difference = left.getUint32(at) - right.getUint32(at);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether the address lies in the network; never across families. Host bits of `network` do not matter. */
export function contains(network: Prefix, address: Address): boolean {
  const left = view(network.address);
  const right = view(address);
  if (left.byteLength !== right.byteLength) return false;
  for (let at = 0; at * 8 < network.length; at += 4) {
    const common = at * 8 + Math.clz32(left.getUint32(at) ^ right.getUint32(at));
    if (common < network.length && common < at * 8 + 32) return false;
  }
  return true;
}

/** 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291 §2.5.6). */
export function isLinkLocal(address: Address): boolean {
  return contains(familyOf(address) === 'ipv4' ? IPV4_LINK_LOCAL : IPV6_LINK_LOCAL, address);
}

/** 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291 §2.7). */
export function isMulticast(address: Address): boolean {
  return contains(familyOf(address) === 'ipv4' ? IPV4_MULTICAST : IPV6_MULTICAST, address);
}

/** 127.0.0.0/8 (RFC 1122 §3.2.1.3) or ::1. */
export function isLoopback(address: Address): boolean {
  return familyOf(address) === 'ipv4' ? contains(IPV4_LOOPBACK, address) : address === '::1';
}

export function isUnspecified(address: Address): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Whether an interface can own the address on a network: not "this network" (0.0.0.0/8, ::), loopback, multicast,
 *  limited broadcast or IPv4-mapped. A subnet's own broadcast address needs its prefix to be seen and is not looked for. */
export function isUnicast(address: Address): boolean {
  if (isMulticast(address) || isLoopback(address)) return false;
  if (familyOf(address) === 'ipv4') return !contains(THIS_NETWORK, address) && address !== '255.255.255.255';
  return !isUnspecified(address) && !contains(IPV6_MAPPED, address);
}

/** The virtual router's own link-layer address, RFC 9568 §7.3.
 *  @returns 6 bytes: 00-00-5E-00-01-{VRID} or 00-00-5E-00-02-{VRID} */
export function virtualMac(family: Family, vrid: Vrid): Uint8Array {
  return Uint8Array.of(0x00, 0x00, 0x5e, 0x00, family === 'ipv4' ? 0x01 : 0x02, vrid);
}

/** Lower case with colons, as `ip link` shows it. */
export function formatMac(mac: Uint8Array): string {
  return Array.from(mac, byte => byte.toString(16).padStart(2, '0')).join(':');
}

const THIS_NETWORK = network('0.0.0.0', 8);
const IPV4_LOOPBACK = network('127.0.0.0', 8);
const IPV4_LINK_LOCAL = network('169.254.0.0', 16);
const IPV4_MULTICAST = network('224.0.0.0', 4);
const IPV6_MAPPED = network('::ffff:0.0.0.0', 96);
const IPV6_LINK_LOCAL = network('fe80::', 10);
const IPV6_MULTICAST = network('ff00::', 8);

const DOT = 46;
const ZERO = 48;

/** Reads without allocating: it runs for every packet. @returns the unsigned 32 bits, or -1 */
function parseIpv4(text: string): number {
  let value = 0;
  let part = -1;
  let dots = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      if (part < 0) return -1;
      value = value * 256 + part;
      part = -1;
      dots += 1;
      continue;
    }
    const digit = code - ZERO;
    // A leading zero means octal to some programs, so nobody gets to mean anything by it.
    if (digit < 0 || digit > 9 || part === 0) return -1;
    part = part < 0 ? digit : part * 10 + digit;
    if (part > 255) return -1;
  }
  return dots === 3 && part >= 0 ? value * 256 + part : -1;
}

/** Writes 16 bytes at `offset`. @returns false, and writes nothing, when the text is no address */
function parseIpv6(text: string, into: Uint8Array, offset: number): boolean {
  const gap = text.indexOf('::');
  const head = readGroups(gap < 0 ? text : text.slice(0, gap), gap < 0);
  const tail = gap < 0 ? [] : readGroups(text.slice(gap + 2), true);
  if (head === null || tail === null) return false;
  const missing = 8 - head.length - tail.length;
  // "::" stands for at least one group: RFC 4291 §2.2 (2).
  if (gap < 0 ? missing !== 0 : missing < 1) return false;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  for (const [index, group] of groups.entries()) {
    into[offset + 2 * index] = group >>> 8;
    into[offset + 2 * index + 1] = group;
  }
  return true;
}

/** @param last whether these groups end the address, where dotted decimal may stand for two of them
 *  @returns 16-bit groups, none for empty text, or null */
function readGroups(text: string, last: boolean): number[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (last && index === parts.length - 1 && part.includes('.')) {
      const value = parseIpv4(part);
      if (value < 0) return null;
      groups.push(value >>> 16, value & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else return null;
  }
  return groups;
}

/** RFC 5952 §4: lower case, no leading zeros, the longest run of at least two zero groups (the first of equals) as "::";
 *  §5: dotted decimal in the last 32 bits of an IPv4-mapped address. */
function formatIpv6(address: DataView): string {
  const groups = Array.from({ length: 8 }, (_, index) => address.getUint16(2 * index));
  let start = 0;
  let length = 0;
  for (let index = 0; index < 8; index += 1) {
    let run = 0;
    while (groups[index + run] === 0) run += 1;
    if (run > length) {
      start = index;
      length = run;
    }
  }
  if (start === 0 && length === 5 && groups[5] === 0xffff) {
    return `::ffff:${address.getUint8(12)}.${address.getUint8(13)}.${address.getUint8(14)}.${address.getUint8(15)}`;
  }
  const text = groups.map(group => group.toString(16));
  if (length < 2) return text.join(':');
  return `${text.slice(0, start).join(':')}::${text.slice(start + length).join(':')}`;
}

function writeWord(value: number, into: Uint8Array, offset: number): void {
  into[offset] = value >>> 24;
  into[offset + 1] = value >>> 16;
  into[offset + 2] = value >>> 8;
  into[offset + 3] = value;
}

function view(address: Address): DataView {
  const bytes = addressBytes(address);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @param address canonical text, written down by us */
function network(address: string, length: number): Prefix {
  return { address: address as Address, length };
}
