// One LAN: carries datagrams and frames between machines, loses them as told, and knows whom its clients reach.
// Must not know what the messages mean beyond what a kernel filter or an ARP cache reads. Interfaces of one name share it.
import { type Address, addressFromBytes, familyOf } from '../../vrrp/address.ts';
import { peekVrid, type Reception } from '../../vrrp/admit.ts';
import { VRRP_GROUP, VRRP_TTL } from '../../vrrp/packet.ts';
import { micros } from '../../vrrp/units.ts';
import type { AdvertLink, AdvertLinks, Link, SystemError } from '../ports.ts';
import { type Loop, later, type Timeline } from './clock.ts';
import type { Machine } from './network.ts';

/** From one kernel to another over a switch. */
const DELAY = micros(200);
/** Small datagrams that Linux keeps by default: 212,992 bytes in buffers of 768. */
export const QUEUE = 277;

/** What the wire saw. */
export interface Sighting {
  readonly from: string;
  readonly interface: string;
  readonly bytes: Uint8Array;
}

/** A machine that only asks and listens: whoever uses the service. */
export const CLIENT = 'client';

export interface Lan {
  /** Connects a machine; its interfaces are looked up by name when something is sent. */
  attach(machine: Machine): void;
  /** The sockets of one process on that machine. */
  sockets(machine: Machine, loop: Loop): AdvertLinks;
  /** A datagram from anywhere: whatever a stranger could send. */
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
  onDatagram(see: (seen: Sighting) => void): void;
  onFrame(see: (seen: Sighting) => void): void;
}

interface Socket {
  readonly machine: Machine;
  readonly link: Link;
  deliver(message: Uint8Array, reception: Reception): void;
}

/** @param seed of the losses */
export function createLan(timeline: Timeline, seed = 1): Lan {
  const machines = new Map<string, Machine>();
  const sockets = new Set<Socket>();
  const datagramWatchers: ((seen: Sighting) => void)[] = [];
  const frameWatchers: ((seen: Sighting) => void)[] = [];
  const cache = new Map<Address, string>();
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

  /** To every socket on interfaces of that name, as far as the wire carries it. */
  function carry(from: string, link: string, message: Uint8Array, reception: Reception): void {
    for (const watch of datagramWatchers) watch({ from, interface: link, bytes: message });
    if (lost(from)) return;
    for (const socket of sockets) {
      if (socket.machine.name === from || socket.link.name !== link) continue;
      if (!passes(from, socket.machine.name) || random() < share) continue;
      later(timeline, DELAY, () => socket.deliver(message, reception));
    }
  }

  function broadcast(from: string, link: string, frame: Uint8Array): void {
    for (const watch of frameWatchers) watch({ from, interface: link, bytes: frame });
    if (!passes(from, CLIENT) || random() < share) return;
    // ARP: sender hardware address at 22, sender protocol address at 28.
    const sender = frame.slice(22, 28);
    const address = addressFromBytes(frame, 28, 'ipv4');
    later(timeline, DELAY, () => {
      for (const machine of machines.values()) {
        const mac = machine.mac(link);
        if (mac?.every((byte, index) => byte === sender[index])) cache.set(address, machine.name);
      }
    });
  }

  function open(machine: Machine, loop: Loop, link: Link, ready: () => void, failed: (error: SystemError) => void): AdvertLink {
    let queue: { readonly message: Uint8Array; readonly reception: Reception }[] = [];
    let vrids: readonly number[] = [];
    let told = false;
    let trouble: string | null = null;
    const usable = (): boolean => machine.has(link) && machine.carries(link.name);

    const socket: Socket = {
      machine,
      link,
      deliver(message, reception) {
        const id = peekVrid(message);
        if (id === null || !vrids.includes(id) || reception.destination !== VRRP_GROUP[familyOf(reception.source)]) return;
        if (!sockets.has(socket) || !usable() || queue.length >= QUEUE) return;
        queue.push({ message, reception });
        if (told) return;
        told = true;
        loop.call(() => {
          told = false;
          if (queue.length > 0) ready();
        });
      },
    };
    sockets.add(socket);
    loop.onEnd(() => sockets.delete(socket));

    function fail(code: string): void {
      if (code === trouble) return;
      trouble = code;
      later(timeline, micros(0), () =>
        loop.call(() => failed({ kind: 'system-error', op: 'send advertisement', code, target: link.name })),
      );
    }

    return {
      receive: () => queue.shift() ?? null,
      send(message, source) {
        const held = machine.addresses(link.name);
        if (!machine.has(link)) fail('ENODEV');
        else if (held.length === 0) fail('ENETUNREACH');
        else if (!held.some(({ address }) => address === source)) fail('EADDRNOTAVAIL');
        else {
          trouble = null;
          const reception = { source, destination: VRRP_GROUP[familyOf(source)], ttl: VRRP_TTL };
          if (usable()) carry(machine.name, link.name, message.slice(), reception);
        }
      },
      sendFrame(frame) {
        if (usable()) broadcast(machine.name, link.name, frame.slice());
      },
      listenFor(wanted) {
        vrids = wanted;
      },
      close() {
        sockets.delete(socket);
        queue = [];
      },
    };
  }

  return {
    attach(machine) {
      machines.set(machine.name, machine);
    },
    sockets: (machine, loop) => ({
      open(link, _family, ready, failed) {
        const code = machine.mac(link.name) === null ? 'ENODEV' : machine.refusal('open', null);
        if (code !== null) return { kind: 'system-error', op: 'open VRRP socket', code, target: link.name };
        return open(machine, loop, link, ready, failed);
      },
    }),
    inject(link, message, reception) {
      for (const socket of sockets) if (socket.link.name === link) later(timeline, DELAY, () => socket.deliver(message, reception));
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
