// One LAN: carries datagrams and frames between machines, loses them as told, and knows whom its clients reach.
// Must not know what the messages mean beyond what a neighbour cache reads. Interfaces of one name share it.
import { type Address, addressFromBytes, familyOf } from '../../vrrp/address.ts';
import type { Reception } from '../../vrrp/admit.ts';
import { fold, sumPseudoHeader, sumWords } from '../../vrrp/checksum.ts';
import { VRRP_GROUP, VRRP_TTL } from '../../vrrp/packet.ts';
import { after, type Micros, micros, seconds } from '../../vrrp/units.ts';
import type { AdvertLinks } from '../ports.ts';
import { openAdvertLink, type Socket, type Wire } from './advert-link.ts';
import { type Loop, later, type Timeline } from './clock.ts';
import type { Machine } from './network.ts';

/** From one kernel to another over a switch. */
const DELAY = micros(200);
/** A kernel asks for a neighbour so often, so long apart; one that answered once is sent to for a while without asking. For
 *  Linux that is 8 s at least: 5 s until it doubts, then three questions. */
const QUESTIONS = 3;
const PATIENCE = seconds(1);
const TRUST = seconds(8);

/** What the wire saw. */
export interface Sighting {
  readonly from: string;
  readonly interface: string;
  readonly bytes: Uint8Array;
}

export interface DatagramSighting extends Sighting {
  readonly source: Address;
  readonly destination: Address;
}

/** A machine that only asks and listens: whoever uses the service. */
export const CLIENT = 'client';

export interface Lan {
  /** Connects a machine; its interfaces are looked up by name when something is sent. */
  attach(machine: Machine): void;
  /** The sockets of one process on that machine. */
  sockets(machine: Machine, loop: Loop): AdvertLinks;
  /** A datagram from anywhere: whatever a stranger could send, to the group or to one machine. */
  inject(link: string, message: Uint8Array, reception: Reception): void;
  /** Nothing passes between members of different groups; who is in no group is in the first. Carrier stays. */
  partition(groups: readonly (readonly string[])[]): void;
  /** Nothing passes from one to the other; the way back is open. */
  deafen(from: string, to: string): void;
  /** That share of what is sent arrives nowhere, each receiver by itself. 0..1 */
  lose(share: number): void;
  /** The next so many datagrams from that machine are lost. */
  loseNext(from: string, count: number): void;
  /** No partition, no loss. */
  heal(): void;
  passes(from: string, to: string): boolean;
  /** The machines that answer for the address and that `from` hears. */
  answering(address: Address, from: string): readonly string[];
  /** Where the clients send what is for the address: their ARP entry, else null. */
  cached(address: Address): string | null;
  onDatagram(see: (seen: DatagramSighting) => void): void;
  onFrame(see: (seen: Sighting) => void): void;
}

/** What one machine knows of another's address on an interface. */
interface Neighbour {
  trustedUntil: Micros;
  /** What is to be sent there once it is found. */
  waiting: { readonly from: Socket; send(to: Machine): void }[];
}

