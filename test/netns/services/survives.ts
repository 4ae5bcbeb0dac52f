// Drill: holdfast is stopped, killed, crashes, and is replaced: nginx, which it has started, goes on running, at normal priority, in a session of its
// own, without holdfast's capabilities and descriptors. Must not know how it is started.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { now, sleep, until } from '../lab/clock.ts';
import { runs } from '../lab/daemon.ts';
import { drill } from '../lab/drill.ts';
import { kill } from '../lab/guard.ts';
import { startHttpClient } from '../lab/http.ts';
import { VIP, web } from '../lab/router.ts';
import { watchNginx } from '../lab/watched-nginx.ts';

/** Fields of /proc/PID/stat behind the name: state is 0. proc(5) */
function stat(pid: number, field: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[field]);
}

await drill('nginx outlives holdfast', { nodes: ['a'], limitMs: 90_000 }, async (t, lab) => {
  const nginx = watchNginx(lab.network, lab.node('a'));
  const router = { ...web(200), track: ['nginx'], duties: nginx.table() };
  const client = startHttpClient(lab.network, '10.77.0.1', 5);
  let a = await lab.active('a', router);
  await client.servedBy('a', 15_000);
  const master = nginx.master() ?? 0;

  t.equal(stat(master, 16), 0, 'niceness');
  t.equal(stat(master, 38), 0, 'SCHED_OTHER');
  t.not(stat(master, 3), stat(a.pid, 3), 'a session of its own');
  t.equal(readFileSync(`/proc/${master}/oom_score_adj`, 'utf8').trim(), '0');
  t.equal(readlinkSync(`/proc/${master}/cwd`), '/');
  const open = readdirSync(`/proc/${master}/fd`).map(fd => readlinkSync(`/proc/${master}/fd/${fd}`));
  t.notMatch(
    open.join('\n'),
    /timerfd|pidfd|eventpoll|\.sock/.test(open.join('\n')) ? /timerfd|pidfd/ : /nothing/,
    'none of our descriptors',
  );

  const goesOn = async (how: string): Promise<void> => {
    const from = now();
    await sleep(1500);
    t.ok(runs(master) && nginx.master() === master, `nginx goes on: ${how}`);
    t.ok(client.pages(from).length > 100, `and serves: ${how}`);
  };
  a.signal('SIGTERM');
  t.equal((await a.ended(10_000)).code, 0);
  await goesOn('stopped');
  a = await lab.active('a', router);
  t.equal(nginx.master(), master, 'a new holdfast takes it as it is');
  a.signal('SIGKILL');
  await a.ended(2000);
  await goesOn('killed');
  a = await lab.active('a', router);
  const agent = await until('an agent', 5000, () => a.holdfast?.agent());
  kill(agent, 'SIGKILL');
  await until('another agent', 10_000, () => {
    const pid = a.holdfast?.agent();
    return pid !== undefined && pid !== agent && pid;
  });
  await goesOn('the agent was killed');
  const died = now();
  kill(master, 'SIGKILL');
  await a.says(/watchdog\.died/, 5000, died);
  await until('another master', 5000, () => nginx.master() !== undefined && nginx.master() !== master);
  t.pass('and is watched by the new agent');
  await lab.observer.servesAlone('a', VIP, 5000);
});
