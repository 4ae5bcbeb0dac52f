// How a network learns that an address has moved here, as whole Ethernet frames: gratuitous ARP for IPv4, unsolicited
// neighbour advertisement for IPv6. Must not know when or how often to say so, nor who sends the bytes. Network byte order.
//
//  Gratuitous ARP, RFC 826                            Unsolicited neighbour advertisement, RFC 4861 §4.4, §7.2.6
//
//  offset  size                                       offset  size
//       0     6  Ethernet destination  ff:ff:...           0     6  Ethernet destination  33:33:00:00:00:01
//       6     6  Ethernet source       our MAC             6     6  Ethernet source       our MAC
//      12     2  EtherType             0x0806             12     2  EtherType             0x86dd
//      14     2  hardware type         1, Ethernet        14     4  version 6, traffic class, flow label 0
//      16     2  protocol type         0x0800, IPv4       18     2  payload length        32
//      18     1  hardware addr length  6                  20     1  next header           58, ICMPv6
//      19     1  protocol addr length  4                  21     1  hop limit             255
//      20     2  operation       1 request, 2 reply       22    16  source                the virtual address
//      22     6  sender hardware       our MAC            38    16  destination           ff02::1, all nodes
//      28     4  sender protocol       the address        54     1  type                  136
//      32     6  target hardware       our MAC            55     1  code                  0
//      38     4  target protocol       the address        56     2  checksum, with pseudo-header
//                                                         58     4  flags: router, override; not solicited
//                                                         62    16  target                the virtual address
//                                                         78     1  option type           2, target link-layer address
//                                                         79     1  option length         1, in units of 8 bytes
//                                                         80     6  our MAC
import { type Address, familyOf, writeAddress } from './address.ts';
import { complement, sumPseudoHeader, sumWords } from './checksum.ts';

const BROADCAST = 0xff;
const REQUEST = 1;
const REPLY = 2;

const ALL_NODES = 'ff02::1' as Address;
const ALL_NODES_MAC = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);
const IPV6_HEADER = 14;
const ICMPV6 = 54;
const ICMPV6_PROTOCOL = 58;
const NEIGHBOR_ADVERTISEMENT = 136;
const ROUTER_AND_OVERRIDE = 0xa0;
const TARGET_LINK_LAYER_ADDRESS = 2;

/** The frames that announce one address, in the order in which to send them.
 *  @param mac 6 bytes, of the interface or virtual */
export function announcement(address: Address, mac: Uint8Array): readonly Uint8Array[] {
  return familyOf(address) === 'ipv4' ? gratuitousArp(address, mac) : [unsolicitedNa(address, mac)];
}

/** The frames that announce one IPv4 address, in the order in which to send them: a broadcast request and a broadcast reply.
 *  Both, since some hosts renew an entry only from one and some only from the other (RFC 5944 §4.6 allows either). The
 *  target hardware address is ours in both: RFC 9568 §6.4.1 asks for it, and Linux believes a gratuitous reply only with it.
 *  @param mac 6 bytes, of the interface or virtual
 *  @returns two frames of 42 bytes; the driver pads them */
export function gratuitousArp(address: Address, mac: Uint8Array): readonly Uint8Array[] {
  return [frame(REQUEST, address, mac), frame(REPLY, address, mac)];
}

function frame(operation: number, address: Address, mac: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(42);
  const fields = new DataView(bytes.buffer);
  bytes.fill(BROADCAST, 0, 6);
  bytes.set(mac, 6);
  fields.setUint16(12, 0x0806);
  fields.setUint16(14, 1);
  fields.setUint16(16, 0x0800);
  fields.setUint8(18, 6);
  fields.setUint8(19, 4);
  fields.setUint16(20, operation);
  bytes.set(mac, 22);
  writeAddress(address, bytes, 28);
  bytes.set(mac, 32);
  writeAddress(address, bytes, 38);
  return bytes;
}

/** The frame that announces one IPv6 address to all nodes: RFC 9568 §6.4.1, §6.4.2 with the flags of RFC 4861 §7.2.6. It comes
 *  from the address itself, as whoever holds it is the only one who may say so.
 *  @param mac 6 bytes, of the interface or virtual
 *  @returns 86 bytes */
export function unsolicitedNa(address: Address, mac: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(86);
  const fields = new DataView(bytes.buffer);
  const message = bytes.subarray(ICMPV6);
  bytes.set(ALL_NODES_MAC);
  bytes.set(mac, 6);
  fields.setUint16(12, 0x86dd);
  fields.setUint8(IPV6_HEADER, 0x60);
  fields.setUint16(18, message.length);
  fields.setUint8(20, ICMPV6_PROTOCOL);
  // RFC 4861 §7.1.2: with any other hop limit it is not believed.
  fields.setUint8(21, 255);
  writeAddress(address, bytes, 22);
  writeAddress(ALL_NODES, bytes, 38);
  fields.setUint8(ICMPV6, NEIGHBOR_ADVERTISEMENT);
  fields.setUint8(58, ROUTER_AND_OVERRIDE);
  writeAddress(address, bytes, 62);
  fields.setUint8(78, TARGET_LINK_LAYER_ADDRESS);
  fields.setUint8(79, 1);
  bytes.set(mac, 80);
  fields.setUint16(56, complement(sumWords(message) + sumPseudoHeader(address, ALL_NODES, ICMPV6_PROTOCOL, message.length)));
  return bytes;
}
