// Advertisements to single peers, IPv4 and IPv6: a connected socket for each source and peer, so that what ICMP says about one
// peer is an error of that socket and of no other. Must not know what the messages mean, nor who is a peer.
//
// The errors that a peer or the way to it give (measured, Linux 6.18): ENOPROTOOPT over IPv4 and EPROTO over IPv6 from a host
// where nothing listens for VRRP, EHOSTUNREACH three to four seconds after the first advertisement to a host that is not there.
// Of more than 50 errors at once the kernel keeps some back (icmp(7)), so with 10 ms between advertisements the next round tells.
import { type Address, familyOf } from '../../vrrp/address.ts';
import { VRRP_PROTOCOL, VRRP_TTL } from '../../vrrp/packet.ts';
import type { Link } from '../ports.ts';
import type { Reachability } from './reachability.ts';
import {
  AF_INET,
  AF_INET6,
  IP_RECVERR,
  IP_TOS,
  IP_TTL,
  IP_UNICAST_IF,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVERR,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_UNICAST_IF,
  networkOrder,
  PRIORITY_NETWORK_CONTROL,
  SO_PRIORITY,
  SO_RCVBUF,
  SOCK_RAW,
  SOL_SOCKET,
  sockaddrInet,
  TOS_NETWORK_CONTROL,
} from './socket-options.ts';
import { errnoName, META_FIELDS, SLOT_HEAD, sysnet } from './sysnet.ts';
import { passNothing } from './vrrp-filter.ts';

/** Sockets kept at most, the one that was used longest ago goes first. With more peers than this all works but the errors. */
export const MOST_SOCKETS = 64;

export interface UnicastSender {
  send(message: Uint8Array, source: Address, destination: Address): void;
  close(): void;
}

/** @param choose whether we may speak from the address now, 0 or -errno */
export function createUnicastSender(link: Link, choose: (source: Address) => number, reachability: Reachability): UnicastSender {
  const sockets = new Map<string, number>();
  // Nothing is ever received into these: a receive that takes the pending error needs room all the same.
  const arena = new Uint8Array(SLOT_HEAD + 4);
  const meta = new Int32Array(META_FIELDS);

  /** @returns a descriptor or -errno */
  function socketFor(source: Address, destination: Address): number {
    const key = `${source}>${destination}`;
    const known = sockets.get(key);
    const fd = known ?? open(link, source, destination);
    if (fd < 0) return fd;
    // To the end, where the latest are.
    sockets.delete(key);
    sockets.set(key, fd);
    if (sockets.size > MOST_SOCKETS) forgetOldest();
    return fd;
  }

  function forgetOldest(): void {
    const [oldest] = sockets;
    if (oldest === undefined) return;
    sockets.delete(oldest[0]);
    sysnet.close(oldest[1]);
  }

  return {
    send(message, source, destination) {
      const chosen = choose(source);
      const fd = chosen < 0 ? chosen : socketFor(source, destination);
      if (fd < 0) {
        reachability.refused(errnoName(fd), source, destination);
        return;
      }
      // A raw socket's sendto does not look for what ICMP said; a receive does.
      const pending = sysnet.recvBatch(fd, arena, meta, 1, arena.length);
      const sent = sysnet.sendto(fd, message, 0, null);
      if (pending < 0) reachability.returned(errnoName(pending), destination);
      if (sent < 0) reachability.refused(errnoName(sent), source, destination);
      else if (pending >= 0) reachability.left(source, destination);
    },
    close() {
      for (const fd of sockets.values()) sysnet.close(fd);
      sockets.clear();
    },
  };
}

function open(link: Link, source: Address, destination: Address): number {
  const ipv4 = familyOf(destination) === 'ipv4';
  const fd = sysnet.socket(ipv4 ? AF_INET : AF_INET6, SOCK_RAW, VRRP_PROTOCOL);
  if (fd < 0) return fd;
  const refused = [
    sysnet.attachFilter(fd, passNothing),
    // Also bounds what IP_RECVERR keeps, which nobody reads.
    sysnet.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 1),
    ...(ipv4 ? optionsIpv4(fd, link) : optionsIpv6(fd, link)),
    // Behind IP_TOS, which sets a priority of its own.
    sysnet.setsockopt(fd, SOL_SOCKET, SO_PRIORITY, PRIORITY_NETWORK_CONTROL),
    sysnet.bind(fd, sockaddrInet(source, link.index)),
    sysnet.connect(fd, sockaddrInet(destination, link.index)),
  ].find(result => result < 0);
  if (refused === undefined) return fd;
  sysnet.close(fd);
  return refused;
}

// Through the interface, but not bound to it: over IPv4 a neighbour that does not answer is told through the loopback
// interface, which a bound socket does not hear.

function optionsIpv4(fd: number, link: Link): readonly number[] {
  return [
    sysnet.setsockopt(fd, IPPROTO_IP, IP_UNICAST_IF, networkOrder(link.index)),
    sysnet.setsockopt(fd, IPPROTO_IP, IP_TTL, VRRP_TTL),
    sysnet.setsockopt(fd, IPPROTO_IP, IP_TOS, TOS_NETWORK_CONTROL),
    sysnet.setsockopt(fd, IPPROTO_IP, IP_RECVERR, 1),
  ];
}

function optionsIpv6(fd: number, link: Link): readonly number[] {
  return [
    sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_IF, networkOrder(link.index)),
    sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, VRRP_TTL),
    sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, TOS_NETWORK_CONTROL),
    sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, 1),
  ];
}