/** @param seed of the losses */
export function createLan(timeline: Timeline, seed = 1): Lan {
  const machines = new Map<string, Machine>();
  const sockets = new Set<Socket>();
  const datagramWatchers: ((seen: DatagramSighting) => void)[] = [];
  const frameWatchers: ((seen: Sighting) => void)[] = [];
  const cache = new Map<Address, string>();
  const neighbours = new Map<string, Neighbour>();
  const random = createRandom(seed);
  let groups = new Map<string, number>();
  let deaf = new Set<string>();
  let share = 0;
  let losing = new Map<string, number>();

  function passes(from: string, to: string): boolean {
    return (groups.get(from) ?? 0) === (groups.get(to) ?? 0) && !deaf.has(`${from}>${to}`);
  }

  function lost(from: string): boolean {
    const left = losing.get(from) ?? 0;
    if (left === 0) return false;
    losing.set(from, left - 1);
    return true;
  }

  /** Every socket that a datagram to the group reaches on interfaces of that name, as far as the wire goes. */
  function multicast(from: Socket, message: Uint8Array, reception: Reception): void {
    for (const socket of sockets) {
      if (socket.machine === from.machine || socket.link.name !== from.link.name || socket.family !== from.family) continue;
      if (!passes(from.machine.name, socket.machine.name) || random() < share) continue;
      later(timeline, DELAY, () => socket.deliver({ message, reception }));
    }
  }

  /** Who answers for the address on that interface and can be asked. Who is deaf in one direction cannot. */
  function find(from: Socket, destination: Address): Machine | undefined {
    const { name } = from.machine;
    return [...machines.values()].find(
      each => each.answersFor(destination, from.link.name) && passes(name, each.name) && passes(each.name, name),
    );
  }

  /** To the machine that has the address. As long as nobody answers for it, it waits; in the end the sender is told. */
  function unicast(from: Socket, message: Uint8Array, reception: Reception): void {
    const { destination } = reception;
    if (from.machine.holds(destination)) return;
    const key = `${from.machine.name} ${from.link.name} ${destination}`;
    const known = neighbours.get(key) ?? { trustedUntil: micros(0), waiting: [] };
    neighbours.set(key, known);
    const found = find(from, destination);
    if (found === undefined && timeline.now() < known.trustedUntil) return;
    known.waiting.push({ from, send: to => deliverTo(to, from, message, reception) });
    if (found !== undefined) flush(known, found);
    else if (known.waiting.length === 1) ask(known, destination, 1);
  }

  function flush(known: Neighbour, to: Machine): void {
    known.trustedUntil = after(timeline.now(), TRUST);
    for (const each of known.waiting.splice(0)) each.send(to);
  }

  function ask(known: Neighbour, destination: Address, question: number): void {
    const [first] = known.waiting;
    if (first === undefined) return;
    later(timeline, PATIENCE, () => {
      // Found by a later datagram; whatever waits now began to later.
      if (known.waiting[0] !== first) return;
      const found = find(first.from, destination);
      if (found !== undefined) flush(known, found);
      else if (question < QUESTIONS) ask(known, destination, question + 1);
      else for (const from of new Set(known.waiting.splice(0).map(each => each.from))) from.complain(destination, 'EHOSTUNREACH');
    });
  }

  function deliverTo(machine: Machine, from: Socket, message: Uint8Array, reception: Reception): void {
    const { destination } = reception;
    if (random() < share) return;
    later(timeline, DELAY, () => {
      const there = openAt(machine, from.link.name, destination);
      for (const socket of there) socket.deliver({ message, reception });
      // ICMP: protocol unreachable; ICMPv6: unrecognized next header, which Linux calls EPROTO.
      if (there.length === 0 && machine.accepts(destination)) from.complain(destination, from.family === 'ipv4' ? 'ENOPROTOOPT' : 'EPROTO');
    });
  }

  /** The sockets that a datagram to that address of that machine goes to. */
  function openAt(machine: Machine, link: string, destination: Address): readonly Socket[] {
    if (!machine.accepts(destination)) return [];
    return [...sockets].filter(
      socket => socket.machine === machine && socket.link.name === link && socket.family === familyOf(destination),
    );
  }

  const wire: Wire = {
    carry(from, message, source, destination) {
      const { name } = from.machine;
      for (const watch of datagramWatchers) watch({ from: name, interface: from.link.name, bytes: message, source, destination });
      if (lost(name)) return;
      const reception: Reception = { source, destination, ttl: VRRP_TTL };
      if (destination === VRRP_GROUP[from.family]) multicast(from, message, reception);
      else unicast(from, message, reception);
    },
    close(socket) {
      sockets.delete(socket);
    },
  };

  function broadcast(from: string, link: string, frame: Uint8Array): void {
    for (const watch of frameWatchers) watch({ from, interface: link, bytes: frame });
    if (!passes(from, CLIENT) || random() < share) return;
    const said = announced(frame);
    if (said === null) return;
    later(timeline, DELAY, () => {
      for (const machine of machines.values()) {
        const known = cache.get(said.address);
        const news = machine.mac(link)?.every((byte, index) => byte === said.mac[index]) === true;
        if (news && (said.override || known === undefined)) cache.set(said.address, machine.name);
      }
    });
  }

  return {
    attach(machine) {
      machines.set(machine.name, machine);
      machine.connect((link, frame) => broadcast(machine.name, link, frame));
    },
    sockets: (machine, loop) => ({
      open(link, family, events) {
        const code = machine.has(link) ? machine.refusal('open', null) : 'ENODEV';
        if (code !== null) return { kind: 'system-error', op: 'open VRRP socket', code, target: link.name };
        const { socket, port } = openAdvertLink(timeline, machine, loop, link, family, events, wire);
        sockets.add(socket);
        return port;
      },
    }),
    inject(link, message, reception) {
      const { destination } = reception;
      later(timeline, DELAY, () => {
        if (destination === VRRP_GROUP[familyOf(destination)]) {
          for (const socket of sockets)
            if (socket.link.name === link && socket.family === familyOf(destination)) socket.deliver({ message, reception });
        } else {
          for (const machine of machines.values())
            for (const socket of openAt(machine, link, destination)) socket.deliver({ message, reception });
        }
      });
    },
    partition(members) {
      groups = new Map(members.flatMap((names, index) => names.map(name => [name, index] as const)));
    },
    deafen(from, to) {
      deaf.add(`${from}>${to}`);
    },
    lose(next) {
      share = next;
    },
    loseNext(from, count) {
      losing.set(from, count);
    },
    heal() {
      groups = new Map();
      deaf = new Set();
      losing = new Map();
      share = 0;
    },
    passes,
    answering(address, from) {
      const names = [...machines.values()].filter(machine => machine.answersFor(address)).map(({ name }) => name);
      return names.filter(name => passes(from, name) && passes(name, from));
    },
    cached: address => cache.get(address) ?? null,
    onDatagram(see) {
      datagramWatchers.push(see);
    },
    onFrame(see) {
      frameWatchers.push(see);
    },
  };
}

