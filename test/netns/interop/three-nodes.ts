// Drill: three machines, two kinds of daemon. The address goes down the row of priorities and up again, whoever stands where.
// Must not know how a daemon is told or what it says: the verdict is made of what client and switch saw.
import { now, sleep } from '../lab/clock.ts';
import { drill, HANDOVER_MS, type Lab, marginMs } from '../lab/drill.ts';
import { blackhole, bringBack } from '../lab/faults.ts';
import { downMs, skewMs } from '../lab/protocol.ts';
import { VIP, web } from '../lab/router.ts';
import { type Kind, kindMissing, type Speaker, startSpeaker } from '../lab/speaker.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost } from '../lab/verdict.ts';

const INTERVAL = 100;
const MARGIN = marginMs(INTERVAL);
const ROW = [
  ['a', 200],
  ['b', 150],
  ['c', 100],
] as const;

async function oneHolder(lab: Lab, node: string, told: string): Promise<void> {
  await lab.observer.servesAlone(node, VIP, 7000);
  const from = now();
  await sleep(300);
  lab.judge(exactlyOneHolder(await lab.window(from), VIP, node), told);
}

/** @param kinds what runs on the nodes, highest priority first */
async function tell(...kinds: readonly [Kind, Kind, Kind]): Promise<void> {
  const missing = kinds.map(kindMissing).find(why => why !== null) ?? null;
  await drill(kinds.join(', '), { nodes: ['a', 'b', 'c'], missing }, async (_t, lab) => {
    const speakers: Speaker[] = [];
    const begin = async (i: 0 | 1 | 2) => {
      const [name, priority] = ROW[i];
      const speaker = await startSpeaker(kinds[i], lab.network, lab.node(name), [web(priority, INTERVAL)]);
      lab.watch(speaker.daemon);
      speakers[i] = speaker;
    };
    for (const i of [0, 1, 2] as const) await begin(i);
    // One that is deaf to the checksum of RFC 9568 claims the address once, and is answered in the form that it knows.
    await sleep(downMs(INTERVAL, 100) + MARGIN);
    await oneHolder(lab, 'a', 'election');

    const stopped = (await speakers[0]?.stop()) ?? 0;
    await oneHolder(lab, 'b', 'the first is stopped');
    const dark = kinds[0] === 'holdfast' ? HANDOVER_MS : skewMs(INTERVAL, 150) + MARGIN;
    lab.judge(outageAtMost(await lab.window(stopped), VIP, dark), 'the first is stopped');

    const died = now();
    await blackhole(lab.network, lab.node('b'));
    await oneHolder(lab, 'c', 'the second is dead');
    lab.judge(outageAtMost(await lab.window(died), VIP, downMs(INTERVAL, 100) + MARGIN), 'the second is dead');

    // The winner is to hear the loser first: see stories.ts.
    await lab.observer.advert('an advertisement of b', 1000, now(), advert => advert.node === 'b');
    const back = now();
    await bringBack(lab.network, lab.node('b'));
    await oneHolder(lab, 'b', 'the second returns');
    const heal = await lab.window(back);
    lab.judge(outageAtMost(heal, VIP, HANDOVER_MS), 'the second returns');
    lab.judge(overlapAtMost(heal, VIP, INTERVAL + MARGIN), 'the second returns');

    const started = now();
    await begin(0);
    await oneHolder(lab, 'a', 'the first preempts');
    lab.judge(outageAtMost(await lab.window(started), VIP, HANDOVER_MS), 'the first preempts');
  });
}

await tell('holdfast', 'holdfast', 'keepalived');
await tell('keepalived', 'holdfast', 'keepalived');
