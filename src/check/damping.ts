// What goes up and down again and again is held down for a while: each change of role costs the clients more than a service
// that stays away a little longer. Must not know what goes up and down.
import { after, between, type Micros, micros, seconds } from '../vrrp/units.ts';

/** So many falls within so long are flapping. */
const FLAPPING = 3;
const WINDOW = seconds(300);
/** Nothing is held longer. */
const LONGEST = seconds(600);

/** When it fell lately, the oldest first. */
export type Falls = readonly Micros[];

/** It fell: forgets what is too old to count. */
export function fell(falls: Falls, now: Micros): Falls {
  return [...falls.filter(at => between(at, now) < WINDOW), now];
}

/** @param hold the first hold; 0: never
 *  @returns how long it stays down though it is good again, 0 unless it flaps; doubled with each further fall */
export function holdFor(falls: Falls, hold: Micros, now: Micros): Micros {
  const recent = falls.filter(at => between(at, now) < WINDOW).length;
  if (recent < FLAPPING) return micros(0);
  return micros(Math.min(hold * 2 ** (recent - FLAPPING), LONGEST));
}

/** The end of the hold that begins now; null: none. */
export function heldUntil(falls: Falls, hold: Micros, now: Micros): Micros | null {
  const length = holdFor(falls, hold, now);
  return length === 0 ? null : after(now, length);
}
