// The stories in which nginx is dead on every node: the address stays on one and the same, and the first node that is well again gets it.
// Told for a short time by the drills that gate a change, and for a minute by the long tests. Must not know how health is judged.
import { now, sleep } from '../../lab/clock.ts';
import { drill, HANDOVER_MS, type Lab, marginMs } from '../../lab/drill.ts';
import { startHttpClient } from '../../lab/http.ts';
import { startPhoenix } from '../../lab/phoenix.ts';
import { downMs } from '../../lab/protocol.ts';
import { type RouterSettings, VIP, web } from '../../lab/router.ts';
import { exactlyOneHolder, outageAtMost } from '../../lab/verdict.ts';
import { stopNginx, type WatchedNginx, watchNginx } from '../../lab/watched-nginx.ts';

const INTERVAL = 100;
const PRIORITIES: Readonly<Record<string, number>> = { a: 200, b: 150, c: 100 };
/** After a minute of failed starts the next one is a minute away. */
const LAST_WAIT = 75_000;
/** A verdict over a minute needs no probe each millisecond. */
const CALM = { probeMs: 5, askMs: 25 };
const SETTINGS = 'revive_within = "300ms"\nhold = "0s"';

function router(name: string, nginx: WatchedNginx, preempt: boolean): RouterSettings {
  return { ...web(PRIORITIES[name] ?? 100, INTERVAL), preempt, track: ['nginx'], duties: nginx.table(SETTINGS) };
}

function breakAll(all: readonly WatchedNginx[]): void {
  for (const nginx of all) nginx.breakConfig(true);
  for (const nginx of all) stopNginx(nginx);
}

/** Whoever answers for the address now. */
async function holder(lab: Lab): Promise<string> {
  const answers = (await lab.window(now() - 200_000)).seen.answers.filter(({ address }) => address === VIP);
  return answers.at(-1)?.node ?? 'nobody';
}

/** @param lastMs how long all of them are sick */
export async function allSick(nodes: readonly string[], preempt: boolean, lastMs: number): Promise<void> {
  const name = `nginx is dead on ${nodes.join(', ')} for ${lastMs / 1000} s${preempt ? '' : ', preempt = false'}`;
  await drill(name, { nodes, limitMs: lastMs + 180_000, ...CALM }, async (t, lab) => {
    const all = nodes.map(node => watchNginx(lab.network, lab.node(node)));
    for (const nginx of all) await nginx.start();
    for (const [index, node] of nodes.entries()) {
      const nginx = all[index];
      if (nginx === undefined) continue;
      await lab.start(node, router(node, nginx, preempt)).entered('web', index === 0 ? 'active' : 'backup', 15_000);
    }
    const client = startHttpClient(lab.network, VIP, 5);
    await client.servedBy('a', 15_000);
    breakAll(all);
    // Everybody finds out, offers its role once, and finds nobody.
    await sleep(3000);
    const one = await holder(lab);
    const from = now();
    await sleep(lastMs);
    const window = await lab.window(from);
    lab.judge(exactlyOneHolder(window, VIP, one), `sick for ${lastMs / 1000} s`);
    lab.judge(outageAtMost(window, VIP, marginMs(INTERVAL) + CALM.probeMs), 'and it answers all the time');
    // The one with the lowest priority is the first to be well, and not the one that holds the address.
    const last = nodes.findLast(node => node !== one) ?? '';
    const well = all[nodes.indexOf(last)];
    const mended = now();
    well?.breakConfig(false);
    await client.servedBy(last, LAST_WAIT);
    await sleep(500);
    lab.judge(exactlyOneHolder(await lab.window(now() - 400_000), VIP, last), `the first one that is well has it: ${last}`);
    lab.judge(outageAtMost(await lab.window(mended), VIP, HANDOVER_MS + CALM.probeMs), 'handed over without a gap');
    t.match(well?.master(), Number);
  });
}

/** Two of ours and a keepalived with the well-known script, which is sick too. */
export async function allSickBesideKeepalived(lastMs: number): Promise<void> {
  await drill(
    `nginx is dead on two and on a keepalived for ${lastMs / 1000} s`,
    { nodes: ['a', 'b', 'c'], limitMs: lastMs + 180_000, ...CALM },
    async (t, lab) => {
      const [a, b, c] = [
        watchNginx(lab.network, lab.node('a')),
        watchNginx(lab.network, lab.node('b')),
        watchNginx(lab.network, lab.node('c')),
      ];
      for (const nginx of [a, b, c]) await nginx.start();
      await lab.start('a', router('a', a, true)).entered('web', 'active', 15_000);
      await lab.start('b', router('b', b, true)).entered('web', 'backup', 15_000);
      const keepalived = startPhoenix(lab.network, lab.node('c'), web(100, INTERVAL), c);
      lab.watch(keepalived);
      await keepalived.says(/Entering BACKUP STATE/, 15_000);
      const client = startHttpClient(lab.network, VIP, 5);
      await client.servedBy('a', 15_000);
      for (const nginx of [a, b]) nginx.breakConfig(true);
      for (const nginx of [a, b]) stopNginx(nginx);
      await client.servedBy('c', 15_000);
      t.pass('the only one that is well has it');
      // Its script ends it when nginx does not come back, which leaves the two sick ones.
      c.breakConfig(true);
      stopNginx(c);
      await keepalived.ended(15_000);
      await sleep(3 * downMs(INTERVAL, 1));
      const one = await holder(lab);
      const from = now();
      await sleep(lastMs);
      lab.judge(exactlyOneHolder(await lab.window(from), VIP, one), `sick for ${lastMs / 1000} s`);
      const other = one === 'a' ? 'b' : 'a';
      (other === 'a' ? a : b).breakConfig(false);
      await client.servedBy(other, LAST_WAIT);
      t.pass('the first one that is well has it');
    },
  );
}
