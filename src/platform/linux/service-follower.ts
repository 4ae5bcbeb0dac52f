// Follows the one process that stands for a service, and tells when it is gone.
// Must not know what kind of service it is.
import { type ProcessInfo, sameProcess } from './process-table.ts';
import { onExit } from './process-watch.ts';

export interface Follower {
  /** Another one than before takes its place. */
  follow(process: ProcessInfo): void;
  /** null: none, or it is gone. */
  current(): ProcessInfo | null;
  close(): void;
}

/** @param ended within a turn of the loop after the kernel's word */
export function openFollower(ended: (process: ProcessInfo) => void): Follower {
  let current: ProcessInfo | null = null;
  let forget = (): void => {};
  let closed = false;
  return {
    follow(process) {
      if (closed || (current !== null && sameProcess(current, process))) return;
      forget();
      current = process;
      forget = onExit(process, () => {
        current = null;
        ended(process);
      });
    },
    current: () => current,
    close() {
      closed = true;
      forget();
      current = null;
    },
  };
}
