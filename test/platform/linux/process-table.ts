// The processes of this machine, compared with those that the test has started.
// Must not know why somebody wants to know.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import {
  everyProcess,
  executableOf,
  hasName,
  lookAt,
  parseStat,
  processesOfGroup,
  sameProcess,
} from '../../../src/platform/linux/process-table.ts';
import { needs } from '../../fixtures/sysnet.ts';

function sleeper(t: Test, ...options: readonly string[]): { readonly pid: number; readonly child: ChildProcess } {
  const child = spawn('setsid', [...options, 'sleep', '60']);
  t.teardown(() => child.kill('SIGKILL'));
  if (child.pid === undefined) throw new Error('no setsid');
  return { pid: child.pid, child };
}

async function becomes(pid: number, name: string) {
  for (;;) {
    const info = lookAt(pid);
    if (info?.name === name) return info;
    await new Promise(setImmediate);
  }
}

t.test('a line of /proc/PID/stat', async t => {
  const line = (name: string, state: string, threads = 1) =>
    `42 (${name}) ${state} 1 2 3 0 -1 4194304 1 0 0 0 1 2 3 4 20 0 ${threads} 0 9876 1 2 18446744073709551615 0\n`;
  const info = { pid: 42, name: 'nginx', parent: 1, group: 2, session: 3, started: 9876 };
  t.same(parseStat(line('nginx', 'S')), info);
  t.same(parseStat(line('a) R 7 (b', 'S')), { ...info, name: 'a) R 7 (b' }, 'a name that looks like more');
  t.same(parseStat(line('', 'D')), { ...info, name: '' });
  t.equal(parseStat(line('nginx', 'Z')), null, 'ended');
  t.equal(parseStat(line('nginx', 'X')), null);
  t.same(parseStat(line('nginx', 'Z', 3)), info, 'its first thread has ended, others go on');
  for (const text of ['', '42', '42 (nginx)', '42 (nginx) S 1', ') (', 'x (y) S 1 2 3']) t.equal(parseStat(text), null, text);
});

t.test('one process', async t => {
  const { pid, child } = sleeper(t);
  const info = await becomes(pid, 'sleep');
  t.match(info, { pid, name: 'sleep', parent: process.pid, group: pid, session: pid });
  t.match(await executableOf(pid), /\/sleep$|\/coreutils$/);
  const again = lookAt(pid);
  t.ok(again !== null && sameProcess(info, again));
  t.notOk(sameProcess(info, { pid, started: info.started + 1 }), 'the same number later');
  const closed = new Promise(resolve => child.once('close', resolve));
  child.kill('SIGKILL');
  await closed;
  t.equal(lookAt(pid), null);
  t.equal(await executableOf(pid), null);
  t.equal(lookAt(2 ** 30), null);
  t.equal(await executableOf(2), null, 'a thread of the kernel');
});

t.test('all of them', async t => {
  const { pid } = sleeper(t);
  await becomes(pid, 'sleep');
  const all = await everyProcess(0);
  t.match(
    all.find(info => info.pid === pid),
    { name: 'sleep', session: pid },
  );
  t.ok(all.some(info => info.pid === process.pid));
  const old = await everyProcess(60_000);
  t.equal(old, all, 'an answer that is young enough');
  const [one, two] = await Promise.all([everyProcess(0), everyProcess(0)]);
  t.equal(one, two, 'one answer for all who ask at the same time');
  t.not(one, all);
  const begun = performance.now();
  await everyProcess(0);
  t.comment(`${all.length} processes in ${(performance.now() - begun).toFixed(1)} ms`);
});

t.test('names as the kernel keeps them', async t => {
  const named = (name: string) => ({ pid: 1, name, parent: 0, group: 0, session: 0, started: 0 });
  t.ok(hasName(named('nginx'), 'nginx'));
  t.notOk(hasName(named('nginx'), 'nginx2'));
  t.notOk(hasName(named('nginx'), ''));
  t.ok(hasName(named('unattended-upgr'), 'unattended-upgrades'));
  t.ok(hasName(named('1234567890123ü'), '1234567890123ü and more'), 'bytes, not characters');
});

const HYBRID = '/sys/fs/cgroup/unified';

t.test('a control group', needs('cgroup'), async t => {
  const roots = ['/sys/fs/cgroup', HYBRID, '/sys/fs/cgroup/systemd'];
  const root = roots.find(path => {
    try {
      mkdirSync(`${path}/holdfast-test-${process.pid}`);
      return readFileSync(`${path}/holdfast-test-${process.pid}/cgroup.procs`, 'utf8') === '';
    } catch {
      return false;
    }
  });
  if (root === undefined) return t.comment('no control groups here');
  const name = `holdfast-test-${process.pid}`;
  const top = `${root}/${name}`;
  mkdirSync(`${top}/inner`);
  const children = [sleeper(t), sleeper(t)];
  t.teardown(async () => {
    for (const { child } of children) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await new Promise(resolve => child.once('exit', resolve));
    }
    for (const path of [`${top}/inner`, top]) rmdirSync(path);
  });
  t.same(await processesOfGroup(name), []);
  const [first, second] = children;
  if (first === undefined || second === undefined) return;
  writeFileSync(`${top}/inner/cgroup.procs`, String(first.pid));
  t.match(await processesOfGroup(`/${name}`), [{ pid: first.pid }], 'in a group below it');
  writeFileSync(`${top}/inner/cgroup.procs`, String(second.pid));
  t.same((await processesOfGroup(name))?.map(({ pid }) => pid).sort(), [first.pid, second.pid].sort());
  t.equal(await processesOfGroup(`${name}/nothing`), null);
  t.equal(await processesOfGroup('../../proc/self'), null, 'outside');
  t.equal(await processesOfGroup('../cgroupx'), null);
});
