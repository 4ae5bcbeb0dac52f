// Pieces of the one line that a look at a service says: durations, and what strangers wrote. Pure.
// Must not know who says what of which service.
import type { Micros } from '../vrrp/units.ts';

/** A limit as the configuration has it: `1 s`, `250 ms`. */
export function limitWords(limit: Micros): string {
  return limit < 1_000_000 ? `${limit / 1000} ms` : `${limit / 1_000_000} s`;
}

/** A time that was measured, rounded up, so that what is above a limit also reads so: `0.4 ms`, `31 ms`, `2.4 s`. */
export function tookWords(took: Micros): string {
  if (took < 10_000) return `${Math.ceil(took / 100) / 10} ms`;
  return took < 1_000_000 ? `${Math.ceil(took / 1000)} ms` : `${Math.ceil(took / 100_000) / 10} s`;
}

/** What a stranger wrote, as one line of printable text that is not too long for ours.
 *  @param most characters; what is longer ends in `…` */
export function oneLine(text: string, most: number): string {
  // Not all of a long text: nobody reads it, and it has to be gone through.
  const line = text
    .slice(0, 8 * most)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  const characters = [...line];
  return characters.length > most ? `${characters.slice(0, most).join('')}…` : line;
}

/** Some of many: `a, b, c and 4 more`. */
export function listWords(items: readonly string[], most: number): string {
  const rest = items.length - most;
  return rest > 0 ? `${items.slice(0, most).join(', ')} and ${rest} more` : items.join(', ');
}
