// How late the engine was at each wake-up, kept as a histogram that costs nothing to update.
// Must not know what the engine does when it is awake.
import { after, type Micros, micros } from '../vrrp/units.ts';
import type { Lateness } from './status.ts';

/** Upper bounds in µs; the last bucket has none. */
const BOUNDS = [500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000] as const;

export interface LatenessMeter {
  record(late: Micros): void;
  snapshot(): Lateness;
}

export function createLatenessMeter(): LatenessMeter {
  const counts = new Array<number>(BOUNDS.length + 1).fill(0);
  let wakes = 0;
  let sum = micros(0);
  let last = 0 as Micros;
  let max = 0 as Micros;
  return {
    record(late) {
      wakes += 1;
      sum = after(sum, late);
      last = late;
      if (late > max) max = late;
      let bucket = 0;
      while (bucket < BOUNDS.length && late > (BOUNDS[bucket] ?? 0)) bucket += 1;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    },
    snapshot() {
      return { wakes, sum, last, max, histogram: counts.map((count, i) => ({ upTo: (BOUNDS[i] ?? null) as Micros | null, count })) };
    },
  };
}
