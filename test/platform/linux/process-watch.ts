// The end of processes as the kernel tells it, and what pid files say, with real processes.
// Must not know what a process is good for.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { lookAt, type ProcessInfo } from '../../../src/platform/linux/process-table.ts';
import { cameLater, onExit, openPidFile } from '../../../src/platform/linux/process-watch.ts';
import { sysnet } from '../../../src/platform/linux/sysnet.ts';
import { isolated, must, needs } from '../../fixtures/sysnet.ts';
import { until } from '../../netns/lab/clock.ts';

const BOUND = 20_000;

function sleeper(t: Test): { readonly info: ProcessInfo; readonly child: ChildProcess } {
  const child = spawn('sleep', ['60']);
  t.teardown(() => child.kill('SIGKILL'));
  const info = lookAt(child.pid ?? 0);
  if (info === null) throw new Error('no sleep');
  return { info, child };
}

/** Resolves at the end of the process; rejects when it is not told. */
function exit(process: { readonly pid: number; readonly started: number | null }): Promise<void> {
  let forget = (): void => {};
  return Promise.race([
    new Promise<void>(resolve => {
      forget = onExit(process, resolve);
    }),
    new Promise<void>((_, reject) => setTimeout(reject, BOUND, new Error('the end was not told')).unref()),
  ]).finally(() => forget());
}

t.test('the end of a process', async t => {
  const { info, child } = sleeper(t);
  const both = Promise.all([exit(info), exit(info)]);
  child.kill('SIGKILL');
  await both;
  t.pass('told to all who want to know');
  await exit(info);
  t.pass('told of one that has ended long ago');
  await exit({ ...info, pid: 2 ** 22 - 1 });
  t.pass('and of one that never was');
});

t.test('another process with its number is not it', async t => {
  const { info } = sleeper(t);
  await exit({ ...info, started: info.started - 1 });
  t.ok(lookAt(info.pid));
});

t.test('never from inside, and not when nobody wants to know any more', async t => {
  const { info, child } = sleeper(t);
  for (const process of [info, { ...info, started: 0 }, { ...info, pid: 2 ** 22 - 1 }]) {
    const forget = onExit(process, () => t.fail('told after all'));
    forget();
    forget();
  }
  const told = exit(info);
  child.kill('SIGKILL');
  await told;
});

t.test('a child whose exit status nobody has taken', async t => {
  const pid = must(sysnet.spawn('/bin/sleep', ['sleep', '60'], [], new Int32Array(0), false, null));
  const told = exit({ pid, started: null });
  process.kill(pid, 'SIGTERM');
  await told;
  t.equal(lookAt(pid), null, 'it has ended');
  await exit({ pid, started: null });
  t.equal(sysnet.reap(pid), 256 + 15, 'and its status is still to be had');
});

t.test('a kernel without pidfd, or no descriptor left', async t => {
  const { pidfd } = sysnet;
  t.teardown(() => Object.assign(sysnet, { pidfd }));
  for (const code of [constants.errno.ENOSYS, constants.errno.EMFILE]) {
    Object.assign(sysnet, { pidfd: () => -code });
    const { info, child } = sleeper(t);
    onExit(info, () => t.fail('told after all'))();
    const told = exit(info);
    const other = exit({ ...info, started: 0 });
    await other;
    child.kill('SIGKILL');
    await told;
    t.pass(`without ${code}`);
  }
});

t.test('how soon', async t => {
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const { info, child } = sleeper(t);
    const told = exit(info);
    const begun = performance.now();
    child.kill('SIGKILL');
    await told;
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  const [best = Number.POSITIVE_INFINITY] = times;
  t.ok(best < 5, `within 5 ms when the machine has time: ${times.map(ms => ms.toFixed(1)).join(' ')}`);
});

