// Drill: nginx hangs: master and workers are stopped, connections are accepted by the kernel and nobody answers. Seen after `timeout` x `fall`,
// ended and started again while the address stays. Must not know how a hang is seen.
import { startBystander } from '../lab/bystander.ts';
import { now, sleep, until } from '../lab/clock.ts';
import { runs } from '../lab/daemon.ts';
import { drill, marginMs } from '../lab/drill.ts';
import { kill } from '../lab/guard.ts';
import { startHttpClient } from '../lab/http.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, steadyAdverts } from '../lab/verdict.ts';
import { watchNginx } from '../lab/watched-nginx.ts';

const INTERVAL = 100;
/** Of the probe in `table`, ms. */
const EVERY = 200;
const TIMEOUT = 500;
const FALL = 2;

await drill('nginx hangs', {}, async (t, lab) => {
  const nginx = watchNginx(lab.network, lab.node('a'));
  await nginx.start();
  const a = lab.start('a', { ...web(200), track: ['nginx'], duties: nginx.table() });
  await a.entered('web', 'active', 15_000);
  await lab.backup('b', web(100));
  const client = startHttpClient(lab.network, VIP, 5);
  await client.servedBy('a', 15_000);
  const old = nginx.master() ?? 0;
  const bystander = startBystander(lab.network);
  await sleep(500);
  const begun = now();
  for (const pid of [old, ...nginx.workers()]) kill(pid, 'SIGSTOP');
  const { at } = await a.says(/watchdog\.hung/, 10_000, begun);
  const noticed = (at - begun) / 1000;
  const late = bystander.late(begun, at);
  // Until the first look that meets with it up to an interval passes.
  const bound = EVERY + TIMEOUT * FALL + marginMs(INTERVAL);
  t.ok(noticed <= bound + late, `noticed after ${noticed.toFixed(0)} ms; ${bound} ms allowed and ${late.toFixed(1)} ms by the machine`);
  t.ok(noticed >= TIMEOUT, 'and not before anybody could know');
  await until('another master', 5000, () => nginx.master() !== undefined && nginx.master() !== old);
  await client.servedBy('a', 5000);
  t.notOk(runs(old), 'what hung is gone');
  const whole = await lab.window(begun);
  lab.judge(exactlyOneHolder(whole, VIP, 'a'), 'the address stayed');
  lab.judge(steadyAdverts(whole, 51, 'a', INTERVAL, marginMs(INTERVAL)));
});
