// Drill: holdfast and Debian's keepalived, version 3 over IPv4: keepalived knows the checksum of RFC 5798 only.
// Must not know the stories: see harness/stories.ts.
import { tellAll } from './harness/stories.ts';

await tellAll('with keepalived, version 3', { peer: 'keepalived', version: 3, family: 'ipv4', intervalMs: 100 });
