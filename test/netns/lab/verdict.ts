// The lab's verdicts: what was seen against what is allowed, with a text that says both.
// Must not know tap or daemons. A verdict without evidence (nothing was probed, frames were lost) is a refusal.
import type { Sightings } from './sightings.ts';
import { claims, controlIn, outages, overlaps, servedBy, spacing } from './timeline.ts';

export interface Verdict {
  readonly ok: boolean;
  readonly text: string;
  /** What was seen, for whoever has to find out why. */
  readonly seen: Readonly<Record<string, unknown>>;
}

/** A window of a recording, µs. */
export interface Window {
  readonly seen: Sightings;
  readonly from: number;
  readonly to: number;
}

const ms = (us: number) => `${(us / 1000).toFixed(1)} ms`;

function unusable(window: Window, address: string): Verdict | null {
  if (window.seen.lost > 0) return { ok: false, text: `no verdict: the observer lost ${window.seen.lost} frames`, seen: {} };
  const probes = window.seen.sent.filter(probe => probe.address === address).length;
  if (probes < 5) return { ok: false, text: `no verdict: ${probes} probes of ${address} in ${ms(window.to - window.from)}`, seen: {} };
  return null;
}

function story(window: Window, address: string): Readonly<Record<string, unknown>> {
  const since = (at: number) => ms(at - window.from);
  return {
    window: ms(window.to - window.from),
    answered: servedBy(window.seen, address)
      .slice(-12)
      .map(span => `${span.node} ${since(span.from)}..${since(span.to)}`),
    twoHolders: overlaps(window.seen, address)
      .slice(-6)
      .map(both => `${both.nodes.join('+')} ${since(both.from)}..${since(both.to)}`),
    adverts: rows(window),
    machineLate: ms(controlIn(window.seen, null, window.from, window.to) * 1000),
  };
}

/** Advertisements, rows of the same ones as one entry, the last of them. */
function rows(window: Window): readonly string[] {
  const found: { what: string; from: number; to: number; count: number }[] = [];
  for (const advert of window.seen.adverts) {
    const what = `${advert.node} vrid ${advert.vrid} priority ${advert.priority}`;
    const last = found.at(-1);
    if (last?.what === what) Object.assign(last, { to: advert.at, count: last.count + 1 });
    else found.push({ what, from: advert.at, to: advert.at, count: 1 });
  }
  return found.slice(-16).map(row => `${ms(row.from - window.from)}..${ms(row.to - window.from)} ${row.count} x ${row.what}`);
}

/** Everybody who was asked for the address in the window was this one node, and the client was answered by it all the time. */
export function exactlyOneHolder(window: Window, address: string, node: string): Verdict {
  const refused = unusable(window, address);
  if (refused !== null) return refused;
  const seen = story(window, address);
  const others = servedBy(window.seen, address).filter(span => span.node !== node);
  if (others.length > 0)
    return { ok: false, text: `${others.map(span => span.node).join(', ')} answered for ${address}, not only ${node}`, seen };
  const asked = claims(window.seen, address);
  const wrong = asked.filter(claim => claim.nodes.some(name => name !== node));
  if (wrong.length > 0) {
    const who = [...new Set(wrong.map(claim => claim.nodes.join('+')))].join(', ');
    return { ok: false, text: `${wrong.length} of ${asked.length} times ${address} was claimed by ${who}, not only by ${node}`, seen };
  }
  const nobody = asked.filter(claim => claim.nodes.length === 0).length;
  if (asked.length < 3 || nobody > asked.length / 5) {
    return { ok: false, text: `${nobody} of ${asked.length} times nobody said to have ${address}`, seen };
  }
  return { ok: true, text: `${address} was ${node}'s alone for ${ms(window.to - window.from)}`, seen };
}

/** The client was never longer without an answer than `boundMs` plus what the machine itself was late. */
export function outageAtMost(window: Window, address: string, boundMs: number): Verdict {
  const refused = unusable(window, address);
  if (refused !== null) return refused;
  const all = outages(window.seen, address, window.from, window.to, 0).map(outage => ({
    ...outage,
    beyond: outage.ms - outage.controlMs - boundMs,
  }));
  const longest = all.find(outage => outage.beyond > 0) ?? all[0];
  if (longest === undefined) return { ok: false, text: 'no verdict: no time passed', seen: {} };
  const from = longest.before ?? 'the start';
  const to = longest.after ?? 'the end';
  const what = `${longest.ms.toFixed(1)} ms without an answer for ${address}, from ${from} to ${to}`;
  const allowed = `${boundMs.toFixed(1)} ms allowed and ${longest.controlMs.toFixed(1)} ms by the machine`;
  return { ok: longest.beyond <= 0, text: `${what}; ${allowed}`, seen: story(window, address) };
}

/** The longest time without an answer, ms. */
export function longestOutageMs(window: Window, address: string): number {
  return outages(window.seen, address, window.from, window.to, 0)[0]?.ms ?? 0;
}

/** No two nodes answered at the same time for longer than `boundMs`. */
export function overlapAtMost(window: Window, address: string, boundMs: number): Verdict {
  const refused = unusable(window, address);
  if (refused !== null) return refused;
  const longest = [...overlaps(window.seen, address)].sort((a, b) => b.to - b.from - (a.to - a.from))[0];
  if (longest === undefined) return { ok: true, text: `${address} never had two holders`, seen: {} };
  const allowed = boundMs + controlIn(window.seen, null, longest.from, longest.to);
  const lasted = (longest.to - longest.from) / 1000;
  const text = `${longest.nodes.join(' and ')} both held ${address} for ${lasted.toFixed(1)} ms; ${allowed.toFixed(1)} ms allowed`;
  return { ok: lasted <= allowed, text, seen: story(window, address) };
}

/** This node advertised the router all the time, nobody else did, and no advertisement was later than `boundMs` beyond the machine's own lateness. */
export function steadyAdverts(window: Window, vrid: number, node: string, intervalMs: number, boundMs: number): Verdict {
  const adverts = window.seen.adverts.filter(advert => advert.vrid === vrid);
  const recent = rows({ ...window, seen: { ...window.seen, adverts } });
  const others = adverts.filter(advert => advert.node !== node);
  if (others.length > 0) {
    return {
      ok: false,
      text: `${others.length} advertisements of VRID ${vrid} came from ${[...new Set(others.map(a => a.node))].join(', ')}`,
      seen: { recent },
    };
  }
  const found = spacing(window.seen, adverts, intervalMs);
  const expected = Math.max(1, Math.floor((window.to - window.from) / 1000 / (intervalMs + boundMs)) - 1);
  const ok = found.lateMs <= boundMs && found.count >= expected;
  const what = `${found.count} advertisements of VRID ${vrid} by ${node}, the longest pause ${found.longestMs.toFixed(1)} ms`;
  return { ok, text: `${what}, ${found.lateMs.toFixed(1)} ms beyond interval and machine; ${boundMs} ms allowed`, seen: { recent } };
}
