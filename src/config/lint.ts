// What is allowed and yet most likely an oversight; for those who ask for advice, not for a daemon that starts.
// Must not know other machines (src/proof), nor what this machine has (environment.ts).
import { lateTolerance } from '../vrrp/timers.ts';
import { type Micros, micros } from '../vrrp/units.ts';
import { formatDuration } from './duration.ts';
import type { Machine } from './duties.ts';
import type { PlacedFinding } from './finding.ts';

/** The VRID of keepalived's sample and of most examples since: 100 of 195 virtual routers found in public have it. */
const SAMPLE_VRID = 51;

export function lint({ routers }: Machine): readonly PlacedFinding[] {
  return routers
    .filter(({ settings: { vrid } }) => vrid === SAMPLE_VRID)
    .map(({ placeOf }) => ({
      code: 'sample-vrid',
      severity: 'note',
      message: `VRID ${SAMPLE_VRID} is that of most examples, so others in this network may have it too`,
      place: placeOf(['vrid']),
      hint: 'where that can be, take another one on all machines of the group; `holdfast status` lists those in use',
    }));
}

/** @param late how late the engine is on this machine now and then, µs: what a Backup then takes for its own sleep (decision 0009) */
export function tooShort({ routers }: Machine, late: Micros): readonly PlacedFinding[] {
  return routers
    .filter(({ settings: { advert_interval: interval } }) => late >= lateTolerance(interval))
    .map(({ settings: { advert_interval: interval }, placeOf }) => ({
      code: 'interval-too-short',
      severity: 'warning',
      message: `this machine is up to ${formatDuration(late)} late, too late for an \`advert_interval\` of ${formatDuration(interval)}`,
      place: placeOf(['advert_interval']),
      hint: `write at least "${formatDuration(enough(late))}", on all machines of the group, or give the machine more room`,
    }));
}

/** The shortest interval, in steps of 10 ms, that such a delay is no part of. */
function enough(late: Micros): Micros {
  return micros(10_000 * Math.ceil((2 * late + 1) / 10_000));
}
