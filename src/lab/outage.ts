// From the client's log of answers to what it missed, and to who answered before and after. Pure.
// Must not know who writes the log, nor what happened on the network.

/** The client asks each address so often, and gives a request up after so long; in ms. */
export const ASK_EVERY = 10;
export const PATIENCE = 250;

/** Nobody missed anything: a wait of so many requests is the client's own rhythm; in ms. */
export const RHYTHM = 5 * ASK_EVERY;

/** Of an address that the client asks. */
export function familyOf(target: string): 'ipv4' | 'ipv6' {
  return target.includes(':') ? 'ipv6' : 'ipv4';
}

/** One request. Instants in µs, CLOCK_MONOTONIC. */
export interface Request {
  readonly sent: number;
  readonly target: string;
  /** null: no answer came. */
  readonly answer: { readonly at: number; readonly who: string } | null;
}

/** The client itself stood still, as its machine had no time for it: no fault of whoever was asked. */
export interface Stall {
  /** When it went on, µs. */
  readonly at: number;
  readonly ms: number;
}

export interface ClientLog {
  readonly requests: readonly Request[];
  readonly stalls: readonly Stall[];
}

export const NOTHING: ClientLog = { requests: [], stalls: [] };

/** A line of the log: `SENT TARGET ANSWERED WHO`, or `SENT TARGET -`. */
export function formatRequest({ sent, target, answer }: Request): string {
  return `${sent} ${target} ${answer === null ? '-' : `${answer.at} ${answer.who}`}\n`;
}

/** A line of the log: `AT late MS`. */
export function formatStall({ at, ms }: Stall): string {
  return `${at} late ${Math.round(ms)}\n`;
}

/** Reads what was appended to the log. A torn line is left out. */
export function parseLog(text: string): ClientLog {
  const requests: Request[] = [];
  const stalls: Stall[] = [];
  for (const line of text.split('\n')) {
    const [, at, ms] = /^(\d+) late (\d+)$/.exec(line) ?? [];
    if (at !== undefined) stalls.push({ at: Number(at), ms: Number(ms) });
    const [, sent, target = '', answered, who] = /^(\d+) ([0-9a-f.:]+) (?:-|(\d+) ([a-z0-9-]{1,32}))$/.exec(line) ?? [];
    if (sent === undefined) continue;
    const answer = answered === undefined || who === undefined ? null : { at: Number(answered), who };
    requests.push({ sent: Number(sent), target, answer });
  }
  return { requests, stalls };
}

/** A log that goes on. */
export function append(log: ClientLog, more: ClientLog): ClientLog {
  return { requests: [...log.requests, ...more.requests], stalls: [...log.stalls, ...more.stalls] };
}

/** What the client of one address met with. */
export interface Outage {
  readonly target: string;
  /** Who answered last before, and who answers at the end; null: nobody. */
  readonly before: string | null;
  readonly after: string | null;
  /** The longest time between two answers, ms. */
  readonly longestMs: number;
  /** Requests without an answer. */
  readonly lost: number;
  /** How long the client itself stood still at most, ms; 0: never. */
  readonly lateMs: number;
}

/** Answers in the order in which they came. */
function answersOf(requests: readonly Request[], target: string): readonly { readonly at: number; readonly who: string }[] {
  return requests.flatMap(each => (each.target === target && each.answer !== null ? [each.answer] : [])).sort((a, b) => a.at - b.at);
}

/** @param log what is before `from` say who answered before
 *  @param from when the fault was done, µs
 *  @param to until when was looked, µs */
export function outageOf({ requests, stalls }: ClientLog, target: string, from: number, to: number): Outage {
  const answers = answersOf(requests, target);
  const last = answers.findLast(({ at }) => at < from);
  const within = answers.filter(({ at }) => at >= from && at < to);
  const instants = [last === undefined || last.at < from - 1_000_000 ? from : last.at, ...within.map(({ at }) => at), to];
  const longest = Math.max(0, ...instants.slice(1).map((at, i) => at - (instants[i] ?? at)));
  const lost = requests.filter(each => each.target === target && each.answer === null && each.sent >= from && each.sent < to);
  return {
    target,
    before: last !== undefined && last.at >= from - 1_000_000 ? last.who : null,
    after: within.findLast(({ at }) => at >= to - 500_000)?.who ?? null,
    longestMs: longest / 1000,
    lost: lost.length,
    lateMs: Math.max(0, ...stalls.filter(({ at }) => at >= from && at < to).map(({ ms }) => ms)),
  };
}

/** Whether one node alone has answered for the last `steadyMs`, without a pause. */
export function isSteady(requests: readonly Request[], target: string, now: number, steadyMs: number): boolean {
  const recent = answersOf(requests, target).filter(({ at }) => at >= now - steadyMs * 1000);
  const enough = recent.length >= steadyMs / ASK_EVERY / 3;
  return enough && recent.every(({ who }) => who === recent[0]?.who) && now - (recent.at(-1)?.at ?? 0) < 100_000;
}

/** The last seconds as one character for each `step`: the mark of who answered last in it, `.` for nobody.
 *  @param marks by name of a node */
export function strip(
  requests: readonly Request[],
  target: string,
  now: number,
  stepMs: number,
  length: number,
  marks: ReadonlyMap<string, string>,
): string {
  const cells = Array.from({ length }, () => '.');
  const begin = now - length * stepMs * 1000;
  for (const { at, who } of answersOf(requests, target)) {
    const cell = Math.floor((at - begin) / (stepMs * 1000));
    if (cell >= 0 && cell < length) cells[cell] = marks.get(who) ?? '?';
  }
  return cells.join('');
}
