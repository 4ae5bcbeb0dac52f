// Units under a watchdog, with a real systemd: how each end of nginx is told, that it comes back, and what is no end at all.
// Must not know the watchdog: only the port that it asks.
import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { startWorker } from '../../fixtures/remote.ts';
import type { ServiceMethods } from '../../platform/linux/fixtures/services-worker.ts';
import { now, until } from '../lab/clock.ts';
import { childrenOf, runs } from '../lab/daemon.ts';
import { whyNot } from '../lab/guard.ts';
import { makeNetwork } from '../lab/network.ts';
import { bootSystemd, systemdMissing } from '../lab/systemd.ts';

const WORKER = new URL('../../platform/linux/fixtures/services-worker.ts', import.meta.url);
const UNIT = 'nginx.service';
const BOUND = 20_000;

const why = whyNot() ?? systemdMissing();
if (why !== null) process.stderr.write(`SKIPPED units of systemd: ${why}\n`);
t.setTimeout(900_000);

t.test('nginx.service', { skip: why ?? false, timeout: 600_000 }, async t => {
  const network = await makeNetwork(['a']);
  t.teardown(() => network.delete());
  const machine = await bootSystemd(network, network.node('a'));
  const { call, worker } = startWorker<ServiceMethods>(WORKER, command => machine.start(command));
  t.teardown(() => worker.kill());
  await call.open({ by: 'unit', unit: UNIT }, '/run', false);

  /** The real process id of the main process; it runs. */
  const main = async (): Promise<number> => machine.pidOf(Number(await machine.show(UNIT, 'MainPID')));
  const running = async (): Promise<number> => {
    const state = await call.state();
    if (state?.name !== 'running') throw new Error(`not running: ${JSON.stringify(state)}`);
    return machine.pidOf(state.pid);
  };
  const started = async (): Promise<number> => {
    await machine.run('systemctl', 'start', UNIT);
    const pid = await running();
    // What nginx is told before that, it hears only with the next signal.
    await until('its workers', BOUND, () => childrenOf(pid).length > 0);
    return pid;
  };
  /** Waits for the word of an end since then. @returns µs */
  const told = (since: number) => until('the end to be told', BOUND, async () => (await call.ended()).find(at => at >= since) ?? false);
  const settled = (wanted: string) =>
    until(
      `the state ${wanted}`,
      BOUND,
      async () => {
        const state = await call.state();
        return state !== null && state.name !== 'changing' && state;
      },
      () => wanted,
    );
  const answers = async (): Promise<void> => {
    const ask = "fetch('http://127.0.0.1/').then(answer => process.exit(answer.status === 200 ? 0 : 1))";
    await machine.run(process.execPath, '-e', ask);
  };

  await t.test('stopped, until it is started', async t => {
    t.same(await call.state(), { name: 'stopped' });
    t.match(await call.start(BOUND), { failure: null });
    await answers();
    t.equal(await running(), await main());
    t.same(await call.ended(), []);
  });

  await t.test('kill -9 of the main process, and of all: dead, told at once, and back without its orphans', async t => {
    for (const all of [false, true]) {
      const pid = await running();
      const workers = childrenOf(pid);
      t.ok(workers.length > 0);
      const revived = call.revive(BOUND);
      const at = now();
      for (const each of all ? [...workers, pid] : [pid]) process.kill(each, 'SIGKILL');
      const { state, failure, told } = await revived;
      t.same(state, { name: 'dead', how: 'killed by SIGKILL' });
      t.equal(failure, null);
      t.comment(`told after ${((told - at) / 1000).toFixed(1)} ms`);
      await answers();
      t.notOk(workers.some(runs), 'no worker of the former life is left');
      t.not(await running(), pid);
    }
  });

  await t.test('often, as systemd itself would not do it', async t => {
    for (let n = 0; n < 8; n++) {
      const pid = await running();
      const revived = call.revive(BOUND);
      process.kill(pid, 'SIGKILL');
      t.match(await revived, { state: { name: 'dead' }, failure: null });
      await until('it to be followed', BOUND, async () => (await running()) !== pid);
    }
  });

  await t.test('stopped on purpose: by systemctl, by nginx itself, by SIGTERM', async t => {
    const ways: readonly (() => Promise<unknown>)[] = [
      () => machine.run('systemctl', 'stop', UNIT),
      () => machine.run('nginx', '-s', 'quit'),
      async () => process.kill(await main(), 'SIGTERM'),
    ];
    for (const way of ways) {
      await started();
      const at = now();
      await way();
      await told(at);
      t.same(await settled('stopped'), { name: 'stopped' });
    }
  });

  await t.test('a restart by somebody is no death: the new one is followed', async t => {
    const before = await started();
    const at = now();
    await machine.run('systemctl', 'restart', UNIT);
    await told(at);
    const after = await running();
    t.not(after, before);
    const later = now();
    process.kill(after, 'SIGKILL');
    await told(later);
    t.same(await settled('dead'), { name: 'dead', how: 'killed by SIGKILL' });
  });

  await t.test('a reload, and a worker that is killed, are not even told', async t => {
    const pid = await started();
    const at = now();
    const [first] = childrenOf(pid);
    await machine.run('systemctl', 'reload', UNIT);
    await until('other workers', BOUND, () => childrenOf(pid).length > 0 && childrenOf(pid)[0] !== first);
    const [worker] = childrenOf(pid);
    if (worker !== undefined) process.kill(worker, 'SIGKILL');
    await until('another worker', BOUND, () => childrenOf(pid).length > 0 && !childrenOf(pid).includes(worker ?? 0));
    t.equal(await running(), pid);
    t.same(
      (await call.ended()).filter(when => when >= at),
      [],
    );
  });

  await t.test('the binary is upgraded (USR2, QUIT): the new one is followed', async t => {
    const old = await running();
    const at = now();
    process.kill(old, 'SIGUSR2');
    await until('a pid file of the old one', BOUND, () => machine.run('cat', '/run/nginx.pid.oldbin').catch(() => false));
    await until('a new one', BOUND, async () => machine.pidOf(Number(await machine.run('cat', '/run/nginx.pid'))) !== old);
    t.equal(await running(), old, 'both serve');
    process.kill(old, 'SIGQUIT');
    await told(at);
    const state = await settled('running');
    t.match(state, { name: 'running' });
    const after = await running();
    t.not(after, old);
    await answers();
    const later = now();
    process.kill(after, 'SIGKILL');
    await told(later);
    t.match(await settled('dead'), { name: 'dead' });
  });

  await t.test('hung: what is there is ended, and it is started again', async t => {
    const pid = await started();
    const workers = childrenOf(pid);
    for (const each of [pid, ...workers]) process.kill(each, 'SIGSTOP');
    t.match(await call.start(BOUND), { failure: null });
    t.notOk([pid, ...workers].some(runs));
    await answers();
  });

  await t.test('somebody else was quicker to start it', async t => {
    const pid = await running();
    const at = now();
    process.kill(pid, 'SIGKILL');
    await told(at);
    t.match(await settled('dead'), { name: 'dead' });
    await machine.run('systemctl', 'reset-failed', UNIT);
    await machine.run('systemctl', 'start', UNIT);
    const theirs = await main();
    // What was heard before that is old by now.
    await until('what is known to be old', BOUND, () => now() > at + 1_500_000);
    t.match(await call.start(BOUND), { failure: null });
    t.equal(await main(), theirs);
    const later = now();
    process.kill(theirs, 'SIGKILL');
    await told(later);
    t.match(await call.start(BOUND), { failure: null });
  });

  await t.test('does not start: in words, with the command that failed; a port that is taken too', async t => {
    const file = `${machine.root}/etc/nginx/nginx.conf`;
    const good = readFileSync(file, 'utf8');
    await machine.run('systemctl', 'stop', UNIT);
    writeFileSync(file, `${good}\nnonsense;\n`);
    t.match(await call.start(BOUND), { failure: '/usr/sbin/nginx: exit status 1' });
    t.same(await call.state(), { name: 'dead', how: '/usr/sbin/nginx: exit status 1' });
    // As often as its unit allows, and then once more.
    for (let n = 0; n < 6; n++) t.match(await call.start(BOUND), { failure: '/usr/sbin/nginx: exit status 1' });
    writeFileSync(file, good);
    const other = machine.start([process.execPath, '-e', "require('net').createServer().listen(80, () => console.error('listens'))"]);
    await other.says(/listens/);
    t.match(await call.start(BOUND), { failure: '/usr/sbin/nginx: exit status 1' });
    await other.kill();
    t.match(await call.start(BOUND), { failure: null });
  });

  await t.test('orphans that its unit leaves alone (KillMode=process) are ended before the start', async t => {
    await machine.run('systemctl', 'stop', UNIT);
    await machine.run('mkdir', '-p', `/etc/systemd/system/${UNIT}.d`);
    await machine.unit(`${UNIT}.d/orphans.conf`, '[Service]\nKillMode=process\nSendSIGKILL=no\n');
    const pid = await started();
    const workers = childrenOf(pid);
    process.kill(pid, 'SIGKILL');
    await until('the unit to have failed', BOUND, async () => (await machine.show(UNIT, 'ActiveState')) === 'failed');
    t.ok(workers.every(runs), 'they go on');
    await answers();
    t.same(await call.state(), { name: 'dead', how: 'killed by SIGKILL' });
    t.match(await call.start(BOUND), { failure: null });
    t.notOk(workers.some(runs));
    await answers();
  });

  await t.test('a time limit leaves nobody hanging, and what was ordered goes on', async t => {
    await machine.unit('slow.service', '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 2\n');
    await call.open({ by: 'unit', unit: 'slow.service' }, '/run', false);
    const at = now();
    t.match(await call.start(300), { failure: 'still starting after 300 ms' });
    t.ok(now() - at < 1_900_000);
    t.same(await call.state(), { name: 'changing' });
    t.match(await call.start(BOUND), { failure: null }, 'joins it');
    t.same(await call.state(), { name: 'running', pid: 0 }, 'up, and without a process');
  });

  await t.test('stopped on purpose also when it ends with a status of its own', async t => {
    const trap = `trap 'exit 143' TERM; while :; do sleep 0.05; done`;
    await machine.unit('java.service', `[Service]\nExecStart=/bin/sh -c "${trap}"\n`);
    await call.open({ by: 'unit', unit: 'java.service' }, '/run', false);
    t.match(await call.start(BOUND), { failure: null });
    await running();
    await machine.run('systemctl', 'stop', 'java.service');
    t.equal(await machine.show('java.service', 'ActiveState'), 'failed');
    t.same(await call.state(), { name: 'stopped' });
  });

  await t.test('a unit that systemd is to start again by itself some time later is started now', async t => {
    await machine.unit('patient.service', '[Service]\nExecStart=/bin/sleep 1000\nRestart=always\nRestartSec=1h\n');
    await call.open({ by: 'unit', unit: 'patient.service' }, '/run', false);
    t.match(await call.start(BOUND), { failure: null });
    const revived = call.revive(BOUND);
    process.kill(await running(), 'SIGKILL');
    t.match(await revived, { state: { name: 'dead', how: 'killed by SIGKILL' }, failure: null });
    await running();
  });

  await t.test('not known, masked', async t => {
    await call.open({ by: 'unit', unit: 'nowhere.service' }, '/run', false);
    t.same(await call.state(), { name: 'missing', why: 'systemd does not know nowhere.service' });
    t.match(await call.start(BOUND), { failure: /nowhere\.service not found/ });
    await machine.run('systemctl', 'mask', 'masked.service');
    await call.open({ by: 'unit', unit: 'masked.service' }, '/run', false);
    t.same(await call.state(), { name: 'missing', why: 'masked.service is masked: systemctl unmask masked.service' });
  });

  await t.test('nothing that we did is left in the unit', async t => {
    t.equal(await machine.show(UNIT, 'ActiveState'), 'active');
    t.equal(await machine.run('systemctl', 'list-jobs', '--no-legend'), '');
  });
});
