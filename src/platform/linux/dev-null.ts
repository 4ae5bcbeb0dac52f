// The file that says nothing, opened once, when a program first needs it: a small machine may have no /dev.
// Must not know programs.
import { openSync } from 'node:fs';

let opened: number | null = null;

/** @returns its descriptor for reading; -1 where there is none, so that whoever starts a program with it hears EBADF */
export function devNull(): number {
  try {
    opened ??= openSync('/dev/null', 'r');
    return opened;
  } catch {
    return -1;
  }
}
