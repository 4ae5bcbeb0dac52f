// The middle of what was measured in several rounds.
// Must not know what was measured.

/** The upper one of two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
