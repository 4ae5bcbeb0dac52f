// Commands under a watchdog, when holdfast itself is a unit of a real systemd, in the sandbox of the unit that we ship: what it
// starts lives in units of its own, outside of cgroup and sandbox, and outlives it. Must not know the watchdog.
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Service } from '../../../src/check/duties.ts';
import { startWorker } from '../../fixtures/remote.ts';
import type { ServiceMethods } from '../../platform/linux/fixtures/services-worker.ts';
import { until } from '../lab/clock.ts';
import { childrenOf, runs } from '../lab/daemon.ts';
import { whyNot } from '../lab/guard.ts';
import { makeNetwork } from '../lab/network.ts';
import { bootSystemd, type SystemdMachine, systemdMissing } from '../lab/systemd.ts';

const WORKER = new URL('../../platform/linux/fixtures/services-worker.ts', import.meta.url);
const SHIPPED = join(import.meta.dirname, '../../../systemd/holdfast.service');
const AGENT = 'holdfast.service';
const BOUND = 20_000;
const DAEMON: Service = { by: 'start', run: ['/usr/sbin/nginx'], pidFile: '/run/nginx.pid', user: null };
const FOREGROUND: Service = { by: 'start', run: ['/usr/sbin/nginx', '-g', 'daemon off;'], pidFile: null, user: null };

const why = whyNot() ?? systemdMissing();
if (why !== null) process.stderr.write(`SKIPPED units of our own: ${why}\n`);
t.setTimeout(900_000);

/** What the unit that we ship asks for, but for the program and how it starts. */
function sandbox(): readonly string[] {
  const lines = readFileSync(SHIPPED, 'utf8').split('\n');
  return lines
    .filter(
      line =>
        /^[A-Z]\w+=/.test(line) &&
        !/^(Exec|Type|Description|After|Wants|Documentation|Start|Watchdog|Restart|WantedBy|NotifyAccess)/.test(line),
    )
    .map(line => `--property=${line}`);
}

/** Starts the services port in the unit `holdfast.service`. */
function startAgent(t: Test, machine: SystemdMachine) {
  const run = ['systemd-run', '--quiet', '--pipe', '--collect', `--unit=${AGENT}`, ...sandbox(), '--'];
  const { call, worker } = startWorker<ServiceMethods>(WORKER, command => machine.start([...run, ...command]));
  t.teardown(() => worker.kill());
  return call;
}

async function running(call: ReturnType<typeof startAgent>): Promise<number> {
  const state = await call.state();
  if (state?.name !== 'running') throw new Error(`not running: ${JSON.stringify(state)}`);
  return state.pid;
}

const stat = (pid: number, field: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[field - 3] ?? '';

for (const [kind, service] of [
  ['a daemon with a pid file', DAEMON],
  ['in the foreground', FOREGROUND],
] as const) {
  t.test(kind, { skip: why ?? false, timeout: 300_000 }, async t => {
    const network = await makeNetwork(['a']);
    t.teardown(() => network.delete());
    const machine = await bootSystemd(network, network.node('a'));
    const first = startAgent(t, machine);
    await first.open(service, '/run/holdfast', null);
    t.same(await first.state(), { name: 'stopped' });
    t.match(await first.start(BOUND), { failure: null });
    await until('it to be followed', BOUND, async () => (await first.state())?.name === 'running');
    const inside = await running(first);
    const pid = machine.pidOf(inside);

    await t.test('an ordinary process, in a unit of its own', async t => {
      const group = await machine.run('cat', `/proc/${inside}/cgroup`);
      t.match(group.trim(), /^0::\/system\.slice\/holdfast-nginx-[0-9a-f]{8}\.service$/m);
      t.equal(readlinkSync(`/proc/${pid}/ns/mnt`), readlinkSync(`/proc/${machine.pid}/ns/mnt`), 'outside of our file system');
      const capabilities = (of: number) => /^CapEff:\s*(\w+)/m.exec(readFileSync(`/proc/${of}/status`, 'utf8'))?.[1];
      t.equal(capabilities(pid), capabilities(machine.pid), 'with the rights of root');
      t.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /NoNewPrivs:\s*0\n/);
      t.equal(stat(pid, 19), '0', 'of ordinary niceness');
      t.equal(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'), '0\n');
    });

    await t.test('killed: back, without orphans', async t => {
      const workers = childrenOf(pid);
      const revived = first.revive(BOUND);
      process.kill(pid, 'SIGKILL');
      t.match(await revived, { state: { name: 'dead', how: 'killed by SIGKILL' }, failure: null });
      t.notOk(workers.some(runs));
      await until('it to be followed', BOUND, async () => (await first.state())?.name === 'running');
    });

    await t.test('hung: ended and started again', async t => {
      const hung = machine.pidOf(await running(first));
      const workers = childrenOf(hung);
      for (const each of [hung, ...workers]) process.kill(each, 'SIGSTOP');
      t.match(await first.start(BOUND), { failure: null });
      t.notOk([hung, ...workers].some(runs));
      await until('it to be followed', BOUND, async () => (await first.state())?.name === 'running');
    });

    await t.test('outlives us, however we end, and is found again', async t => {
      const before = machine.pidOf(await running(first));
      await machine.run('systemctl', 'kill', '--signal=SIGKILL', AGENT);
      await until('us to be gone', BOUND, async () => (await machine.show(AGENT, 'ActiveState')) !== 'active');
      const second = startAgent(t, machine);
      await second.open(service, '/run/holdfast', null);
      t.equal(machine.pidOf(await running(second)), before);
      await machine.run('systemctl', 'stop', AGENT);
      t.ok(runs(before));
      const third = startAgent(t, machine);
      await third.open(service, '/run/holdfast', null);
      t.equal(machine.pidOf(await running(third)), before);

      await t.test('stopped on purpose', async t => {
        await machine.run('nginx', '-s', 'quit');
        await until('it to be told', BOUND, async () => (await third.ended()).length > 0);
        await until('it to be stopped', BOUND, async () => (await third.state())?.name === 'stopped');
        t.notOk(runs(before));
        t.match(await third.start(BOUND), { failure: null }, 'and started again');
      });

      await t.test('a configuration that is broken', async t => {
        await until('it to be followed', BOUND, async () => (await third.state())?.name === 'running');
        process.kill(machine.pidOf(await running(third)), 'SIGKILL');
        await until('it to be dead', BOUND, async () => (await third.state())?.name === 'dead');
        await machine.run('sh', '-c', 'echo "nonsense;" >>/etc/nginx/nginx.conf');
        const { failure } = await third.start(BOUND);
        if (kind === 'in the foreground') {
          // It was started, and has ended in its own time.
          t.equal(failure, null);
          await until('it to be dead', BOUND, async () => (await third.state())?.name === 'dead');
          t.same(await third.state(), { name: 'dead', how: 'exit status 1' });
        } else t.equal(failure, '/usr/sbin/nginx: exit status 1');
      });
    });
  });
}
