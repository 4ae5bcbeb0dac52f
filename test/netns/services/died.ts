// Drill: nginx's master, and nginx as a whole, are killed on the Active. It is seen at once, served again in the time that nginx itself takes
// to start, and the address stays; keepalived with the well-known script beside it, in the same run.
// Must not know how death is seen.
import { startBystander } from '../lab/bystander.ts';
import { now, sleep, until } from '../lab/clock.ts';
import { runs } from '../lab/daemon.ts';
import { drill, marginMs } from '../lab/drill.ts';
import { kill } from '../lab/guard.ts';
import { type HttpClient, longestWait, startHttpClient } from '../lab/http.ts';
import { median } from '../lab/median.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, steadyAdverts } from '../lab/verdict.ts';
import { stopNginx, type WatchedNginx, watchNginx } from '../lab/watched-nginx.ts';

const INTERVAL = 100;
const ROUNDS = 5;
/** Time between two requests of the client, ms. */
const REQUESTS = 2;
/** What the death may take to be noticed, and what reviving may take beyond nginx's own start, ms. */
const NOTICED = 5;
const REVIVED = 20;

/** How long nginx takes from its command to its first page, ms; the median of some. */
async function startTime(nginx: WatchedNginx, client: HttpClient): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { pids } = stopNginx(nginx);
    await until('nginx to be gone', 3000, () => !pids.some(runs));
    // Its last page may still be on its way.
    await sleep(50);
    const from = now();
    await nginx.start();
    const [page] = await until('a page', 3000, () => {
      const pages = client.pages(from);
      return pages.length > 0 && pages;
    });
    times.push(((page?.at ?? now()) - from) / 1000);
  }
  return median(times);
}

/** Its workers go on, hold the port, and answer. */
function killAlone(master: number): number {
  const at = now();
  kill(master, 'SIGKILL');
  return at;
}

await drill('nginx is killed', { limitMs: 180_000 }, async (t, lab) => {
  const [nodeA, nodeB] = [lab.node('a'), lab.node('b')];
  const nginx = watchNginx(lab.network, nodeA);
  const other = watchNginx(lab.network, nodeB);
  await other.start();
  const bystander = startBystander(lab.network);
  const client = startHttpClient(lab.network, VIP, REQUESTS);
  const settings = 'start_limit = 100';
  const a = lab.start('a', { ...web(200), track: ['nginx'], duties: nginx.table(settings) });
  await a.entered('web', 'active', 15_000);
  await lab.start('b', { ...web(100), track: ['nginx'], duties: other.table(settings) }).entered('web', 'backup', 15_000);
  await client.servedBy('a', 15_000);
  t.ok(nginx.master(), 'holdfast has started it');

  const begun = now();
  const noticed: number[] = [];
  const outages: number[] = [];
  let late = 0;
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    await client.servedBy('a', 5000);
    const master = nginx.master() ?? 0;
    const from = round % 2 === 0 ? killAlone(master) : stopNginx(nginx).at;
    noticed.push(((await a.says(/watchdog\.died/, 5000, from)).at - from) / 1000);
    await until('another master', 5000, () => nginx.master() !== undefined && nginx.master() !== master);
    await a.says(/watchdog\.revived/, 5000, from);
    await sleep(100);
    outages.push(longestWait(client.pages(from), from, now()));
    late = Math.max(late, bystander.late(from));
  }
  const window = await lab.window(begun);
  lab.judge(exactlyOneHolder(window, VIP, 'a'), 'the address stayed');
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)), 'no advertisement noticed');
  await a.stop();
  // The address is elsewhere by now; its own one is not.
  const neighbour = startHttpClient(lab.network, lab.node('a').address, REQUESTS);
  const from = now();
  const own = await startTime(nginx, neighbour);
  late = Math.max(late, bystander.late(from));
  const [seen, out] = [median(noticed), median(outages)];
  const list = (all: readonly number[]) => all.map(ms => ms.toFixed(1)).join(', ');
  t.comment(`noticed after ${list(noticed)} ms; the client waited ${list(outages)} ms; nginx itself ${own.toFixed(1)} ms`);
  t.ok(seen <= NOTICED + late, `noticed after ${seen.toFixed(1)} ms; ${NOTICED} ms allowed and ${late.toFixed(1)} ms by the machine`);
  const bound = own + REVIVED + REQUESTS;
  t.ok(
    out <= bound + late,
    `pages again after ${out.toFixed(1)} ms; ${bound.toFixed(1)} ms allowed and ${late.toFixed(1)} ms by the machine`,
  );
});
