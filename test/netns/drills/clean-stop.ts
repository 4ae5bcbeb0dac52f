// Drill: daemons are stopped in order, and started again. The client must not notice.
// Must not know how: the verdict is made of what the client and the switch saw.
import { now, sleep } from '../lab/clock.ts';
import { drill, HANDOVER_MS, marginMs } from '../lab/drill.ts';
import { addressesOf, drop } from '../lab/faults.ts';
import { downMs } from '../lab/protocol.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost, steadyAdverts } from '../lab/verdict.ts';

const INTERVAL = 100;
/** How long one attempt to leave waits for a successor: the slowest possible skew, and a margin. Design 4.1. */
const WAIT = (INTERVAL * 255) / 256 + Math.min(50, INTERVAL / 2);

await drill('clean stop and start', {}, async (t, lab) => {
  const a = await lab.active('a', web(200));
  await lab.backup('b', web(100));

  const stopped = a.signal('SIGTERM');
  const exit = await a.ended(5000);
  t.equal(exit.code, 0, 'leaves with exit code 0');
  await lab.observer.answersFrom('b', VIP, 2000);
  const stop = await lab.window(stopped);
  lab.judge(outageAtMost(stop, VIP, 5), 'the stop');
  lab.judge(overlapAtMost(stop, VIP, 50), 'the stop');
  t.strictSame(await addressesOf(lab.node('a')), ['10.77.0.1/24'], 'the node keeps its own address only');
  const alone = now();
  await sleep(500);
  lab.judge(exactlyOneHolder(await lab.window(alone), VIP, 'b'));

  const started = now();
  const again = lab.start('a', web(200));
  await again.entered('web', 'active', 10_000);
  await lab.observer.answersFrom('a', VIP, 2000);
  const back = await lab.window(started);
  lab.judge(outageAtMost(back, VIP, HANDOVER_MS), 'the return');
  lab.judge(overlapAtMost(back, VIP, 50), 'the return');
});

await drill('a Backup is stopped', {}, async (t, lab) => {
  await lab.active('a', web(200));
  const b = await lab.backup('b', web(100));
  const stopped = b.signal('SIGTERM');
  t.equal((await b.ended(2000)).code, 0, 'leaves with exit code 0');
  await sleep(300);
  const window = await lab.window(stopped);
  lab.judge(exactlyOneHolder(window, VIP, 'a'));
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)), 'a Backup has nothing to say when it leaves');
});

await drill('stop without a peer', {}, async (t, lab) => {
  const a = await lab.active('a', web(200));
  const stopped = a.signal('SIGTERM');
  const exit = await a.ended(5000);
  t.equal(exit.code, 0, 'leaves with exit code 0');
  t.strictSame(await addressesOf(lab.node('a')), ['10.77.0.1/24'], 'the address is gone');
  const { seen } = await lab.window(stopped);
  t.strictSame(
    seen.adverts.map(advert => advert.priority),
    [0, 0],
    'asks twice for a successor and says nothing else',
  );
  const last = seen.answers.at(-1)?.at ?? 0;
  t.ok((last - stopped) / 1000 >= 2 * WAIT - 10, 'answers until both attempts are over');
});

await drill('two leave at once', { nodes: ['a', 'b', 'c'] }, async (t, lab) => {
  const a = await lab.active('a', web(200));
  const b = await lab.backup('b', web(150));
  await lab.backup('c', web(100));
  const stopped = a.signal('SIGTERM');
  b.signal('SIGTERM');
  t.equal((await a.ended(5000)).code, 0, 'a leaves with exit code 0');
  t.equal((await b.ended(5000)).code, 0, 'b leaves with exit code 0');
  await lab.observer.answersFrom('c', VIP, 3000, 300);
  const stop = await lab.window(stopped);
  lab.judge(outageAtMost(stop, VIP, 5));
  lab.judge(overlapAtMost(stop, VIP, 50));
});

await drill('both of two leave at once', {}, async (t, lab) => {
  const a = await lab.active('a', web(200));
  const b = await lab.backup('b', web(100));
  a.signal('SIGTERM');
  b.signal('SIGTERM');
  t.equal((await a.ended(5000)).code, 0, 'a leaves with exit code 0');
  t.equal((await b.ended(5000)).code, 0, 'b leaves with exit code 0');
  await lab.observer.silence(VIP, 2000);
  t.strictSame(await addressesOf(lab.node('a')), ['10.77.0.1/24'], 'the address is gone from a');
  t.strictSame(await addressesOf(lab.node('b')), ['10.77.0.2/24'], 'the address is gone from b');
});

await drill('every priority 0 is lost', {}, async (t, lab) => {
  const a = await lab.active('a', web(200));
  await lab.backup('b', web(100));
  await drop(lab.network, lab.node('a'), 'from', 'priority-zero');
  const stopped = a.signal('SIGTERM');
  t.equal((await a.ended(5000)).code, 0, 'leaves with exit code 0');
  await lab.observer.answersFrom('b', VIP, 3000);
  // The Backup hears silence only and waits for it to be long enough, while the leaver answers for two attempts.
  const dark = Math.max(0, downMs(INTERVAL, 100) - 2 * WAIT);
  lab.judge(outageAtMost(await lab.window(stopped), VIP, dark + marginMs(INTERVAL)));
});
