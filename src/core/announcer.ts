// Sends announcements at a pace that a switch and a transmit queue can take: the first at once, the rest in small lots.
// Must not know what the frames say. What waits is bounded by what there is to announce, however often it is asked for.
import type { Link, Network } from '../platform/ports.ts';
import { after, type Micros, millis } from '../vrrp/units.ts';

/** Frames that one interface is given in one pause, whoever they come from; 200 addresses in both ARP forms are out after 6 ms. */
const LOT = 64;
const PAUSE = millis(1);

interface Queue {
  readonly link: Link;
  /** What still waits, by whom it is from, the first to go first. */
  readonly waiting: Map<string, readonly Uint8Array[]>;
  /** What may still go before `renewed`. */
  budget: number;
  renewed: Micros;
}

export interface Announcer {
  /** Replaces what still waits there of the same owner, in its place: nobody who speaks often comes before others.
   *  @param owner the same text for the same router */
  add(owner: string, link: Link, frames: readonly Uint8Array[], now: Micros): void;
  /** What still waits of that owner is no longer true. */
  withdraw(owner: string): void;
  /** Sends what is due. */
  flush(now: Micros): void;
  deadline(): Micros | null;
}

export function createAnnouncer(network: Network): Announcer {
  /** By index: an interface that comes again under its old name is another one. */
  const queues = new Map<number, Queue>();

  function flushOne(queue: Queue, now: Micros): void {
    if (now >= queue.renewed) {
      if (queue.waiting.size === 0) queues.delete(queue.link.index);
      queue.budget = LOT;
      queue.renewed = after(now, PAUSE);
    }
    for (const [owner, frames] of queue.waiting) {
      if (queue.budget === 0) return;
      const lot = frames.slice(0, queue.budget);
      if (lot.length < frames.length) queue.waiting.set(owner, frames.slice(lot.length));
      else queue.waiting.delete(owner);
      queue.budget -= lot.length;
      for (const frame of lot) network.sendFrame(queue.link, frame);
    }
  }

  return {
    add(owner, link, frames, now) {
      const queue = queues.get(link.index) ?? { link, waiting: new Map(), budget: LOT, renewed: after(now, PAUSE) };
      queues.set(link.index, queue);
      queue.waiting.set(owner, frames);
      flushOne(queue, now);
    },
    withdraw(owner) {
      for (const { waiting } of queues.values()) waiting.delete(owner);
    },
    flush(now) {
      for (const queue of queues.values()) flushOne(queue, now);
    },
    deadline() {
      let first: Micros | null = null;
      for (const { waiting, renewed } of queues.values()) {
        if (waiting.size > 0 && (first === null || renewed < first)) first = renewed;
      }
      return first;
    },
  };
}
