// Hooks under a real systemd, in a service that is as shut off as ours: each program gets a unit of its own, is not kept from the
// machine, outlives us, and ends with all it has started when its time is over. Must not know routers.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { until } from './lab/clock.ts';
import { whyNot } from './lab/guard.ts';
import { makeNetwork } from './lab/network.ts';
import { bootSystemd, type SystemdMachine, systemdMissing } from './lab/systemd.ts';

const ROOT = join(import.meta.dirname, '../..');
const BOUND = 30_000;
const why = whyNot() ?? systemdMissing();
if (why !== null) process.stderr.write(`SKIPPED hooks under systemd: ${why}\n`);
const skip = why === null ? {} : { skip: why };

async function boot(t: Test): Promise<SystemdMachine> {
  const network = await makeNetwork(['a']);
  t.teardown(() => network.delete());
  const machine = await bootSystemd(network, network.node('a'));
  t.teardown(() => machine.stop());
  mkdirSync(`${machine.root}/opt/hooks`, { recursive: true });
  return machine;
}

function script({ root }: SystemdMachine, name: string, text: string): string {
  const path = `/opt/hooks/${name}`;
  writeFileSync(root + path, `#!/bin/sh\n${text}\n`);
  chmodSync(root + path, 0o755);
  return path;
}

/** Runs hooks in a service with everything that systemd/holdfast.service forbids itself. */
async function serve(machine: SystemdMachine, limit: number, ...paths: readonly string[]): Promise<void> {
  const command = [process.execPath, `${ROOT}/test/netns/lab/run-hooks.ts`, limit, ...paths].join(' ');
  const text = readFileSync(`${ROOT}/systemd/holdfast.service`, 'utf8')
    .replace(/^(Type|ExecStart|ExecReload|Restart|WatchdogSec)=.*\n/gm, '')
    .replace('[Service]\n', `[Service]\nType=exec\nExecStart=${command}\nStandardOutput=file:/run/hooks.out\n`);
  await machine.unit('hooks.service', text);
  await machine.run('systemctl', 'start', 'hooks.service');
}

/** The deliveries, once there are so many. */
async function deliveries({ root }: SystemdMachine, count: number): Promise<readonly { ok: boolean; seen: string }[]> {
  const lines = (): readonly string[] => readFileSync(`${root}/run/hooks.out`, 'utf8').split('\n').slice(0, -1);
  await until(
    `${count} deliveries`,
    BOUND,
    () => lines().length >= count,
    () => lines().join('\n'),
  );
  return lines().map(line => JSON.parse(line));
}

const pidIn = ({ root }: SystemdMachine, path: string): string => readFileSync(root + path, 'latin1').trim();
const lives = ({ root }: SystemdMachine, pid: string): boolean => existsSync(`${root}/proc/${pid}`);

t.test('outside of our unit and what it forbids', { ...skip, timeout: 120_000 }, async t => {
  const machine = await boot(t);
  const tell = script(
    machine,
    'tell',
    `touch /var/lib/written || exit 9
     echo "$(cat) $HOLDFAST_ADDRESSES [$1|$2|$3|$4|$5|$6] $(sed -n s/^0:://p /proc/self/cgroup) $(nice)"`,
  );
  const fail = script(machine, 'fail', 'echo no such host >&2; exit 3');
  const killed = script(machine, 'killed', 'kill -KILL $$');
  const open = script(machine, 'open', 'exit 0');
  chmodSync(machine.root + open, 0o757);
  await serve(machine, 60, tell, fail, killed, open, '/opt/hooks/nowhere');
  const [told, failed, dead, unsafe, missing] = await deliveries(machine, 5);
  t.equal(told?.ok, true);
  t.match(
    told?.seen,
    /^exit 0: \{"schema":1\} 192\.0\.2\.200\/24 192\.0\.2\.201\/24 \[\$HOME\|two words\|INSTANCE\|web\|MASTER\|150\] \/system\.slice\/holdfast-hook-web-\d+-1\.service 0$/,
  );
  t.strictSame(failed, { ok: false, seen: 'exit 3: no such host' });
  t.match(dead, { ok: false, seen: /^exit 255: or killed by a signal: journalctl -u holdfast-hook-web-\d+-3\.service$/ });
  t.match(unsafe, { ok: false, seen: /^not run: \/opt\/hooks\/open is writable for everybody/ });
  t.match(missing, { ok: false, seen: /No such file or directory/ });
});

t.test('our end is not that of a hook, nor of what it has started', { ...skip, timeout: 120_000 }, async t => {
  const machine = await boot(t);
  const leave = script(machine, 'leave', 'sleep 300 & echo $! >/run/child; echo started');
  const slow = script(
    machine,
    'slow',
    'echo $$ >/run/slow; while [ ! -e /run/go-on ]; do sleep 0.1; done; echo done; touch /run/slow-done',
  );
  await serve(machine, 60, leave, slow);
  t.strictSame(await deliveries(machine, 1), [{ ok: true, seen: 'exit 0: started' }]);
  const child = pidIn(machine, '/run/child');
  await until('the second hook to run', BOUND, () => existsSync(`${machine.root}/run/slow`));
  await machine.run('systemctl', 'kill', '--signal=SIGKILL', 'hooks.service');
  await until('the service to be gone', BOUND, async () => (await machine.show('hooks.service', 'ActiveState')) === 'failed');
  t.ok(lives(machine, child), 'what was left behind goes on');
  writeFileSync(`${machine.root}/run/go-on`, '');
  await until('the hook to end by itself', BOUND, () => existsSync(`${machine.root}/run/slow-done`));
});

t.test('a hook that hangs ends with all it has started', { ...skip, timeout: 120_000 }, async t => {
  const machine = await boot(t);
  const hang = script(
    machine,
    'hang',
    `trap '' TERM; echo $$ >/run/main; sleep 300 & echo $! >/run/child; setsid sleep 300 & echo $! >/run/daemon; echo waiting
     while :; do sleep 1; done`,
  );
  await serve(machine, 3, hang);
  t.strictSame(await deliveries(machine, 1), [{ ok: false, seen: 'killed after 3 s: waiting' }]);
  const pids = ['/run/main', '/run/child', '/run/daemon'].map(path => pidIn(machine, path));
  await until('all three to be gone', BOUND, () => !pids.some(pid => lives(machine, pid)));
});
