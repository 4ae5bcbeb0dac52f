// The sockets of one interface for IPv4: raw-socket sends adverts, sysnet receives them, a packet socket sends ARP.
// Must not know what the messages mean, nor whether they are any good.
import { getSystemErrorMap } from 'node:util';
import { AddressFamily, createSocket, type Socket } from 'raw-socket';
import { type Address, addressFromBytes } from '../../vrrp/address.ts';
import { VRRP_GROUP, VRRP_PROTOCOL, VRRP_TTL } from '../../vrrp/packet.ts';
import type { AdvertLink, AdvertLinks, Link, SystemError } from '../ports.ts';
import {
  AF_INET,
  AF_PACKET,
  deviceName,
  IP_ADD_MEMBERSHIP,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_PKTINFO,
  IP_RECVTTL,
  IP_TOS,
  IPPROTO_IP,
  ipMreqn,
  PRIORITY_NETWORK_CONTROL,
  SO_BINDTODEVICE,
  SO_PRIORITY,
  SO_RCVBUF,
  SOCK_RAW,
  SOL_SOCKET,
  sockaddrLl,
  TOS_NETWORK_CONTROL,
  vrrpFilter,
} from './socket-options.ts';
import { errnoName, META_FIELDS, SLOT_HEAD, sysnet } from './sysnet.ts';

const GROUP = VRRP_GROUP.ipv4;
/** One recvmmsg: enough that a flood costs few calls, few enough that the arena stays small. */
const SLOTS = 32;
/** IP header with options, and the longest advertisement: 8 + 4 x 255 bytes. Longer ones are cut and fail their length. */
const SLOT_SIZE = SLOT_HEAD + 60 + 8 + 4 * 255;
/** In one turn at most: a full receive buffer, after which timers get their turn. */
const MOST = 1024;

export const advertLinks: AdvertLinks = {
  open(link, family, ready, failed) {
    if (family !== 'ipv4') return { kind: 'system-error', op: 'open sockets', code: 'EAFNOSUPPORT', target: link.name };
    const receiver = openReceiver(link);
    if (typeof receiver !== 'number') return receiver;
    const frames = sysnet.socket(AF_PACKET, SOCK_RAW, 0);
    if (frames < 0) {
      sysnet.close(receiver);
      return problem('open packet socket', frames, link);
    }
    sysnet.setsockopt(frames, SOL_SOCKET, SO_PRIORITY, PRIORITY_NETWORK_CONTROL);
    const sender = openSender(link);
    if ('kind' in sender) {
      sysnet.close(receiver);
      sysnet.close(frames);
      return sender;
    }
    sysnet.watch(receiver, ready);
    return createLink(link, receiver, frames, sender, failed);
  },
};

function problem(op: string, errno: number, link: Link): SystemError {
  return { kind: 'system-error', op, code: errnoName(errno), target: link.name };
}

function openReceiver(link: Link): number | SystemError {
  const fd = sysnet.socket(AF_INET, SOCK_RAW, VRRP_PROTOCOL);
  if (fd < 0) return problem('open VRRP socket', fd, link);
  const steps: readonly (readonly [string, number])[] = [
    // Nothing is let in before `listenFor`, and nothing from other interfaces ever.
    ['filter VRRP', sysnet.attachFilter(fd, vrrpFilter(GROUP, []))],
    ['bind to interface', sysnet.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, deviceName(link.name))],
    ['see destination', sysnet.setsockopt(fd, IPPROTO_IP, IP_PKTINFO, 1)],
    ['see TTL', sysnet.setsockopt(fd, IPPROTO_IP, IP_RECVTTL, 1)],
    ['leave other groups', sysnet.setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0)],
    ['join 224.0.0.18', sysnet.setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, ipMreqn(GROUP, null, link.index))],
  ];
  for (const [op, result] of steps) {
    if (result >= 0) continue;
    sysnet.close(fd);
    return problem(op, result, link);
  }
  return fd;
}

function openSender(link: Link): Socket | SystemError {
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

function createLink(link: Link, receiver: number, frames: number, sender: Socket, failed: (error: SystemError) => void): AdvertLink {
  const arena = new Uint8Array(SLOTS * SLOT_SIZE);
  const meta = new Int32Array(SLOTS * META_FIELDS);
  const wire = sockaddrLl(link.index);
  let waiting = 0;
  let next = 0;
  let taken = 0;
  let source: Address | null = null;
  let trouble: string | null = null;
  /** What has not left yet, the latest of each VRID: on a wire that takes nothing, old claims must not wait for their chance. */
  const unsent = new Map<number, { readonly message: Buffer; readonly from: Address }>();
  let sending = false;
  let closing = false;

  function sent(error: Error | null): void {
    const cause = error === null ? null : causeOf(error);
    if (cause !== null && cause !== trouble) failed({ kind: 'system-error', op: 'send advertisement', code: cause, target: link.name });
    trouble = cause;
    sending = false;
    sendNext();
  }

  function sendNext(): void {
    if (sending) return;
    const [next] = unsent;
    if (next === undefined) {
      if (closing) sender.close();
      return;
    }
    const [vrid, { message, from }] = next;
    unsent.delete(vrid);
    // It leaves a turn later, and another router on this interface may speak from another address meanwhile.
    const speak = (): void => {
      if (source === from) return;
      source = null;
      sender.setOption(IPPROTO_IP, IP_MULTICAST_IF, ipMreqn(null, from, link.index), 12);
      source = from;
    };
    sending = true;
    sender.send(message, 0, message.length, GROUP, speak, sent);
  }

  return {
    receive() {
      if (next >= waiting) {
        next = 0;
        waiting = taken >= MOST ? 0 : Math.max(0, sysnet.recvBatch(receiver, arena, meta, SLOTS, SLOT_SIZE));
        taken += waiting;
        if (waiting === 0) {
          taken = 0;
          return null;
        }
      }
      const slot = next * SLOT_SIZE;
      const length = meta[next * META_FIELDS] ?? 0;
      const ttl = meta[next * META_FIELDS + 1] ?? 0;
      next += 1;
      const payload = slot + SLOT_HEAD;
      // IPv4 raw sockets give the header too; its length is in the low half of its first byte.
      const header = ((arena[payload] ?? 0) & 0xf) * 4;
      return {
        message: arena.subarray(payload + Math.min(header, length), payload + length),
        reception: {
          source: addressFromBytes(arena, slot, 'ipv4'),
          // The packet's own destination: IP_PKTINFO's would do too, but the header cannot be rewritten on the way up.
          destination: addressFromBytes(arena, payload + 16, 'ipv4'),
          ttl,
        },
      };
    },
    send(message, from) {
      const vrid = message[1] ?? 0;
      // To the end of the queue, also when it takes the place of an older one.
      unsent.delete(vrid);
      unsent.set(vrid, { message: Buffer.from(message.buffer, message.byteOffset, message.length), from });
      sendNext();
    },
    sendFrame(frame) {
      sysnet.sendto(frames, frame, 0, wire);
    },
    listenFor(vrids) {
      sysnet.attachFilter(receiver, vrrpFilter(GROUP, vrids));
    },
    close() {
      sysnet.unwatch(receiver);
      sysnet.close(receiver);
      sysnet.close(frames);
      // The last word is still to leave.
      closing = true;
      sendNext();
    },
  };
}
