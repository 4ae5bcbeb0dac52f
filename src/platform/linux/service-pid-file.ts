// A service that a command starts and that stays in the background: its pid file says which process stands for it, and by
// being there or not, whether it ended in order. Must not know how the command is started.
import { join } from 'node:path';
import type { ServiceState } from '../../check/service.ts';
import { limitWords } from '../../check/words.ts';
import { type Micros, micros } from '../../vrrp/units.ts';
import type { ServiceHandle } from '../agent-ports.ts';
import { LATE } from './patience.ts';
import { hasName, type ProcessInfo, sameProcess } from './process-table.ts';
import { openPidFile, type PidFile } from './process-watch.ts';
import { openFollower } from './service-follower.ts';
import type { Command, Launcher } from './service-launcher.ts';
import type { ServiceMemory } from './service-memory.ts';
import { type Ancestor, ancestorNamed, ancestorOf, endThem, relativesOf, remainsWords } from './service-remains.ts';
import { readSmallFile } from './small-file.ts';
import { sysnet } from './sysnet.ts';
import { distrust } from './trust.ts';

/** For so long a file that is missing or being written may still name a successor, and is looked at so often; in ms. */
const GRACE = 200;
const RETRY = 5;
/** After its command has ended well, the daemon may still be about to write the file; in ms. */
const SETTLE = 10_000;
/** What follows its first line does not count; in bytes. */
const MOST = 4_096;
/** Behind the name of the pid file while a new nginx runs beside the old one. nginx.org/en/docs/control.html */
const OLD = '.oldbin';

/** @param command with a pid file, which is `pidFile` */
export function openPidFileService(
  command: Command,
  pidFile: string,
  { launcher, memory }: { readonly launcher: Launcher; readonly memory: ServiceMemory },
  ended: () => void,
): ServiceHandle {
  const path = join('/', pidFile);
  const ask = openPidFile(path);
  const askOld = openPidFile(`${path}${OLD}`);
  let ancestor: Ancestor | null = null;
  /** It came when we had started the service. */
  let started: ProcessInfo | null = null;
  let closed = false;
  const follower = openFollower(() => ended());

  function follow(process: ProcessInfo): void {
    const known = follower.current();
    if (known !== null && sameProcess(known, process)) return;
    follower.follow(process);
    void ancestorOf(process).then(async found => {
      ancestor = found;
      if (await belongs(process, found)) await memory.remember(found);
    });
  }

  /** Whether it is this service and nothing else, as far as one can tell: an old pid file may name a process that has the same number by
   *  chance. The command need not be the program itself (a script, start-stop-daemon). */
  async function belongs(process: ProcessInfo, { program }: Ancestor): Promise<boolean> {
    if (started !== null && sameProcess(started, process)) return true;
    const note = await memory.recall();
    if (note !== null && note.pid === process.pid && note.started === process.started) return true;
    const wanted = await ancestorNamed(process.pid, command.run[0] ?? '');
    return program === null ? hasName(process, wanted.name) : program === wanted.program;
  }

  async function state(): Promise<ServiceState> {
    const until = sysnet.now() + GRACE * 1000;
    for (;;) {
      const file = await ask();
      if (file.says === 'running') {
        follow(file.process);
        return { name: 'running', pid: file.process.pid };
      }
      // The file may be anything while the process that it named lives.
      const known = follower.current();
      if (known !== null) return { name: 'running', pid: known.pid };
      const watched = await launcher.state();
      if (watched !== null) return watched;
      const old = await askOld();
      if (old.says !== 'running' && !isUnsettled(file)) return { name: 'dead', how: 'gone' };
      if (sysnet.now() >= until) return old.says === 'running' ? goBack(old.process) : withoutFile(file);
      await new Promise(resolve => setTimeout(resolve, RETRY));
    }
  }

  /** The new one of an upgrade has gone, and the old one has not yet said so. */
  function goBack(process: ProcessInfo): ServiceState {
    follow(process);
    return { name: 'running', pid: process.pid };
  }

  function withoutFile(file: Exclude<PidFile, { readonly says: 'running' }>): ServiceState {
    if (file.says === 'missing') return { name: 'stopped' };
    if (file.says === 'unreadable' && file.denied) return { name: 'missing', why: `${path} ${file.why}` };
    return { name: 'dead', how: `${path} ${file.why}` };
  }

  async function start(timeout: Micros): Promise<string | null> {
    const deadline = sysnet.now() + timeout;
    const doubt = await distrust(command.run[0] ?? '');
    if (doubt !== null) return doubt;
    const file = await ask();
    if (follower.current() === null && file.says === 'running') {
      // Somebody else was quicker; what hangs is followed.
      follow(file.process);
      return null;
    }
    const remains = await formerLife();
    if (typeof remains === 'string') return remains;
    const stubborn = await endThem(remains, launcher.signal);
    if (stubborn.length > 0) return `what is left of its former life does not end: ${remainsWords(stubborn)}`;
    const why = await launcher.daemonise(command, micros(Math.max(0, deadline - sysnet.now())));
    if (why === null) void settle();
    return why === LATE ? `still starting after ${limitWords(timeout)}` : why;
  }

  /** Itself too, when it hangs. @returns why it must not be ended, in words */
  async function formerLife(): Promise<readonly ProcessInfo[] | string> {
    const known = follower.current();
    if (known !== null) {
      const itself = await ancestorOf(known);
      if (await belongs(known, itself)) return withItself(known, await relativesOf([itself]));
      return `${path} names ${remainsWords([known])}, which may be something else: end it, or remove the file`;
    }
    const last = ancestor ?? (await memory.recall());
    const pid = await pidInFile();
    // One that nobody has seen alive, and of which nothing but its number is known.
    const other = pid === null || pid === last?.pid ? null : await ancestorNamed(pid, command.run[0] ?? '');
    return relativesOf([last, other].filter(each => each !== null));
  }

  async function pidInFile(): Promise<number | null> {
    const file = await readSmallFile(path, MOST);
    const pid = file.kind === 'text' ? Number(/^\s*(\d{1,10})\s*(?:\n|$)/.exec(file.text)?.[1] ?? 0) : 0;
    return pid > 1 ? pid : null;
  }

  /** nginx writes the file after its command has ended. */
  async function settle(): Promise<void> {
    for (const until = sysnet.now() + SETTLE * 1000; !closed && sysnet.now() < until; ) {
      const file = await ask();
      if (file.says === 'running') {
        started = file.process;
        follow(file.process);
        return;
      }
      await new Promise(resolve => setTimeout(resolve, RETRY));
    }
    if (!closed) ended();
  }

  return {
    state,
    start,
    close() {
      closed = true;
      follower.close();
    },
  };
}

function isUnsettled(file: PidFile): boolean {
  return file.says === 'missing' || file.says === 'unreadable';
}

function withItself(process: ProcessInfo, relatives: readonly ProcessInfo[]): readonly ProcessInfo[] {
  return relatives.some(({ pid }) => pid === process.pid) ? relatives : [...relatives, process];
}
