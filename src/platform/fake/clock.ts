// Virtual time: one timeline for a whole fake world, and on it an event loop for each process, with clock and alarm.
// Must not know what happens at those instants. Time jumps to the next of them, so that an hour takes no time.
import { after, type Micros, micros } from '../../vrrp/units.ts';
import type { Clock } from '../ports.ts';

/** So much at one instant is a loop that asks to be woken in the past. */
const MOST_AT_ONCE = 20_000;

/** The order of everything that happens in a fake world. */
export interface Timeline {
  now(): Micros;
  /** Does `work` at `instant`, or now if that is past; what is due at one instant happens in the order of these calls.
   *  @returns takes it off again */
  at(instant: Micros, work: () => void): () => void;
  /** Runs everything that is due until then, and ends there. @throws what the work throws, and when time stands still */
  run(until: Micros): void;
  /** Calls `look` after each single thing that happened: nothing can begin and end unseen in between. */
  watch(look: () => void): void;
}

interface Entry {
  readonly at: Micros;
  readonly work: () => void;
}

export function createTimeline(): Timeline {
  const entries: Entry[] = [];
  const watchers: (() => void)[] = [];
  let now = 0 as Micros;

  /** Where an entry of that instant goes: behind all that are not later. */
  function place(at: Micros): number {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    now: () => now,
    at(instant, work) {
      const entry: Entry = { at: micros(Math.max(instant, now)), work };
      entries.splice(place(entry.at), 0, entry);
      return () => {
        const index = entries.indexOf(entry);
        if (index >= 0) entries.splice(index, 1);
      };
    },
    run(until) {
      let standing = 0;
      for (let next = entries[0]; next !== undefined && next.at <= until; next = entries[0]) {
        entries.shift();
        standing = next.at === now ? standing + 1 : 0;
        if (standing > MOST_AT_ONCE) throw new Error(`time stands still at ${now} µs`);
        now = next.at;
        next.work();
        for (const look of watchers) look();
      }
      if (until > now) now = until;
    },
    watch(look) {
      watchers.push(look);
    },
  };
}

/** The event loop of one process. What reaches the process goes through it, and waits while the process stands still. */
export interface Loop {
  /** Runs `work` now, or as soon as the process runs again; never, once it has ended. */
  call(work: () => void): void;
  /** The clock port, with an alarm that calls `ring`. */
  clock(ring: () => void): Clock;
  /** The process gets no time: SIGSTOP, a host without a processor to spare. The kernel goes on. */
  stall(): void;
  /** Runs again. Alarms ring before anything else is read, which is the order that a Backup must survive. */
  resume(): void;
  /** The process is gone: kill -9, or exit. */
  end(): void;
  /** Calls `cleanUp` when the process ends: what the kernel does with what it had open. */
  onEnd(cleanUp: () => void): void;
  readonly running: boolean;
}

export function createLoop(timeline: Timeline): Loop {
  const atEnd: (() => void)[] = [];
  let waiting: (() => void)[] = [];
  let alarms: (() => void)[] = [];
  let stalled = false;
  let ended = false;

  return {
    get running() {
      return !stalled && !ended;
    },
    call(work) {
      if (ended) return;
      if (stalled) waiting.push(work);
      else work();
    },
    clock(ring) {
      let cancel: (() => void) | null = null;
      return {
        now: () => timeline.now(),
        wakeAt(at) {
          cancel?.();
          cancel = at === null ? null : timeline.at(at, due);
        },
      };
      function due(): void {
        if (ended) return;
        if (stalled) alarms.push(ring);
        else ring();
      }
    },
    stall() {
      stalled = true;
    },
    resume() {
      stalled = false;
      const calls = [...alarms, ...waiting];
      alarms = [];
      waiting = [];
      for (const call of calls) this.call(call);
    },
    end() {
      if (ended) return;
      ended = true;
      for (const cleanUp of atEnd) cleanUp();
    },
    onEnd(cleanUp) {
      atEnd.push(cleanUp);
    },
  };
}

/** Does `work` once `by` has passed. */
export function later(timeline: Timeline, by: Micros, work: () => void): () => void {
  return timeline.at(after(timeline.now(), by), work);
}
