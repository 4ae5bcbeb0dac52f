// Numbers and structures of socket(7), ip(7), ipv6(7) and packet(7) that Node does not name. Pure;
// must not know sockets.
import { type Address, addressBytes } from '../../vrrp/address.ts';

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_PACKET = 17;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOL_SOCKET = 1;
export const SO_RCVBUF = 8;
export const SO_PRIORITY = 12;
export const SO_BINDTODEVICE = 25;
export const IPPROTO_IP = 0;
export const IP_TOS = 1;
export const IP_PKTINFO = 8;
export const IP_RECVTTL = 12;
export const IP_MULTICAST_IF = 32;
export const IP_MULTICAST_TTL = 33;
export const IP_MULTICAST_LOOP = 34;
export const IP_ADD_MEMBERSHIP = 35;
/** Adverts of other interfaces are not for this socket. */
export const IP_MULTICAST_ALL = 49;
/** DSCP CS6, network control: the last thing a busy switch drops. */
export const TOS_NETWORK_CONTROL = 0xc0;
/** SO_PRIORITY of the same meaning. */
export const PRIORITY_NETWORK_CONTROL = 7;

export function deviceName(name: string): Buffer {
  return Buffer.from(`${name}\0`);
}

/** struct ip_mreqn: group or none, the local address to speak from or none, the interface. */
export function ipMreqn(group: Address | null, local: Address | null, index: number): Buffer {
  const bytes = Buffer.alloc(12);
  if (group !== null) bytes.set(addressBytes(group), 0);
  if (local !== null) bytes.set(addressBytes(local), 4);
  bytes.writeInt32LE(index, 8);
  return bytes;
}

/** struct sockaddr_ll for sending whole frames. */
export function sockaddrLl(index: number): Uint8Array {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16LE(AF_PACKET, 0);
  bytes.writeInt32LE(index, 4);
  return bytes;
}

/** Classic BPF that passes IPv4 VRRP packets to the group with one of these VRIDs; everything else costs us nothing.
 *  Everything that may be wrong with such a packet is left to the receive checks, which count it.
 *  @param vrids at most 255 */
export function vrrpFilter(group: Address, vrids: readonly number[]): Uint8Array {
  const LD_W_ABS = 0x20;
  const LD_B_IND = 0x50;
  const LDX_MSH = 0xb1;
  const JEQ = 0x15;
  const RET = 0x06;
  const destination = Buffer.from(addressBytes(group)).readUInt32BE(0);
  // A jump reaches 255 instructions, so each refusal stands near its test.
  const program: (readonly [code: number, jt: number, jf: number, k: number])[] = [
    [LD_W_ABS, 0, 0, 16],
    [JEQ, 1, 0, destination],
    [RET, 0, 0, 0],
    [LDX_MSH, 0, 0, 0],
    [LD_B_IND, 0, 0, 1],
  ];
  vrids.forEach((vrid, i) => {
    program.push([JEQ, vrids.length - i, 0, vrid]);
  });
  program.push([RET, 0, 0, 0], [RET, 0, 0, 0xffff]);
  const bytes = Buffer.alloc(8 * program.length);
  program.forEach(([code, jt, jf, k], i) => {
    bytes.writeUInt16LE(code, 8 * i);
    bytes[8 * i + 2] = jt;
    bytes[8 * i + 3] = jf;
    bytes.writeUInt32LE(k >>> 0, 8 * i + 4);
  });
  return bytes;
}

/** struct sockaddr_un. @param path a leading NUL makes it abstract: unix(7) */
export function sockaddrUn(path: string): Uint8Array {
  return Uint8Array.from([AF_UNIX, 0, ...Buffer.from(path)]);
}
