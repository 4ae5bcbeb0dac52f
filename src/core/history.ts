// What happened, in the order in which it did: every line of both logs, kept over restarts, the newest in memory for whoever asks.
// Must not know files: the agent reads and appends text. Nothing here can hold anything up.
import type { Fields, Level, Log } from '../lib/log.ts';
import { isRecord } from './kept-list.ts';

/** One line of a log. */
export interface Entry {
  /** ms since 1970 */
  readonly at: number;
  readonly level: Level;
  readonly event: string;
  readonly fields: Fields;
  readonly message: string;
}

export interface HistoryPorts {
  /** @returns what was kept, the oldest first; rejects when it cannot be read */
  read(): Promise<string>;
  /** Behind what is there; rejects when it cannot. */
  append(text: string): Promise<void>;
  /** Standard error alone: a line about the history must not come into it. */
  readonly log: Log;
}

export interface History {
  /** Reads what was kept. Never rejects. */
  recall(): Promise<void>;
  record(entry: Entry): void;
  /** The newest, the oldest first. */
  entries(): readonly Entry[];
  /** When all that was recorded is kept, or cannot be. */
  settled(): Promise<void>;
}

/** So many are in memory: a bad day. */
const MOST = 2_000;

export function createHistory({ read, append, log }: HistoryPorts): History {
  let entries: Entry[] = [];
  let waiting: Entry[] = [];
  let writing: Promise<void> | null = null;
  let failing = false;
  /** Before that nothing is appended, or it would be read as a part of the past. */
  let recalled = false;

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      // Whatever else is recorded in this turn of the loop goes in the same piece.
      await Promise.resolve();
      const text = waiting.map(writeEntry).join('');
      waiting = [];
      try {
        await append(text);
        failing = false;
      } catch (error) {
        if (!failing) log.write('warn', 'agent.history-unwritable', {}, `history is lost at the next restart: ${words(error)}`);
        failing = true;
      }
    }
    writing = null;
  }

  return {
    async recall() {
      try {
        entries = [...readEntries(await read(), MOST), ...entries].slice(-MOST);
      } catch (error) {
        log.write('warn', 'agent.history-unreadable', {}, `what happened before cannot be read: ${words(error)}`);
      }
      recalled = true;
      if (waiting.length > 0) writing ??= flush();
    },
    record(entry) {
      entries.push(entry);
      if (entries.length > MOST * 1.5) entries = entries.slice(-MOST);
      waiting.push(entry);
      if (recalled) writing ??= flush();
    },
    entries: () => entries.slice(-MOST),
    settled: () => writing ?? Promise.resolve(),
  };
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A line of JSON. */
export function writeEntry(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** What was torn by a power cut, or is no line of ours, is left out.
 *  @param most so many of the last lines are read */
export function readEntries(text: string, most = Number.POSITIVE_INFINITY): readonly Entry[] {
  const lines = text.trimEnd().split('\n').slice(-most);
  return lines.flatMap(line => {
    try {
      const value: unknown = JSON.parse(line);
      return isEntry(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}

const LEVELS: readonly unknown[] = ['error', 'warn', 'info', 'debug'] satisfies readonly Level[];

function isEntry(value: unknown): value is Entry {
  if (!isRecord(value)) return false;
  const { at, level, event, fields, message } = value;
  return typeof at === 'number' && LEVELS.includes(level) && typeof event === 'string' && typeof message === 'string' && isRecord(fields);
}
