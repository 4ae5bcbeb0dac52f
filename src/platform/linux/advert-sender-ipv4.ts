// Advertisements to 224.0.0.18, by raw-socket (decision 0003): the latest of each VRID, never an old claim.
// Must not know what the messages mean, but for their VRID.
import { getSystemErrorMap } from 'node:util';
import { AddressFamily, createSocket, type Socket } from 'raw-socket';
import type { Address } from '../../vrrp/address.ts';
import { VRRP_GROUP, VRRP_PROTOCOL, VRRP_TTL } from '../../vrrp/packet.ts';
import type { Link, SystemError } from '../ports.ts';
import type { Reachability } from './reachability.ts';
import {
  deviceName,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_TOS,
  IPPROTO_IP,
  ipMreqn,
  PRIORITY_NETWORK_CONTROL,
  SO_BINDTODEVICE,
  SO_PRIORITY,
  SO_RCVBUF,
  SOL_SOCKET,
  TOS_NETWORK_CONTROL,
} from './socket-options.ts';

const GROUP = VRRP_GROUP.ipv4;

export interface MulticastSender {
  /** Whether we may speak from the address now; over IPv4 the kernel looks whenever something is sent, unicast too.
   *  @returns 0 or -errno */
  choose(source: Address): number;
  send(message: Uint8Array, source: Address): void;
  /** What was sent before still leaves. */
  close(): void;
}

export function openMulticastIpv4(link: Link, reachability: Reachability): MulticastSender | SystemError {
  const sender = openSocket(link);
  return 'kind' in sender ? sender : createSender(link, sender, reachability);
}

function openSocket(link: Link): Socket | SystemError {
  let socket: Socket | null = null;
  try {
    socket = createSocket({ protocol: VRRP_PROTOCOL, addressFamily: AddressFamily.IPv4, bufferSize: 64 });
    // It has no way to be deaf: read nothing, and let the kernel keep next to nothing for it.
    socket.pauseRecv();
    socket.on('error', () => {});
    socket.setOption(SOL_SOCKET, SO_RCVBUF, 1);
    socket.setOption(SOL_SOCKET, SO_BINDTODEVICE, deviceName(link.name), link.name.length + 1);
    socket.setOption(IPPROTO_IP, IP_TOS, TOS_NETWORK_CONTROL);
    // Behind IP_TOS, which sets a priority of its own.
    socket.setOption(SOL_SOCKET, SO_PRIORITY, PRIORITY_NETWORK_CONTROL);
    socket.setOption(IPPROTO_IP, IP_MULTICAST_TTL, VRRP_TTL);
    socket.setOption(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    return socket;
  } catch (error) {
    socket?.close();
    return { kind: 'system-error', op: 'open VRRP socket for sending', code: causeOf(error), target: link.name };
  }
}

/** What libuv says in other words than the C library. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'cannot assign requested address': 'EADDRNOTAVAIL',
  'no route to host': 'EHOSTUNREACH',
  'cannot allocate memory': 'ENOMEM',
};
const names: ReadonlyMap<string, string> = new Map([...getSystemErrorMap().values()].map(([name, text]) => [text, name]));

/** The errno name of what raw-socket threw: it tells nothing but strerror(3). */
function causeOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return OTHERWISE[text.toLowerCase()] ?? names.get(text.toLowerCase()) ?? text;
}

interface Unsent {
  readonly message: Buffer;
  readonly from: Address;
}

/** Whether two messages say the same in the two forms of the checksum, of which both are to leave (decision 0004). */
function areTwins(one: Unsent, other: Unsent): boolean {
  const [a, b] = [one.message, other.message];
  const differsAt = (from: number, to: number): boolean => !a.subarray(from, to).equals(b.subarray(from, to));
  return one.from === other.from && a.length === b.length && differsAt(6, 8) && !differsAt(0, 6) && !differsAt(8, a.length);
}

function createSender(link: Link, sender: Socket, reachability: Reachability): MulticastSender {
  let source: Address | null = null;
  /** What has not left yet, the latest of each VRID: on a wire that takes nothing, old claims must not wait for their chance. */
  const unsent = new Map<number, readonly Unsent[]>();
  let sending = false;
  let closing = false;

  function sendNext(): void {
    if (sending) return;
    const [next] = unsent;
    if (next === undefined) {
      if (closing) sender.close();
      return;
    }
    const [vrid, [first, ...rest]] = next;
    if (rest.length > 0) unsent.set(vrid, rest);
    else unsent.delete(vrid);
    if (first === undefined) return;
    const { message, from } = first;
    // It leaves a turn later, and another router on this interface may speak from another address meanwhile.
    const speak = (): void => {
      if (source === from) return;
      source = null;
      sender.setOption(IPPROTO_IP, IP_MULTICAST_IF, ipMreqn(null, from, link.index), 12);
      source = from;
    };
    const sent = (error: Error | null): void => {
      if (error === null) reachability.left(from, GROUP);
      else reachability.refused(causeOf(error), from, GROUP);
      sending = false;
      sendNext();
    };
    sending = true;
    sender.send(message, 0, message.length, GROUP, speak, sent);
  }

  return {
    choose: () => 0,
    send(message, from) {
      const vrid = message[1] ?? 0;
      const latest = { message: Buffer.from(message.buffer, message.byteOffset, message.length), from };
      const twin = unsent.get(vrid)?.filter(old => areTwins(old, latest)) ?? [];
      // To the end of the queue, also when it takes the place of an older one.
      unsent.delete(vrid);
      unsent.set(vrid, [...twin, latest]);
      sendNext();
    },
    close() {
      // The last word is still to leave.
      closing = true;
      sendNext();
    },
  };
}
