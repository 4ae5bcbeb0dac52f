// The process of a pid file through its life: begun, ended, replaced, upgraded; and pid files of all kinds.
// Must not know which program writes them, but for one that is real.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import type { Seen } from '../../../../src/check/probe.ts';
import { watchPidFile } from '../../../../src/platform/linux/probe/pid-file.ts';
import { lookAt } from '../../../../src/platform/linux/process-table.ts';
import { onExit } from '../../../../src/platform/linux/process-watch.ts';
import { sleep, until } from '../../../netns/lab/clock.ts';
import { childrenOf, end } from '../fixtures/programs.ts';

const BOUND = 20_000;

function sleeper(t: Test): { readonly pid: number; kill(): void } {
  const child: ChildProcess = spawn('sleep', ['60']);
  t.teardown(() => child.kill('SIGKILL'));
  return { pid: child.pid ?? 0, kill: () => void child.kill('SIGKILL') };
}

/** A watched pid file, and what was told of it. */
function begin(t: Test, path = join(t.testdir({}), 'test.pid')) {
  const told: Seen[] = [];
  const waiting: (() => void)[] = [];
  const watch = watchPidFile(path, seen => {
    told.push(seen);
    for (const tell of waiting.splice(0)) tell();
  });
  t.teardown(() => watch.close());
  return {
    path,
    told,
    close: () => watch.close(),
    write: (text: string | number) => writeFileSync(path, `${text}\n`),
    /** Resolves with the next thing that is told. */
    next: () => new Promise<void>(resolve => waiting.push(resolve)),
    /** Waits until this was told last. */
    says: (seen: string) =>
      until(
        seen,
        BOUND,
        () => told.at(-1)?.seen === seen,
        () => JSON.stringify(told),
      ),
  };
}

t.test('it begins, ends, and begins again', async t => {
  const { path, told, write, says } = begin(t);
  await says(`${path} does not exist`);
  const first = sleeper(t);
  write(first.pid);
  await says(`process ${first.pid}`);
  first.kill();
  await says(`${path} names process ${first.pid}, which is not there`);
  const second = sleeper(t);
  write(second.pid);
  await says(`process ${second.pid}`);
  t.same(
    told.filter(({ trouble }) => trouble !== 'unexpected').map(({ trouble }) => trouble),
    ['missing', null, 'missing', null],
  );
});

t.test('how soon its end is told', async t => {
  const { told, write, says, next } = begin(t);
  const times: number[] = [];
  for (let i = 0; i < 10; i++) {
    const process = sleeper(t);
    write(process.pid);
    await says(`process ${process.pid}`);
    const told = next();
    const info = lookAt(process.pid);
    // The kernel's word to this very program, so that the machine's other work counts for neither.
    const kernel = new Promise<number>(resolve => info && onExit(info, () => resolve(performance.now())));
    process.kill();
    await told;
    times.push(performance.now() - (await kernel));
  }
  t.equal(told.at(-1)?.trouble, 'missing');
  times.sort((a, b) => a - b);
  t.ok((times[0] ?? BOUND) < 5, `ms after the kernel has told us: ${times.map(ms => ms.toFixed(1)).join(' ')}`);
});

t.test('replaced by another one, as by a binary upgrade', async t => {
  const { path, told, write, says } = begin(t);
  const [old, fresh] = [sleeper(t), sleeper(t)];
  write(old.pid);
  await says(`process ${old.pid}`);
  const from = told.length;
  renameSync(path, `${path}.oldbin`);
  await sleep(50); // a window: nothing may be told in it
  write(fresh.pid);
  await says(`process ${fresh.pid}`);
  old.kill();
  await sleep(300); // a window again, longer than the patience with a file that is away
  t.same(told.slice(from), [{ trouble: null, seen: `process ${fresh.pid}` }], 'the end of the old one is nobody’s loss');
  fresh.kill();
  await says(`${path} names process ${fresh.pid}, which is not there`);
});

t.test('ended before its successor has written the file', async t => {
  const { path, told, write, says } = begin(t);
  const [old, fresh] = [sleeper(t), sleeper(t)];
  write(old.pid);
  await says(`process ${old.pid}`);
  const before = told.length;
  rmSync(path);
  old.kill();
  await until('the old one to be gone', BOUND, () => !existsSync(`/proc/${old.pid}`));
  writeFileSync(path, '');
  write(fresh.pid);
  await says(`process ${fresh.pid}`);
  t.equal(told.length, before + 1, 'nothing else was told');
});

t.test('ended, and its file removed', async t => {
  const { path, write, says } = begin(t);
  const process = sleeper(t);
  write(process.pid);
  await says(`process ${process.pid}`);
  rmSync(path);
  const begun = performance.now();
  process.kill();
  await says(`${path} does not exist`);
  t.ok(performance.now() - begun >= 199, 'a successor had its time');
});

