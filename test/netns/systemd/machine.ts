// The machine with a real systemd itself: that it is one, that it cannot touch the real one, and that nothing of it stays.
// Must not know what it is good for.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { now, until } from '../lab/clock.ts';
import { runs } from '../lab/daemon.ts';
import { demolish, whyNot } from '../lab/guard.ts';
import { makeNetwork } from '../lab/network.ts';
import { bootSystemd, systemdMissing } from '../lab/systemd.ts';

const LAB = join(import.meta.dirname, '../lab');
const BOUND = 20_000;

const why = whyNot() ?? systemdMissing();
if (why !== null) process.stderr.write(`SKIPPED the machine with systemd: ${why}\n`);
const options = { skip: why ?? false, timeout: 300_000 };
t.setTimeout(900_000);

/** Every cgroup of version 2 that a lab has made. */
function cgroups(): readonly string[] {
  const mounted = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1] ?? '';
  return readdirSync(mounted).filter(name => /^hf\d+-/.test(name));
}

/** Mounts that have to do with a folder of the lab, as the real machine sees them. */
const mountsOf = (folder: string): readonly string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => line.includes(folder));

t.test('a machine of its own, that goes without a trace', options, async t => {
  const hostname = readFileSync('/proc/sys/kernel/hostname', 'utf8');
  const network = await makeNetwork(['a']);
  t.teardown(() => network.delete());
  const booting = now();
  const machine = await bootSystemd(network, network.node('a'));
  t.comment(`up after ${((now() - booting) / 1000).toFixed(0)} ms`);

  await t.test('it is one', async t => {
    t.equal(await machine.run('ps', '-o', 'comm=', '1'), 'systemd\n');
    t.equal((await machine.run('systemctl', 'is-system-running')).trim(), 'running');
    t.equal(await machine.run('hostname'), 'a\n');
    t.equal((await machine.run('systemctl', 'is-active', 'dbus.service')).trim(), 'active');
    t.match(await machine.run('ip', '-4', '-o', 'address', 'show', 'dev', 'hf0'), network.node('a').address);
    t.match(await machine.run('journalctl', '--no-pager'), /Reached target .*lab\.target/);
    await machine.run('systemctl', 'start', 'nginx');
    const pid = Number(await machine.show('nginx', 'MainPID'));
    t.match(readFileSync(`/proc/${machine.pidOf(pid)}/cmdline`, 'utf8'), /^nginx: master/);
  });

  await t.test('it cannot touch the real one', async t => {
    const refused = (...command: readonly string[]) => t.rejects(machine.run(...command), command.join(' '));
    await refused('touch', '/usr/hf-lab');
    await refused('touch', join(import.meta.dirname, 'hf-lab'));
    await refused('sh', '-c', 'cat /proc/sys/kernel/printk >/proc/sys/kernel/printk');
    await machine.run('sh', '-c', 'cat /proc/sys/net/ipv4/ip_forward >/proc/sys/net/ipv4/ip_forward');
    await machine.run('touch', '/etc/hf-lab', '/run/hf-lab', '/var/hf-lab', '/tmp/hf-lab', '/hf-lab');
    for (const path of ['/etc/hf-lab', '/run/hf-lab', '/var/hf-lab', '/tmp/hf-lab', '/hf-lab']) t.notOk(existsSync(path), path);
    t.same(mountsOf(network.folder), []);
    t.equal(readFileSync('/proc/sys/kernel/hostname', 'utf8'), hostname);
  });

  await t.test('off in order, and gone', async t => {
    await machine.poweroff(BOUND);
    t.notOk(runs(machine.pid));
    machine.stop();
    t.same(
      cgroups().filter(name => name.startsWith(`hf${process.pid}-`)),
      [],
    );
    t.same(mountsOf(network.folder), []);
  });
});

t.test('the plug is pulled', options, async t => {
  const network = await makeNetwork(['a']);
  t.teardown(() => network.delete());
  const machine = await bootSystemd(network, network.node('a'));
  await machine.run('systemctl', 'start', 'nginx');
  const nginx = machine.pidOf(Number(await machine.show('nginx', 'MainPID')));
  machine.stop();
  t.notOk(runs(nginx));
  t.notOk(runs(machine.pid));
  t.same(
    cgroups().filter(name => name.startsWith(`hf${process.pid}-`)),
    [],
  );
});

t.test('whoever made it is killed: it ends too, and the next one takes its cgroup away', options, async t => {
  const script = `
    const { makeNetwork } = await import('${LAB}/network.ts');
    const { bootSystemd } = await import('${LAB}/systemd.ts');
    const network = await makeNetwork(['a']);
    const { pid } = await bootSystemd(network, network.node('a'));
    console.log(pid, network.folder);
    setInterval(() => {}, 1000);`;
  const env = { ...process.env, HOLDFAST_LAB_TURN: '-of-a-lab-that-dies' };
  const maker: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'], env });
  let said = '';
  maker.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const made = await until('a machine', BOUND, () => /^(\d+) (\S+)\n/.exec(said) ?? false);
  const [pid, folder] = [Number(made[1]), made[2] ?? ''];
  t.teardown(() => {
    for (const name of readdirSync('/run/netns')) if (name.startsWith(`hf${maker.pid}-`)) demolish(name);
    rmSync(folder, { recursive: true, force: true });
  });
  t.equal(cgroups().filter(name => name.startsWith(`hf${maker.pid}-`)).length, 1);
  maker.kill('SIGKILL');
  await until('systemd to end', BOUND, () => !runs(pid));
  const network = await makeNetwork(['a']);
  t.teardown(() => network.delete());
  await bootSystemd(network, network.node('a'));
  t.same(
    cgroups().filter(name => name.startsWith(`hf${maker.pid}-`)),
    [],
  );
});
