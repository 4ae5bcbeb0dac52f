// The agent's time: CLOCK_MONOTONIC, as the engine has it, and one timer of the event loop for whatever is due first.
// Must not know what it is for. The engine has a timer of its own (clock.ts): here a millisecond does not matter.
import { micros } from '../../vrrp/units.ts';
import type { Timers } from '../agent-ports.ts';
import { sysnet } from './sysnet.ts';

/** The longest that `setTimeout` can wait; in ms. */
const LONGEST = 2 ** 31 - 1;

interface Entry {
  readonly at: number;
  readonly run: () => void;
}

/** Earliest first, and those of one instant in the order in which they came. */
const entries: Entry[] = [];
let timer: NodeJS.Timeout | null = null;
/** What `timer` waits for. */
let armedFor = Number.POSITIVE_INFINITY;

/** All that is due runs in one turn of the loop: one that wakes for each of hundreds of looks by itself costs more than they do. */
function ring(): void {
  timer = null;
  armedFor = Number.POSITIVE_INFINITY;
  const now = sysnet.now();
  for (let first = entries[0]; first !== undefined && first.at <= now; first = entries[0]) {
    entries.shift();
    first.run();
  }
  arm();
}

function arm(): void {
  const [first] = entries;
  if (first === undefined || first.at >= armedFor) return;
  if (timer !== null) clearTimeout(timer);
  armedFor = first.at;
  // `setTimeout` counts from the beginning of the loop's turn, and may be early: then `ring` finds nothing due and waits once more.
  timer = setTimeout(ring, Math.min(Math.max(0, Math.ceil((first.at - sysnet.now()) / 1000)), LONGEST));
}

function place(at: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.at ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const timers: Timers = {
  now: () => micros(sysnet.now()),
  schedule(at, run) {
    const entry: Entry = { at, run };
    entries.splice(place(at), 0, entry);
    arm();
    return () => {
      const index = entries.indexOf(entry, Math.max(0, place(at - 1)));
      if (index >= 0) entries.splice(index, 1);
    };
  },
};
