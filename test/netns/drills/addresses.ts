// Drill: addresses that are taken away by hand, and the host's own ones, which nobody may touch.
// Must not know how the product tells its own addresses from others.
import { now, sleep, until } from '../lab/clock.ts';
import { drill, HANDOVER_MS, marginMs } from '../lab/drill.ts';
import { ip } from '../lab/exec.ts';
import { addressesOf } from '../lab/faults.ts';
import { downMs } from '../lab/protocol.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, outageAtMost, steadyAdverts } from '../lab/verdict.ts';

const INTERVAL = 100;

await drill('the address is deleted by hand once', {}, async (_t, lab) => {
  await lab.active('a', web(200));
  await lab.backup('b', web(100));
  const deleted = now();
  await ip(lab.node('a').namespace, [`address delete ${VIP}/24 dev hf0`]);
  await sleep(1000);
  const window = await lab.window(deleted);
  lab.judge(outageAtMost(window, VIP, marginMs(INTERVAL)), 'put back');
  lab.judge(exactlyOneHolder(window, VIP, 'a'));
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)));
});

await drill('the address is deleted by hand every 100 ms', {}, async (_t, lab) => {
  await lab.active('a', web(200));
  await lab.backup('b', web(100));
  let deleting = true;
  const started = now();
  const loop = (async () => {
    while (deleting) {
      await ip(lab.node('a').namespace, [`address delete ${VIP}/24 dev hf0`]).catch(() => {});
      await sleep(100);
    }
  })();
  try {
    // Five times in 10 s are too often: it cannot serve, so it does not claim (design 4.9).
    await lab.observer.answersFrom('b', VIP, 5000, 300);
    lab.judge(outageAtMost(await lab.window(started), VIP, downMs(INTERVAL, 100) + marginMs(INTERVAL)));
    const alone = now();
    await sleep(700);
    lab.judge(exactlyOneHolder(await lab.window(alone), VIP, 'b'), 'while it goes on');
  } finally {
    deleting = false;
    await loop;
  }
  await lab.observer.answersFrom('a', VIP, 30_000, 300);
});

await drill('a permanent address that equals the virtual one', {}, async (t, lab) => {
  const own = lab.node('a');
  await ip(own.namespace, [`address add ${VIP}/24 dev hf0`]);
  const a = lab.start('a', web(200));
  await a.says(/address\.not-ours/, 10_000);
  await a.entered('web', 'active', 10_000);
  await sleep(1500);
  a.signal('SIGTERM');
  await a.ended(5000);
  const text = await addressesOf(own);
  t.strictSame(text, ['10.77.0.1/24', `${VIP}/24`], 'the address of the host is where it was');
  const again = lab.start('a', web(200));
  await again.entered('web', 'active', 10_000);
  again.signal('SIGKILL');
  await sleep(1500);
  t.strictSame(await addressesOf(own), ['10.77.0.1/24', `${VIP}/24`], 'and stays after kill -9');
});

await drill('a host address that was added after the virtual one in its network', {}, async (t, lab) => {
  const other = { ...web(200), addresses: ['10.78.0.200'] };
  const own = lab.node('a');
  const a = lab.start('a', other);
  await a.entered('web', 'active', 10_000);
  await until('the address', 2000, async () => (await addressesOf(own)).includes('10.78.0.200/24'));
  await ip(own.namespace, ['address add 10.78.0.5/24 dev hf0']);
  a.signal('SIGTERM');
  await a.ended(5000);
  t.strictSame(await addressesOf(own), ['10.77.0.1/24', '10.78.0.5/24'], 'it outlives a clean stop');
  const again = lab.start('a', other);
  await again.entered('web', 'active', 10_000);
  await until('the address', 2000, async () => (await addressesOf(own)).includes('10.78.0.200/24'));
  again.signal('SIGKILL');
  await until('the end of the lease', 4000, async () => !(await addressesOf(own)).includes('10.78.0.200/24'));
  t.strictSame(await addressesOf(own), ['10.77.0.1/24', '10.78.0.5/24'], 'it outlives the lease');
});

await drill('host addresses through a change of roles', {}, async (t, lab) => {
  for (const node of lab.network.nodes) await ip(node.namespace, [`address add 10.77.1.${node.name === 'a' ? 1 : 2}/24 dev hf0`]);
  const before = [await addressesOf(lab.node('a')), await addressesOf(lab.node('b'))];
  const a = await lab.active('a', web(200));
  const b = await lab.backup('b', web(100));
  const killed = a.signal('SIGKILL');
  await lab.observer.answersFrom('b', VIP, 3000);
  await until('the lease to end', 4000, async () => !(await addressesOf(lab.node('a'))).includes(`${VIP}/24`));
  lab.judge(outageAtMost(await lab.window(killed), VIP, HANDOVER_MS));
  b.signal('SIGTERM');
  await b.ended(5000);
  t.strictSame([await addressesOf(lab.node('a')), await addressesOf(lab.node('b'))], before, 'all are there, and nothing else is');
});
