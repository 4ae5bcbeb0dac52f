// How the kernel schedules us after `hurry`, with and without the right to it, and that children are ordinary.
// Must not know what the hurry is about.
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { start } from '../../fixtures/running.ts';
import { result, source } from '../../fixtures/snippet.ts';

const needs = { skip: process.getuid?.() === 0 ? false : 'needs root: it wants real-time scheduling' };
const may = (...limits: readonly string[]): boolean => spawnSync('prlimit', [...limits, 'true']).status === 0;
const limits = { skip: needs.skip || (may('--nice=0:0') ? false : 'needs prlimit') };

interface Found {
  readonly scheduling: { readonly policy: string; readonly warning: string | null };
  /** `policy/priority/niceness` of all its threads; 0 ordinary, 2 round robin. sched(7) */
  readonly threads: readonly string[];
  readonly child: string;
}

/** `hurry`, and what it made of us; the child is one that is started as the agent is. */
const HURRY = (before = '') => `
  import { readdirSync, readFileSync } from 'node:fs';
  import { hurry } from ${source('platform/linux/scheduling.ts')};
  import { sysnet } from ${source('platform/linux/sysnet.ts')};
  ${before}
  const scheduling = hurry();
  // proc(5): what follows the name in brackets begins with field 3.
  const seen = path => {
    const fields = readFileSync(path, 'latin1').replace(/^.*\\) /s, '').split(' ');
    return fields[41 - 3] + '/' + fields[40 - 3] + '/' + fields[19 - 3];
  };
  const threads = readdirSync('/proc/self/task').map(id => seen('/proc/self/task/' + id + '/stat'));
  const pid = sysnet.spawn('/bin/sleep', ['sleep', '60'], [], new Int32Array(0), false, null);
  const child = seen('/proc/' + pid + '/stat');
  process.kill(pid);
  console.log(JSON.stringify({ scheduling, threads, child }));`;

const hurried = async (body: string, ...enter: readonly string[]) =>
  (await result(body, command => start([...enter, ...command]))) as Found;
const every = (threads: readonly string[]) => [...new Set(threads)];

t.test('real time where it is allowed, on every thread; children are ordinary', needs, async t => {
  const { scheduling, threads, child } = await hurried(HURRY());
  t.same(scheduling, { policy: 'rr 49', warning: null });
  t.same(every(threads), ['2/49/0']);
  t.equal(child, '0/0/0');
});

t.test('the executable is locked where there is room for it', needs, async t => {
  const locked = (memory: number) =>
    result(
      `import { hurry } from ${source('platform/linux/scheduling.ts')};
      import { sysnet } from ${source('platform/linux/sysnet.ts')};
      let locked = 0;
      sysnet.lockText = () => { locked += 1; return 1; };
      hurry(${memory});
      console.log(locked);`,
      start,
    );
  t.equal(await locked(256 * 2 ** 20), 1);
  t.equal(await locked(112 * 2 ** 20), 0);
});

t.test('else the best niceness', needs, async t => {
  // A kernel that grants niceness and not this: one whose real-time groups have no runtime (cgroup v1), or a seccomp filter.
  const { scheduling, threads, child } = await hurried(HURRY('sysnet.schedule = () => -1;'));
  t.equal(scheduling.policy, 'nice -20');
  t.match(scheduling.warning, /no real-time scheduling \(EPERM\).*CAP_SYS_NICE.*advert_interval at 100ms/);
  t.same(every(threads), ['0/0/-20']);
  t.equal(child, '0/0/0');
});

t.test('else as it is, with advice', limits, async t => {
  const { scheduling, threads, child } = await hurried(
    HURRY(),
    'prlimit',
    '--nice=0:0',
    '--rtprio=0:0',
    'setpriv',
    '--bounding-set=-sys_nice',
    '--',
  );
  t.equal(scheduling.policy, 'normal');
  t.match(scheduling.warning, /no real-time scheduling \(EPERM\).*advert_interval at 1s/);
  t.same(every(threads), ['0/0/0']);
  t.equal(child, '0/0/0');
});

t.test('locked memory is no condition', limits, async t => {
  const { scheduling } = await hurried(HURRY(), 'prlimit', '--memlock=0:0', 'setpriv', '--bounding-set=-ipc_lock', '--');
  t.equal(scheduling.policy, 'rr 49');
});
