// Processes by their name and by their control group: begun, ended, replaced, too few. By a pid file: pid-file.ts.
// Must not know what they are good for.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ProcessProbe, Seen } from '../../../../src/check/probe.ts';
import { watchProcess } from '../../../../src/platform/linux/probe/process.ts';
import { needs } from '../../../fixtures/sysnet.ts';
import { sleep, until } from '../../../netns/lab/clock.ts';

const BOUND = 20_000;

function begin(t: Test, by: ProcessProbe['by'], count: number) {
  const told: Seen[] = [];
  const waiting: (() => void)[] = [];
  const watch = watchProcess({ type: 'process', by, count }, seen => {
    told.push(seen);
    for (const tell of waiting.splice(0)) tell();
  });
  t.teardown(() => watch.close());
  return {
    told,
    close: () => watch.close(),
    next: () => new Promise<void>(resolve => waiting.push(resolve)),
    says: (seen: string) =>
      until(
        seen,
        BOUND,
        () => told.at(-1)?.seen === seen,
        () => JSON.stringify(told),
      ),
  };
}

/** Processes with a name that no others have. */
function breeder(t: Test) {
  // The kernel keeps 15 bytes, so the name is longer than that.
  const name = `hf-${process.pid}-a-long-name`.padEnd(20, 'x');
  const path = join(t.testdir({}), name);
  symlinkSync('/bin/sleep', path);
  return {
    name,
    async start() {
      const child = spawn(path, ['60']);
      t.teardown(() => child.kill('SIGKILL'));
      const { pid = 0 } = child;
      await until(
        'it to have its name',
        BOUND,
        () => existsSync(`/proc/${pid}/comm`) && readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('hf-'),
      );
      return { pid, kill: () => void child.kill('SIGKILL') };
    },
  };
}

t.test('by name', async t => {
  const { name, start } = breeder(t);
  const { told, says } = begin(t, { name }, 2);
  await says(`no process with the name ${name}`);
  const first = await start();
  await says(`1 process with the name ${name}, 2 wanted`);
  const second = await start();
  await says(`2 processes with the name ${name}`);
  t.match(told, [
    { trouble: 'missing', number: 0 },
    { trouble: 'down', number: 1 },
    { trouble: null, number: 2 },
  ]);
  first.kill();
  await says(`1 process with the name ${name}, 2 wanted`);
  second.kill();
  await says(`no process with the name ${name}`);
});

t.test('one in the place of another is no loss', async t => {
  const { name, start } = breeder(t);
  let current = await start();
  for (let i = 0; i < 5; i++) {
    const { told, says, close } = begin(t, { name }, 1);
    await says(`1 process with the name ${name}`);
    const next = await start();
    const { kill, pid } = current;
    kill();
    await until('the old one to be gone', BOUND, () => !existsSync(`/proc/${pid}`));
    await sleep(50); // a window: nothing may be told in it
    t.match(told, [{ trouble: null }]);
    close();
    current = next;
  }
});

t.test('how soon its end is told', async t => {
  const { name, start } = breeder(t);
  const { says, next } = begin(t, { name }, 1);
  const times: number[] = [];
  for (let i = 0; i < 6; i++) {
    const { kill } = await start();
    await says(`1 process with the name ${name}`);
    const told = next();
    const begun = performance.now();
    kill();
    await told;
    times.push(performance.now() - begun);
    await says(`no process with the name ${name}`);
  }
  times.sort((a, b) => a - b);
  t.ok((times[0] ?? BOUND) < 50, `with a look at all processes in between: ${times.map(ms => ms.toFixed(1)).join(' ')}`);
});

t.test('those that come in addition are found', async t => {
  const { name, start } = breeder(t);
  const { says } = begin(t, { name }, 1);
  await start();
  await says(`1 process with the name ${name}`);
  await start();
  await says(`2 processes with the name ${name}`);
});

t.test('closed', async t => {
  const { name, start } = breeder(t);
  const { told, says, close } = begin(t, { name }, 1);
  const { kill } = await start();
  await says(`1 process with the name ${name}`);
  const before = told.length;
  close();
  close();
  kill();
  await sleep(100); // a window: nothing may be told in it
  t.equal(told.length, before);
  const early = begin(t, { name }, 1);
  early.close();
  await sleep(50);
  t.same(early.told, []);
});

t.test('by control group', needs('cgroup'), async t => {
  const name = `holdfast-probe-${process.pid}`;
  const root = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'].find(path => existsSync(`${path}/cgroup.procs`));
  if (root === undefined) return t.comment('no control groups here');
  const group = `${root}/${name}`;
  const { told, says } = begin(t, { cgroup: `/${name}` }, 1);
  await says(`there is no control group /${name}`);
  mkdirSync(group);
  const { start } = breeder(t);
  const { pid, kill } = await start();
  t.teardown(async () => {
    kill();
    await until('the group to be empty', BOUND, () => readFileSync(`${group}/cgroup.procs`, 'utf8') === '');
    rmdirSync(group);
  });
  await says(`no process in the control group /${name}`);
  writeFileSync(`${group}/cgroup.procs`, String(pid));
  await says(`1 process in the control group /${name}`);
  writeFileSync(`${root}/cgroup.procs`, String(pid));
  await says(`no process in the control group /${name}`);
  t.same(
    told.map(({ trouble }) => trouble),
    ['missing', 'missing', null, 'missing'],
    'one that was moved away counts no more',
  );
});
