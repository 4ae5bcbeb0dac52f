// Sends announcements at a pace that a switch and a transmit queue can take: the first at once, the rest in small lots.
// Must not know what the frames say.
import type { AdvertLink } from '../platform/ports.ts';
import { after, type Micros, millis } from '../vrrp/units.ts';

/** Frames that one interface is given at once; 200 addresses in both ARP forms are out after 13 ms. */
const LOT = 32;
const PAUSE = millis(1);

interface Queue {
  readonly frames: Uint8Array[];
  due: Micros;
}

export interface Announcer {
  add(link: AdvertLink, frames: readonly Uint8Array[], now: Micros): void;
  /** Sends what is due. */
  flush(now: Micros): void;
  /** Forgets what waits for a link that is gone. */
  drop(link: AdvertLink): void;
  deadline(): Micros | null;
}

export function createAnnouncer(): Announcer {
  const queues = new Map<AdvertLink, Queue>();
  function flushOne(link: AdvertLink, queue: Queue, now: Micros): void {
    if (now < queue.due) return;
    for (const frame of queue.frames.splice(0, LOT)) link.sendFrame(frame);
    if (queue.frames.length === 0) queues.delete(link);
    else queue.due = after(now, PAUSE);
  }
  return {
    add(link, frames, now) {
      const queue = queues.get(link) ?? { frames: [], due: now };
      queues.set(link, queue);
      queue.frames.push(...frames);
      flushOne(link, queue, now);
    },
    flush(now) {
      for (const [link, queue] of queues) flushOne(link, queue, now);
    },
    drop(link) {
      queues.delete(link);
    },
    deadline() {
      let first: Micros | null = null;
      for (const { due } of queues.values()) if (first === null || due < first) first = due;
      return first;
    },
  };
}
