// Drill: what happens to nginx every day and is no death: reload, log rotation, a killed worker, a binary upgrade and one that is taken back; and
// what is no death but an order: `nginx -s quit`. Must not know how the difference is told.
import { now, sleep, until } from '../lab/clock.ts';
import { childrenOf, runs } from '../lab/daemon.ts';
import { drill, type Lab, marginMs } from '../lab/drill.ts';
import { kill } from '../lab/guard.ts';
import { startHttpClient } from '../lab/http.ts';
import type { Product } from '../lab/product.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, steadyAdverts } from '../lab/verdict.ts';
import { watchNginx } from '../lab/watched-nginx.ts';

const INTERVAL = 100;

/** Nothing was said about nginx since, and nothing was started. */
function quiet(a: Product, from: number): string {
  return a.lines
    .filter(({ at, text }) => at >= from && /watchdog\./.test(text))
    .map(({ text }) => text)
    .join('\n');
}

async function undisturbed(lab: Lab, from: number, story: string): Promise<void> {
  const window = await lab.window(from);
  lab.judge(exactlyOneHolder(window, VIP, 'a'), story);
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)), story);
}

await drill('what is no death of nginx', { limitMs: 90_000 }, async (t, lab) => {
  const nginx = watchNginx(lab.network, lab.node('a'));
  await nginx.start();
  const a = lab.start('a', { ...web(200), track: ['nginx'], duties: nginx.table() });
  await a.entered('web', 'active', 15_000);
  await lab.backup('b', web(100));
  const client = startHttpClient(lab.network, VIP, 5);
  await client.servedBy('a', 15_000);
  const master = nginx.master() ?? 0;
  const workers = () => childrenOf(nginx.master() ?? 0).join();

  let from = now();
  let before = workers();
  kill(master, 'SIGHUP');
  await until('new workers', 5000, () => workers() !== before && workers() !== '');
  await sleep(700);
  t.equal(quiet(a, from), '', 'reload');
  await undisturbed(lab, from, 'reload');

  from = now();
  kill(master, 'SIGUSR1');
  await sleep(500);
  t.equal(quiet(a, from), '', 'log rotation');

  from = now();
  before = workers();
  kill(childrenOf(master)[0] ?? 0, 'SIGKILL');
  await until('another worker', 5000, () => workers() !== before);
  await sleep(700);
  t.equal(quiet(a, from), '', 'a killed worker');

  from = now();
  kill(master, 'SIGUSR2');
  const upgraded = await until('another master', 5000, () => nginx.master() !== master && nginx.master());
  await sleep(500);
  kill(master, 'SIGQUIT');
  await until('the old master to go', 5000, () => !runs(master));
  await sleep(700);
  t.equal(quiet(a, from), '', 'a binary upgrade');
  await undisturbed(lab, from, 'a binary upgrade');

  from = now();
  kill(upgraded, 'SIGUSR2');
  const tried = await until('another master', 5000, () => nginx.master() !== upgraded && nginx.master());
  await sleep(500);
  kill(tried, 'SIGQUIT');
  await until('the new master to go', 5000, () => !runs(tried));
  await until('the old one to be it again', 5000, () => nginx.master() === upgraded);
  await sleep(700);
  t.equal(quiet(a, from), '', 'an upgrade that is taken back');
  await undisturbed(lab, from, 'an upgrade that is taken back');
  await client.servedBy('a', 2000);
});

await drill('nginx is stopped on purpose', {}, async (t, lab) => {
  const [nginx, other] = [watchNginx(lab.network, lab.node('a')), watchNginx(lab.network, lab.node('b'))];
  await nginx.start();
  await other.start();
  // One that lets its last requests end for longer than `fall` looks is taken for hung: left for another day, docs/notes.md.
  const a = lab.start('a', { ...web(200), track: ['nginx'], duties: nginx.table('', ', fall = 20') });
  await a.entered('web', 'active', 15_000);
  const b = lab.start('b', { ...web(100), track: ['nginx'], duties: other.table() });
  await b.entered('web', 'backup', 15_000);
  const client = startHttpClient(lab.network, VIP, 5);
  await client.servedBy('a', 15_000);
  const from = now();
  kill(nginx.master() ?? 0, 'SIGQUIT');
  await a.says(/watchdog\.stopped/, 5000, from);
  await client.servedBy('b', 5000);
  await sleep(3000);
  t.equal(nginx.master(), undefined, 'nobody has started it');
  t.match(await a.holdfast?.status(), { watchdogs: [{ state: 'stopped' }] });
  await nginx.start();
  await client.servedBy('a', 10_000);
  await a.says(/watchdog\.rejoined/, 5000, from);
});
