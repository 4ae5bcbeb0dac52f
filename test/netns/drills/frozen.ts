// Drill: processes that stand still and go on, as under a debugger, a paused virtual machine or a starved CPU.
// Must not know how the product notices.

import { now, sleep } from '../lab/clock.ts';
import { childrenOf } from '../lab/daemon.ts';
import { drill, HANDOVER_MS, marginMs } from '../lab/drill.ts';
import { addressesOf, blackhole } from '../lab/faults.ts';
import { kill } from '../lab/guard.ts';
import type { Product } from '../lab/product.ts';
import { downMs } from '../lab/protocol.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost, steadyAdverts } from '../lab/verdict.ts';

const INTERVAL = 100;
const FROZEN = 5000;

/** Every process of a daemon at once. */
function all(daemon: Product, signal: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of [daemon.pid, ...childrenOf(daemon.pid)]) kill(pid, signal);
}

await drill('the Active stands still for 5 s', {}, async (t, lab) => {
  const a = await lab.active('a', web(200));
  await lab.backup('b', web(100));
  const froze = now();
  all(a, 'SIGSTOP');
  await lab.observer.answersFrom('b', VIP, 3000);
  await sleep(FROZEN - 1000);
  t.notOk((await addressesOf(lab.node('a'))).includes(`${VIP}/24`), 'the frozen node has lost its lease');
  const frozen = await lab.window(froze);
  lab.judge(outageAtMost(frozen, VIP, HANDOVER_MS), 'frozen');
  const thawed = now();
  all(a, 'SIGCONT');
  await lab.observer.answersFrom('a', VIP, 3000, 300);
  const thaw = await lab.window(thawed);
  lab.judge(outageAtMost(thaw, VIP, HANDOVER_MS), 'thawed');
  lab.judge(overlapAtMost(thaw, VIP, INTERVAL + marginMs(INTERVAL)), 'thawed');
});

await drill('a lone Active stands still for 2 s', {}, async (_t, lab) => {
  const a = await lab.active('a', web(200));
  all(a, 'SIGSTOP');
  await lab.observer.silence(VIP, 3000);
  const thawed = now();
  all(a, 'SIGCONT');
  await lab.observer.answersFrom('a', VIP, 3000);
  // Nobody else was heard, so the address comes back in the same turn.
  lab.judge(outageAtMost(await lab.window(thawed), VIP, marginMs(INTERVAL)));
});

await drill('a Backup stands still for 5 s', {}, async (_t, lab) => {
  await lab.active('a', web(200));
  const b = await lab.backup('b', web(100));
  const froze = now();
  all(b, 'SIGSTOP');
  await sleep(FROZEN);
  all(b, 'SIGCONT');
  await sleep(1000);
  const window = await lab.window(froze);
  lab.judge(exactlyOneHolder(window, VIP, 'a'));
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)));
});

await drill('300 ms stalls every 2 s, and then the peer dies', {}, async (_t, lab) => {
  await lab.active('a', web(200));
  const b = await lab.backup('b', web(100));
  let stalling = true;
  const stalls = (async () => {
    while (stalling) {
      all(b, 'SIGSTOP');
      await sleep(300);
      all(b, 'SIGCONT');
      await sleep(1700);
    }
  })();
  try {
    const started = now();
    await sleep(8500);
    const quiet = await lab.window(started);
    lab.judge(exactlyOneHolder(quiet, VIP, 'a'), 'while the peer lives');
    lab.judge(steadyAdverts(quiet, 51, 'a', INTERVAL, marginMs(INTERVAL)), 'while the peer lives');
    const died = now();
    await blackhole(lab.network, lab.node('a'));
    await lab.observer.answersFrom('b', VIP, 5000);
    const bound = 2 * downMs(INTERVAL, 100) + 300 + marginMs(INTERVAL);
    lab.judge(outageAtMost(await lab.window(died), VIP, bound), 'when it dies');
  } finally {
    stalling = false;
    await stalls;
  }
});
