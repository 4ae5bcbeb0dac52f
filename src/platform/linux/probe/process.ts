// Watches processes: the kernel tells of their end, their beginning is looked for. Those of a pid file: pid-file.ts.
// Must not know what the processes are good for.
import type { ProcessProbe, Seen, Trouble } from '../../../check/probe.ts';
import type { Watch } from '../../agent-ports.ts';
import { everyProcess, hasName, type ProcessInfo, processesOfGroup, sameProcess } from '../process-table.ts';
import { onExit } from '../process-watch.ts';
import { watchPidFile } from './pid-file.ts';

/** Between two looks while there are too few, and while there are enough: then only for those that came in addition. In ms. */
const TOO_FEW = 1_000;
const ENOUGH = 5_000;
/** Unless one has just died, or at the beginning, the answer to somebody else's question will do when it is not older; in ms. */
const SHARED = 500;

/** Tells soon what is there, and then whenever that has become something else. */
export function watchProcess({ by, count }: ProcessProbe, tell: (seen: Seen) => void): Watch {
  if ('pidFile' in by) return watchPidFile(by.pidFile, tell);
  if ('cgroup' in by) {
    const where = `in the control group ${by.cgroup}`;
    return watchMany(() => processesOfGroup(by.cgroup), count, where, `there is no control group ${by.cgroup}`, tell);
  }
  const named = async (age: number) => (await everyProcess(age)).filter(process => hasName(process, by.name));
  return watchMany(named, count, `with the name ${by.name}`, '', tell);
}

/** @param list what may have been found so many ms ago. null: there is not even a place for them, as `nowhere` says */
function watchMany(
  list: (age: number) => Promise<readonly ProcessInfo[] | null>,
  count: number,
  where: string,
  nowhere: string,
  tell: (seen: Seen) => void,
): Watch {
  const watched = new Map<number, { readonly process: ProcessInfo; forget(): void }>();
  let told = '';
  let closed = false;
  let looking = false;
  let again = false;
  let timer: NodeJS.Timeout | undefined;

  function say(trouble: Trouble | null, words: string): void {
    if (words === told) return;
    told = words;
    tell({ trouble, seen: words, number: watched.size });
  }

  /** One at a time; what happens meanwhile is looked at afterwards. */
  async function look(age: number): Promise<void> {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    clearTimeout(timer);
    let fresh = age;
    do {
      again = false;
      const found = await list(fresh);
      if (closed) return;
      follow(found ?? []);
      // With one that ended meanwhile the list is too old to say that there are too few.
      if (!again || watched.size >= count) judge(found === null);
      fresh = 0;
    } while (again);
    looking = false;
    timer = setTimeout(() => void look(SHARED), watched.size < count ? TOO_FEW : ENOUGH);
  }

  function follow(found: readonly ProcessInfo[]): void {
    const there = new Map(found.map(process => [process.pid, process]));
    for (const [pid, { process, forget }] of watched) {
      const now = there.get(pid);
      if (now !== undefined && sameProcess(now, process)) continue;
      forget();
      watched.delete(pid);
    }
    for (const process of found) if (!watched.has(process.pid)) watch(process);
  }

  /** Another one may be in its place by now, so that is looked at before its end is told. */
  function watch(process: ProcessInfo): void {
    const forget = onExit(process, () => {
      watched.delete(process.pid);
      void look(0);
    });
    watched.set(process.pid, { process, forget });
  }

  function judge(homeless: boolean): void {
    const { size } = watched;
    const processes = `${size} ${size === 1 ? 'process' : 'processes'}`;
    if (size >= count) say(null, `${processes} ${where}`);
    else if (homeless) say('missing', nowhere);
    else if (size === 0) say('missing', `no process ${where}`);
    else say('down', `${processes} ${where}, ${count} wanted`);
  }

  void look(0);
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      for (const { forget } of watched.values()) forget();
      watched.clear();
    },
  };
}
