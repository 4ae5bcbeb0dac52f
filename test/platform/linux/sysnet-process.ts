// The native addon against the real kernel: starting and ending processes, priority, locked memory.
// Must not know what holdfast uses the calls for.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { sysnet } from '../../../src/platform/linux/sysnet.ts';
import { batch, isolated, must, needs, readable, socketpair } from '../../fixtures/sysnet.ts';

const { EACCES, EAGAIN, EBADF, ECHILD, EINVAL, ENOENT, ESRCH } = os.errno;
const NO_MAP = new Int32Array(0);

/** Runs a program through sysnet.spawn with our socket as its standard output. */
async function output(
  path: string,
  argv: readonly string[],
  envp: readonly string[],
  map: readonly number[] = [],
  session = false,
  identity: readonly number[] | null = null,
) {
  const [ours, its] = socketpair();
  const who = identity === null ? null : Uint32Array.from(identity);
  const pid = must(sysnet.spawn(path, argv, envp, Int32Array.of(its, 1, ...map), session, who));
  sysnet.close(its);
  const chunk = batch(1, 4096);
  let said = '';
  for (;;) {
    await readable(ours);
    if (must(chunk.receive(ours)) === 0) continue;
    const { length, payload } = chunk.at(0);
    if (length === 0) break;
    said += payload;
  }
  sysnet.close(ours);
  const status = await ended(pid);
  return { pid, said, status };
}

/** The exit status as `reap` gives it, once the process has ended. */
async function ended(pid: number): Promise<number> {
  const fd = must(sysnet.pidfd(pid));
  await readable(fd);
  sysnet.close(fd);
  return sysnet.reap(pid);
}

t.test('spawn: argv, environment, exit status', async t => {
  const env = await output('/usr/bin/env', ['env'], ['A=1', 'B=ü x']);
  t.match(env, { said: 'A=1\nB=ü x\n', status: 0 });
  const argv = await output('/bin/sh', ['name', '-c', 'printf "%s|" "$0" "$@"; exit 7', 'zero', '', 'a b'], []);
  t.match(argv, { said: 'zero||a b|', status: 7 });
  t.equal(sysnet.reap(env.pid), -ECHILD, 'reaped once');
});

t.test('spawn: the descriptor map, also crossed; nothing else is passed on', async t => {
  const [a, b] = socketpair();
  const link = (fd: number) => readlinkSync(`/proc/self/fd/${fd}`);
  const paths = [`/proc/self/fd/${a}`, `/proc/self/fd/${b}`];
  const crossed = await output('/usr/bin/readlink', ['readlink', ...paths], [], [a, b, b, a]);
  t.equal(crossed.said, `${link(b)}\n${link(a)}\n`);
  const same = await output('/usr/bin/readlink', ['readlink', ...paths], [], [a, a]);
  t.equal(same.said, `${link(a)}\n`, 'onto itself: passed on; the other one is not');
  t.equal(same.status, 1);
  const list = await output('/bin/ls', ['ls', '/proc/self/fd'], []);
  // Not even what was opened without close-on-exec, by a library or by whoever started us.
  t.same(new Set(list.said.split('\n')), new Set(['0', '1', '2', '3', '']), 'and the one that ls opened');
  sysnet.close(a);
  sysnet.close(b);
});

t.test('spawn: no signal ignored or blocked, own session only when asked for', async t => {
  const ours = readFileSync('/proc/self/status', 'utf8');
  t.not(/SigIgn:\s*(\w+)/.exec(ours)?.[1], '0000000000000000', 'Node ignores SIGPIPE');
  const { said } = await output('/bin/cat', ['cat', '/proc/self/status'], []);
  t.match(said, /SigBlk:\s*0{16}\nSigIgn:\s*0{16}\nSigCgt:\s*0{16}\n/);
  const session = (stat: string) => Number(stat.split(') ')[1]?.split(' ')[3]);
  const apart = await output('/bin/cat', ['cat', '/proc/self/stat'], [], [], true);
  t.equal(session(apart.said), apart.pid);
  const along = await output('/bin/cat', ['cat', '/proc/self/stat'], []);
  t.equal(session(along.said), session(readFileSync('/proc/self/stat', 'utf8')));
  t.match(readFileSync('/proc/self/status', 'utf8'), /SigBlk:\s*0{16}/, 'and our own mask is as before');
});

