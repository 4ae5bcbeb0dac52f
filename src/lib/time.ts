// An instant as people read it in a line of text.
// Must not know which clock it came from.

/** Local time, as in the journal: `12:03:11`, with its day when that is more than 24 h from `now`.
 *  @param at ms since 1970
 *  @param now ms since 1970 */
export function showTime(at: number, now: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (Math.abs(now - at) < 86_400_000) return time;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}
