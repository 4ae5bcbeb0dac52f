// Remembers over the life of an agent which process stands for a service, since a process in the foreground has no pid file, and
// what is left of a dead one is found by the company it kept. Must not know how services are started.
import { readPlainFile, writeAtomically } from './atomic-file.ts';
import type { Ancestor } from './service-remains.ts';

/** One service's note. Lost or unreadable is as none: the service is then taken for not started. */
export interface ServiceMemory {
  recall(): Promise<Ancestor | null>;
  remember(ancestor: Ancestor): Promise<void>;
}

/** A note has some hundred bytes. */
const MOST = 16_384;

/** @param path of a file that is gone after a restart of the machine, below /run: the numbers of processes begin anew then */
export function openServiceMemory(path: string): ServiceMemory {
  let last: Promise<void> = Promise.resolve();
  return {
    async recall() {
      const text = await readPlainFile(path, MOST).catch(() => null);
      return text === null ? null : parse(text);
    },
    remember(ancestor) {
      // One after the other: they share the file that is renamed.
      last = last.then(() => writeAtomically(path, `${JSON.stringify(ancestor)}\n`)).catch(() => {});
      return last;
    },
  };
}

function parse(text: string): Ancestor | null {
  let note: unknown;
  try {
    note = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof note !== 'object' || note === null) return null;
  const { pid, started, session, group, name, program } = { ...EMPTY, ...note };
  if (![pid, started, session, group].every(Number.isSafeInteger) || typeof name !== 'string') return null;
  return { pid: Number(pid), started: Number(started), session: Number(session), group: Number(group), name, program: orNull(program) };
}

const EMPTY: Readonly<Record<keyof Ancestor, unknown>> = {
  pid: null,
  started: null,
  session: null,
  group: null,
  name: null,
  program: null,
};

function orNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