t.test('what a pid file says', async t => {
  const path = join(t.testdir({}), 'pid');
  const ask = openPidFile(path);
  const says = (text: string) => {
    writeFileSync(path, text);
    return ask();
  };
  const { info, child } = sleeper(t);
  t.same(await ask(), { says: 'missing', why: 'does not exist' });
  t.same(await says(''), { says: 'unreadable', denied: false, why: 'is empty' });
  for (const text of ['nginx\n', '-5\n', '0\n', '12 13\n', '12x', '1e3\n', '99999999999\n']) {
    t.same(await says(text), { says: 'unreadable', denied: false, why: 'holds no process id' }, text);
  }
  t.same(await says('x'.repeat(5_000)), { says: 'unreadable', denied: false, why: 'has more than 4096 bytes' });
  for (const text of [`${info.pid}\n`, `${info.pid}`, ` ${info.pid} \n`, `${info.pid}\n/var/lib/postgresql/15/main\n1700000000\n5432\n`]) {
    t.same(await says(text), { says: 'running', process: info }, text);
  }
  const ended = exit(info);
  child.kill('SIGKILL');
  await ended;
  await until('the process to be gone', BOUND, () => lookAt(info.pid) === null);
  t.same(await ask(), { says: 'stale', why: `names process ${info.pid}, which is not there` });
  rmSync(path);
  mkdirSync(path);
  t.same(await ask(), { says: 'unreadable', denied: false, why: 'is a directory' });
});

t.test('a number that belongs to another process by now', needs('CAP_SYS_ADMIN'), async t => {
  const path = join(t.testdir({}), 'pid');
  const watch = new URL('../../../src/platform/linux/process-watch.ts', import.meta.url).href;
  const told = isolated(
    `
    const { openPidFile } = await import('${watch}');
    const { writeFileSync, utimesSync } = await import('node:fs');
    const ask = openPidFile('${path}');
    const start = () => sysnet.spawn('/bin/sleep', ['sleep', '60'], [], new Int32Array(0), false, null);
    const first = start();
    writeFileSync('${path}', String(first));
    const says = [(await ask()).says];
    process.kill(first, 'SIGKILL');
    while (sysnet.reap(first) < 0);
    says.push((await ask()).says);
    let second = 0;
    while (second !== first) {
      if (second > 0) process.kill(second, 'SIGKILL');
      writeFileSync('/proc/sys/kernel/ns_last_pid', String(first - 1));
      second = start();
    }
    says.push((await ask()).says, (await ask()).why.replace(first, 'N'), (await openPidFile('${path}')()).says);
    utimesSync('${path}', new Date(), new Date());
    says.push((await ask()).says);
    console.log(says.join());
    process.kill(second, 'SIGKILL');`,
    ['unshare', '--pid', '--fork', '--mount-proc'],
  );
  const seen = 'running,stale,recycled,names process N, which is another one by now (sleep)';
  // Who has not seen the first one die cannot know; and a file that was written anew is believed again.
  t.match(told, { out: `${seen},running,running\n`, err: '' });
});

t.test('a process that came long after its pid file', async t => {
  const booted = Date.UTC(2026, 0, 1);
  // 100 s after the start of the machine.
  const process = { started: 10_000 };
  const sure = { reckoned: booted, written: booted + 800 };
  const at = (seconds: number) => booted + seconds * 1_000;
  t.equal(cameLater(process, at(101), sure), false, 'it wrote the file');
  t.equal(cameLater(process, at(91), sure), false, 'about the same time');
  t.equal(cameLater(process, at(89), sure), true);
  t.equal(cameLater(process, at(-86_400), sure), true, 'a file from before the start of the machine');
  t.equal(cameLater(process, at(-86_400), { ...sure, reckoned: booted + 3_600_000 }), false, 'the clock was set: nobody knows');
  t.equal(cameLater(process, at(-86_400), { ...sure, written: 0 }), false);
  // With the clock of this machine, whatever that is worth: never a verdict on a file that is newer than its process.
  const path = join(t.testdir({}), 'pid');
  const { info } = sleeper(t);
  writeFileSync(path, `${info.pid}\n`);
  t.match(await openPidFile(path)(), { says: 'running' });
  utimesSync(path, 1, 1);
  t.match((await openPidFile(path)()).says, /^(running|recycled)$/);
});
