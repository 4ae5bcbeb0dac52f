// Drill: holdfast and FRR's vrrpd, version 3 over IPv4: FRR knows the checksum of RFC 5798 only.
// Must not know the stories: see harness/stories.ts.
import { tellAll } from './harness/stories.ts';

await tellAll('with FRR, version 3', { peer: 'frr', version: 3, family: 'ipv4', intervalMs: 100 });
