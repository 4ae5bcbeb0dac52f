// What routers have learned about their peers, kept over restarts: a text with a schema, and who may use which entry.
// Must not know files: the agent reads and writes the text. Nothing here can keep a router from starting.
import type { Plan } from '../config/plan.ts';
import type { Log } from '../lib/log.ts';
import { type ChecksumForm, placeOf, type RouterSpec, routerKey } from '../vrrp/router.ts';
import { isRecord, readList, writeList } from './kept-list.ts';
import type { Learned } from './messages.ts';

/** What was learned holds for one VRID on one interface in one family, whatever the router is called: another one may have
 *  other peers. */
export interface Entry {
  /** `placeOf` */
  readonly place: string;
  readonly checksums: readonly ChecksumForm[];
}

export interface MemoryPorts {
  readonly log: Log;
  /** @returns null when nothing was kept yet; rejects when it cannot be read */
  read(): Promise<string | null>;
  /** Replaces the text as a whole or not at all; rejects when it cannot. */
  write(text: string): Promise<void>;
}

export interface Memory {
  /** Reads what was kept. Never rejects: without it peers are listened to anew. */
  recall(): Promise<void>;
  /** @returns what is known about the routers of a plan */
  known(plan: Plan): readonly Learned[];
  /** This plan runs from now on: what is learned is said in its names. */
  adopt(plan: Plan): void;
  /** A router of the plan that runs has learned something. Written soon, many in one piece. */
  learn(learned: Learned): void;
}

export function createMemory({ log, read, write }: MemoryPorts): Memory {
  /** By place. */
  const entries = new Map<string, Entry>();
  let specs = new Map<string, RouterSpec>();
  let dirty = false;
  let writing = false;
  let failing = false;

  async function flush(): Promise<void> {
    if (writing) return;
    writing = true;
    while (dirty) {
      // Whatever else arrives in this turn of the loop goes into the same text.
      await Promise.resolve();
      dirty = false;
      try {
        const places = new Set([...specs.values()].map(placeOf));
        await write(writeEntries([...entries.values()].filter(({ place }) => places.has(place))));
        failing = false;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (!failing) log.write('warn', 'agent.learned-unwritable', {}, `what peers taught us is lost at the next restart: ${why}`);
        failing = true;
      }
    }
    writing = false;
  }

  return {
    async recall() {
      let why = 'it is no such list';
      try {
        const text = await read();
        const kept = text === null ? [] : readEntries(text);
        if (kept !== null) {
          // What was learned while we read is newer.
          for (const entry of kept) if (!entries.has(entry.place)) entries.set(entry.place, entry);
          return;
        }
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
      }
      log.write('warn', 'agent.learned-unreadable', {}, `what peers taught us before cannot be read, and is learned anew: ${why}`);
    },
    known: ({ routers }) =>
      routers.flatMap(spec => {
        const entry = entries.get(placeOf(spec));
        return entry === undefined ? [] : [{ router: routerKey(spec), checksums: entry.checksums }];
      }),
    adopt({ routers }) {
      specs = new Map(routers.map(spec => [routerKey(spec), spec]));
    },
    learn({ router, checksums }) {
      const spec = specs.get(router);
      if (spec === undefined) return;
      const place = placeOf(spec);
      if (checksums.length === 0) entries.delete(place);
      else entries.set(place, { place, checksums });
      dirty = true;
      void flush();
    },
  };
}

/** The text that is kept, schema 1. */
export function writeEntries(learned: readonly Entry[]): string {
  return writeList('learned', learned);
}

/** @returns null for anything that `writeEntries` has not written */
export function readEntries(text: string): readonly Entry[] | null {
  return readList('learned', text, isEntry);
}

function isEntry(value: unknown): value is Entry {
  if (!isRecord(value)) return false;
  const { place, checksums } = value;
  return typeof place === 'string' && Array.isArray(checksums) && checksums.length > 0 && checksums.every(isForm);
}

function isForm(value: unknown): value is ChecksumForm {
  return value === 'rfc9568' || value === 'rfc5798';
}