/** What a frame says about who has an address, as far as a client believes it.
 *  @returns null for anything but ARP and a sound unsolicited neighbour advertisement; `override`: even against what is known */
function announced(frame: Uint8Array): { readonly address: Address; readonly mac: Uint8Array; readonly override: boolean } | null {
  const type = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  // ARP: sender hardware address at 22, sender protocol address at 28.
  if (type === 0x0806) return { address: addressFromBytes(frame, 28, 'ipv4'), mac: frame.slice(22, 28), override: true };
  const soundHop = frame[21] === 255;
  if (type !== 0x86dd || frame[20] !== ICMPV6 || !soundHop || frame[54] !== NEIGHBOR_ADVERTISEMENT) return null;
  const message = frame.subarray(54);
  const source = addressFromBytes(frame, 22, 'ipv6');
  const destination = addressFromBytes(frame, 38, 'ipv6');
  if (fold(sumWords(message) + sumPseudoHeader(source, destination, ICMPV6, message.length)) !== 0xffff) return null;
  // RFC 4861 §4.4: flags at 4, target address at 8, then options; type 2 is the target's link-layer address.
  if (message[24] !== 2 || message[25] !== 1) return null;
  return { address: addressFromBytes(message, 8, 'ipv6'), mac: message.slice(26, 32), override: ((message[4] ?? 0) & 0x20) !== 0 };
}

const ICMPV6 = 58;
const NEIGHBOR_ADVERTISEMENT = 136;

/** mulberry32. @returns numbers 0..1, the same ones for the same seed */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
