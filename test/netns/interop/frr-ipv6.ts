// Drill: holdfast and FRR's vrrpd over IPv6.
// Must not know the stories: see harness/stories.ts.
import { tellAll } from './harness/stories.ts';

await tellAll('with FRR over IPv6', { peer: 'frr', version: 3, family: 'ipv6', intervalMs: 100 });
