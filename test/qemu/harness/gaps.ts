// The arithmetic of the client's log: how long nobody answered, who did, what got lost.
// Pure: must not know clocks, processes or guests. A wrong ruler is worse than none, so test/qemu/ruler.ts holds it.

/** One request of the client, µs of its clock. */
export interface Request {
  readonly sent: number;
  /** When it was over, one way or the other. */
  readonly at: number;
  readonly address: string;
  /** First word of the page: the name of the machine that made it. null: no page. */
  readonly page: string | null;
  /** Why there is no page: `timeout`, an errno, `cut` (the connection ended early), `status`. */
  readonly lost: string | null;
}

export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly ms: number;
  /** Who answered before and after it; null: nobody in the window. */
  readonly before: string | null;
  readonly after: string | null;
}

/** The longest time in `from..to` without a complete page; the edges of the window count as pages.
 *  @param since what ended before it is somebody else's: the gap that an event makes begins with the last page before the event */
export function longestGap(requests: readonly Request[], from: number, to: number, since = from): Gap {
  const pages = answered(requests, from, to);
  let longest: Gap = { from, to: from, ms: 0, before: null, after: null };
  let before: { readonly at: number; readonly page: string | null } = { at: from, page: null };
  for (const next of [...pages, { at: to, page: null }]) {
    const ms = (next.at - before.at) / 1000;
    if (ms > longest.ms && next.at >= since) longest = { from: before.at, to: next.at, ms, before: before.page, after: next.page };
    before = next;
  }
  return longest;
}

/** The time without a page in which another machine took over: from the last page before the first one of `next`, to that one.
 *  @returns null when `next` never answered in the window, or nobody had before it */
export function handover(requests: readonly Request[], from: number, to: number, next: string): Gap | null {
  const pages = answered(requests, from, to);
  const i = pages.findIndex(({ page }) => page === next);
  const [before, after] = [pages[i - 1], pages[i]];
  if (before === undefined || after === undefined) return null;
  return { from: before.at, to: after.at, ms: (after.at - before.at) / 1000, before: before.page, after: after.page };
}

/** The longest time in which the client itself did not ask, ms: what it could not see. */
export function longestSilence(requests: readonly Request[], from: number, to: number): number {
  const sent = requests.map(request => request.sent).filter(at => at >= from && at <= to);
  sent.sort((a, b) => a - b);
  let longest = 0;
  let before = from;
  for (const at of [...sent, to]) {
    longest = Math.max(longest, at - before);
    before = at;
  }
  return longest / 1000;
}

/** Complete pages in the order in which they came. */
export function answered(requests: readonly Request[], from: number, to: number): readonly Request[] {
  return requests.filter(({ page, at }) => page !== null && at >= from && at <= to).sort((a, b) => a.at - b.at);
}

/** Who answered in the window, each name once, in the order of the first answer. */
export function answerers(requests: readonly Request[], from: number, to: number): readonly string[] {
  return [...new Set(answered(requests, from, to).map(request => request.page ?? ''))];
}

/** What became of the requests sent in the window: how many, and how many were lost of what. */
export function tally(
  requests: readonly Request[],
  from: number,
  to: number,
): { readonly sent: number; readonly lost: Record<string, number> } {
  const sent = requests.filter(request => request.sent >= from && request.sent <= to);
  const lost: Record<string, number> = {};
  for (const { lost: why } of sent) if (why !== null) lost[why] = (lost[why] ?? 0) + 1;
  return { sent: sent.length, lost };
}
