// "Did you mean": the known word that is nearest to an unknown one.
// Must not know what the words stand for.

/** The candidate that a slip of the fingers would turn into `word`; upper case and lower case count as the same.
 *  @returns null when none is near: more than 3 letters wrong, or than a third of the longer word */
export function suggest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > 64) return null;
  let nearest: string | null = null;
  let least = 4;
  for (const candidate of candidates) {
    const far = distance(word.toLowerCase(), candidate.toLowerCase());
    if (far < least && far <= Math.max(word.length, candidate.length) / 3) {
      nearest = candidate;
      least = far;
    }
  }
  return nearest;
}

/** Edits (insert, delete, replace, swap neighbours) that turn one word into the other: optimal string alignment. */
export function distance(from: string, to: string): number {
  let older: number[] = [];
  let old = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const now = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      now[column] = Math.min(
        cost(old, column) + 1,
        cost(now, column - 1) + 1,
        cost(old, column - 1) + (same ? 0 : 1),
        cost(older, column - 2) + (swapped ? 1 : 2),
      );
    }
    older = old;
    old = now;
  }
  return cost(old, to.length);
}

/** What lies outside the table is never the cheapest way. */
function cost(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
