// The VRRP sockets of one process on one interface of a fake machine: kernel filter, queues, and what sending fails with.
// Must not know what the messages mean, nor who else is on the wire.
import { type Address, type Family, familyOf } from '../../vrrp/address.ts';
import { peekVrid } from '../../vrrp/admit.ts';
import { between, type Micros, micros, seconds } from '../../vrrp/units.ts';
import type { AdvertLink, AdvertLinkEvents, Datagram, Link } from '../ports.ts';
import { type Loop, later, type Timeline } from './clock.ts';
import type { Machine } from './network.ts';

/** Small datagrams that Linux keeps by default: 212,992 bytes in buffers of 768. */
export const QUEUE = 277;
/** What the network said of a destination is over when it said nothing more for so long. */
const QUIET = seconds(5);
/** So many datagrams for others are kept until somebody asks. */
export const SAMPLE = 64;

interface Trouble {
  readonly causes: Set<string>;
  /** The address that could not speak; null: the network says that nothing arrives. */
  source: Address | null;
  last: Micros;
}

export interface Socket {
  readonly machine: Machine;
  readonly link: Link;
  readonly family: Family;
  /** A datagram has arrived at the machine for this socket. */
  deliver(datagram: Datagram): void;
  /** What the network had to say about a datagram that was sent there: the next one to it fails with that. */
  complain(destination: Address, code: string): void;
}

/** What carries the datagrams. */
export interface Wire {
  carry(from: Socket, message: Uint8Array, source: Address, destination: Address): void;
  close(socket: Socket): void;
}

export function openAdvertLink(
  timeline: Timeline,
  machine: Machine,
  loop: Loop,
  link: Link,
  family: Family,
  events: AdvertLinkEvents,
  wire: Wire,
): { readonly socket: Socket; readonly port: AdvertLink } {
  let queue: Datagram[] = [];
  let sample: Datagram[] = [];
  let vrids: readonly number[] = [];
  let told = false;
  let open = true;
  /** What ICMP said and no `send` has been told yet. */
  const complaints = new Map<Address, string>();
  const troubles = new Map<Address, Trouble>();
  const usable = (): boolean => machine.has(link) && machine.carries(link.name);

  const socket: Socket = {
    machine,
    link,
    family,
    deliver(datagram) {
      const vrid = peekVrid(datagram.message);
      if (!open || vrid === null || !usable()) return;
      if (!vrids.includes(vrid)) {
        if (sample.length < SAMPLE) sample.push(datagram);
        return;
      }
      if (queue.length >= QUEUE) return;
      queue.push(datagram);
      if (told) return;
      told = true;
      loop.call(() => {
        told = false;
        if (queue.length > 0) events.ready();
      });
    },
    complain(destination, code) {
      complaints.set(destination, code);
    },
  };

  function close(): void {
    open = false;
    queue = [];
    sample = [];
    wire.close(socket);
  }
  loop.onEnd(close);

  /** An event that belongs to a call comes after it. */
  function tell(event: () => void): void {
    later(timeline, micros(0), () =>
      loop.call(() => {
        if (open) event();
      }),
    );
  }

  function fail(op: string, code: string, source: Address | null, destination: Address): void {
    const causes = troubles.get(destination)?.causes ?? new Set();
    troubles.set(destination, { causes, source, last: timeline.now() });
    if (causes.has(code)) return;
    causes.add(code);
    tell(() => events.failed({ kind: 'system-error', op, code, target: link.name }, destination));
  }

  function left(source: Address, destination: Address): void {
    const known = troubles.get(destination);
    if (known === undefined || (known.source !== source && between(known.last, timeline.now()) < QUIET)) return;
    troubles.delete(destination);
    tell(() => events.reached(destination));
  }

  /** Why the kernel does not even try; null: it does. For IPv6 EINVAL, as with IPV6_PKTINFO, for a tentative source too. */
  function refusal(source: Address): string | null {
    if (!machine.has(link)) return 'ENODEV';
    const own = machine.addresses(link.name).filter(({ address }) => familyOf(address) === family);
    const there = own.some(({ address, tentative }) => address === source && !tentative);
    if (family === 'ipv6') return there ? null : 'EINVAL';
    if (own.length === 0) return 'ENETUNREACH';
    return there ? null : 'EADDRNOTAVAIL';
  }

  const port: AdvertLink = {
    receive: () => queue.shift() ?? null,
    overhear: () => sample.shift() ?? null,
    send(message, source, destination) {
      const code = refusal(source);
      if (code !== null) {
        fail('send advertisement', code, source, destination);
        return;
      }
      const complaint = complaints.get(destination);
      complaints.delete(destination);
      if (complaint === undefined) left(source, destination);
      else fail('deliver advertisement', complaint, null, destination);
      if (usable()) wire.carry(socket, message.slice(), source, destination);
    },
    listenFor(wanted) {
      vrids = wanted;
    },
    close,
  };
  return { socket, port };
}
