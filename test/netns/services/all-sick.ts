// Drill: nginx is dead on all nodes. The minute of it is in test/long.
// Must not know how health is judged.
import { allSick, allSickBesideKeepalived } from './harness/all-sick.ts';

const LAST = 12_000;

await allSick(['a', 'b'], true, LAST);
await allSick(['a', 'b', 'c'], false, LAST);
await allSickBesideKeepalived(LAST);
