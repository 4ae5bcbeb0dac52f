// Real programs to their end: how they are started, how they end, what is heard of them. Those that do what
// they like: program-hostile.ts. Must not know what programs are run for.
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import t from 'tap';
import { sysnet } from '../../../src/platform/linux/sysnet.ts';
import { until } from '../../netns/lab/clock.ts';
import { BOUND, children, end, LONG, makeShelf, needsRoot, opened, pidFrom, run, sh, stallFiles } from './fixtures/programs.ts';

const field = (pid: number, name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

const before = opened();

t.test('how programs end', needsRoot, async t => {
  t.match(await sh('echo out; echo err >&2; exit 7'), { kind: 'exit', status: 7, output: 'out\nerr\n' });
  t.match(await run(['/bin/true']), { kind: 'exit', status: 0, output: '' });
  t.match(await sh('kill -SEGV $$'), { kind: 'signal', signal: 'SIGSEGV' });
  t.match(await sh('echo last words; kill -9 $$'), { kind: 'signal', signal: 'SIGKILL', output: 'last words\n' });
  t.match(await sh('kill -40 $$'), { kind: 'signal', signal: 'signal 40' }, 'a signal without a name');
  const { took } = { took: 0, ...(await sh('sleep 0.2')) };
  t.ok(took >= 200_000 && took < 20_000_000, `it took ${took} µs`);
});

t.test('what cannot be started', needsRoot, async t => {
  const { put, path, at } = makeShelf(t);
  const failed = (code: string, target: string) => ({ kind: 'system-error', op: 'run', code, target });
  t.match(await run([path('nothing')]), failed('ENOENT', path('nothing')));
  t.match(await run([put('lost', '#!/nowhere/sh\n')]), failed('ENOENT', path('lost')));
  t.match(await run([put('plain', 'echo without a first line\n')]), failed('ENOEXEC', path('plain')), 'no shell guesses what it is');
  t.match(await run([put('broken', '\x7fELF and then nothing')]), failed('ENOEXEC', path('broken')));
  t.match(await run([put('empty', '')]), failed('ENOEXEC', path('empty')));
  t.match(await run([put('private', '#!/bin/sh\n', 0o700)], { user: 'nobody' }), failed('EACCES', path('private')));
  t.match(await run([at]), { kind: 'unsafe', message: `${at} is a directory, not a program` });
  t.match(await run(['/tmp/hf-nothing']), { kind: 'unsafe', message: /^\/tmp is writable for everybody/ });
  t.match(await run(['/bin/true'], { user: 'nobody-there' }), { kind: 'system-error', code: 'ENOENT', target: 'nobody-there' });
});

t.test('as whom, with what, and with nothing of ours', needsRoot, async t => {
  const { line, at } = makeShelf(t);
  const busy = sh(`echo $$ >${at}/pid; exec sleep ${LONG}`);
  const pid = await pidFrom(t, line('pid'));
  const asleep = (stat: string) => /\(sleep\) S /.test(stat);
  await until('sleep is loaded, with none of its libraries open', BOUND, () => asleep(readFileSync(`/proc/${pid}/stat`, 'utf8')));
  const [state, parent, group, session, , , , , , , , , , , , , niceness] =
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  t.match({ state, parent, group, session, niceness }, { parent: `${process.pid}`, group: `${pid}`, session: `${pid}`, niceness: '0' });
  t.equal(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[40], '0', 'SCHED_OTHER');
  t.same(readdirSync(`/proc/${pid}/fd`), ['0', '1', '2']);
  t.equal(readlinkSync(`/proc/${pid}/fd/0`), '/dev/null');
  t.match(readlinkSync(`/proc/${pid}/fd/1`), /^pipe:/);
  t.equal(readlinkSync(`/proc/${pid}/cwd`), '/');
  t.equal(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'), '0\n');
  t.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /^Max open files\s+1024\s/m);
  for (const name of ['SigBlk', 'SigIgn', 'SigCgt', 'CapInh', 'CapAmb']) t.equal(field(pid, name), '0'.repeat(16), name);
  t.equal(field(pid, 'Umask'), '0022');
  end(pid);
  t.match(await busy, { kind: 'signal', signal: 'SIGKILL' });
  const shown = await sh('grep -E "^(Uid|Gid|Groups|Cap(Inh|Prm|Eff|Amb)):" /proc/self/status | tr -d "\\n\\t "', { user: 'nobody' });
  const none = '0'.repeat(16);
  const four = '65534'.repeat(4);
  t.match(shown, { output: `Uid:${four}Gid:${four}Groups:CapInh:${none}CapPrm:${none}CapEff:${none}CapAmb:${none}` });
});

t.test('its environment', needsRoot, async t => {
  process.env.HF_OURS = 'secret';
  t.teardown(() => delete process.env.HF_OURS);
  const ended = await run(['/usr/bin/env'], { user: 'nobody', environment: { A: 'b c\nd', LANG: 'de_DE.UTF-8' } });
  const lines = 'output' in ended ? ended.output.split('\n').sort() : [];
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  t.same(lines, ['', 'A=b c', 'HOME=/nonexistent', 'LANG=de_DE.UTF-8', 'LOGNAME=nobody', path, 'SHELL=/bin/sh', 'USER=nobody', 'd']);
});

t.test('its standard input', needsRoot, async t => {
  t.match(await run(['/bin/cat'], { input: '{"ü":1}\n' }), { kind: 'exit', output: '{"ü":1}\n' });
  t.match(
    await sh('cat /dev/stdin; echo to >/dev/stderr', { input: 'by name ', user: 'nobody' }),
    { output: 'by name to\n' },
    'opened by name',
  );
  const much = 'x'.repeat(3_000_000);
  t.match(await run(['/usr/bin/wc', '-c'], { input: much }), { output: '3000000\n' }, 'more than a pipe holds');
  t.match(await run(['/bin/true'], { input: much }), { kind: 'exit', status: 0 }, 'never read');
  t.match(await sh('exec <&-; sleep 0.1; exit 3', { input: much }), { kind: 'exit', status: 3 }, 'closed');
  t.match(await sh('read a; echo $a', { input: 'one\ntwo\n' }), { output: 'one\n' }, 'read in part');
  t.match(await run(['/bin/cat']), { kind: 'exit', status: 0, output: '' }, 'nothing to say');
});

t.test('what it says', needsRoot, async t => {
  const kept = async (script: string) => {
    const ended = await sh(script);
    return 'output' in ended ? ended.output : '';
  };
  t.equal(await kept('seq 1 3; seq 4 6 >&2'), '1\n2\n3\n4\n5\n6\n', 'both streams in their order');
  const all = Array.from({ length: 2_000 }, (_, i) => `${i + 1}\n`).join('');
  t.equal(await kept('seq 1 2000'), all.slice(-4096), 'the end of it');
  t.equal(
    await kept('for i in 1 2 3 4 5 6 7 8; do printf %1000s $i; sleep 0.01; done'),
    [4, 5, 6, 7, 8]
      .map(i => `${i}`.padStart(1000))
      .join('')
      .slice(-4096),
  );
  t.equal(await kept('printf a; head -c 4095 /dev/zero | tr "\\0" b'), `a${'b'.repeat(4095)}`, 'all of 4096');
  // Two bytes each, and one at the end: the first one that is kept is the second half of one.
  t.equal(await kept('for i in $(seq 3000); do printf ü; done; printf .'), `${'ü'.repeat(2047)}.`, 'no half characters');
  t.equal(await kept('exec >&- 2>&-; sleep 0.1'), '', 'streams that are closed early');
});

t.test('a kernel without pidfd', needsRoot, async t => {
  const { pidfd } = sysnet;
  t.teardown(() => Object.assign(sysnet, { pidfd }));
  Object.assign(sysnet, { pidfd: () => -constants.errno.ENOSYS });
  t.match(await sh('echo said; exit 5'), { kind: 'exit', status: 5, output: 'said\n' });
  t.match(await sh(`sleep ${LONG}`, { timeout: 0.2 }), { kind: 'timeout' });
});

t.test('no descriptors left', needsRoot, async t => {
  const { pipe } = sysnet;
  t.teardown(() => Object.assign(sysnet, { pipe }));
  for (const failing of [1, 2]) {
    let asked = 0;
    Object.assign(sysnet, {
      pipe: (ours: 0 | 1) => {
        asked += 1;
        return asked === failing ? -constants.errno.EMFILE : pipe(ours);
      },
    });
    t.match(await run(['/bin/cat'], { input: 'x' }), { kind: 'system-error', op: 'pipe', code: 'EMFILE', target: '/bin/cat' });
  }
});

t.test('a file system that does not answer', needsRoot, async t => {
  const { at, put } = makeShelf(t);
  const script = put('run', `#!/bin/sh\necho >${at}/ran\n`);
  const stalled = stallFiles();
  t.match(await run([script], { timeout: 0.02 }), { kind: 'timeout', output: '' });
  await stalled;
  t.match(await run(['/bin/true']), { kind: 'exit', status: 0 });
  t.notOk(existsSync(`${at}/ran`), 'nor is it run later');
});

t.test('nothing is left open, and no child unreaped', needsRoot, async () => {
  await until('all that was opened to be closed', BOUND, () => opened() === before, opened);
  await until('the last child to be reaped', BOUND, () => children() === '', children);
});
