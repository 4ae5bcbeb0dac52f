// Numbers and structures of socket(7), ip(7), ipv6(7) and packet(7) that Node does not name. Pure;
// must not know sockets.
import { type Address, addressBytes, familyOf } from '../../vrrp/address.ts';

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_PACKET = 17;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOL_SOCKET = 1;
export const SO_RCVBUF = 8;
export const SO_PRIORITY = 12;
export const SO_BINDTODEVICE = 25;
export const IPPROTO_IP = 0;
export const IP_TOS = 1;
export const IP_TTL = 2;
export const IP_PKTINFO = 8;
/** Tells of every ICMP error, not only of those that RFC 1122 calls hard. */
export const IP_RECVERR = 11;
export const IP_RECVTTL = 12;
export const IP_MULTICAST_IF = 32;
export const IP_MULTICAST_TTL = 33;
export const IP_MULTICAST_LOOP = 34;
export const IP_ADD_MEMBERSHIP = 35;
/** Adverts of other interfaces are not for this socket. */
export const IP_MULTICAST_ALL = 49;
/** Takes the index in network order: `networkOrder`. */
export const IP_UNICAST_IF = 50;
export const IPPROTO_IPV6 = 41;
export const IPV6_UNICAST_HOPS = 16;
export const IPV6_MULTICAST_IF = 17;
export const IPV6_MULTICAST_HOPS = 18;
export const IPV6_MULTICAST_LOOP = 19;
export const IPV6_ADD_MEMBERSHIP = 20;
export const IPV6_RECVERR = 25;
/** Linux 4.20 and later. */
export const IPV6_MULTICAST_ALL = 29;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_RECVHOPLIMIT = 51;
export const IPV6_TCLASS = 67;
export const IPV6_UNICAST_IF = 76;
/** DSCP CS6, network control, as TOS or traffic class: the last thing a busy switch drops. */
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

/** struct ipv6_mreq: the group, the interface. */
export function ipv6Mreq(group: Address, index: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.set(addressBytes(group), 0);
  bytes.writeInt32LE(index, 16);
  return bytes;
}

/** struct sockaddr_in or sockaddr_in6.
 *  @param index the interface that a link-local address lies on; the kernel looks at it for no other */
export function sockaddrInet(address: Address, index: number, port = 0): Uint8Array {
  const ipv4 = familyOf(address) === 'ipv4';
  const bytes = Buffer.alloc(ipv4 ? 16 : 28);
  bytes.writeUInt16LE(ipv4 ? AF_INET : AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(addressBytes(address), ipv4 ? 4 : 8);
  if (!ipv4) bytes.writeInt32LE(index, 24);
  return bytes;
}

/** An interface index as IP_UNICAST_IF and IPV6_UNICAST_IF want it. */
export function networkOrder(index: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(index, 0);
  return bytes;
}

/** struct sockaddr_ll for sending whole frames. */
export function sockaddrLl(index: number): Uint8Array {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16LE(AF_PACKET, 0);
  bytes.writeInt32LE(index, 4);
  return bytes;
}

/** struct sockaddr_un. @param path a leading NUL makes it abstract: unix(7) */
export function sockaddrUn(path: string): Uint8Array {
  return Uint8Array.from([AF_UNIX, 0, ...Buffer.from(path)]);
}
