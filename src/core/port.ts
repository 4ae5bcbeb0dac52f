// One interface in one family: its sockets while they are open, the routers that share them, whoever is heard there.
// Must not know what routers decide, nor addresses.
import type { Log } from '../lib/log.ts';
import type { AdvertLink, AdvertLinks, Clock, Network, SystemError } from '../platform/ports.ts';
import type { Address, Family } from '../vrrp/address.ts';
import { peekVrid } from '../vrrp/admit.ts';
import { after, between, earliest, type Micros, millis, seconds, type Vrid } from '../vrrp/units.ts';
import { explainTrouble } from './explain.ts';
import type { Instance } from './instance.ts';
import { createNeighbours, type Neighbours } from './neighbours.ts';

/** How soon sockets that could not be opened are tried again. */
const REOPEN = seconds(1);
/** How often it is looked who else speaks: when we are awake anyway, and when we slept for long. */
const SAMPLE = seconds(1);
const SAMPLE_AT_LAST = seconds(10);
/** What waited before a timer ran out is looked at before that timer (decision 0009): so many small packets a receive buffer of
 *  Linux holds, and 255 routers send no more in an interval. A flood brings more, and takes no more than this of a turn. */
const LEAST = 277;
const WORK = millis(10);

export interface PortSurroundings {
  readonly clock: Clock;
  readonly network: Network;
  readonly adverts: AdvertLinks;
  readonly log: Log;
  /** Packets wait. */
  turn(): void;
}

export interface Port {
  readonly interface: string;
  readonly neighbours: Neighbours;
  socket(): AdvertLink | null;
  /** By VRID; tell with `listen` when it changed. */
  readonly routers: Map<Vrid, Instance>;
  listen(): void;
  /** Hands what waits to the routers; of a flood only a part, and `deadline` is now. */
  drain(): void;
  /** Looks who else speaks. @param due only when it is time for it */
  sample(due: Micros | null): void;
  /** Sockets belong to one life of an interface: a new index means new sockets. */
  reopen(now: Micros): void;
  /** When `drain`, `reopen` or `sample` wants to be called; null: not before the interface changes. */
  deadline(): Micros | null;
  trouble(destination: Address): string | null;
  close(): void;
}

export function createPort(name: string, family: Family, { clock, network, adverts, log, turn }: PortSurroundings): Port {
  const routers = new Map<Vrid, Instance>();
  const neighbours = createNeighbours(name, family);
  const troubles = new Map<Address, string>();
  let index: number | null = null;
  let socket: AdvertLink | null = null;
  let retryAt: Micros | null = null;
  let sampledAt: Micros | null = null;
  /** The drain ended before the packets did. */
  let unread = false;

  function close(): void {
    socket?.close();
    socket = null;
    index = null;
    unread = false;
    troubles.clear();
  }

  function failed({ code }: SystemError, destination: Address): void {
    troubles.set(destination, code);
    const message = `advertisements from ${name} do not reach ${destination}: ${explainTrouble(code)}`;
    log.write('warn', 'vrrp.send-failed', { interface: name, destination, code }, message);
  }

  function reached(destination: Address): void {
    if (!troubles.delete(destination)) return;
    log.write('info', 'vrrp.send-works', { interface: name, destination }, `the network reports no trouble with ${destination} any more`);
  }

  return {
    interface: name,
    neighbours,
    routers,
    socket: () => socket,
    listen: () => socket?.listenFor([...routers.keys()]),
    drain() {
      const began = clock.now();
      for (let taken = 0; ; taken += 1) {
        unread = taken >= LEAST && between(began, clock.now()) >= WORK;
        const packet = unread ? null : (socket?.receive() ?? null);
        if (packet === null) return;
        const { message, reception } = packet;
        const vrid = peekVrid(message);
        // The key of the map is a VRID, and a byte that is none finds nothing.
        const instance = vrid === null ? undefined : routers.get(vrid as Vrid);
        if (instance === undefined) continue;
        const now = clock.now();
        const verdict = instance.receive(message, reception, now);
        neighbours.heard(message, reception, instance.spec.name, verdict, now);
      }
    },
    sample(due) {
      if (socket === null || (due !== null && sampledAt !== null && between(sampledAt, due) < SAMPLE)) return;
      sampledAt = clock.now();
      for (let packet = socket.overhear(); packet !== null; packet = socket.overhear()) {
        neighbours.heard(packet.message, packet.reception, null, null, sampledAt);
      }
    },
    reopen(now) {
      const link = network.link(name);
      if (index !== null && link?.index !== index) close();
      if (link === undefined) {
        // Nothing to try again before it is back; an alarm in the past would never let the engine sleep.
        retryAt = null;
        return;
      }
      if (socket !== null || (retryAt !== null && now < retryAt)) return;
      const opened = adverts.open(link, family, { ready: turn, failed, reached });
      if ('kind' in opened) {
        retryAt = after(now, REOPEN);
        const message = `${opened.op} on ${opened.target}: ${opened.code}; trying again`;
        log.write('error', 'vrrp.socket-failed', { interface: name, code: opened.code }, message);
        return;
      }
      retryAt = null;
      socket = opened;
      index = link.index;
      socket.listenFor([...routers.keys()]);
    },
    deadline() {
      if (unread) return clock.now();
      return earliest(retryAt, socket === null || sampledAt === null ? null : after(sampledAt, SAMPLE_AT_LAST));
    },
    trouble: destination => troubles.get(destination) ?? null,
    close,
  };
}