t.test('spawn: standard descriptors of its own', async t => {
  const [ours, its] = socketpair();
  const link = readlinkSync(`/proc/self/fd/${its}`);
  const std = await output('/bin/readlink', ['readlink', '/proc/self/fd/0', '/proc/self/fd/2'], [], [its, 0, its, 2]);
  t.equal(std.said, `${link}\n${link}\n`);
  sysnet.close(ours);
  sysnet.close(its);
});

/** Of /proc/PID/status. */
const field = (status: string, name: string) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(status)?.[1];
const NOBODY = [65534, 65533] as const;
const [USER, GROUP] = NOBODY;
const NO_CAPABILITIES = ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'];

t.test('spawn: as somebody else, with nothing of ours', needs('CAP_SETUID'), async t => {
  const { said } = await output('/bin/cat', ['cat', '/proc/self/status', '/proc/self/limits'], [], [], true, [...NOBODY, 65531, 65532]);
  const of = (name: string) => field(said, name);
  t.equal(of('Uid'), [USER, USER, USER, USER].join('\t'), 'real, effective, saved, of the file system');
  t.equal(of('Gid'), [GROUP, GROUP, GROUP, GROUP].join('\t'));
  t.equal(of('Groups'), '65531 65532');
  for (const name of NO_CAPABILITIES) t.equal(of(name), '0'.repeat(16), name);
  t.equal(of('Umask'), '0022');
  t.match(said, /^Max open files\s+1024\s/m);
  t.match(said, /SigBlk:\s*0{16}\nSigIgn:\s*0{16}\nSigCgt:\s*0{16}\n/);
  const cwd = await output('/bin/readlink', ['readlink', '/proc/self/cwd'], [], [], true, NOBODY);
  t.equal(cwd.said, '/\n');
  const alone = await output('/bin/cat', ['cat', '/proc/self/status'], [], [], true, NOBODY);
  t.equal(field(alone.said, 'Groups'), '', 'none given, none kept');
  const list = await output('/bin/ls', ['ls', '/proc/self/fd'], [], [], true, NOBODY);
  t.same(new Set(list.said.split('\n')), new Set(['0', '1', '2', '3', '']), 'and the one that ls opened');
  const root = await output('/bin/cat', ['cat', '/proc/self/status'], [], [], true, [0, 0]);
  t.equal(field(root.said, 'CapPrm'), field(root.said, 'CapBnd'), 'root has what root may have');
});

