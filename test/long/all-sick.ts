// nginx is dead on two nodes, on three, and beside a keepalived, for a minute each.
// Must not know how health is judged.
import { allSick, allSickBesideKeepalived } from '../netns/services/harness/all-sick.ts';

const LAST = 60_000;

await allSick(['a', 'b'], true, LAST);
await allSick(['a', 'b'], false, LAST);
await allSick(['a', 'b', 'c'], true, LAST);
await allSick(['a', 'b', 'c'], false, LAST);
await allSickBesideKeepalived(LAST);
