// Frames by hand that are advertisements but for the one thing that is asked for: both versions, both families, whatever IP
// allows around them. Built from the RFCs and not with the product's own code. Must not know sockets, nor who refuses what.
import { run } from './exec.ts';
import type { Node } from './network.ts';
import { familyOf } from './router.ts';

/** A VRRP message; what is not said is as an honest sender has it. */
export interface Message {
  readonly version: 2 | 3;
  readonly vrid: number;
  readonly priority: number;
  readonly intervalMs: number;
  readonly addresses: readonly string[];
  /** Version 2. */
  readonly password?: string;
  readonly type?: number;
  /** What the count says, whatever follows. */
  readonly count?: number;
  /** The message ends after so many bytes, with a checksum that is right for that. */
  readonly cutTo?: number;
  /** Bytes behind it that its checksum covers. */
  readonly extra?: readonly number[];
  /** Added to the checksum. */
  readonly damage?: number;
}

export interface Envelope {
  readonly source: string;
  /** The group of the family unless it says otherwise. */
  readonly destination?: string;
  /** MAC address of the one who is to get it; the group's unless it says otherwise. */
  readonly mac?: string;
  /** TTL or hop limit, 255 unless it says otherwise. */
  readonly ttl?: number;
  /** IPv4 options, a multiple of 4 bytes. */
  readonly options?: readonly number[];
  /** IPv6 extension headers before VRRP, in order. */
  readonly extensions?: readonly Extension[];
}

/** An IPv6 extension header: its number, and its bytes with a place for the number of the next one at the front. */
export interface Extension {
  readonly header: number;
  readonly bytes: readonly number[];
}

const GROUP = { ipv4: '224.0.0.18', ipv6: 'ff02::12' } as const;
const GROUP_MAC = { ipv4: '01:00:5e:00:00:12', ipv6: '33:33:00:00:00:12' } as const;
const STRANGER_MAC = '02:00:00:00:00:99';
const VRRP = 112;
const FRAGMENT = 44;

/** The frame of one whole packet. */
export function hostileFrame(message: Message, envelope: Envelope): Uint8Array {
  return framed(envelope, messageBytes(message, envelope), { offset: 0, more: false, id: 0 });
}

/** The same packet in two IP fragments.
 *  @param at bytes of the message in the first, a multiple of 8
 *  @param id tells the two from those of another packet */
export function inFragments(message: Message, envelope: Envelope, at: number, id: number): readonly [Uint8Array, Uint8Array] {
  const bytes = messageBytes(message, envelope);
  return [
    framed(envelope, bytes.slice(0, at), { offset: 0, more: true, id }),
    framed(envelope, bytes.slice(at), { offset: at, more: false, id }),
  ];
}

/** RFC 9568 §5.2, RFC 3768 §5.3 */
function messageBytes(message: Message, envelope: Envelope): readonly number[] {
  const { version, addresses } = message;
  const interval = version === 3 ? word(message.intervalMs / 10) : [message.password === undefined ? 0 : 1, message.intervalMs / 1000];
  const secret = version === 3 ? [] : [...Buffer.alloc(8).fill(message.password ?? '', 0, message.password?.length ?? 0)];
  const head = [(version << 4) | (message.type ?? 1), message.vrid, message.priority, message.count ?? addresses.length, ...interval, 0, 0];
  const whole = [...head, ...addresses.flatMap(octets), ...secret, ...(message.extra ?? [])];
  const bytes = whole.slice(0, message.cutTo ?? whole.length);
  if (bytes.length < 8) return bytes;
  const pseudo = familyOf(envelope.source) === 'ipv6' ? pseudoHeader(envelope, bytes.length) : [];
  return patched(bytes, 6, (checksum([...pseudo, ...bytes]) + (message.damage ?? 0)) & 0xffff);
}

/** RFC 8200 §8.1 */
function pseudoHeader(envelope: Envelope, length: number): readonly number[] {
  return [...octets(envelope.source), ...octets(envelope.destination ?? GROUP.ipv6), 0, 0, ...word(length), 0, 0, 0, VRRP];
}

interface Piece {
  readonly offset: number;
  readonly more: boolean;
  readonly id: number;
}

function framed(envelope: Envelope, payload: readonly number[], piece: Piece): Uint8Array {
  const family = familyOf(envelope.source);
  const to = envelope.mac ?? GROUP_MAC[family];
  const packet = family === 'ipv4' ? ipv4(envelope, payload, piece) : ipv6(envelope, payload, piece);
  return Uint8Array.from([...mac(to), ...mac(STRANGER_MAC), ...(family === 'ipv4' ? [0x08, 0x00] : [0x86, 0xdd]), ...packet]);
}

