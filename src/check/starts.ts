// When a service may be started again: at once as long as there is budget, later and later when there is none. Never a storm.
// Must not know services or clocks.
import { after, between, type Micros, micros, millis, seconds } from '../vrrp/units.ts';
import type { WatchdogSpec } from './duties.ts';

const FIRST_WAIT = millis(500);
const LAST_WAIT = seconds(60);

/** What has been tried. */
export interface Starts {
  /** When it was started lately, the oldest first. */
  readonly at: readonly Micros[];
  /** Starts that failed, or that there was no budget for, since it last stayed up. */
  readonly strikes: number;
}

export const NO_STARTS: Starts = { at: [], strikes: 0 };

type Budget = Pick<WatchdogSpec, 'startLimit' | 'startLimitInterval'>;

/** What has been tried by then, and when the next start is due. */
export type NextStart = readonly [Starts, Micros];

/** It was started.  */
export function started({ at, strikes }: Starts, now: Micros): Starts {
  return { at: [...at, now], strikes };
}

/** A service that was there since `upSince` has died: it is started at once within the budget.
 *  @param upSince null: it was not there */
export function afterDeath(starts: Starts, budget: Budget, upSince: Micros | null, now: Micros): NextStart {
  const forgiven = upSince !== null && between(upSince, now) >= budget.startLimitInterval;
  const at = starts.at.filter(instant => between(instant, now) < budget.startLimitInterval);
  const known = { at, strikes: forgiven ? 0 : starts.strikes };
  return at.length < budget.startLimit ? [known, now] : strike(known, now);
}

/** A start did not bring the service back: the next one waits 0.5 s, 1 s, 2 s, ... 60 s. */
export function afterFailure(starts: Starts, now: Micros): NextStart {
  return strike(starts, now);
}

function strike({ at, strikes }: Starts, now: Micros): NextStart {
  return [{ at, strikes: strikes + 1 }, after(now, micros(Math.min(FIRST_WAIT * 2 ** strikes, LAST_WAIT)))];
}
