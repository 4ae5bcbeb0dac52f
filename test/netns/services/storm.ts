// Drill: nginx is killed as soon as it runs, twenty times in a row. The starts follow the budget and then its waits, as documented; no
// advertisement notices; left in peace, it comes back. Must not know how starts are counted.
import { startBystander } from '../lab/bystander.ts';
import { now, until } from '../lab/clock.ts';
import { drill, marginMs } from '../lab/drill.ts';
import { kill } from '../lab/guard.ts';
import { startHttpClient } from '../lab/http.ts';
import { VIP, web } from '../lab/router.ts';
import { steadyAdverts } from '../lab/verdict.ts';
import { stopNginx, watchNginx } from '../lab/watched-nginx.ts';

const INTERVAL = 100;
const LIMIT = 3;
/** docs/checks.md: 0.5 s, 1 s, 2 s, 4 s, ... after the budget. */
const WAITS = [500, 1000, 2000, 4000] as const;

await drill('nginx is killed again and again', { limitMs: 120_000 }, async (t, lab) => {
  const nginx = watchNginx(lab.network, lab.node('a'));
  const settings = `start_limit = ${LIMIT}\nrevive_within = "10m"\nhold = "0s"`;
  await nginx.start();
  const a = lab.start('a', { ...web(200), track: ['nginx'], duties: nginx.table(settings) });
  await a.entered('web', 'active', 15_000);
  await lab.backup('b', web(100));
  const client = startHttpClient(lab.network, VIP, 10);
  await client.servedBy('a', 15_000);
  const bystander = startBystander(lab.network);
  const begun = now();
  const births: number[] = [];
  let last = nginx.master() ?? 0;
  const deaths = LIMIT + WAITS.length;
  for (let death = 0; death < deaths; death += 1) {
    const from = now();
    stopNginx(nginx);
    kill(last, 'SIGKILL');
    const master = await until('another master', 20_000, () => {
      const pid = nginx.master();
      return pid !== undefined && pid !== last && pid;
    });
    births.push((now() - from) / 1000);
    last = master;
    await a.says(/watchdog\.revived/, 5000, from);
  }
  const late = bystander.late(begun);
  const text = births.map(ms => ms.toFixed(0)).join(', ');
  t.ok(
    births.slice(0, LIMIT).every(ms => ms < WAITS[0] + late),
    `within the budget at once: ${text} ms; ${late.toFixed(0)} ms by the machine`,
  );
  for (const [index, wait] of WAITS.entries()) {
    const ms = births[LIMIT + index] ?? 0;
    t.ok(ms >= wait - 20 && ms < wait + 1000 + late, `start ${LIMIT + index + 1} waits ${wait} ms: ${ms.toFixed(0)}`);
  }
  await client.servedBy('a', 5000);
  const window = await lab.window(begun);
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)), 'no advertisement noticed');
  t.match(await a.holdfast?.status(), { watchdogs: [{ state: 'up' }] });
});

await drill('nginx is killed twenty times in a row', { limitMs: 120_000 }, async (t, lab) => {
  const nginx = watchNginx(lab.network, lab.node('a'));
  await nginx.start();
  const a = lab.start('a', { ...web(200), track: ['nginx'], duties: nginx.table('start_limit = 5\nrevive_within = "1s"') });
  await a.entered('web', 'active', 15_000);
  await lab.backup('b', web(100));
  const begun = now();
  let kills = 0;
  // Whenever it runs, it is killed: the address goes, and the starts become rare.
  while (kills < 20 && now() - begun < 25_000_000) {
    const master = nginx.master();
    if (master !== undefined) {
      stopNginx(nginx);
      kill(master, 'SIGKILL');
      kills += 1;
    }
    await until('a moment', 1000, async () => {
      await new Promise(resolve => setTimeout(resolve, 20));
      return true;
    });
  }
  const starts = a.lines.filter(({ at, text }) => at >= begun && /watchdog\.(died|start-waits)/.test(text)).length;
  t.ok(kills >= 8 && kills <= 13, `in 25 s it came back ${kills} times: 5 at once, then after 0.5, 1, 2, 4, 8, 16 s`);
  t.ok(starts < 60, `${starts} lines about it`);
  await lab.observer.servesAlone('b', VIP, 5000);
});
