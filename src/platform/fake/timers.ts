// Virtual time for the agent: timers that fire when a test moves the clock, and never otherwise.
// Must not know what they are for. Promises settle between two of them, as they do between two turns of a real loop.
import { after, type Micros, micros } from '../../vrrp/units.ts';
import type { Timers } from '../agent-ports.ts';

/** So many without time passing are a timer that sets itself again in the past. */
const MOST_AT_ONCE = 10_000;

export interface FakeTimers extends Timers {
  /** Moves the clock on by `by`: each timer that is due by then fires at its instant, those of one instant in the order in which they
   *  were set. @throws what they throw, and when time stands still */
  advance(by: Micros): Promise<void>;
  /** Timers that are set and have not fired. */
  readonly pending: number;
}

interface Entry {
  readonly at: Micros;
  readonly run: () => void;
}

/** @param start the first instant, µs */
export function createTimers(start: Micros = micros(0)): FakeTimers {
  /** Earliest first. */
  const entries: Entry[] = [];
  let now = start;

  return {
    now: () => now,
    schedule(at, run) {
      const entry: Entry = { at: micros(Math.max(at, now)), run };
      const later = entries.findIndex(other => other.at > entry.at);
      entries.splice(later < 0 ? entries.length : later, 0, entry);
      return () => {
        const index = entries.indexOf(entry);
        if (index >= 0) entries.splice(index, 1);
      };
    },
    async advance(by) {
      const until = after(now, by);
      let standing = 0;
      await settle();
      for (let next = entries[0]; next !== undefined && next.at <= until; next = entries[0]) {
        entries.shift();
        standing = next.at === now ? standing + 1 : 0;
        if (standing > MOST_AT_ONCE) throw new Error(`time stands still at ${now} µs`);
        now = next.at;
        next.run();
        await settle();
      }
      now = until;
    },
    get pending() {
      return entries.length;
    },
  };
}

/** The next turn of the loop comes when no promise has anything left to do. */
function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
