// What a service has left behind: processes of its former life that go on, hold its port and even answer; found and ended.
// Must not know how the service is started, nor why it ended.
import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Micros, millis } from '../../vrrp/units.ts';
import { LATE, within } from './patience.ts';
import { everyProcess, executableOf, hasName, lookAt, type ProcessInfo, sameProcess } from './process-table.ts';
import { onExit } from './process-watch.ts';
import { systemCode } from './system-code.ts';

/** How long those that go on may take for their open requests, after SIGQUIT. An idle worker of nginx is gone after 10 to 20 ms. */
const GRACE = millis(300);
/** How long the kernel may take to end what it was told to: a process that waits for a disk ends later. */
const DEATH = millis(1_000);

/** What is known of the process that stood for a service, for finding its relatives when it is gone. */
export interface Ancestor {
  readonly pid: number;
  /** As in `ProcessInfo`; null: only its number is known. */
  readonly started: number | null;
  readonly session: number;
  readonly group: number;
  readonly name: string;
  /** null: we may not know. */
  readonly program: string | null;
}

/** Of a process that lives. */
export async function ancestorOf(process: ProcessInfo): Promise<Ancestor> {
  const { pid, started, session, group, name } = process;
  return { pid, started, session, group, name, program: await executableOf(pid) };
}

/** Of a process that a stale pid file names, when nobody has seen it alive: a daemon leads its session, or its group. */
export async function ancestorNamed(pid: number, path: string): Promise<Ancestor> {
  const program = await realpath(path).catch(() => path);
  return { pid, started: null, session: pid, group: pid, name: basename(program), program };
}

/** The processes that run the same program in the same session or process group as one of these: its workers; itself too while it
 *  lives. A number that is still that of a session or a group is given to no new process. credentials(7) */
export async function relativesOf(ancestors: readonly Ancestor[]): Promise<readonly ProcessInfo[]> {
  if (ancestors.length === 0) return [];
  // What was started by hand from the terminal that we run in shares our session, and so does much else.
  const ours = lookAt(process.pid)?.session;
  const near = (each: ProcessInfo, { session, group }: Ancestor): boolean =>
    each.group === group || (each.session === session && each.session !== ours);
  const found: ProcessInfo[] = [];
  for (const each of await everyProcess(0)) {
    if (each.pid === process.pid) continue;
    for (const ancestor of ancestors) {
      if (!near(each, ancestor) || !(await runsTheSame(each, ancestor))) continue;
      found.push(each);
      break;
    }
  }
  return found;
}

async function runsTheSame(process: ProcessInfo, { name, program }: Ancestor): Promise<boolean> {
  const own = program === null ? null : await executableOf(process.pid);
  // An upgrade replaces the file of those that still run.
  if (own === null || program === null) return hasName(process, name);
  return undeleted(own) === undeleted(program);
}

function undeleted(path: string): string {
  return path.replace(/ \(deleted\)$/, '');
}

/** Sends a signal to processes. */
export type Send = (signal: 'SIGQUIT' | 'SIGKILL', processes: readonly ProcessInfo[]) => Promise<void>;

/** Our own signal. kill(2)
 *  @returns those that we may not touch: they belong to others than our account, and CAP_KILL is not ours */
export function sendDirectly(signal: 'SIGQUIT' | 'SIGKILL', processes: readonly ProcessInfo[]): readonly ProcessInfo[] {
  return processes.filter(each => {
    // It may have gone since it was found, and its number may be another one's.
    const now = lookAt(each.pid);
    if (now === null || !sameProcess(now, each)) return false;
    try {
      process.kill(each.pid, signal);
      return false;
    } catch (error) {
      return systemCode(error) === 'EPERM';
    }
  });
}

/** Ends them: SIGQUIT, so that open requests are answered, and SIGKILL for what is there after 300 ms.
 *  @returns those that live even so */
export async function endThem(processes: readonly ProcessInfo[], send: Send): Promise<readonly ProcessInfo[]> {
  if (processes.length === 0) return [];
  await send('SIGQUIT', processes);
  const stubborn = await awaitEnd(processes, GRACE);
  if (stubborn.length === 0) return [];
  await send('SIGKILL', stubborn);
  return awaitEnd(stubborn, DEATH);
}

/** @returns those that live after `limit` */
export async function awaitEnd(processes: readonly ProcessInfo[], limit: Micros): Promise<readonly ProcessInfo[]> {
  const forgets: (() => void)[] = [];
  const alive = new Set(processes);
  const all = processes.map(
    each =>
      new Promise<void>(resolve => {
        forgets.push(
          onExit(each, () => {
            alive.delete(each);
            resolve();
          }),
        );
      }),
  );
  if ((await within(Promise.all(all), limit)) === LATE) for (const forget of forgets) forget();
  return [...alive];
}

/** `nginx (4711)`, for people. */
export function remainsWords(processes: readonly ProcessInfo[]): string {
  return processes.map(({ name, pid }) => `${name} (${pid})`).join(', ');
}
