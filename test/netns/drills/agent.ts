// Drill: the agent, the process beside the engine, is killed, stopped, and killed again and again. No advertisement may notice.
// Must not know what the two say to each other.
import { now, sleep, until } from '../lab/clock.ts';
import { drill, type Lab, marginMs } from '../lab/drill.ts';
import { kill } from '../lab/guard.ts';
import type { Holdfast } from '../lab/holdfast.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, steadyAdverts } from '../lab/verdict.ts';

const INTERVAL = 100;

async function undisturbed(lab: Lab, from: number, story: string): Promise<void> {
  const window = await lab.window(from);
  lab.judge(exactlyOneHolder(window, VIP, 'a'), story);
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)), story);
}

async function agentOf(holdfast: Holdfast): Promise<number> {
  return until('an agent', 10_000, () => holdfast.agent());
}

await drill('the agent dies, stands still, and dies every second', {}, async (t, lab) => {
  const a = await lab.active('a', web(200));
  await lab.backup('b', web(100));
  const { holdfast } = a;
  if (holdfast === null) {
    t.pass('only holdfast has an agent');
    return;
  }

  let from = now();
  const first = await agentOf(holdfast);
  kill(first, 'SIGKILL');
  const second = await until('another agent', 10_000, () => {
    const pid = holdfast.agent();
    return pid !== undefined && pid !== first && pid;
  });
  await until('status to answer again', 15_000, () => holdfast.status().catch(() => undefined));
  await undisturbed(lab, from, 'the agent was killed');

  from = now();
  kill(second, 'SIGSTOP');
  await sleep(4000);
  kill(second, 'SIGCONT');
  await until('status to answer again', 15_000, () => holdfast.status().catch(() => undefined));
  await undisturbed(lab, from, 'the agent was stopped for 4 s');

  from = now();
  let killed = 0;
  for (let second = 0; second < 20; second++) {
    const pid = holdfast.agent();
    if (pid !== undefined && kill(pid, 'SIGKILL')) killed += 1;
    await sleep(1000);
  }
  t.ok(killed >= 3, `the agent was killed ${killed} times in 20 s`);
  await undisturbed(lab, from, 'the agent was killed every second');
  const status = await until('status to answer again', 40_000, () => holdfast.status().catch(() => undefined));
  t.equal(status.routers[0]?.state, 'active', 'and status says so');

  // A new agent brings the same wish: nothing is taken down and put up again.
  const stopped = a.signal('SIGTERM');
  t.equal((await a.ended(5000)).code, 0, 'leaves in order afterwards');
  await lab.observer.answersFrom('b', VIP, 2000);
  t.ok(now() > stopped);
});
