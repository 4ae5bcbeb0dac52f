// Drill: the network falls apart and grows together again; both sides were right to serve meanwhile.
// Must not know who wins how: only that one does, soon, and that the client does not wait for its ARP cache to age.
import { now, sleep } from '../lab/clock.ts';
import { drill, HANDOVER_MS, marginMs } from '../lab/drill.ts';
import { drop, heal, isolate, partition, passAgain } from '../lab/faults.ts';
import { downMs } from '../lab/protocol.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost } from '../lab/verdict.ts';

const INTERVAL = 100;

await drill('partition with the client on the side of the Backup, and heal', {}, async (_t, lab) => {
  await lab.active('a', web(200));
  await lab.backup('b', web(100));
  const split = now();
  await partition(lab.network, [lab.node('a')]);
  await lab.observer.answersFrom('b', VIP, 3000, 500);
  lab.judge(outageAtMost(await lab.window(split), VIP, downMs(INTERVAL, 100) + marginMs(INTERVAL)), 'split');
  for (let round = 1; round <= 3; round++) {
    const healed = now();
    await heal(lab.network);
    await lab.observer.answersFrom('a', VIP, 9000, 300);
    const window = await lab.window(healed);
    lab.judge(outageAtMost(window, VIP, HANDOVER_MS), `heal ${round}`);
    lab.judge(overlapAtMost(window, VIP, INTERVAL + marginMs(INTERVAL)), `heal ${round}`);
    await partition(lab.network, [lab.node('a')]);
    await lab.observer.answersFrom('b', VIP, 3000, 500);
  }
});

await drill('partition with the client on the side of the Active, and heal', {}, async (_t, lab) => {
  await lab.active('a', web(200));
  const b = await lab.backup('b', web(100));
  const split = now();
  await partition(lab.network, [lab.node('b')]);
  await b.entered('web', 'active', 3000, split);
  await sleep(300);
  await heal(lab.network);
  await b.entered('web', 'backup', 3000, split);
  await sleep(500);
  lab.judge(outageAtMost(await lab.window(split), VIP, HANDOVER_MS));
  const alone = now();
  await sleep(500);
  lab.judge(exactlyOneHolder(await lab.window(alone), VIP, 'a'));
});

await drill('two nodes that do not hear each other, and then do', {}, async (_t, lab) => {
  await lab.active('a', web(200));
  const b = await lab.backup('b', web(100));
  const split = now();
  await isolate(lab.network, true);
  await b.entered('web', 'active', 3000, split);
  await sleep(500);
  const healed = now();
  await isolate(lab.network, false);
  await b.entered('web', 'backup', 3000, healed);
  await lab.observer.answersFrom('a', VIP, 9000, 300);
  const window = await lab.window(healed);
  lab.judge(outageAtMost(window, VIP, HANDOVER_MS));
  lab.judge(overlapAtMost(window, VIP, INTERVAL + marginMs(INTERVAL)));
  const alone = now();
  await sleep(500);
  lab.judge(exactlyOneHolder(await lab.window(alone), VIP, 'a'));
});

await drill('a Backup goes deaf, then hears again', {}, async (_t, lab) => {
  await lab.active('a', web(200));
  const b = await lab.backup('b', web(100));
  const deaf = now();
  await drop(lab.network, lab.node('b'), 'to', 'vrrp');
  await b.entered('web', 'active', 3000, deaf);
  await sleep(500);
  const hears = now();
  await passAgain(lab.network, lab.node('b'));
  await b.entered('web', 'backup', 3000, hears);
  await lab.observer.answersFrom('a', VIP, 9000, 300);
  lab.judge(outageAtMost(await lab.window(hears), VIP, HANDOVER_MS));
  const alone = now();
  await sleep(500);
  lab.judge(exactlyOneHolder(await lab.window(alone), VIP, 'a'));
});
