// The frame around one look over the network: it ends in time, once, and leaves nothing open.
// Must not know what is looked at.
import type { Seen } from '../../../check/probe.ts';
import { oneLine } from '../../../check/words.ts';
import type { Micros } from '../../../vrrp/units.ts';

/** As much of an error as anybody reads, in characters. */
const LONGEST = 200;

/** One look while it goes on. */
export interface Look {
  /** Ends it. Only the first word counts, so whoever comes later need not ask whether somebody else did. */
  end(seen: Seen): void;
  /** Does a part of it that an event asks for, so that what it throws ends this look and not the process. */
  during(part: () => void): void;
  /** Undone when it ends, however it ends; at once when it has ended. */
  closing(undo: () => void): void;
  readonly ended: boolean;
  /** µs until the time is over, 0 and more. */
  left(): number;
}

/** Looks once. Never rejects: what `begin` throws, or rejects with, is a bad look too.
 *  @param late what there is to say when the time is over
 *  @returns when all that was opened is closed */
export function lookWithin(timeout: Micros, late: () => Seen, begin: (look: Look) => void | Promise<void>): Promise<Seen> {
  return new Promise(resolve => {
    const until = performance.now() * 1000 + timeout;
    const undoing: (() => void)[] = [];
    let last: NodeJS.Immediate | null = null;
    let ended = false;

    function end(seen: Seen): void {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      if (last !== null) clearImmediate(last);
      for (const undo of undoing.reverse()) attempt(undo);
      resolve(seen);
    }

    const broken = (error: unknown): void => end(brokenSeen(error));
    const during = (part: () => void): void => {
      try {
        part();
      } catch (error) {
        broken(error);
      }
    };

    // One turn more: when this process stood still, the answer may lie in the socket, and timers come before sockets.
    const timer = setTimeout(() => {
      last = setImmediate(() => during(() => end(late())));
    }, timeout / 1000);

    const look: Look = {
      end,
      during,
      closing: undo => (ended ? attempt(undo) : void undoing.push(undo)),
      get ended() {
        return ended;
      },
      left: () => Math.max(0, until - performance.now() * 1000),
    };
    during(() => void begin(look)?.catch(broken));
  });
}

/** What we did not think of; it must not cost more than this look. */
function brokenSeen(error: unknown): Seen {
  return { trouble: 'failed', seen: `the check itself failed: ${oneLine(String(error), LONGEST)}` };
}

function attempt(undo: () => void): void {
  try {
    undo();
  } catch {
    // What cannot be closed is closed already.
  }
}
