// The agent as a real process of its own: started, spoken to, started again however it ends, and not after `stop`.
// Must not know what an agent is good for.
import { existsSync, readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { startWorker } from '../../fixtures/remote.ts';
import { until } from '../../netns/lab/clock.ts';
import type { AgentMethods } from './fixtures/agent-worker.ts';

const BOUND = 20_000;

/** A stand-in for the engine, and what happened to its agents. */
function begin(t: Test) {
  const { worker, call } = startWorker<AgentMethods>(new URL('fixtures/agent-worker.ts', import.meta.url));
  t.teardown(() => worker.kill());
  /** Waits for so many events that have this key. @returns their values */
  const seen = (key: string, count: number): Promise<readonly unknown[]> => {
    let events: Awaited<ReturnType<typeof call.events>> = [];
    return until(
      `${count} times ${key}`,
      BOUND,
      async () => {
        events = await call.events();
        const found = events.filter(event => key in event);
        return found.length >= count && found.map(event => event[key]);
      },
      () => JSON.stringify(events),
    );
  };
  /** The process ids of the agents so far, once there were so many. */
  const pids = async (count: number): Promise<readonly number[]> => {
    await until(`${count} agents`, BOUND, async () => (await greetings()).length >= count);
    return greetings();
  };
  const greetings = async () =>
    (await call.events()).flatMap(({ received }) =>
      typeof received === 'object' && received !== null && 'hello' in received && 'pid' in received ? [Number(received.pid)] : [],
    );
  return { worker, call, seen, pids };
}

const alive = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
const gone = (pid: number) => until(`process ${pid} to be gone`, BOUND, () => !alive(pid));

t.test('it is our own program in another role, at the other end of a channel', async t => {
  const { worker, call, seen, pids } = begin(t);
  await call.keep(['--config', 'a b.toml']);
  const [pid = 0] = await pids(1);
  t.not(pid, worker.pid);
  t.match(readFileSync(`/proc/${pid}/status`, 'utf8'), new RegExp(`^PPid:\\s*${worker.pid}$`, 'm'));
  await call.send({ order: 'echo', text: 'second' });
  const heard = await seen('received', 3);
  const argv = ['agent', '--config', 'a b.toml'];
  t.match(heard, [
    { pid, hello: true },
    { pid, argv, text: 'first' },
    { pid, argv, text: 'second' },
  ]);
  t.same((await call.events())[0], { started: true }, 'before anything was heard of it');
  t.equal(await call.restarts(), 0);
});

t.test('one that ended is replaced, and how it ended is told', async t => {
  const { call, seen, pids } = begin(t);
  await call.keep([]);
  const [first = 0] = await pids(1);
  process.kill(first, 'SIGKILL');
  t.same(await seen('died', 1), ['killed by signal 9']);
  await pids(2);
  t.equal(await call.restarts(), 1);
  await call.send({ order: 'exit', status: 78 });
  t.same(await seen('died', 2), ['killed by signal 9', 'exited with status 78']);
  const all = await pids(3);
  t.equal(new Set(all).size, 3);
  t.same(
    (await call.events()).filter(event => 'again' in event).map(({ again }) => again),
    [100, 200],
  );
  for (const pid of all.slice(0, 2)) t.notOk(alive(pid), 'nothing of it is left, not even its exit status');
});

t.test('one that does not stay is started less and less often', async t => {
  const { call, seen } = begin(t);
  await call.keep(['exit'], 50);
  t.same((await seen('again', 9)).slice(0, 9), [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  t.same((await seen('died', 1))[0], 'exited with status 3');
});

t.test('one that was well for some time is replaced at once', async t => {
  const { call, seen, pids } = begin(t);
  await call.keep([], 50);
  for (let count = 1; count <= 3; count++) {
    const all = await pids(count);
    process.kill(all.at(-1) ?? 0, 'SIGKILL');
    await seen('died', count);
  }
  const all = await pids(4);
  await call.later(10_500_000);
  process.kill(all.at(-1) ?? 0, 'SIGKILL');
  t.same(await seen('again', 4), [100, 200, 400, 100]);
});

t.test('one that talks nonsense is replaced', async t => {
  const { call, seen, pids } = begin(t);
  await call.keep([]);
  await pids(1);
  await call.send({ order: 'babble' });
  t.same(await seen('died', 1), ['exited with status 0'], 'by its own will, as its channel was closed');
  await pids(2);
});

t.test('one that closes its ears and lives on is killed and replaced', async t => {
  const { call, seen, pids } = begin(t);
  await call.keep([]);
  const [first = 0] = await pids(1);
  await call.send({ order: 'deaf' });
  t.same(await seen('died', 1), ['killed by signal 9']);
  await pids(2);
  t.notOk(alive(first));
});

t.test('after `stop` it ends, and none follows', async t => {
  const { call, pids } = begin(t);
  await call.keep([], 50);
  const [pid = 0] = await pids(1);
  await call.stop();
  await gone(pid);
  await call.send({ order: 'echo', text: 'anybody there?' });
  t.equal((await call.events()).filter(event => 'died' in event).length, 0);
  t.equal(await call.restarts(), 0);
});

t.test('`stop` while the next one is waited for', async t => {
  const { call, seen } = begin(t);
  await call.keep(['exit'], 50);
  await seen('died', 6);
  await call.stop();
  const before = await call.events();
  const restarts = await call.restarts();
  await call.settle();
  t.equal(await call.restarts(), restarts);
  t.same(await call.events(), before);
});

t.test('an engine that is killed takes its agent with it', async t => {
  const { worker, call, pids } = begin(t);
  await call.keep([]);
  const [pid = 0] = await pids(1);
  await worker.kill();
  await gone(pid);
  t.pass();
});
