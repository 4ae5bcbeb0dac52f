// The arithmetic of RFC 9568 §6.1, of RFC 3768 §6.1 for version 2, and of leaving (decision 0005). Durations in, durations out.
// Must not know instants, states or packets.
import type { Version } from './router.ts';
import { type Micros, micros, millis, type Priority, seconds } from './units.ts';

/** How long a Backup of this priority holds back, so that a better one speaks first. RFC 9568 §6.1; in version 2 a part of
 *  one second whatever the interval, RFC 3768 §6.1.
 *  @param interval Active_Adver_Interval, µs > 0; in version 2 at least 1 s
 *  @returns µs, less than the interval for every priority 1..255 */
export function skewTime(priority: Priority, interval: Micros, version: Version): Micros {
  return micros(((256 - priority) * skewUnit(interval, version)) / 256);
}

/** Time a Backup waits in silence before taking over. RFC 9568 §6.1, RFC 3768 §6.1.
 *  @param interval Active_Adver_Interval, µs > 0
 *  @returns µs, 3 x interval + skew */
export function activeDownInterval(priority: Priority, interval: Micros, version: Version): Micros {
  return micros(3 * interval + skewTime(priority, interval, version));
}

/** How long a leaver goes on answering before it believes that nobody takes over: the longest skew there is
 *  (priority 1), and time for the successor to act. Decision 0005.
 *  @returns µs */
export function leaveWait(interval: Micros, version: Version): Micros {
  return micros((255 * skewUnit(interval, version)) / 256 + Math.min(millis(50), interval / 2));
}

function skewUnit(interval: Micros, version: Version): Micros {
  return version === 2 ? seconds(1) : interval;
}

/** A Backup whose timer ran out at least this much too late slept through it, and may have slept through adverts too. */
export function lateTolerance(interval: Micros): Micros {
  return micros(Math.max(millis(20), interval / 2));
}

/** Kernel lifetime for `lease = "auto"`: 6 intervals in whole seconds, so that with a renewal every third of it
 *  four intervals are always left and a successor answers before the lease ends. Decision 0007.
 *  @returns µs, a whole number of seconds, at least 1 s */
export function autoLease(interval: Micros): Micros {
  return seconds(Math.ceil((6 * interval) / 1_000_000));
}
