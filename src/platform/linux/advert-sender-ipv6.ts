// Advertisements to ff02::12, straight from sysnet: each has left, or was refused, when `send` returns.
// Must not know what the messages mean.
import type { Address } from '../../vrrp/address.ts';
import { VRRP_GROUP, VRRP_PROTOCOL, VRRP_TTL } from '../../vrrp/packet.ts';
import type { Link, SystemError } from '../ports.ts';
import type { MulticastSender } from './advert-sender-ipv4.ts';
import type { Reachability } from './reachability.ts';
import {
  AF_INET6,
  deviceName,
  IPPROTO_IPV6,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_TCLASS,
  PRIORITY_NETWORK_CONTROL,
  SO_BINDTODEVICE,
  SO_PRIORITY,
  SO_RCVBUF,
  SOCK_RAW,
  SOL_SOCKET,
  sockaddrInet,
  TOS_NETWORK_CONTROL,
} from './socket-options.ts';
import { errnoName, sysnet } from './sysnet.ts';
import { passNothing } from './vrrp-filter.ts';

const GROUP = VRRP_GROUP.ipv6;

export function openMulticastIpv6(link: Link, reachability: Reachability): MulticastSender | SystemError {
  const problem = (op: string, errno: number): SystemError => ({ kind: 'system-error', op, code: errnoName(errno), target: link.name });
  const fd = sysnet.socket(AF_INET6, SOCK_RAW, VRRP_PROTOCOL);
  if (fd < 0) return problem('open VRRP socket for sending', fd);
  const steps: readonly (readonly [string, number])[] = [
    ['receive nothing', sysnet.attachFilter(fd, passNothing)],
    ['receive nothing', sysnet.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 1)],
    ['bind to interface', sysnet.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, deviceName(link.name))],
    ['multicast on interface', sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, link.index)],
    ['set hop limit', sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, VRRP_TTL)],
    ['set loop', sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0)],
    ['set traffic class', sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, TOS_NETWORK_CONTROL)],
    ['set priority', sysnet.setsockopt(fd, SOL_SOCKET, SO_PRIORITY, PRIORITY_NETWORK_CONTROL)],
  ];
  const refused = steps.find(([, result]) => result < 0);
  if (refused !== undefined) {
    sysnet.close(fd);
    return problem(...refused);
  }
  const group = sockaddrInet(GROUP, link.index);
  // A raw socket may be bound as often as one likes, and the kernel looks each time whether the address is on this machine and
  // not tentative: 1.2 µs. It does not when sending, and what has gone would go on speaking.
  const choose = (source: Address): number => sysnet.bind(fd, sockaddrInet(source, link.index));
  return {
    choose,
    send(message, source) {
      const chosen = choose(source);
      const sent = chosen < 0 ? chosen : sysnet.sendto(fd, message, 0, group);
      if (sent < 0) reachability.refused(errnoName(sent), source, GROUP);
      else reachability.left(source, GROUP);
    },
    close() {
      sysnet.close(fd);
    },
  };
}
