// Drill: holdfast and Debian's keepalived, version 2, unicast, with a password.
// Must not know the stories: see harness/stories.ts.
import { tellAll } from './harness/stories.ts';

await tellAll('with keepalived, version 2, unicast', {
  peer: 'keepalived',
  version: 2,
  family: 'ipv4',
  intervalMs: 1000,
  unicast: true,
  password: 'Tuesday1',
});
