// When an Active router says again where its addresses are, and when a demoted one offers its role again.
// Durations only; must not know instants, states or frames.
import { type Micros, micros, millis, seconds, type Vrid } from './units.ts';

/** After taking over or a conflict: once the late ARP reply of the one before can have won, then for switches and hosts
 *  that were slow or lost one. Waits between announcements, decision 0010. */
const BURST: readonly Micros[] = [millis(100), seconds(1), seconds(4)];

/** The steady refresh for hosts that lost their entry in between. */
const REFRESH = seconds(60);

const FIRST_OFFER = seconds(1);
const LAST_OFFER = seconds(60);

/** How long after announcement number `announced` (1 is the one at takeover) the next is due.
 *  The steady ones are spread by up to a tenth to either side, so that the routers of one machine do not speak at once.
 *  @returns µs */
export function announceWait(announced: number, vrid: Vrid): Micros {
  const burst = BURST[announced - 1];
  if (burst !== undefined) return burst;
  // No randomness in here: the VRID and the round scatter as well, and every run can be repeated.
  const scatter = ((vrid * 37 + announced * 101) % 201) - 100;
  return micros(REFRESH * (1 + scatter / 1000));
}

/** The wait after an offer that nobody took; null before the first one. Decision 0011.
 *  @returns µs, 1 s doubling up to 60 s */
export function offerWait(previous: Micros | null): Micros {
  if (previous === null) return FIRST_OFFER;
  return micros(Math.min(previous * 2, LAST_OFFER));
}
