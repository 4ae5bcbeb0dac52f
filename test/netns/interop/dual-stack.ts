// Drill: one virtual router with addresses of both families is two elections, which agree unless something parts them.
// Must not know that one name stands for both: the verdict is made of what client and switch saw.
import { now, sleep } from '../lab/clock.ts';
import { drill, HANDOVER_MS, type Lab, marginMs } from '../lab/drill.ts';
import { blackhole, bringBack, drop, passAgain } from '../lab/faults.ts';
import { downMs } from '../lab/protocol.ts';
import { type RouterSettings, VIP, VIP6, web } from '../lab/router.ts';
import { startSpeaker } from '../lab/speaker.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost } from '../lab/verdict.ts';

const INTERVAL = 100;
const MARGIN = marginMs(INTERVAL);
const BOTH = [VIP, VIP6];

// No link-local address among them: holdfast derives one.
const both = (priority: number): RouterSettings => ({ ...web(priority), addresses: BOTH });

async function oneHolder(lab: Lab, told: string, holders: Readonly<Record<string, string>>): Promise<void> {
  for (const [address, node] of Object.entries(holders)) await lab.observer.servesAlone(node, address, 7000);
  const from = now();
  await sleep(400);
  const window = await lab.window(from);
  for (const [address, node] of Object.entries(holders)) lab.judge(exactlyOneHolder(window, address, node), told);
}

const allOn = (node: string) => Object.fromEntries(BOTH.map(address => [address, node]));

await drill('two families, two elections', { addresses: BOTH }, async (t, lab) => {
  const start = async (name: string, priority: number) => {
    const speaker = await startSpeaker('holdfast', lab.network, lab.node(name), [both(priority)]);
    lab.watch(speaker.daemon);
    return speaker;
  };
  const a = await start('a', 200);
  await start('b', 100);
  await oneHolder(lab, 'election', allOn('a'));

  const stopped = await a.stop();
  await oneHolder(lab, 'a clean stop', allOn('b'));
  const stop = await lab.window(stopped);
  for (const address of BOTH) {
    lab.judge(outageAtMost(stop, address, 5), 'a clean stop');
    lab.judge(overlapAtMost(stop, address, 50), 'a clean stop');
  }

  const started = now();
  await start('a', 200);
  await oneHolder(lab, 'the return', allOn('a'));
  const back = await lab.window(started);
  for (const address of BOTH) {
    lab.judge(outageAtMost(back, address, HANDOVER_MS), 'the return');
    lab.judge(overlapAtMost(back, address, 50), 'the return');
  }
  const sources = new Set(back.seen.adverts.filter(advert => advert.source.includes(':')).map(advert => advert.source));
  t.notOk(sources.has('fe80::112:51'), 'nobody speaks from the virtual link-local address', { sources: [...sources] });
  const announced = back.seen.neighbours.filter(n => n.node === 'a' && n.type === 136 && n.target === VIP6);
  t.ok(announced.length > 0 && announced.every(n => (n.flags & 1) === 1), 'announced with the override flag', { announced });

  const died = now();
  await blackhole(lab.network, lab.node('a'));
  await oneHolder(lab, 'a dead node', allOn('b'));
  const dead = await lab.window(died);
  for (const address of BOTH) lab.judge(outageAtMost(dead, address, downMs(INTERVAL, 100) + MARGIN), 'a dead node');
  const healed = now();
  await bringBack(lab.network, lab.node('a'));
  await oneHolder(lab, 'its return', allOn('a'));
  const heal = await lab.window(healed);
  for (const address of BOTH) {
    lab.judge(outageAtMost(heal, address, HANDOVER_MS), 'its return');
    lab.judge(overlapAtMost(heal, address, INTERVAL + MARGIN), 'its return');
  }

  // b no longer hears IPv6 adverts of a: it takes that family, and the other one stays where it is.
  const deaf = now();
  await drop(lab.network, lab.node('b'), 'to', 'vrrp-ipv6');
  await lab.observer.advert('b to advertise over IPv6', 3000, deaf, advert => advert.node === 'b' && advert.source.includes(':'));
  await sleep(300);
  lab.judge(exactlyOneHolder(await lab.window(deaf), VIP, 'a'), 'parted families');
  const hears = now();
  await passAgain(lab.network, lab.node('b'));
  await oneHolder(lab, 'together again', allOn('a'));
  lab.judge(outageAtMost(await lab.window(hears), VIP6, HANDOVER_MS), 'together again');
});
