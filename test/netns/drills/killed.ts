// Drill: kill -9. The daemon gets no last word, its address stays behind in the kernel until the lease ends.
// Must not know how leases work, only how long they are: six intervals in whole seconds, at least one (design 4.3).

import { now, sleep, until } from '../lab/clock.ts';
import { childrenOf, runs } from '../lab/daemon.ts';
import { drill, HANDOVER_MS, marginMs } from '../lab/drill.ts';
import { addressesOf } from '../lab/faults.ts';
import { downMs } from '../lab/protocol.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost, steadyAdverts } from '../lab/verdict.ts';

const INTERVAL = 100;
const LEASE = 1000;

await drill('kill -9 and nobody starts it again', {}, async (t, lab) => {
  const a = await lab.active('a', web(200));
  await lab.backup('b', web(100));
  await sleep(LEASE); // so that the lease has been renewed at least once
  const children = childrenOf(a.pid);
  const killed = a.signal('SIGKILL');
  await lab.observer.answersFrom('b', VIP, 3000);
  await until('the lease to end', LEASE + 2000, async () => (await addressesOf(lab.node('a'))).length === 1);
  const window = await lab.window(killed);
  lab.judge(outageAtMost(window, VIP, HANDOVER_MS));
  lab.judge(overlapAtMost(window, VIP, LEASE + 150 - 2 * INTERVAL));
  t.strictSame(children.filter(runs), [], 'its other process has ended too');
  const alone = now();
  await sleep(300);
  lab.judge(exactlyOneHolder(await lab.window(alone), VIP, 'b'));
});

await drill('kill -9 and an immediate restart', {}, async (_t, lab) => {
  const a = await lab.active('a', web(200));
  await lab.backup('b', web(100));
  await sleep(LEASE);
  const killed = a.signal('SIGKILL');
  await a.ended(1000);
  const again = lab.start('a', web(200));
  await again.entered('web', 'active', 10_000);
  await lab.observer.answersFrom('a', VIP, 3000, 300);
  const window = await lab.window(killed);
  lab.judge(outageAtMost(window, VIP, HANDOVER_MS));
  lab.judge(overlapAtMost(window, VIP, downMs(INTERVAL, 200) + marginMs(INTERVAL)));
  const alone = now();
  await sleep(1500); // longer than what is left of a lease of its former life
  lab.judge(exactlyOneHolder(await lab.window(alone), VIP, 'a'));
});

await drill('kill -9 of a lone node, and a restart', {}, async (_t, lab) => {
  const a = await lab.active('a', web(200));
  await sleep(LEASE);
  const killed = a.signal('SIGKILL');
  await a.ended(1000);
  const again = lab.start('a', web(200));
  await again.entered('web', 'active', 10_000);
  await sleep(1500);
  // Its own address of a former life is kept, not taken away and put back.
  lab.judge(outageAtMost(await lab.window(killed), VIP, HANDOVER_MS));
});

await drill('kill -9 of a Backup', {}, async (_t, lab) => {
  await lab.active('a', web(200));
  const b = await lab.backup('b', web(100));
  const killed = b.signal('SIGKILL');
  await b.ended(1000);
  const again = lab.start('b', web(100));
  await again.entered('web', 'backup', 10_000);
  await sleep(500);
  const window = await lab.window(killed);
  lab.judge(exactlyOneHolder(window, VIP, 'a'));
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)));
});

await drill('three nodes are killed in order', { nodes: ['a', 'b', 'c'] }, async (_t, lab) => {
  const a = await lab.active('a', web(200));
  const b = await lab.backup('b', web(150));
  await lab.backup('c', web(100));
  const first = a.signal('SIGKILL');
  await lab.observer.answersFrom('b', VIP, 3000);
  await sleep(LEASE + 200);
  lab.judge(outageAtMost(await lab.window(first), VIP, HANDOVER_MS), 'the first');
  const second = b.signal('SIGKILL');
  await lab.observer.answersFrom('c', VIP, 3000);
  await sleep(LEASE + 200);
  lab.judge(outageAtMost(await lab.window(second), VIP, HANDOVER_MS), 'the second');
  const alone = now();
  await sleep(300);
  lab.judge(exactlyOneHolder(await lab.window(alone), VIP, 'c'));
});