t.test('files of all kinds', async t => {
  const { path, write, says, told } = begin(t);
  writeFileSync(path, '');
  await says(`${path} is empty`);
  t.equal(told.at(-1)?.trouble, 'unexpected');
  write('nginx');
  await says(`${path} holds no process id`);
  const dead = spawnSync('true').pid;
  write(dead);
  await says(`${path} names process ${dead}, which is not there`);
  t.equal(told.at(-1)?.trouble, 'missing');
  rmSync(path);
  mkdirSync(path);
  await says(`${path} is a directory`);
  rmSync(path, { recursive: true });
  spawnSync('mkfifo', [path]);
  await says(`${path} is a pipe`);
});

/** What this process hears of, as proc(5) has it in /proc/PID/fdinfo: a line for each inotify watch. */
function watched(): string {
  const fds = readdirSync('/proc/self/fd').map(fd => `/proc/self/fdinfo/${fd}`);
  return fds.flatMap(info => (existsSync(info) ? readFileSync(info, 'utf8') : [])).join('\n');
}

t.test('a directory that comes, goes, and comes again', async t => {
  const path = join(t.testdir({}), 'run/test.pid');
  const { says, write } = begin(t, path);
  await says(`${path} does not exist`);
  for (let round = 0; round < 2; round++) {
    mkdirSync(dirname(path));
    const { ino } = statSync(dirname(path));
    await until('the new one to be watched', BOUND, () => watched().includes(`ino:${ino.toString(16)} `));
    const process = sleeper(t);
    write(process.pid);
    await says(`process ${process.pid}`);
    rmSync(dirname(path), { recursive: true });
    process.kill();
    await says(`${path} does not exist`);
  }
});

t.test('a process that runs counts, whatever is in the file', async t => {
  const { path, told, write, says } = begin(t);
  const process = sleeper(t);
  write(process.pid);
  await says(`process ${process.pid}`);
  const before = told.length;
  for (const text of ['', 'garbage', spawnSync('true').pid]) {
    write(text);
    await sleep(50); // a window: nothing may be told in it
  }
  rmSync(path);
  await sleep(50);
  t.equal(told.length, before);
});

t.test('closed', async t => {
  const { told, write, says, close } = begin(t);
  const process = sleeper(t);
  write(process.pid);
  await says(`process ${process.pid}`);
  const before = told.length;
  close();
  close();
  write('');
  process.kill();
  await sleep(300); // a window: nothing may be told in it
  t.equal(told.length, before);
  const early = begin(t, '/nowhere/test.pid');
  early.close();
  await sleep(50);
  t.same(early.told, [], 'not even what it was about to find out');
});

const nginx = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/nginx/sbin/nginx'].find(existsSync);

t.test('nginx: a reload, a binary upgrade, kill -9', { skip: nginx === undefined ? 'needs nginx' : false }, async t => {
  // Not in the tree: the path of a socket is short.
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const pidFile = join(dir, 'nginx.pid');
  const config = `pid ${pidFile}; error_log ${dir}/error.log; worker_processes 1; events {}
    http { access_log off; server { listen unix:${dir}/socket; }
      client_body_temp_path ${dir}/a; proxy_temp_path ${dir}/b; fastcgi_temp_path ${dir}/c; uwsgi_temp_path ${dir}/d; scgi_temp_path ${dir}/e; }`;
  writeFileSync(join(dir, 'nginx.conf'), config);
  const { told, says } = begin(t, pidFile);
  const started = spawnSync(nginx ?? '', ['-c', join(dir, 'nginx.conf'), '-p', dir, '-e', join(dir, 'error.log')], { encoding: 'utf8' });
  t.equal(started.status, 0, started.stderr);
  const named = (file: string) => Number(readFileSync(file, 'utf8'));
  const masters = new Set<number>();
  const workers: number[] = [];
  t.teardown(() => {
    for (const pid of masters) for (const each of [...childrenOf(pid), pid]) end(each);
    for (const pid of workers) end(pid);
  });
  const first = named(pidFile);
  masters.add(first);
  await says(`process ${first}`);
  const from = told.length;
  process.kill(first, 'SIGHUP');
  process.kill(first, 'SIGUSR1');
  await sleep(100); // a window: nothing may be told in it
  t.equal(told.length, from);
  process.kill(first, 'SIGUSR2');
  await until('the old file to be renamed', BOUND, () => existsSync(`${pidFile}.oldbin`));
  const second = await until('a new master', BOUND, () => existsSync(pidFile) && named(pidFile) !== first && named(pidFile));
  masters.add(second);
  process.kill(first, 'SIGQUIT');
  await until(
    'the old master to be gone',
    BOUND,
    () => !existsSync(`/proc/${first}`) || /^State:\s*Z/m.test(readFileSync(`/proc/${first}/status`, 'utf8')),
  );
  await says(`process ${second}`);
  t.same(told.slice(from), [{ trouble: null, seen: `process ${second}` }], 'no moment without a process');
  workers.push(...childrenOf(second));
  process.kill(second, 'SIGKILL');
  await says(`${pidFile} names process ${second}, which is not there`);
});
