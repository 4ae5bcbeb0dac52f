// Drill: holdfast and Debian's keepalived, version 3, unicast.
// Must not know the stories: see harness/stories.ts.
import { tellAll } from './harness/stories.ts';

await tellAll('with keepalived, version 3, unicast', { peer: 'keepalived', version: 3, family: 'ipv4', intervalMs: 100, unicast: true });
