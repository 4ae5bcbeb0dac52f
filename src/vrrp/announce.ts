// Gratuitous ARP as whole Ethernet frames: how a network learns that an IPv4 address has moved here.
// Must not know when or how often to say so, nor who sends the bytes. Network byte order.
//
//  offset  size
//       0     6  Ethernet destination      ff:ff:ff:ff:ff:ff
//       6     6  Ethernet source           our link-layer address
//      12     2  EtherType                 0x0806, ARP
//      14     2  hardware type             1, Ethernet
//      16     2  protocol type             0x0800, IPv4
//      18     1  hardware address length   6
//      19     1  protocol address length   4
//      20     2  operation                 1 request, 2 reply
//      22     6  sender hardware address   our link-layer address
//      28     4  sender protocol address   the virtual address
//      32     6  target hardware address   our link-layer address
//      38     4  target protocol address   the virtual address
import { type Address, writeAddress } from './address.ts';

const BROADCAST = 0xff;
const REQUEST = 1;
const REPLY = 2;

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
