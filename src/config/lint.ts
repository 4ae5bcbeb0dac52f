// What is allowed and yet most likely an oversight; for those who ask for advice, not for a daemon that starts.
// Must not know other machines (src/proof), nor what this machine has (environment.ts).
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
