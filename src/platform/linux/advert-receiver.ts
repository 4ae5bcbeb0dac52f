// A raw socket that takes in the VRRP packets of one interface in one family, many with each system call.
// Must not know what the messages mean, nor whether they are any good.
//
// What comes up, as Linux 6.18 does it (pinned by test/platform/linux/advert-link*.ts): fragments only when they are whole
// again, with the TTL of the first one; the message without IP options and without extension headers; over IPv4 nothing from an
// address of our own (unless accept_local is set), over IPv6 that too.
import { addressFromBytes, type Family } from '../../vrrp/address.ts';
import { VRRP_GROUP, VRRP_PROTOCOL } from '../../vrrp/packet.ts';
import type { Datagram, Link, SystemError } from '../ports.ts';
import {
  AF_INET,
  AF_INET6,
  deviceName,
  IP_ADD_MEMBERSHIP,
  IP_MULTICAST_ALL,
  IP_PKTINFO,
  IP_RECVTTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_ADD_MEMBERSHIP,
  IPV6_MULTICAST_ALL,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  ipMreqn,
  ipv6Mreq,
  SO_BINDTODEVICE,
  SO_RCVBUF,
  SOCK_RAW,
  SOL_SOCKET,
} from './socket-options.ts';
import { errnoName, META_FIELDS, SLOT_HEAD, sysnet } from './sysnet.ts';
import { passNothing, vrrpFilter } from './vrrp-filter.ts';

export interface Receiver {
  /** The next that waits; its bytes are good until the next call. null ends a round. */
  next(): Datagram | null;
  /** From now on packets with these VRIDs are queued, or those with any other; nothing before the first call. */
  listenFor(vrids: readonly number[]): void;
  close(): void;
}

/** How a receiver is used. */
interface Purpose {
  readonly which: 'these' | 'others';
  /** Datagrams in one system call. */
  readonly slots: number;
  /** Datagrams in one round: whatever arrives meanwhile, timers get their turn. */
  readonly most: number;
  /** SO_RCVBUF in bytes, null for what is usual. */
  readonly buffer: number | null;
}

/** Enough at once that a flood costs few calls, few enough that the arena stays small; a round takes a full receive buffer. */
const LISTEN: Purpose = { which: 'these', slots: 32, most: 1024, buffer: null };
/** The kernel keeps the first few dozen that come after the last round, and drops the rest: 79 small ones on veth, never fewer
 *  than 20. So whoever speaks every second is in most rounds, and in a flood a quiet speaker may be in none. */
const SAMPLE: Purpose = { which: 'others', slots: 8, most: 64, buffer: 32_768 };

/** The longest advertisement, 8 bytes and 255 addresses, behind the longest header that is given with it; and a word more, so
 *  that what is longer is cut and still too long. */
const SLOT_SIZE: Readonly<Record<Family, number>> = { ipv4: SLOT_HEAD + 60 + 8 + 4 * 255 + 4, ipv6: SLOT_HEAD + 8 + 16 * 255 + 4 };

/** For what is ours.
 *  @param ready is called when something may wait */
export function openListener(link: Link, family: Family, ready: () => void): Receiver | SystemError {
  const receiver = open(link, family, LISTEN);
  if ('kind' in receiver) return receiver;
  const { fd, ...listener } = receiver;
  sysnet.watch(fd, ready);
  return {
    ...listener,
    close() {
      sysnet.unwatch(fd);
      listener.close();
    },
  };
}

/** For all other VRIDs; nobody is woken. */
export function openSampler(link: Link, family: Family): Receiver | SystemError {
  return open(link, family, SAMPLE);
}

function open(link: Link, family: Family, purpose: Purpose): (Receiver & { readonly fd: number }) | SystemError {
  const problem = (op: string, errno: number): SystemError => ({ kind: 'system-error', op, code: errnoName(errno), target: link.name });
  const fd = sysnet.socket(family === 'ipv4' ? AF_INET : AF_INET6, SOCK_RAW, VRRP_PROTOCOL);
  if (fd < 0) return problem('open VRRP socket', fd);
  const steps: readonly (readonly [string, number])[] = [
    // Nothing is let in before `listenFor`, and nothing from other interfaces ever.
    ['filter VRRP', sysnet.attachFilter(fd, passNothing)],
    ['bind to interface', sysnet.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, deviceName(link.name))],
    ...(family === 'ipv4' ? stepsIpv4(fd, link) : stepsIpv6(fd, link)),
  ];
  const refused = steps.find(([, result]) => result < 0);
  if (refused !== undefined) {
    sysnet.close(fd);
    return problem(...refused);
  }
  if (purpose.buffer !== null) sysnet.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, purpose.buffer);
  return {
    fd,
    next: createReader(fd, family, purpose),
    listenFor(vrids) {
      sysnet.attachFilter(fd, vrrpFilter(family, purpose.which, vrids));
    },
    close() {
      sysnet.close(fd);
    },
  };
}

function stepsIpv4(fd: number, link: Link): readonly (readonly [string, number])[] {
  const group = VRRP_GROUP.ipv4;
  return [
    ['see destination', sysnet.setsockopt(fd, IPPROTO_IP, IP_PKTINFO, 1)],
    ['see TTL', sysnet.setsockopt(fd, IPPROTO_IP, IP_RECVTTL, 1)],
    ['leave other groups', sysnet.setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0)],
    [`join ${group}`, sysnet.setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, ipMreqn(group, null, link.index))],
  ];
}

function stepsIpv6(fd: number, link: Link): readonly (readonly [string, number])[] {
  const group = VRRP_GROUP.ipv6;
  // Not before Linux 4.20; the filter knows the group anyway.
  sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
  return [
    ['see destination', sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)],
    ['see hop limit', sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1)],
    [`join ${group}`, sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, ipv6Mreq(group, link.index))],
  ];
}

function createReader(fd: number, family: Family, { slots, most }: Purpose): Receiver['next'] {
  const size = SLOT_SIZE[family];
  const arena = new Uint8Array(slots * size);
  const meta = new Int32Array(slots * META_FIELDS);
  let waiting = 0;
  let next = 0;
  let taken = 0;
  return () => {
    if (next >= waiting) {
      next = 0;
      waiting = taken >= most ? 0 : Math.max(0, sysnet.recvBatch(fd, arena, meta, slots, size));
      taken += waiting;
      if (waiting === 0) {
        taken = 0;
        return null;
      }
    }
    const slot = next * size;
    const length = meta[next * META_FIELDS] ?? 0;
    const ttl = meta[next * META_FIELDS + 1] ?? 0;
    next += 1;
    const payload = slot + SLOT_HEAD;
    const end = payload + length;
    const source = addressFromBytes(arena, slot, family);
    if (family === 'ipv6') {
      // IPV6_PKTINFO's destination: the header is not given.
      const destination = addressFromBytes(arena, slot + 16, family);
      return { message: arena.subarray(payload, end), reception: { source, destination, ttl } };
    }
    // IPv4 raw sockets give the header too; its length is in the low half of its first byte.
    const header = ((arena[payload] ?? 0) & 0xf) * 4;
    // The packet's own destination: IP_PKTINFO's would do too, but the header cannot be rewritten on the way up.
    const destination = addressFromBytes(arena, payload + 16, family);
    return { message: arena.subarray(payload + Math.min(header, length), end), reception: { source, destination, ttl } };
  };
}
