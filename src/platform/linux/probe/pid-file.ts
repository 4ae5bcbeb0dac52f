// Watches the process that a pid file names: the kernel tells of its end, and of the file that names another one.
// Must not know which program writes the file.
import { type FSWatcher, watch as watchFiles } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Seen, Trouble } from '../../../check/probe.ts';
import type { Watch } from '../../agent-ports.ts';
import type { ProcessInfo } from '../process-table.ts';
import { sameProcess } from '../process-table.ts';
import { onExit, openPidFile, type PidFile } from '../process-watch.ts';
import { sysnet } from '../sysnet.ts';
import { systemCode } from '../system-code.ts';

/** While no process is known, the file is looked at so often, in case nobody tells of its change; in ms. */
const POLL = 1_000;
/** A file that changes is looked at so much later, since it is made first and written then; in ms. */
const SETTLE = 2;
/** After an end, a file that is missing or being written may still name a successor for so long, and is looked at so often; in ms. A
 *  binary upgrade of nginx renames the old file before it writes the new one. */
const GRACE = 200;
const RETRY = 10;

/** Tells soon what is there, and then whenever that has become something else. A process that runs counts until it ends or the file
 *  names another one that runs, whatever becomes of the file in between. Its end is told when the file has been read again: at once
 *  when it still names a process that is not there, after 200 ms at most when it is not there itself. */
export function watchPidFile(path: string, tell: (seen: Seen) => void): Watch {
  const ask = openPidFile(path);
  let known: ProcessInfo | null = null;
  let forget = (): void => {};
  let graceUntil = 0;
  let told = '';
  let closed = false;
  let looking = false;
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let directory: FSWatcher | null = null;

  function say(trouble: Trouble | null, words: string): void {
    if (words === told) return;
    told = words;
    tell({ trouble, seen: words });
  }

  /** One at a time; what happens meanwhile is looked at afterwards. */
  async function look(): Promise<void> {
    clearTimeout(timer);
    again = looking;
    if (looking) return;
    looking = true;
    const file = await ask();
    looking = false;
    if (closed) return;
    const wait = judge(file);
    // Opened only now: a directory that has just answered does not keep us waiting. What happened before is looked at again.
    if (directory === null && listen()) later(SETTLE);
    else if (again) void look();
    else if (wait !== null) later(wait);
  }

  /** @returns in how many ms it is to be looked at again; null: only when something happens */
  function judge(file: PidFile): number | null {
    if (file.says === 'running') {
      if (known === null || !sameProcess(known, file.process)) follow(file.process);
      say(null, `process ${file.process.pid}`);
      return null;
    }
    if (known !== null) return null;
    const unsettled = file.says === 'missing' || file.says === 'unreadable';
    if (unsettled && sysnet.now() < graceUntil) return RETRY;
    say(troubleOf(file), `${path} ${file.why}`);
    return POLL;
  }

  function follow(process: ProcessInfo): void {
    forget();
    known = process;
    forget = onExit(process, () => {
      known = null;
      graceUntil = sysnet.now() + GRACE * 1000;
      void look();
    });
  }

  function later(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      // It may have been removed and made again, as RuntimeDirectory= is, and then nobody tells of the new one.
      if (known === null && ms === POLL) deaf();
      void look();
    }, ms);
  }

  function listen(): boolean {
    try {
      directory = watchFiles(dirname(path), (_, name) => {
        if (name !== basename(path) && name !== null) return;
        if (looking) again = true;
        else later(SETTLE);
      });
      directory.on('error', deaf);
      return true;
    } catch (error) {
      // It does not exist, or there are no more watches: the poll is left.
      systemCode(error);
      return false;
    }
  }

  function deaf(): void {
    directory?.close();
    directory = null;
  }

  void look();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      forget();
      deaf();
    },
  };
}

function troubleOf(file: Exclude<PidFile, { readonly says: 'running' }>): Trouble {
  if (file.says !== 'unreadable') return 'missing';
  return file.denied ? 'denied' : 'unexpected';
}
