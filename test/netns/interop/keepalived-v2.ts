// Drill: holdfast and Debian's keepalived as it comes: version 2, with a password.
// Must not know the stories: see harness/stories.ts.
import { tellAll } from './harness/stories.ts';

await tellAll('with keepalived, version 2 and a password', {
  peer: 'keepalived',
  version: 2,
  family: 'ipv4',
  intervalMs: 1000,
  password: 'Tuesday1',
});