/** RFC 791 §3.1 */
function ipv4(envelope: Envelope, payload: readonly number[], { offset, more, id }: Piece): readonly number[] {
  const options = envelope.options ?? [];
  const length = 20 + options.length;
  const header = [
    ...[0x40 | (length / 4), 0xc0, ...word(length + payload.length)],
    ...[...word(id), ...word((more ? 0x2000 : 0) | (offset / 8))],
    ...[envelope.ttl ?? 255, VRRP, 0, 0],
    ...octets(envelope.source),
    ...octets(envelope.destination ?? GROUP.ipv4),
    ...options,
  ];
  return [...patched(header, 10, checksum(header)), ...payload];
}

/** RFC 8200 §3, §4.5 */
function ipv6(envelope: Envelope, payload: readonly number[], { offset, more, id }: Piece): readonly number[] {
  const fragment: Extension = { header: FRAGMENT, bytes: [0, 0, ...word(offset | (more ? 1 : 0)), 0, 0, ...word(id)] };
  const extensions = [...(envelope.extensions ?? []), ...(more || offset > 0 ? [fragment] : [])];
  const numbers = [...extensions.map(({ header }) => header), VRRP];
  const body = [...extensions.flatMap(({ bytes }, i) => patchedByte(bytes, 0, numbers[i + 1] ?? VRRP)), ...payload];
  const addresses = [...octets(envelope.source), ...octets(envelope.destination ?? GROUP.ipv6)];
  return [0x6c, 0, 0, 0, ...word(body.length), numbers[0] ?? VRRP, envelope.ttl ?? 255, ...addresses, ...body];
}

const word = (value: number): readonly number[] => [(value >> 8) & 0xff, value & 0xff];
const mac = (text: string): readonly number[] => text.split(':').map(part => Number.parseInt(part, 16));

/** An address of either family as bytes. */
function octets(address: string): readonly number[] {
  if (familyOf(address) === 'ipv4') return address.split('.').map(Number);
  const [front = '', back] = address.split('::');
  const words = (text: string) => text.split(':').flatMap(part => (part === '' ? [] : [Number.parseInt(part, 16)]));
  const [first, last] = [words(front), words(back ?? '')];
  const zeros = Array<number>(8 - first.length - last.length).fill(0);
  return [...first, ...zeros, ...last].flatMap(word);
}

/** RFC 1071 */
function checksum(bytes: readonly number[]): number {
  let sum = 0;
  bytes.forEach((byte, i) => {
    sum += i % 2 === 0 ? byte << 8 : byte;
  });
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function patched(bytes: readonly number[], at: number, value: number): readonly number[] {
  return [...bytes.slice(0, at), ...word(value), ...bytes.slice(at + 2)];
}

function patchedByte(bytes: readonly number[], at: number, value: number): readonly number[] {
  return [...bytes.slice(0, at), value, ...bytes.slice(at + 1)];
}

/** Where a node is reached on the link. */
export interface Home {
  readonly mac: string;
  readonly linkLocal: string;
}

/** @throws Error when `hf0` has no link-local address */
export async function homeOf(node: Node): Promise<Home> {
  const text = await run('ip', ['-n', node.namespace, 'address', 'show', 'dev', 'hf0']);
  const found = (pattern: RegExp): string => {
    const [, value] = pattern.exec(text) ?? [];
    if (value === undefined) throw new Error(`${node.name}: no ${pattern} in ${text}`);
    return value;
  };
  return { mac: found(/link\/ether (\S+)/), linkLocal: found(/inet6 (fe80:[^/]*)/) };
}

/** Frames of several senders, each at its own rate, in the order in which they are due.
 *  @returns the frames, and how many there are in a second */
export function merged(streams: readonly { readonly frames: readonly Uint8Array[]; readonly perSecond: number }[]): {
  readonly frames: readonly Uint8Array[];
  readonly perSecond: number;
} {
  const due = streams.flatMap(({ frames, perSecond }) => frames.map((frame, i) => ({ frame, at: (i + 0.5) / perSecond })));
  const perSecond = Math.ceil(streams.reduce((sum, stream) => sum + stream.perSecond, 0));
  return { frames: due.sort((a, b) => a.at - b.at).map(({ frame }) => frame), perSecond };
}
