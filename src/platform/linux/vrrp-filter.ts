// Which packets of a raw VRRP socket the kernel queues, as classic BPF; everything else costs us nothing.
// Pure. Must not know sockets, nor whether a packet is any good: the receive checks count what is wrong with it.
import { addressBytes, type Family } from '../../vrrp/address.ts';
import { VRRP_GROUP } from '../../vrrp/packet.ts';

type Instruction = readonly [code: number, jt: number, jf: number, k: number];

// bpf_common.h. A is the accumulator, X the index register.
const LD_W_ABS = 0x20;
const LD_B_ABS = 0x30;
const LD_B_IND = 0x50;
const LDX_MSH = 0xb1;
const JEQ = 0x15;
const JGE = 0x35;
const RET = 0x06;
// linux/filter.h: offsets that stand for something other than the bytes of the packet.
const SKF_AD_PKTTYPE = -0x1000 + 4;
const SKF_NET_OFF = -0x100000;
/** linux/if_packet.h: the frame was addressed to us. */
const PACKET_HOST = 0;

const PASS: Instruction = [RET, 0, 0, 0xffff];
const DROP: Instruction = [RET, 0, 0, 0];

/** A raw IPv4 socket's packet begins with the IP header. To the group; or to anything below 224.0.0.0 in a frame for us, which
 *  leaves out the broadcast addresses of networks. Ends with the VRID in A. */
const toUsIpv4: readonly Instruction[] = [
  [LD_W_ABS, 0, 0, 16],
  [JEQ, 4, 0, word(addressBytes(VRRP_GROUP.ipv4), 0)],
  [JGE, 2, 0, 0xe0000000],
  [LD_W_ABS, 0, 0, SKF_AD_PKTTYPE],
  [JEQ, 1, 0, PACKET_HOST],
  DROP,
  [LDX_MSH, 0, 0, 0],
  [LD_B_IND, 0, 0, 1],
];

/** A raw IPv6 socket's packet begins behind all headers: the VRID is its second byte whatever extension headers there were,
 *  and the destination is found from the IPv6 header. */
const toUsIpv6: readonly Instruction[] = [
  [LD_W_ABS, 0, 0, SKF_NET_OFF + 24],
  [JEQ, 0, 6, word(addressBytes(VRRP_GROUP.ipv6), 0)],
  [LD_W_ABS, 0, 0, SKF_NET_OFF + 28],
  [JEQ, 0, 5, word(addressBytes(VRRP_GROUP.ipv6), 4)],
  [LD_W_ABS, 0, 0, SKF_NET_OFF + 32],
  [JEQ, 0, 3, word(addressBytes(VRRP_GROUP.ipv6), 8)],
  [LD_W_ABS, 0, 0, SKF_NET_OFF + 36],
  [JEQ, 2, 1, word(addressBytes(VRRP_GROUP.ipv6), 12)],
  [JGE, 0, 1, 0xff000000],
  DROP,
  [LD_B_ABS, 0, 0, 1],
];

const toUs: Readonly<Record<Family, readonly Instruction[]>> = { ipv4: toUsIpv4, ipv6: toUsIpv6 };

/** Passes packets to the VRRP group or to an address of ours, with one of these VRIDs or with any other than these.
 *  What is too short to have a VRID is dropped either way.
 *  @param vrids at most 255
 *  @returns struct sock_filter[] */
export function vrrpFilter(family: Family, which: 'these' | 'others', vrids: readonly number[]): Uint8Array {
  // A jump reaches 255 instructions.
  const matches = vrids.map((vrid, i): Instruction => [JEQ, vrids.length - i, 0, vrid]);
  return encode([...toUs[family], ...matches, ...(which === 'these' ? [DROP, PASS] : [PASS, DROP])]);
}

/** For a socket that only sends. */
export const passNothing: Uint8Array = encode([DROP]);

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(8 * program.length);
  program.forEach(([code, jt, jf, k], i) => {
    bytes.writeUInt16LE(code, 8 * i);
    bytes[8 * i + 2] = jt;
    bytes[8 * i + 3] = jf;
    bytes.writeUInt32LE(k >>> 0, 8 * i + 4);
  });
  return bytes;
}

function word(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + offset, 4).getUint32(0);
}
