// The `unit` check with a real systemd: what each state of a unit is in words, and what many checks cost.
// Must not know how systemd is asked.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { startWorker } from '../../fixtures/remote.ts';
import type { ServiceMethods } from '../../platform/linux/fixtures/services-worker.ts';
import { until } from '../lab/clock.ts';
import { whyNot } from '../lab/guard.ts';
import { makeNetwork } from '../lab/network.ts';
import { bootSystemd, systemdMissing } from '../lab/systemd.ts';

const WORKER = new URL('../../platform/linux/fixtures/services-worker.ts', import.meta.url);
const BOUND = 20_000;
const MANY = 100;
const ROUNDS = 3;

const why = whyNot() ?? systemdMissing();
if (why !== null) process.stderr.write(`SKIPPED the unit check: ${why}\n`);
t.setTimeout(900_000);

t.test('looks at units', { skip: why ?? false, timeout: 300_000 }, async t => {
  const network = await makeNetwork(['a']);
  t.teardown(() => network.delete());
  const machine = await bootSystemd(network, network.node('a'));
  const { call, worker } = startWorker<ServiceMethods>(WORKER, command => machine.start(command));
  t.teardown(() => worker.kill());
  // An answer is shared for a moment, so that a change is seen a little later.
  const sees = (unit: string, trouble: string | null, seen: string) =>
    until(
      `${unit}: ${seen}`,
      BOUND,
      async () => {
        const look = await call.look(unit, BOUND);
        return look.trouble === trouble && look.seen === seen;
      },
      () => unit,
    ).then(() => t.pass(`${unit}: ${seen}`));

  await t.test('each state in words', async () => {
    await sees('nginx.service', 'down', 'inactive (dead)');
    await machine.run('systemctl', 'start', 'nginx');
    await sees('nginx.service', null, 'active (running)');
    process.kill(machine.pidOf(Number(await machine.show('nginx', 'MainPID'))), 'SIGKILL');
    await sees('nginx.service', 'failed', 'failed: killed by SIGKILL');
    await sees('nowhere.service', 'missing', 'not found');
    await machine.run('systemctl', 'mask', 'masked.service');
    await sees('masked.service', 'missing', 'masked');
    await machine.unit('slow.service', '[Service]\nType=oneshot\nExecStart=/bin/sleep 1000\n');
    await machine.run('systemctl', 'start', '--no-block', 'slow');
    await sees('slow.service', 'down', 'activating (start)');
    await machine.unit('by-path.service', '[Service]\nExecStart=/bin/sleep 1000\n[Install]\nAlias=by-alias.service\n');
    await machine.run('systemctl', 'enable', '--now', 'by-path');
    await sees('by-path.service', null, 'active (running)');
    await sees('by-alias.service', null, 'active (running)');
    await machine.unit('with\\x2ddash@x\\x2dy.service', '[Service]\nExecStart=/bin/sleep 1000\n');
    await machine.run('systemctl', 'start', 'with\\x2ddash@x\\x2dy.service');
    await sees('with\\x2ddash@x\\x2dy.service', null, 'active (running)');
    const strange = await call.look('a/b c.service', BOUND);
    t.not(strange.trouble, null, strange.seen);
    await sees('nginx.service', 'failed', 'failed: killed by SIGKILL');
  });

  await t.test(`${MANY} checks each second`, async t => {
    const units = Array.from({ length: MANY }, (_, i) => `s${i}.service`);
    await machine.run(
      'sh',
      '-c',
      `for i in $(seq 0 ${MANY - 1}); do printf '[Service]\\nExecStart=/bin/sleep 1000\\n' >/etc/systemd/system/s$i.service; done`,
    );
    await machine.run('systemctl', 'daemon-reload');
    await machine.run('systemctl', 'start', ...units);
    const stat = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ').map(Number) ?? [];
    // Fields 14 and 15: its own ticks of 10 ms in user and kernel.
    const systemd = () => ((stat(machine.pid)[11] ?? 0) + (stat(machine.pid)[12] ?? 0)) * 10;
    await call.look('s0.service', BOUND);
    const before = systemd();
    const { own, children, seen, took, each } = await call.manyLooks(units, ROUNDS);
    const spent = systemd() - before;
    t.equal(seen.length, MANY * ROUNDS);
    t.ok(seen.every(each => each === 'active (running)'));
    const share = (ms: number): string => `${((100 * ms) / took).toFixed(1)} %`;
    t.comment(`of one processor: agent ${share(own)}, systemctl ${share(children)}, systemd ${share(spent)}; in ${took.toFixed(0)} ms`);
    t.comment(`one program takes ${each.toFixed(1)} ms`);
    t.ok(own + children < (each * seen.length) / 5, 'much less than a program for each look');
  });
});
