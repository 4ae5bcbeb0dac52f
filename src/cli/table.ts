// How tables for people look: columns, instants, spans of time.
// Must not know what stands in them.

/** Columns two blanks apart, the last one as it is. */
export function align(rows: readonly (readonly string[])[]): readonly string[] {
  const columns = Math.max(...rows.map(row => row.length));
  const widths = Array.from({ length: columns - 1 }, (_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)));
  return rows.map(row => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '));
}

/** `02:56:12 (4 min)`, or the day when that is not today's.
 *  @param instant RFC 3339
 *  @param now ms since 1970 */
export function since(instant: string, now: number): string {
  const at = new Date(instant);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${now - at.getTime() < 86_400_000 ? time : day} (${lasting(now - at.getTime())})`;
}

export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
