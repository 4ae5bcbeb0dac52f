// Drill: holdfast and Debian's keepalived over IPv6.
// Must not know the stories: see harness/stories.ts.
import { tellAll } from './harness/stories.ts';

await tellAll('with keepalived over IPv6', { peer: 'keepalived', version: 3, family: 'ipv6', intervalMs: 100 });
