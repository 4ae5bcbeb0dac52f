// What the observer saw, as values, and the reader of its lines.
// Must not know processes or namespaces, and makes no judgement: see timeline.ts and verdict.ts.

/** All instants are CLOCK_MONOTONIC in microseconds; `node` is the name of the machine behind the switch port. */
export interface Probe {
  readonly at: number;
  readonly address: string;
}
export interface Answer extends Probe {
  readonly node: string;
}
export interface Advert {
  readonly at: number;
  readonly node: string;
  readonly source: string;
  readonly version: number;
  readonly vrid: number;
  readonly priority: number;
  readonly intervalMs: number;
  /** The group, or the peer that it was sent to. */
  readonly destination: string;
  /** Addresses in it. */
  readonly count: number;
}
/** A neighbour solicitation (type 135) or advertisement (136). */
export interface Neighbour {
  readonly at: number;
  readonly node: string;
  readonly type: number;
  readonly source: string;
  readonly target: string;
  /** Of an advertisement: 4 router, 2 solicited, 1 override. */
  readonly flags: number;
  readonly mac: string;
}
export interface Arp {
  readonly at: number;
  readonly node: string;
  readonly operation: number;
  readonly sender: string;
  readonly target: string;
  readonly mac: string;
}
export interface Late {
  readonly at: number;
  readonly lateUs: number;
  readonly cpu: number;
}

/** Each list is in the order of time. */
export interface Sightings {
  /** Probes that left, answered or not. */
  readonly sent: readonly Probe[];
  /** Answers that reached the client. */
  readonly answers: readonly Answer[];
  /** Questions who holds an address, put to everybody. */
  readonly asked: readonly Probe[];
  /** Who said "I do". */
  readonly holders: readonly Answer[];
  readonly adverts: readonly Advert[];
  /** ARP frames other than the observer's own questions and the answers to them. */
  readonly arps: readonly Arp[];
  /** Neighbour discovery other than the observer's own questions and the answers to them. */
  readonly neighbours: readonly Neighbour[];
  /** When the machine itself was late. */
  readonly control: readonly Late[];
  /** Frames that the observer failed to see. */
  readonly lost: number;
}

/** The part of `seen` that lies in `from <= at < to`. */
export function between(seen: Sightings, from: number, to: number): Sightings {
  return {
    sent: cut(seen.sent, from, to),
    answers: cut(seen.answers, from, to),
    asked: cut(seen.asked, from, to),
    holders: cut(seen.holders, from, to),
    adverts: cut(seen.adverts, from, to),
    arps: cut(seen.arps, from, to),
    neighbours: cut(seen.neighbours, from, to),
    control: cut(seen.control, from, to),
    lost: seen.lost,
  };
}

/** What was read so far. */
export interface Recording {
  /** Takes a piece of output, which may end in the middle of a line. */
  take(text: string): void;
  /** The instant up to which probes have been reported, 0 before the first. */
  seenUntil(): number;
  sightings(from: number, to?: number): Sightings;
  /** Drops what lies before `at`, so that long runs stay small. */
  forget(at: number): void;
}

/** Reads the observer's lines as they come. */
export function makeRecording(): Recording {
  let rest = '';
  let until = 0;
  let lost = 0;
  const sent: Probe[] = [];
  const answers: Answer[] = [];
  const asked: Probe[] = [];
  const holders: Answer[] = [];
  const adverts: Advert[] = [];
  const arps: Arp[] = [];
  const neighbours: Neighbour[] = [];
  const control: Late[] = [];

  function read(line: string): void {
    const fields: readonly (string | number)[] = JSON.parse(line);
    const text = (i: number) => String(fields[i]);
    const number = (i: number) => Number(fields[i]);
    const at = number(1);
    switch (fields[0]) {
      case 's':
        until = at;
        sent.push({ at, address: text(2) });
        return;
      case 'a':
        answers.push({ at, address: text(2), node: text(4) });
        return;
      case 'q':
        asked.push({ at, address: text(2) });
        return;
      case 'h':
        holders.push({ at, address: text(2), node: text(3) });
        return;
      case 'v': {
        const [version, vrid, priority, intervalMs, count] = [number(4), number(5), number(6), number(7), number(9)];
        adverts.push({ at, node: text(2), source: text(3), version, vrid, priority, intervalMs, destination: text(8), count });
        return;
      }
      case 'n':
        neighbours.push({ at, node: text(2), type: number(3), source: text(4), target: text(5), flags: number(6), mac: text(7) });
        return;
      case 'r':
        arps.push({ at, node: text(2), operation: number(3), sender: text(4), target: text(5), mac: text(6) });
        return;
      case 'c':
        control.push({ at, lateUs: number(2), cpu: number(3) });
        return;
      case 'x':
        lost += at;
        return;
      default:
        throw new Error(`the observer said ${line}`);
    }
  }

  return {
    take(piece) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) read(line);
    },
    seenUntil: () => until,
    sightings(from, to = Number.POSITIVE_INFINITY) {
      return {
        sent: cut(sent, from, to),
        answers: cut(answers, from, to),
        asked: cut(asked, from, to),
        holders: cut(holders, from, to),
        adverts: cut(adverts, from, to),
        arps: cut(arps, from, to),
        neighbours: cut(neighbours, from, to),
        control: cut(control, from, to),
        lost,
      };
    },
    forget(at) {
      for (const list of [sent, answers, asked, holders, adverts, arps, neighbours, control]) list.splice(0, lowerBound(list, at));
    },
  };
}

// The observer's threads take turns in writing, so a list may be out of order by as much as that.
const DISORDER = 50_000;

function cut<T extends { readonly at: number }>(list: readonly T[], from: number, to: number): readonly T[] {
  const piece = list.slice(lowerBound(list, from - DISORDER), lowerBound(list, to + DISORDER));
  return piece.filter(item => item.at >= from && item.at < to).sort((a, b) => a.at - b.at);
}

/** The first index at which `at` may be reached, in a list that is in order but for `DISORDER`. */
function lowerBound(list: readonly { readonly at: number }[], at: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.at ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
