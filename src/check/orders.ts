// What an operator's order makes of a router: put away for a while, or forward. It goes before what the checks say, or behind it, and never
// lets an address go dark unless that is what was asked for. Must not know who gives orders, nor how long they last.
import type { Standing } from './fitness.ts';

/** `drain`: others are to serve. `promote`: this machine is to. */
export type Move = 'drain' | 'promote';

export interface Ordered {
  readonly move: Move;
  /** `drain`: lets go also when nobody takes over. `promote`: also when its own checks say no. */
  readonly force: boolean;
}

/** How a router stands: by its checks, and with what an operator makes of that. */
export interface Stand {
  readonly standing: Standing;
  /** Sum of the weights. */
  readonly adjustment: number;
  /** What is wrong, or ordered, in words for the log; null: nothing. */
  readonly why: string | null;
}

/** The highest priority of a router that does not own its addresses. RFC 9568 §5.2.4 */
const FOREMOST = 254;

/** @param words the order as people read it, for the reason
 *  @param configured priority of the file */
export function underOrder({ move, force }: Ordered, words: string, stand: Stand, configured: number): Stand {
  const both = stand.why === null ? words : `${words}; ${stand.why}`;
  if (move === 'drain') {
    const standing = force || stand.standing === 'released' ? 'released' : 'demoted';
    return { ...stand, standing, why: both };
  }
  if (stand.standing !== 'well' && !force) return stand;
  return { standing: 'well', adjustment: FOREMOST - configured, why: both };
}
