// Drill: holdfast and FRR's vrrpd, version 2, which has no password there.
// Must not know the stories: see harness/stories.ts.
import { tellAll } from './harness/stories.ts';

await tellAll('with FRR, version 2', { peer: 'frr', version: 2, family: 'ipv4', intervalMs: 1000 });
