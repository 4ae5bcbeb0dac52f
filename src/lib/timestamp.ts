// An instant as programs read it.
// Must not know which clock it came from.

/** RFC 3339 in UTC, `2026-03-01T12:00:00.000Z`. @param at ms since 1970 */
export function timestamp(at: number): string {
  return new Date(at).toISOString();
}