function mayLowerOomScore(): boolean {
  const CAP_SYS_RESOURCE = 24n;
  return ((BigInt(`0x${field(readFileSync('/proc/self/status', 'utf8'), 'CapEff') ?? '0'}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}

t.test('spawn: how willingly the kernel kills', { skip: mayLowerOomScore() ? false : 'needs CAP_SYS_RESOURCE' }, async t => {
  const told = isolated(`
    const { writeFileSync } = await import('node:fs');
    for (const adjustment of [-500, 300]) {
      writeFileSync('/proc/self/oom_score_adj', String(adjustment));
      for (const identity of [null, Uint32Array.of(0, 0), Uint32Array.of(65534, 65534)]) {
        const pid = sysnet.spawn('/bin/sleep', ['sleep', '30'], [], new Int32Array(0), false, identity);
        console.log(readFileSync('/proc/' + pid + '/oom_score_adj', 'utf8').trim());
        process.kill(pid, 9);
      }
    }`);
  t.match(told, { status: 0, out: '-500\n0\n0\n300\n300\n300\n', err: '' });
});

t.test('spawn: from a daemon that is not root, its own capabilities stay with it', needs('CAP_SETPCAP'), async t => {
  const shown = (identity: string) => `{
    const pid = sysnet.spawn('/bin/sleep', ['sleep', '30'], [], new Int32Array(0), false, ${identity});
    const status = readFileSync('/proc/' + pid + '/status', 'utf8');
    console.log(${JSON.stringify([...NO_CAPABILITIES, 'Groups'])}.map(name => new RegExp('^' + name + ':\\\\s*(.*?)\\\\s*$', 'm').exec(status)[1]).join());
    process.kill(pid, 9);
  }`;
  // With what it takes to read this tree, wherever it lies.
  const as = (...capabilities: readonly string[]) => {
    const list = [...capabilities, 'dac_read_search', 'dac_override'].map(name => `+${name}`).join();
    return ['setpriv', `--reuid=${USER}`, `--regid=${GROUP}`, '--groups=7,8', `--inh-caps=${list}`, `--ambient-caps=${list}`];
  };
  const none = '0'.repeat(16);
  const raw = isolated(shown('null') + shown(`Uint32Array.of(${NOBODY}, 9)`), as('net_raw'));
  const some = '0000000000002006';
  t.equal(raw.out, `${[some, some, some, some, '7 8'].join()}\n${[none, none, none, none, '7 8'].join()}\n`, raw.err);
  const root = isolated(shown('Uint32Array.of(0, 0)'), ['setpriv', '--inh-caps=+net_raw', '--ambient-caps=+net_raw']);
  const [inheritable, permitted, , ambient] = root.out.split(',');
  t.match([inheritable, permitted, ambient], [none, /[1-9a-f]/, none], 'root has its own');
  const other = isolated(`console.log(sysnet.spawn('/bin/true', ['true'], [], new Int32Array(0), false, Uint32Array.of(1, 1)))`, as());
  t.equal(other.out, `${-os.errno.EPERM}\n`, 'somebody else it cannot be');
  const dumpable = isolated(
    `const { statSync } = await import('node:fs');
     console.log(sysnet.spawn('/bin/true', ['true'], [], new Int32Array(0), false, Uint32Array.of(65500, 65500)) > 0, statSync('/proc/self/stat').uid)`,
    as('setuid', 'setgid'),
  );
  t.equal(dumpable.out, `true ${USER}\n`, 'and it is as dumpable as before: prctl(2), PR_SET_DUMPABLE');
});

t.test('spawn: a user who stops all its processes does not stop us', needs('CAP_SETUID'), async t => {
  // Each child that is caught on its way to execve holds us up until it is killed. The stopper spares only itself.
  // It ends by itself, also when we are caught for good.
  const loop = 'while IFS=. read now rest </proc/uptime; [ $now -lt $1 ]; do kill -STOP -1; done';
  const stopped = isolated(`
    const os = await import('node:os');
    const as = Uint32Array.of(64321, 64321);
    const none = new Int32Array(0);
    const stopper = sysnet.spawn('/bin/sh', ['sh', '-c', ${JSON.stringify(loop)}, 'sh', String(Math.ceil(os.uptime() + 15))], [], none, true, as);
    let longest = 0, caught = 0, others = 0;
    const pids = [];
    const end = sysnet.now() + 5_000_000;
    while (caught < 1 && sysnet.now() < end) {
      const begin = sysnet.now();
      const pid = sysnet.spawn('/bin/true', ['true'], [], none, true, as);
      if (pid > 0) pids.push(pid);
      else if (pid === -os.constants.errno.ETIMEDOUT) caught += 1;
      else others += 1;
      longest = Math.max(longest, sysnet.now() - begin);
    }
    for (const pid of [stopper, ...pids]) process.kill(pid, 9);
    console.log(stopper > 0, longest < 10_000_000, others, caught);`);
  t.match(stopped.out, /^true true 0 \d+\n$/, stopped.err);
  t.comment(`caught and killed: ${stopped.out.trim().split(' ')[3]}`);
});

t.test('spawn: a failure is told at once and leaves no child', async t => {
  const plain = join(t.testdir({ plain: 'no program' }), 'plain');
  t.equal(sysnet.spawn('/nowhere/program', ['program'], [], NO_MAP, false, null), -ENOENT);
  t.equal(sysnet.spawn(plain, ['plain'], [], NO_MAP, false, null), -EACCES);
  t.equal(sysnet.spawn('/bin/true', ['true'], [], Int32Array.of(9999, 3), false, null), -EBADF);
  const left = isolated(`sysnet.spawn('/nowhere', ['x'], [], new Int32Array(0), false, null); console.log(sysnet.reap(-1));`);
  t.equal(left.out, `${-ECHILD}\n`);
});

t.test('spawn: from a real-time, niced process the child is ordinary and the parent as before', needs('CAP_SYS_NICE'), async t => {
  // /proc/PID/stat from its third field: niceness 19, real-time priority 40, policy 41.
  const script = (reset: boolean) => `
    const fields = pid => { const s = readFileSync('/proc/' + pid + '/stat', 'utf8').split(') ')[1].split(' '); return [s[16], s[37], s[38]].join(); };
    const threads = () => new Set(readdirSync('/proc/self/task').map(id => fields('self/task/' + id)));
    console.log(sysnet.setNice(-5), sysnet.schedule(2, 3, ${reset}));
    const before = [...threads()];
    const pid = sysnet.spawn('/bin/sleep', ['sleep', '30'], [], new Int32Array(0), false, null);
    console.log(before.join(' '), '/', fields(pid), '/', [...threads()].join(' '));
    process.kill(pid);
    const { spawnSync } = await import('node:child_process');
    const forked = spawnSync('/bin/cat', ['/proc/self/stat'], { encoding: 'utf8' }).stdout.split(') ')[1].split(' ');
    console.log('forked', forked[38]);
    console.log(sysnet.schedule(0, 0, false), fields('self'));`;
  const lines = (forked: number) => `0 0\n-5,3,2 / 0,0,0 / -5,3,2\nforked ${forked}\n0 -5,0,0\n`;
  t.match(isolated(script(false)), { status: 0, out: lines(2), err: '' });
  t.match(isolated(script(true)), { status: 0, out: lines(0), err: '' }, 'SCHED_RESET_ON_FORK is in force again');
});

t.test('schedule: a refusal is an errno', async t => {
  t.equal(sysnet.schedule(2, 0, false), -EINVAL, 'SCHED_RR wants a priority');
  t.equal(sysnet.schedule(0, 5, false), -EINVAL, 'SCHED_OTHER wants none');
});

t.test('pidfd and reap', async t => {
  const pid = must(sysnet.spawn('/bin/sleep', ['sleep', '60'], [], NO_MAP, false, null));
  t.equal(sysnet.reap(pid), -EAGAIN, 'still running');
  process.kill(pid, 'SIGTERM');
  t.equal(await ended(pid), 256 + 15);
  t.equal(sysnet.reap(pid), -ECHILD);
  t.equal(sysnet.pidfd(pid), -ESRCH);
});

t.test('lockText keeps code in memory, and V8 lives on', needs('CAP_IPC_LOCK'), async t => {
  const locked = isolated(`
    const status = name => Number(new RegExp(name + ':\\\\s*(\\\\d+)').exec(readFileSync('/proc/self/status', 'utf8'))[1]);
    const before = status('VmRSS');
    const maps = readFileSync('/proc/self/maps', 'utf8').matchAll(/^(\\w+)-(\\w+) r-.* \\//gm);
    const code = [...maps].reduce((sum, [, from, to]) => sum + parseInt(to, 16) - parseInt(from, 16), 0);
    const bytes = sysnet.lockText();
    console.log(bytes === code, bytes / 1024 === status('VmLck'), bytes > 1e6, status('VmRSS') - before < 20000);
    const { Worker } = await import('node:worker_threads');
    let kept = [];
    for (let i = 0; i < 300; i++) kept = kept.slice(-50).concat([new Array(10000).fill(i)]);
    const worker = new Worker(new URL('data:text/javascript,import { parentPort } from "node:worker_threads"; parentPort.postMessage(1)'));
    worker.once('message', () => console.log('alive'));`);
  t.match(locked, { status: 0, out: 'true true true true\nalive\n' });
});

t.test('nothing was left open', async t => {
  const kinds = readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the directory that was just read
    }
  });
  t.notMatch(kinds.join('\n'), /timerfd|pidfd/);
});
