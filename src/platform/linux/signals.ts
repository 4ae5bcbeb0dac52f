// Names of signals, and how a child has ended, in words.
// Must not know what ended.
import { constants } from 'node:os';

// Reversed, since the later entry wins: SIGIOT shares its number with SIGABRT, and the man pages say SIGABRT.
const names: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, value]) => [value, name]),
);

/** `SIGKILL`; real-time signals have no names. signal(7) */
export function signalName(signal: number): string {
  return names.get(signal) ?? `signal ${signal}`;
}

/** @param status as `reap` gives it: 0..255, or 256 and a signal
 *  @returns `exit status 1`, `killed by SIGKILL`; for what `reap` does not know, `gone` */
export function exitWords(status: number): string {
  if (status < 0) return 'gone';
  return status < 256 ? `exit status ${status}` : `killed by ${signalName(status - 256)}`;
}
