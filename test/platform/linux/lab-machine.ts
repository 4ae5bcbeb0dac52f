// src/platform/linux/lab-machine.ts: what it guards against, whom it kills, and its files; on real namespaces, where that is allowed.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openLabMachine } from '../../../src/platform/linux/lab-machine.ts';
import { until } from '../../netns/lab/clock.ts';
import { run, runNow } from '../../netns/lab/exec.ts';

const PREFIX = `hflm${process.pid}-`;

async function open(t: Test) {
  const folder = t.testdir();
  return { folder, machine: await openLabMachine(folder) };
}

t.test('files: written whole, for root alone; followed over a new one', async t => {
  const { folder, machine } = await open(t);
  t.equal(machine.read('a/b'), null);
  t.equal(machine.tail('a/b', 10), '');
  machine.write('a/b', 'one\ntwo\nthree\n');
  t.equal(machine.read('a/b'), 'one\ntwo\nthree\n');
  t.equal(statSync(join(folder, 'a/b')).mode & 0o777, 0o600);
  t.equal(machine.tail('a/b', 9), 'three\n', 'from the beginning of a line on');
  t.equal(machine.tail('a/b', 1000), 'one\ntwo\nthree\n');

  const log = join(folder, 'log');
  const early = machine.follow('log', 100);
  t.equal(early.next(), '', 'not there yet');
  writeFileSync(log, 'first\n');
  t.equal(early.next(), 'first\n');
  const late = machine.follow('log', 3);
  t.equal(late.next(), 'st\n');
  appendFileSync(log, 'zweitens ü\n');
  renameSync(log, `${log}.1`);
  writeFileSync(log, 'third\n');
  t.equal(early.next(), 'zweitens ü\nthird\n', 'the end of the old one, and the new one');
  t.equal(early.next(), '');
  appendFileSync(log, 'fourth\n');
  t.equal(early.next(), 'fourth\n');
  for (const each of [early, late]) each.close();
  machine.clear();
  t.notOk(existsSync(folder));
});

t.test('a turn at a time', async t => {
  const { machine } = await open(t);
  // Somebody's own laboratory may be at work on this machine.
  const [first, second] = [await machine.takeTurn(), await machine.takeTurn()];
  t.notOk(second);
  t.comment(first ? 'ours' : 'somebody else has it');
});

function program(t: Test, command: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

t.test('a process is who it was, not its number alone', async t => {
  const { machine } = await open(t);
  const child = program(t, 'sleep', '60');
  const { pid = 0 } = child;
  const started = Number((await run('cat', [`/proc/${pid}/stat`])).replace(/^.*\) /, '').split(' ')[19]);
  const ended = new Promise<string | null>(resolve => child.once('exit', (_code, signal) => resolve(signal)));
  t.ok(machine.runs({ pid, started }));
  t.notOk(machine.runs({ pid, started: started - 1 }));
  t.notOk(machine.signal({ pid, started: started - 1 }, 'SIGKILL'), 'somebody else');
  t.ok(machine.runs({ pid, started }));
  t.ok(machine.signal({ pid, started }, 'SIGKILL'));
  t.equal(await ended, 'SIGKILL');
  t.notOk(machine.signal({ pid, started }, 'SIGKILL'));
  t.notOk(machine.runs({ pid, started }));
});

const refusal = (await openLabMachine()).whyNot();
const skip = refusal === null ? {} : { skip: refusal };

t.test('nothing is started in the network of the host, nor where there is no hf0', skip, async t => {
  const { folder, machine } = await open(t);
  const [host, empty, good] = [`${PREFIX}host`, `${PREFIX}empty`, `${PREFIX}good`];
  t.teardown(() => {
    for (const name of [host, empty, good]) runNow('ip', ['netns', 'delete', name]);
  });
  // A name for the network that we are in.
  await run('ip', ['netns', 'attach', host, String(process.pid)]);
  await machine.addNamespace(empty);
  await machine.addNamespace(good);
  await machine.ip(good, ['link add hf0 type bridge', 'link set hf0 up']);
  t.same(await machine.interfaces(good), ['hf0']);
  t.same(machine.namespaces(PREFIX).toSorted(), [empty, good, host]);
  const mark = join(folder, 'mark');
  const attempt = async (namespace: string, words: RegExp): Promise<void> => {
    await machine.start(namespace, ['/usr/bin/touch', mark], `${namespace}.log`);
    await until(`${words}`, 10_000, () => words.test(machine.read(`${namespace}.log`) ?? ''));
    t.notOk(existsSync(mark), namespace);
  };
  await attempt(host, /lab: this is the network of the host: nothing is started/);
  await attempt(empty, /lab: there is no hf0: nothing is started/);
  const started = await machine.start(good, ['/bin/sh', '-c', `readlink /proc/self/ns/net; touch ${mark}; exec sleep 60`], 'good.log');
  await until('the program', 10_000, () => existsSync(mark));
  t.match(machine.processes(good), [{ ...started, terminal: false }]);
  t.same(machine.processes(empty), []);
  t.not(machine.read('good.log'), (await run('readlink', ['/proc/self/ns/net'])) ?? '');
  t.ok(machine.signal(started, 'SIGKILL'));
  await machine.settings(good, { 'ipv6/conf/hf0/accept_ra': '0', 'no/such/setting': '1' });
  for (const name of [empty, good, good]) await machine.removeNamespace(name);
  t.same(machine.namespaces(PREFIX), [host]);
  await t.rejects(machine.ip(empty, ['link show']), { name: 'MachineRefused', message: new RegExp(`ip -n ${empty}`) });
});

t.test('nginx is taken where nobody but root can change it', async t => {
  const { machine } = await open(t);
  t.ok(machine.nginx === null || /^\/.*\/nginx$/.test(machine.nginx));
  t.match(machine.self, [process.execPath, /lab-machine\.ts$/]);
});
