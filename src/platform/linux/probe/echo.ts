// ICMP and ICMPv6 echo as bytes: what is sent, which packets the kernel queues for it, what came back. Pure.
// Must not know sockets. RFC 792, RFC 4443.
//
//  0               8              16              24            31
// +---------------+---------------+------------------------------+
// | type          | code          | checksum                     |
// +---------------+---------------+------------------------------+
// | identifier, of the socket     | sequence number, of the look |  together the key
// +-------------------------------+------------------------------+
// | payload, random: an answer has it all, an error perhaps nothing of it                        ...
import { type Address, addressFromBytes, type Family } from '../../../vrrp/address.ts';
import { complement, sumWords } from '../../../vrrp/checksum.ts';

const HEADER = 8;
export const PAYLOAD = 16;
const ICMP = 1;
const ICMPV6 = 58;

/** IP protocol number. */
export const ECHO_PROTOCOL: Readonly<Record<Family, number>> = { ipv4: ICMP, ipv6: ICMPV6 };

const REQUEST: Readonly<Record<Family, number>> = { ipv4: 8, ipv6: 128 };
const REPLY: Readonly<Record<Family, number>> = { ipv4: 0, ipv6: 129 };
/** Where an error has the destination and the protocol of the packet that it is about, and where the key: behind the error's own
 *  header, and a header of IP as we send it, without options. */
const QUOTED: Readonly<Record<Family, { readonly protocol: number; readonly destination: number; readonly echo: number }>> = {
  ipv4: { protocol: HEADER + 9, destination: HEADER + 16, echo: HEADER + 20 },
  ipv6: { protocol: HEADER + 6, destination: HEADER + 24, echo: HEADER + 40 },
};

/** One request and what belongs to it. */
export interface Echo {
  readonly family: Family;
  readonly target: Address;
  /** 32 bits, unsigned. */
  readonly key: number;
  /** PAYLOAD bytes. */
  readonly payload: Uint8Array;
}

/** The request; over IPv6 the kernel fills in the checksum. RFC 3542 §3.1 */
export function encodeEcho({ family, key, payload }: Echo): Uint8Array {
  const bytes = Buffer.alloc(HEADER + PAYLOAD);
  bytes[0] = REQUEST[family];
  bytes.writeUInt32BE(key, 4);
  bytes.set(payload, HEADER);
  if (family === 'ipv4') bytes.writeUInt16BE(complement(sumWords(bytes)), 2);
  return bytes;
}

export type Echoed =
  | { readonly kind: 'reply' }
  /** `why` follows the name of whoever said it: `says: host unreachable`. */
  | { readonly kind: 'error'; readonly why: string };

/** The key of the request that a message may be about.
 *  @param packet as a raw socket gives it: over IPv4 with the IP header
 *  @returns null where none can be read */
export function keyOf(family: Family, packet: Uint8Array): number | null {
  const bytes = behindHeader(family, packet);
  const at = (bytes[0] === REPLY[family] ? 0 : QUOTED[family].echo) + 4;
  return bytes.length < at + 4 ? null : bytes.readUInt32BE(at);
}

function behindHeader(family: Family, packet: Uint8Array): Buffer {
  const header = family === 'ipv4' ? ((packet[0] ?? 0) & 0xf) * 4 : 0;
  return Buffer.from(packet.buffer, packet.byteOffset + Math.min(header, packet.length), Math.max(0, packet.length - header));
}

/** @param packet as a raw socket gives it: over IPv4 with the IP header
 *  @param source of the packet
 *  @returns null for what is not about this request */
export function decodeEcho({ family, target, key, payload }: Echo, packet: Uint8Array, source: Address): Echoed | null {
  const bytes = behindHeader(family, packet);
  if (bytes.length < HEADER) return null;
  const type = bytes[0] ?? 0;
  if (type === REPLY[family]) {
    const ours = bytes.readUInt32BE(4) === key && source === target && bytes.subarray(HEADER).equals(payload);
    return ours ? { kind: 'reply' } : null;
  }
  const { protocol, destination, echo } = QUOTED[family];
  if (bytes.length < echo + HEADER || bytes[protocol] !== ECHO_PROTOCOL[family]) return null;
  if (bytes[echo] !== REQUEST[family] || bytes.readUInt32BE(echo + 4) !== key) return null;
  if (addressFromBytes(bytes, destination, family) !== target) return null;
  const words = errorWords(family, type, bytes[1] ?? 0);
  return words === null ? null : { kind: 'error', why: `says: ${words}` };
}

/** @returns null for what is no error */
function errorWords(family: Family, type: number, code: number): string | null {
  if (family === 'ipv4') {
    if (type === 3) return UNREACHABLE_IPV4[code] ?? `destination unreachable, code ${code}`;
    if (type === 11) return 'time to live exceeded, there may be a loop of routes';
    return type === 12 ? 'parameter problem' : null;
  }
  if (type === 1) return UNREACHABLE_IPV6[code] ?? `destination unreachable, code ${code}`;
  if (type === 2) return 'packet too big';
  if (type === 3) return 'hop limit exceeded, there may be a loop of routes';
  return type === 4 ? 'parameter problem' : null;
}

/** RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1 */
const UNREACHABLE_IPV4: Readonly<Record<number, string>> = {
  0: 'network unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable',
  4: 'fragmentation needed',
  5: 'source route failed',
  6: 'network unknown',
  7: 'host unknown',
  9: 'network prohibited by its administrator',
  10: 'host prohibited by its administrator',
  13: 'prohibited by the administrator',
};

/** RFC 4443 §3.1 */
const UNREACHABLE_IPV6: Readonly<Record<number, string>> = {
  0: 'no route',
  1: 'prohibited by the administrator',
  2: 'beyond the scope of our address',
  3: 'address unreachable',
  4: 'port unreachable',
  5: 'prohibited for our address',
  6: 'a route that rejects',
};

type Instruction = readonly [code: number, jt: number, jf: number, k: number];

// bpf_common.h. A is the accumulator, X the index register.
const LD_H_ABS = 0x28;
const LD_B_ABS = 0x30;
const LD_H_IND = 0x48;
const LD_B_IND = 0x50;
const LDX_MSH = 0xb1;
const JEQ = 0x15;
const RET = 0x06;

/** Lets through what may be about one identifier, so that nobody is woken by the echoes of others.
 *  Only a first sieve; `decodeEcho` decides.
 *  @returns struct sock_filter[] */
export function echoFilter(family: Family, identifier: number): Uint8Array {
  const { echo } = QUOTED[family];
  // A raw IPv4 socket's packet begins with the IP header, an IPv6 one's behind it.
  const [begin, byte, half]: readonly [readonly Instruction[], number, number] =
    family === 'ipv4' ? [[[LDX_MSH, 0, 0, 0]], LD_B_IND, LD_H_IND] : [[], LD_B_ABS, LD_H_ABS];
  return assemble([
    ...begin,
    [byte, 0, 0, 0],
    [JEQ, 0, 2, REPLY[family]],
    [half, 0, 0, 4],
    [JEQ, 2, 3, identifier],
    // What is too short to be read at that place is dropped by that.
    [half, 0, 0, echo + 4],
    [JEQ, 0, 1, identifier],
    [RET, 0, 0, 0xffff],
    [RET, 0, 0, 0],
  ]);
}

function assemble(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(8 * program.length);
  program.forEach(([code, jt, jf, k], i) => {
    bytes.writeUInt16LE(code, 8 * i);
    bytes[8 * i + 2] = jt;
    bytes[8 * i + 3] = jf;
    bytes.writeUInt32LE(k >>> 0, 8 * i + 4);
  });
  return bytes;
}
