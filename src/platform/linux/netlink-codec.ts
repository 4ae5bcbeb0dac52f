// Netlink messages and their attributes as bytes, whatever they are about. netlink(7)
// Pure; must not know sockets, nor a protocol. Host byte order (little endian on all our targets).
//
//   nlmsghdr   length:u32 type:u16 flags:u16 sequence:u32 port:u32
//   then a fixed part of the protocol's, then attributes: length:u16 type:u16 value, padded to 4 bytes

/** netlink(7) */
export const NLM = { REQUEST: 0x1, ACK: 0x4, DUMP_INTR: 0x10, REPLACE: 0x100, CREATE: 0x400, APPEND: 0x800, DUMP: 0x300 } as const;
export const NLMSG = { ERROR: 2, DONE: 3 } as const;
/** linux/netlink.h: the value is attributes again. */
export const NLA_F_NESTED = 0x8000;
const HEADER = 16;

/** One message for the kernel, as the parts behind its header. */
export interface Request {
  readonly type: number;
  /** Without NLM.REQUEST, which all have. */
  readonly flags: number;
  readonly data: readonly Uint8Array[];
}

export interface Message {
  readonly type: number;
  readonly flags: number;
  /** That of the request which it answers or comes of. */
  readonly sequence: number;
  readonly data: Uint8Array;
}

export function view(data: Uint8Array): DataView {
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
    offset += align(length);
  }
  return found;
}

/** A whole datagram for the kernel; its messages share a sequence number, by which the answers come back. */
export function formatRequests(requests: readonly Request[], sequence: number): Uint8Array {
  const sizes = requests.map(({ data }) => HEADER + data.reduce((sum, { length }) => sum + length, 0));
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + align(size), 0));
  const at = view(bytes);
  let start = 0;
  requests.forEach(({ type, flags, data }, i) => {
    const size = sizes[i] ?? 0;
    at.setUint32(start, size, true);
    at.setUint16(start + 4, type, true);
    at.setUint16(start + 6, NLM.REQUEST | flags, true);
    at.setUint32(start + 8, sequence, true);
    let offset = start + HEADER;
    for (const part of data) {
      bytes.set(part, offset);
      offset += part.length;
    }
    start += align(size);
  });
  return bytes;
}

/** The attributes behind the fixed part; a truncated one ends the walk. */
export function attributes(data: Uint8Array, from: number): ReadonlyMap<number, Uint8Array> {
  const at = view(data);
  const found = new Map<number, Uint8Array>();
  for (let offset = from; offset + 4 <= data.length; ) {
    const length = at.getUint16(offset, true);
    if (length < 4 || offset + length > data.length) break;
    found.set(at.getUint16(offset + 2, true) & ~NLA_F_NESTED, data.subarray(offset + 4, offset + length));
    offset += align(length);
  }
  return found;
}

/** One attribute with its padding. @param values one value, or whole attributes; less than 64 KiB together */
export function attribute(type: number, ...values: readonly Uint8Array[]): Uint8Array {
  const length = 4 + values.reduce((sum, value) => sum + value.length, 0);
  const bytes = new Uint8Array(align(length));
  view(bytes).setUint16(0, length, true);
  view(bytes).setUint16(2, type, true);
  let offset = 4;
  for (const value of values) {
    bytes.set(value, offset);
    offset += value.length;
  }
  return bytes;
}

/** An attribute of attributes. */
export function nest(type: number, ...inner: readonly Uint8Array[]): Uint8Array {
  return attribute(type | NLA_F_NESTED, ...inner);
}

/** Text as the kernel wants it, with its end. */
export function text(value: string): Uint8Array {
  return Uint8Array.from(Buffer.from(`${value}\0`));
}

/** Numbers of 32 bits in host byte order. */
export function numbers(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, i) => {
    view(bytes).setUint32(4 * i, value, true);
  });
  return bytes;
}

function align(length: number): number {
  return (length + 3) & ~3;
}
