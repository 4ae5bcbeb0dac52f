// The processes of this machine as /proc and the control groups show them, at this moment. proc(5), cgroups(7)
// Must not know why somebody asks, nor wait for any of them.
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from './system-code.ts';

export interface ProcessInfo {
  readonly pid: number;
  /** What the kernel calls it (comm), at most 15 bytes: `nginx`, `kworker/0:1`. */
  readonly name: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks (100 a second) after the machine has started: together with `pid`, no two processes have the same. */
  readonly started: number;
}

/** Longest name of a process that the kernel keeps, in bytes: TASK_COMM_LEN without its end. */
const NAME = 15;
/** So many are looked at before others get a turn; 1 to 2 ms. */
const BATCH = 100;
/** Groups below one that are looked at. */
const MOST_GROUPS = 1_000;

/** Does not wait: the kernel answers from memory.
 *  @returns null when it is not there, or ended and only its exit status is left; and when we may not see it (hidepid=) */
export function lookAt(pid: number): ProcessInfo | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    // ENOENT, or ESRCH when it ended meanwhile.
    systemCode(error);
    return null;
  }
}

/** /proc/PID/stat: `4711 (name) S parent group session ...`; a name may have blanks and parentheses in it.
 *  @returns null for one that has ended, and for what is no such line */
export function parseStat(line: string): ProcessInfo | null {
  const from = line.indexOf('(');
  const to = line.lastIndexOf(')');
  const [state = '', ...fields] = line.slice(to + 2).split(' ');
  const numbers = fields.map(text => Number.parseInt(text, 10));
  const [parent = -1, group = -1, session = -1] = numbers;
  const [threads = -1, , started = -1] = numbers.slice(16);
  const pid = Number.parseInt(line, 10);
  if (from < 0 || to < from || !(pid > 0) || !(started >= 0)) return null;
  // A first thread that has ended is shown like this while others of the process live.
  if ('ZXx'.includes(state) && threads <= 1) return null;
  return { pid, name: line.slice(from + 1, to), parent, group, session, started };
}

/** Whether it is the very same process, not only the same number. */
export function sameProcess(a: Pick<ProcessInfo, 'pid' | 'started'>, b: Pick<ProcessInfo, 'pid' | 'started'>): boolean {
  return a.pid === b.pid && a.started === b.started;
}

let latest: { readonly began: number; readonly found: Promise<readonly ProcessInfo[]> } = { began: -Infinity, found: Promise.resolve([]) };
let next: Promise<readonly ProcessInfo[]> | null = null;

/** Every process that we may see, threads of the kernel too. Takes 10 to 20 µs for each, in small portions; who asks at the same
 *  time shares the answer.
 *  @param age how old the answer may be, in ms: what has happened before is in it */
export function everyProcess(age: number): Promise<readonly ProcessInfo[]> {
  if (age > 0 && performance.now() - latest.began < age) return latest.found;
  next ??= latest.found.then(() => {
    next = null;
    latest = { began: performance.now(), found: scan() };
    return latest.found;
  });
  return next;
}

async function scan(): Promise<readonly ProcessInfo[]> {
  const found: ProcessInfo[] = [];
  const pids = readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0);
  for (const [i, pid] of pids.entries()) {
    if (i % BATCH === BATCH - 1) await new Promise(setImmediate);
    const info = lookAt(pid);
    if (info !== null) found.push(info);
  }
  return found;
}

/** Whether a process that somebody calls `name` has this name: the kernel keeps 15 bytes of it. */
export function hasName({ name }: ProcessInfo, wanted: string): boolean {
  return name === Buffer.from(wanted).subarray(0, NAME).toString();
}

/** The file that it runs; null when it is gone, a thread of the kernel, or somebody else's and we are not allowed to know.
 *  One that was replaced meanwhile ends with ` (deleted)`. */
export function executableOf(pid: number): Promise<string | null> {
  return readlink(`/proc/${pid}/exe`).catch(() => null);
}

// Where groups are: of version 2, beside version 1 (hybrid), of systemd in version 1.
const GROUPS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'];

/** The processes of a control group and of all groups below it.
 *  @param group below /sys/fs/cgroup, as /proc/PID/cgroup has it: `/system.slice/nginx.service`
 *  @returns null when there is no such group */
export async function processesOfGroup(group: string): Promise<readonly ProcessInfo[] | null> {
  for (const root of GROUPS) {
    const top = join(root, group);
    if (!`${top}/`.startsWith(`${root}/`)) return null;
    const pids = await pidsBelow(top);
    if (pids === null) continue;
    return [...new Set(pids)].flatMap(pid => lookAt(pid) ?? []);
  }
  return null;
}

async function pidsBelow(top: string): Promise<readonly number[] | null> {
  const waiting = [top];
  const pids: number[] = [];
  let looked = 0;
  for (let directory = waiting.pop(); directory !== undefined && looked < MOST_GROUPS; directory = waiting.pop()) {
    looked += 1;
    const listed = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => null);
    // One that went away meanwhile has no processes.
    if (listed === null && directory === top) return null;
    pids.push(
      ...(listed ?? '')
        .split('\n')
        .map(Number)
        .filter(pid => pid > 0),
    );
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (entry.isDirectory()) waiting.push(join(directory, entry.name));
  }
  return pids;
}
