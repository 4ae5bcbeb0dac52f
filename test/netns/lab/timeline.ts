// What sightings amount to: times without an answer, who answered when, who else claimed the address, how regular the
// advertisements were, and how late the machine itself was. Pure; must not know what is allowed: see verdict.ts.
import type { Advert, Answer, Sightings } from './sightings.ts';

/** A time in which an address gave no answer. Instants in µs. */
export interface Outage {
  /** The last answer before it, or the start of the window. */
  readonly from: number;
  /** The first answer after it, or the end of the window. */
  readonly to: number;
  readonly ms: number;
  /** How much of it may be the machine's fault: what the probes and the control sleepers were late in it, ms. */
  readonly controlMs: number;
  readonly before: string | null;
  readonly after: string | null;
}

/** Times between two answers that are longer than `overMs`, longest first.
 *  A first and a last one reach from and to the edge of the window. */
export function outages(seen: Sightings, address: string, from: number, to: number, overMs: number): readonly Outage[] {
  const answers = seen.answers.filter(answer => answer.address === address && answer.at >= from && answer.at < to);
  const found: Outage[] = [];
  let before: Answer | null = null;
  for (const after of [...answers, null]) {
    const start = before?.at ?? from;
    const end = after?.at ?? to;
    if (end - start > overMs * 1000) {
      const controlMs = controlIn(seen, address, start, end);
      found.push({ from: start, to: end, ms: (end - start) / 1000, controlMs, before: before?.node ?? null, after: after?.node ?? null });
    }
    before = after;
  }
  return found.sort((a, b) => b.ms - a.ms);
}

// A failover waits on a few moments of the machine (a timer, a packet, the address, the announcement), not on all of them.
const DECISIVE = 4;

/** How late the machine was between two instants, ms: its longest stalls together, each counted once however many CPUs saw
 *  it, or the longest time in which no probe was sent, whichever is more. */
export function controlIn(seen: Sightings, address: string | null, from: number, to: number): number {
  const late = seen.control
    .map(stall => ({ from: Math.max(from, stall.at - stall.lateUs), to: Math.min(to, stall.at) }))
    .filter(stall => stall.from < stall.to)
    .sort((a, b) => a.from - b.from);
  const stalls: { from: number; to: number }[] = [];
  for (const stall of late) {
    const last = stalls.at(-1);
    if (last !== undefined && stall.from <= last.to) last.to = Math.max(last.to, stall.to);
    else stalls.push({ ...stall });
  }
  const longest = stalls.map(stall => stall.to - stall.from).sort((a, b) => b - a);
  const stalled = longest.slice(0, DECISIVE).reduce((sum, length) => sum + length, 0);
  const probes = seen.sent.filter(probe => address === null || probe.address === address).map(probe => probe.at);
  const moments = probes.length === 0 ? [] : [from, ...probes.filter(at => at >= from && at < to), to];
  let gap = 0;
  for (let i = 1; i < moments.length; i++) gap = Math.max(gap, (moments[i] ?? 0) - (moments[i - 1] ?? 0));
  return Math.max(stalled, gap) / 1000;
}

/** A row of answers from one node. */
export interface Span {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}

/** Who answered the client, in order; a new span starts with each change of the node. */
export function servedBy(seen: Sightings, address: string): readonly Span[] {
  const spans: Span[] = [];
  for (const answer of seen.answers) {
    if (answer.address !== address) continue;
    const last = spans.at(-1);
    if (last?.node === answer.node) spans[spans.length - 1] = { ...last, to: answer.at };
    else spans.push({ node: answer.node, from: answer.at, to: answer.at });
  }
  return spans;
}

/** All that claimed the address when everybody was asked, one entry per question; names sorted. */
export interface Claim {
  readonly at: number;
  readonly nodes: readonly string[];
}

/** Answers belong to the last question before them, the last question of the window is left out. */
export function claims(seen: Sightings, address: string): readonly Claim[] {
  const asked = seen.asked.filter(probe => probe.address === address);
  const holders = seen.holders.filter(answer => answer.address === address);
  const found: Claim[] = [];
  let next = 0;
  for (let i = 0; i + 1 < asked.length; i++) {
    const [at, end] = [asked[i]?.at ?? 0, asked[i + 1]?.at ?? 0];
    const nodes = new Set<string>();
    for (; next < holders.length && (holders[next]?.at ?? 0) < end; next++) {
      const holder = holders[next];
      if (holder !== undefined && holder.at >= at) nodes.add(holder.node);
    }
    found.push({ at, nodes: [...nodes].sort() });
  }
  return found;
}

/** Rows of questions that more than one node answered. */
export function overlaps(
  seen: Sightings,
  address: string,
): readonly { readonly from: number; readonly to: number; readonly nodes: readonly string[] }[] {
  const found: { from: number; to: number; nodes: readonly string[] }[] = [];
  let previous: Claim | null = null;
  for (const claim of claims(seen, address)) {
    const last = found.at(-1);
    if (claim.nodes.length > 1) {
      if (last !== undefined && previous !== null && previous.nodes.length > 1) last.to = claim.at;
      else found.push({ from: claim.at, to: claim.at, nodes: claim.nodes });
    }
    previous = claim;
  }
  return found;
}

/** One node's advertisements of one router, and how far each lay behind its time. */
export interface Spacing {
  readonly count: number;
  /** The longest time between two, in ms; 0 with less than two. */
  readonly longestMs: number;
  /** The same beyond the interval and beyond what the machine was late in that time, ms; at least 0. */
  readonly lateMs: number;
}

export function spacing(seen: Sightings, adverts: readonly Advert[], intervalMs: number): Spacing {
  let longestMs = 0;
  let lateMs = 0;
  for (let i = 1; i < adverts.length; i++) {
    const [from, to] = [adverts[i - 1]?.at ?? 0, adverts[i]?.at ?? 0];
    const ms = (to - from) / 1000;
    longestMs = Math.max(longestMs, ms);
    if (ms > intervalMs) lateMs = Math.max(lateMs, ms - intervalMs - controlIn(seen, null, from, to));
  }
  return { count: adverts.length, longestMs, lateMs };
}

/** Instants at which one node took over advertising from another, with the time in between. */
export function handovers(
  adverts: readonly Advert[],
): readonly { readonly at: number; readonly from: string; readonly to: string; readonly ms: number }[] {
  const found: { at: number; from: string; to: string; ms: number }[] = [];
  for (let i = 1; i < adverts.length; i++) {
    const [before, after] = [adverts[i - 1], adverts[i]];
    if (before === undefined || after === undefined || before.node === after.node) continue;
    found.push({ at: after.at, from: before.node, to: after.node, ms: (after.at - before.at) / 1000 });
  }
  return found;
}
