// Drill: a machine dies. Nothing comes out of it any more and nothing reaches it; then it is back, still Active by its own light.
// Must not know how the product works: the bounds are the protocol's.
import { now, sleep } from '../lab/clock.ts';
import { drill, HANDOVER_MS, marginMs } from '../lab/drill.ts';
import { blackhole, bringBack } from '../lab/faults.ts';
import { downMs } from '../lab/protocol.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost } from '../lab/verdict.ts';

const INTERVAL = 100;

await drill('a dead node, and its return', {}, async (_t, lab) => {
  await lab.active('a', web(200));
  await lab.backup('b', web(100));

  const died = now();
  await blackhole(lab.network, lab.node('a'));
  await lab.observer.answersFrom('b', VIP, 3000);
  lab.judge(outageAtMost(await lab.window(died), VIP, downMs(INTERVAL, 100) + marginMs(INTERVAL)), 'its death');

  const alone = now();
  await sleep(1000);
  lab.judge(exactlyOneHolder(await lab.window(alone), VIP, 'b'));

  const back = now();
  await bringBack(lab.network, lab.node('a'));
  await lab.observer.answersFrom('a', VIP, 3000, 300);
  const heal = await lab.window(back);
  lab.judge(outageAtMost(heal, VIP, HANDOVER_MS), 'its return');
  lab.judge(overlapAtMost(heal, VIP, INTERVAL + marginMs(INTERVAL)), 'its return');
});

await drill('three nodes die in order', { nodes: ['a', 'b', 'c'] }, async (_t, lab) => {
  await lab.active('a', web(200));
  await lab.backup('b', web(150));
  await lab.backup('c', web(100));
  const first = now();
  await blackhole(lab.network, lab.node('a'));
  await lab.observer.answersFrom('b', VIP, 3000);
  lab.judge(outageAtMost(await lab.window(first), VIP, downMs(INTERVAL, 150) + marginMs(INTERVAL)), 'the first');
  await sleep(300);
  const second = now();
  await blackhole(lab.network, lab.node('b'));
  await lab.observer.answersFrom('c', VIP, 3000);
  lab.judge(outageAtMost(await lab.window(second), VIP, downMs(INTERVAL, 100) + marginMs(INTERVAL)), 'the second');
  const alone = now();
  await sleep(500);
  lab.judge(exactlyOneHolder(await lab.window(alone), VIP, 'c'));
});
