// Sends announcements at a pace that a switch and a transmit queue can take: the first at once, the rest in small lots.
// Must not know what the frames say.
import type { Link, Network } from '../platform/ports.ts';
import { after, type Micros, millis } from '../vrrp/units.ts';

/** Frames that one interface is given in one pause, whoever they come from; 200 addresses in both ARP forms are out after 6 ms. */
const LOT = 64;
const PAUSE = millis(1);

interface Queue {
  readonly link: Link;
  readonly frames: Uint8Array[];
  /** What may still go before `renewed`. */
  budget: number;
  renewed: Micros;
}

export interface Announcer {
  add(link: Link, frames: readonly Uint8Array[], now: Micros): void;
  /** Sends what is due. */
  flush(now: Micros): void;
  deadline(): Micros | null;
}

export function createAnnouncer(network: Network): Announcer {
  /** By index: an interface that comes again under its old name is another one. */
  const queues = new Map<number, Queue>();

  function flushOne(queue: Queue, now: Micros): void {
    if (now >= queue.renewed) {
      if (queue.frames.length === 0) queues.delete(queue.link.index);
      queue.budget = LOT;
      queue.renewed = after(now, PAUSE);
    }
    const lot = queue.frames.splice(0, queue.budget);
    queue.budget -= lot.length;
    for (const frame of lot) network.sendFrame(queue.link, frame);
  }

  return {
    add(link, frames, now) {
      const queue = queues.get(link.index) ?? { link, frames: [], budget: LOT, renewed: after(now, PAUSE) };
      queues.set(link.index, queue);
      queue.frames.push(...frames);
      flushOne(queue, now);
    },
    flush(now) {
      for (const queue of queues.values()) flushOne(queue, now);
    },
    deadline() {
      let first: Micros | null = null;
      for (const { frames, renewed } of queues.values()) {
        if (frames.length > 0 && (first === null || renewed < first)) first = renewed;
      }
      return first;
    },
  };
}
