// Drill: two virtual routers with crossed priorities, so that both machines serve; one takes all while the other is away.
// Must not know that they share a process.
import { now, sleep } from '../lab/clock.ts';
import { drill, HANDOVER_MS, marginMs } from '../lab/drill.ts';
import { blackhole, bringBack } from '../lab/faults.ts';
import { downMs } from '../lab/protocol.ts';
import { type RouterSettings, VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, outageAtMost } from '../lab/verdict.ts';

const INTERVAL = 100;
const OTHER = '10.77.0.201';
const mail = (priority: number): RouterSettings => ({ ...web(priority), name: 'mail', vrid: 52, addresses: [OTHER] });

await drill('two routers with crossed priorities', { addresses: [VIP, OTHER] }, async (_t, lab) => {
  const b = lab.start('b', web(100), mail(200));
  await b.entered('mail', 'active', 10_000);
  const a = lab.start('a', web(200), mail(100));
  await a.entered('web', 'active', 10_000);
  await lab.observer.answersFrom('a', VIP, 5000, 300);
  await lab.observer.answersFrom('b', OTHER, 5000, 300);
  const both = now();
  await sleep(500);
  lab.judge(exactlyOneHolder(await lab.window(both), VIP, 'a'), 'both serve');
  lab.judge(exactlyOneHolder(await lab.window(both), OTHER, 'b'), 'both serve');

  const died = now();
  await blackhole(lab.network, lab.node('a'));
  await lab.observer.answersFrom('b', VIP, 3000);
  const death = await lab.window(died);
  lab.judge(outageAtMost(death, VIP, downMs(INTERVAL, 100) + marginMs(INTERVAL)), 'one dies');
  lab.judge(exactlyOneHolder(death, OTHER, 'b'), 'one dies');
  await sleep(500);

  const back = now();
  await bringBack(lab.network, lab.node('a'));
  await lab.observer.answersFrom('a', VIP, 9000, 300);
  const window = await lab.window(back);
  lab.judge(outageAtMost(window, VIP, HANDOVER_MS), 'it is back');
  lab.judge(outageAtMost(window, OTHER, HANDOVER_MS), 'it is back');

  const stopped = a.signal('SIGTERM');
  await a.ended(5000);
  await lab.observer.answersFrom('b', VIP, 3000);
  const stop = await lab.window(stopped);
  lab.judge(outageAtMost(stop, VIP, 5), 'it is stopped');
  lab.judge(exactlyOneHolder(stop, OTHER, 'b'), 'it is stopped');
});
