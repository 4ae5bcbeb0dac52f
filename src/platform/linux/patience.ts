// Waiting for the world with a limit: for one answer, and never for two from something that does not answer.
// Must not know what is asked.
import type { Micros } from '../../vrrp/units.ts';

/** What `within` gives when it was not there in time. */
export const LATE = Symbol('late');

/** @param limit 0 and less: it must be there by now
 *  @returns LATE after that; the work itself goes on, and nobody hears of it */
export function within<T>(work: Promise<T>, limit: Micros): Promise<T | typeof LATE> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, limit / 1000, LATE);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Shares what is still going on for the same key. A file system that does not answer keeps one thread of Node's pool (it has
 *  four), not one more with each look. */
export function shared<T>(work: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const going = new Map<string, Promise<T>>();
  return key => {
    const known = going.get(key);
    if (known !== undefined) return known;
    const begun = work(key).finally(() => going.delete(key));
    going.set(key, begun);
    return begun;
  };
}
