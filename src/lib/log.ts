// Log lines as text, and the limit on how many of one kind are worth reading. Pure: the instant comes in as a number.
// Must not know where lines go, nor what any of them means.

export type Level = 'error' | 'warn' | 'info' | 'debug';
export type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** Where lines go. Never blocks. */
export interface Log {
  write(level: Level, event: string, fields: Fields, message: string): void;
}

const SYSLOG: Readonly<Record<Level, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** One line: stable event name, `key=value` fields, then the sentence for people.
 *  @param journald puts the priority in front as sd-daemon(3) wants it; else the level is a word */
export function formatLine(level: Level, event: string, fields: Fields, message: string, journald: boolean): string {
  const head = journald ? `<${SYSLOG[level]}>${event}` : `${level.padEnd(5)} ${event}`;
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${quote(String(value))}`);
  return `${head}${pairs.join('')} msg=${quote(message)}\n`;
}

/** Bare when it can be, quoted when it holds a space, a quote, an equals sign or a control character. */
function quote(value: string): string {
  return /^[^\s"=\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
}

interface Bucket {
  windowEnds: number;
  written: number;
  suppressed: number;
}

/** Lets `burst` lines of one kind through in each window, and tells with the next one how many were left out.
 *  @param window in the unit of `now`
 *  @returns `admit(kind, now)`: how many were suppressed before this one, or null to suppress it */
export function createLimiter(burst: number, window: number): (kind: string, now: number) => number | null {
  const buckets = new Map<string, Bucket>();
  return (kind, now) => {
    let bucket = buckets.get(kind);
    if (bucket === undefined) {
      bucket = { windowEnds: now + window, written: 0, suppressed: 0 };
      buckets.set(kind, bucket);
    }
    if (now >= bucket.windowEnds) {
      bucket.windowEnds = now + window;
      bucket.written = 0;
    }
    if (bucket.written >= burst) {
      bucket.suppressed += 1;
      return null;
    }
    bucket.written += 1;
    const { suppressed } = bucket;
    bucket.suppressed = 0;
    return suppressed;
  };
}
