// Follows processes that are none of ours: what a pid file names, and the moment when a process ends, as the kernel tells it.
// Must not know what a process is good for, nor what follows from its end. pidfd_open(2), proc(5)

import { statSync } from 'node:fs';
import { constants } from 'node:os';
import { lookAt, type ProcessInfo } from './process-table.ts';
import { readSmallFile } from './small-file.ts';
import { sysnet } from './sysnet.ts';
import { systemCode } from './system-code.ts';

/** How often a process is looked at where the kernel does not tell of its end (before Linux 5.3); in ms. */
const POLL = 50;

/** Calls back once when the process has ended, or soon when it is gone by now, or its number belongs to another one. Never from
 *  inside of this call. The end of a child is told before anybody has taken its exit status.
 *  @param process `started` null: it is a child of ours whose exit status nobody has taken, so that its number is still its own
 *  @returns forgets it */
export function onExit(process: { readonly pid: number; readonly started: number | null }, ended: () => void): () => void {
  const { pid, started } = process;
  const fd = sysnet.pidfd(pid);
  if (fd === -constants.errno.ESRCH) return soon(ended);
  // Without a descriptor (an old kernel, or none left) there is still a way.
  if (fd < 0) return pollExit(pid, started, ended);
  const stop = (): void => {
    sysnet.unwatch(fd);
    sysnet.close(fd);
  };
  // Looked at after the descriptor was there: from now on it cannot be taken for another one.
  if (started !== null && lookAt(pid)?.started !== started) {
    sysnet.close(fd);
    return soon(ended);
  }
  let over = false;
  sysnet.watch(fd, () => {
    over = true;
    stop();
    ended();
  });
  return () => {
    if (!over) stop();
    over = true;
  };
}

function soon(ended: () => void): () => void {
  const immediate = setImmediate(ended);
  return () => clearImmediate(immediate);
}

function pollExit(pid: number, started: number | null, ended: () => void): () => void {
  const timer = setInterval(() => {
    const now = lookAt(pid);
    if (now !== null && (started === null || now.started === started)) return;
    clearInterval(timer);
    ended();
  }, POLL);
  return () => clearInterval(timer);
}

/** What a pid file says. `why` follows its name. */
export type PidFile =
  | { readonly says: 'running'; readonly process: ProcessInfo }
  /** It is not there. */
  | { readonly says: 'missing'; readonly why: string }
  /** The process that it names has ended. */
  | { readonly says: 'stale'; readonly why: string }
  /** The process that it named has ended, and another one has its number by now. */
  | { readonly says: 'recycled'; readonly why: string }
  /** Empty, no number in it, no file, not for us: perhaps only for the moment that it is being written. */
  | { readonly says: 'unreadable'; readonly denied: boolean; readonly why: string };

/** The first line is what counts; what follows it (PostgreSQL writes more) is not read further than this; in bytes. */
const MOST = 4_096;

/** @returns asks it; a number whose process was seen dead is not believed again before the file is written anew */
export function openPidFile(path: string): () => Promise<PidFile> {
  let disproved = '';
  return async () => {
    const file = await readSmallFile(path, MOST);
    if (file.kind === 'none') {
      if (file.trouble === 'missing') return { says: 'missing', why: file.why };
      return { says: 'unreadable', denied: file.trouble === 'denied', why: file.why };
    }
    const pid = Number(/^\s*(\d{1,10})\s*(?:\n|$)/.exec(file.text)?.[1] ?? 0);
    if (pid === 0) return { says: 'unreadable', denied: false, why: file.text.trim() === '' ? 'is empty' : 'holds no process id' };
    const evidence = `${file.stamp}:${pid}`;
    const process = lookAt(pid);
    if (process === null) {
      disproved = evidence;
      return { says: 'stale', why: `names process ${pid}, which is not there` };
    }
    if (disproved === evidence || cameLater(process, file.writtenAt, bootMarks())) {
      return { says: 'recycled', why: `names process ${pid}, which is another one by now (${process.name})` };
    }
    return { says: 'running', process };
  };
}

/** A process that lives and the pid file that names it belong together, unless the process came so long after the file; in ms. */
const LATER = 10_000;
/** The clock is not believed when the start of the machine has moved by more than this, by being set since then; in ms. */
const SET = 5_000;
/** Length of a clock tick of /proc/PID/stat: USER_HZ is 100 on all machines that we run on; in ms. */
const TICK = 10;

/** The start of the machine on the wall clock, in ms since 1970: as it is reckoned back today, and as it was written down then. */
export interface BootMarks {
  readonly reckoned: number;
  readonly written: number;
}

/** Whether a process came after its pid file was written, and so is not the one that was meant. Where the clock was set since the
 *  start (or in a container, whose files are younger than the machine) nothing can be said, which is false. */
export function cameLater(process: Pick<ProcessInfo, 'started'>, writtenAt: number, { reckoned, written }: BootMarks): boolean {
  if (Math.abs(reckoned - written) > SET) return false;
  return reckoned + process.started * TICK > writtenAt + LATER;
}

/** The kernel makes /dev/null as one of its first acts, and nobody writes to that file itself. Reckoned from our own start, since
 *  /proc/uptime is another one in some containers. */
function bootMarks(): BootMarks {
  const own = lookAt(process.pid);
  const reckoned = Date.now() - process.uptime() * 1000 - (own?.started ?? 0) * TICK;
  try {
    return { reckoned, written: statSync('/dev/null').mtimeMs };
  } catch (error) {
    systemCode(error);
    return { reckoned, written: 0 };
  }
}
