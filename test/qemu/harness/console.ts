// What a guest prints on its serial port, read from the file that QEMU writes.
// Must not know what a test waits for. Words that mean a broken guest end every wait at once.
import { closeSync, openSync, readSync } from 'node:fs';
import { now, until } from '../../netns/lab/clock.ts';

export interface ConsoleLine {
  /** When it was seen here, µs; up to one look late. */
  readonly at: number;
  readonly text: string;
}

export interface Console {
  /** All lines so far, control sequences taken out. */
  lines(): readonly ConsoleLine[];
  /** Throws when the guest has said something that no healthy guest says. */
  check(): void;
  /** From now on this is no alarm: the story breaks the very thing. */
  allow(pattern: RegExp): void;
  /** Waits for a line at or after `since` (µs). */
  says(pattern: RegExp, boundMs: number, since?: number, alive?: () => void): Promise<ConsoleLine>;
  /** Whether a line at or after `since` matches. */
  said(pattern: RegExp, since?: number): boolean;
  tail(count?: number): string;
}

const ALARMS: readonly RegExp[] = [
  /kernel panic/i,
  /\bBUG:|\bOops:/,
  /Failed to start/,
  /emulation failure/i,
  /Out of memory|oom-kill/,
  /emergency mode|rescue shell/i,
  /segfault|core dumped/i,
  /ordering cycle/i,
  // The appliance's own words for a box that gets along without what it should have.
  /no state can be kept|cannot be mended/,
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are made of them
const CONTROL = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b[()][0-9A-B]|\u001b[=>78c]|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** Reads the file as it grows; it may not be there yet.
 *  @param words also written there by QEMU itself (standard error), for `emulation failure` */
export function readConsole(name: string, path: string): Console {
  const lines: ConsoleLine[] = [];
  const allowed: RegExp[] = [];
  const bytes = Buffer.alloc(65_536);
  let offset = 0;
  let rest = '';
  let checked = 0;

  const read = () => {
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch {
      return lines;
    }
    try {
      for (;;) {
        const count = readSync(file, bytes, 0, bytes.length, offset);
        if (count === 0) break;
        offset += count;
        const pieces = (rest + bytes.toString('latin1', 0, count)).split(/\r*\n/);
        rest = pieces.pop() ?? '';
        const at = now();
        for (const piece of pieces) lines.push({ at, text: piece.replace(CONTROL, '') });
      }
    } finally {
      closeSync(file);
    }
    return lines;
  };
  const tail = (count = 12) =>
    [
      ...read()
        .slice(-count)
        .map(line => line.text),
      rest.replace(CONTROL, ''),
    ]
      .filter(text => text !== '')
      .join('\n  ') || 'nothing was printed';
  const check = () => {
    read();
    for (; checked < lines.length; checked++) {
      const text = lines[checked]?.text ?? '';
      if (ALARMS.some(alarm => alarm.test(text)) && !allowed.some(pattern => pattern.test(text))) {
        throw new Error(`the console of ${name} says: ${text.trim()}`);
      }
    }
  };
  const find = (pattern: RegExp, since: number) => read().find(line => line.at >= since && pattern.test(line.text));
  return {
    lines: read,
    check,
    allow: pattern => {
      allowed.push(pattern);
    },
    says: (pattern, boundMs, since = 0, alive) =>
      until(
        `the console of ${name} to say ${pattern}`,
        boundMs,
        () => {
          check();
          alive?.();
          return find(pattern, since);
        },
        tail,
      ),
    said: (pattern, since = 0) => find(pattern, since) !== undefined,
    tail,
  };
}
