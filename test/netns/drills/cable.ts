// Drill: cables pulled and put back, on either side, and an interface that is deleted and made again.
// Must not know how the product watches its interfaces.
import { now, sleep } from '../lab/clock.ts';
import { drill, HANDOVER_MS, marginMs } from '../lab/drill.ts';
import { addressesOf, deleteInterface, makeInterface, pullCable, putCableBack } from '../lab/faults.ts';
import { downMs } from '../lab/protocol.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost, steadyAdverts } from '../lab/verdict.ts';

const INTERVAL = 100;

await drill("the Active's cable is pulled and put back", {}, async (_t, lab) => {
  const a = await lab.active('a', web(200));
  await lab.backup('b', web(100));
  const pulled = now();
  await pullCable(lab.network, lab.node('a'));
  await lab.observer.answersFrom('b', VIP, 3000);
  lab.judge(outageAtMost(await lab.window(pulled), VIP, downMs(INTERVAL, 100) + marginMs(INTERVAL)), 'pulled');
  await sleep(1000);
  const back = now();
  await putCableBack(lab.network, lab.node('a'));
  await a.entered('web', 'active', 5000, back);
  await lab.observer.answersFrom('a', VIP, 3000, 300);
  const window = await lab.window(back);
  lab.judge(outageAtMost(window, VIP, HANDOVER_MS), 'put back');
  lab.judge(overlapAtMost(window, VIP, INTERVAL + marginMs(INTERVAL)), 'put back');
});

await drill("the Active's cable is out for a moment", {}, async (_t, lab) => {
  await lab.active('a', web(200));
  await lab.backup('b', web(100));
  const pulled = now();
  await pullCable(lab.network, lab.node('a'));
  await sleep(50);
  await putCableBack(lab.network, lab.node('a'));
  await sleep(1000);
  await lab.observer.answersFrom('a', VIP, 3000, 300);
  lab.judge(outageAtMost(await lab.window(pulled), VIP, downMs(INTERVAL, 100) + marginMs(INTERVAL)));
});

await drill("the Backup's cable is pulled and put back", {}, async (t, lab) => {
  await lab.active('a', web(200));
  await lab.backup('b', web(100));
  const pulled = now();
  await pullCable(lab.network, lab.node('b'));
  await sleep(1000);
  t.strictSame(await addressesOf(lab.node('b')), ['10.77.0.2/24'], 'without a carrier it claims nothing');
  await putCableBack(lab.network, lab.node('b'));
  await sleep(1000);
  const window = await lab.window(pulled);
  lab.judge(exactlyOneHolder(window, VIP, 'a'));
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)));
});

await drill("the Active's interface is deleted and made again", {}, async (_t, lab) => {
  const a = await lab.active('a', web(200));
  await lab.backup('b', web(100));
  const deleted = now();
  await deleteInterface(lab.node('a'));
  await lab.observer.answersFrom('b', VIP, 3000);
  lab.judge(outageAtMost(await lab.window(deleted), VIP, downMs(INTERVAL, 100) + marginMs(INTERVAL)), 'deleted');
  await sleep(500);
  const made = now();
  await makeInterface(lab.network, lab.node('a'));
  await a.entered('web', 'active', 5000, made);
  await lab.observer.answersFrom('a', VIP, 3000, 300);
  const window = await lab.window(made);
  lab.judge(outageAtMost(window, VIP, HANDOVER_MS), 'made again');
  lab.judge(overlapAtMost(window, VIP, INTERVAL + marginMs(INTERVAL)), 'made again');
  const alone = now();
  await sleep(500);
  lab.judge(exactlyOneHolder(await lab.window(alone), VIP, 'a'));
});

await drill("the Backup's interface is deleted and made again", {}, async (_t, lab) => {
  await lab.active('a', web(200));
  const b = await lab.backup('b', web(100));
  const deleted = now();
  await deleteInterface(lab.node('b'));
  await sleep(500);
  const made = now();
  await makeInterface(lab.network, lab.node('b'));
  await b.entered('web', 'backup', 5000, made);
  await sleep(500);
  const window = await lab.window(deleted);
  lab.judge(exactlyOneHolder(window, VIP, 'a'));
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)));
});
