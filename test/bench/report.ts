// The figures as a table, and which of them are good enough. Pure; must not know how they came about.
import type { CaseName, Round } from './cases.ts';
import type { Memory } from './contender.ts';

export interface Figure {
  readonly contender: string;
  readonly name: CaseName;
  readonly intervalMs: number;
  readonly rounds: readonly Round[];
}

export interface Result {
  readonly figures: readonly Figure[];
  readonly memory: Readonly<Record<string, Memory>>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** What holdfast must reach, next to keepalived in the same run. Outages in ms, of medians. */
const TARGETS: Record<CaseName, { readonly text: string; readonly met: (ours: number, theirs: number) => boolean }> = {
  dead: { text: 'keepalived + 3', met: (ours, theirs) => ours <= theirs + 3 },
  stop: { text: '5', met: ours => ours <= 5 },
  heal: { text: '20', met: ours => ours <= 20 },
  kill: { text: 'keepalived + 3', met: (ours, theirs) => ours <= theirs + 3 },
};
const ANONYMOUS_MIB = 16;
const PSS_MIB = 75;

/** @returns lines to print, and whether every target was met */
export function report(result: Result): { readonly lines: readonly string[]; readonly met: boolean } {
  const lines = ['', '  client without an answer, ms (median / max)', ''];
  let met = true;
  const row = (...cells: readonly string[]) =>
    lines.push(`  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(16) : cell.padStart(20))).join('')}`);
  const ms = (values: readonly number[]) =>
    values.length === 0 ? '-' : `${median(values).toFixed(1)} / ${Math.max(...values).toFixed(1)}`;
  const verdict = (good: boolean, target: string) => {
    met &&= good;
    return `${good ? 'ok' : 'MISSED'} (${target})`;
  };

  row('case', 'holdfast', 'keepalived', 'target', 'machine late, max');
  for (const ours of result.figures.filter(figure => figure.contender === 'holdfast')) {
    const theirs = result.figures.find(f => f.contender === 'keepalived' && f.name === ours.name && f.intervalMs === ours.intervalMs);
    const of = (figure: Figure | undefined) => figure?.rounds.map(round => round.outageMs) ?? [];
    const target = TARGETS[ours.name];
    const good = target.met(median(of(ours)), theirs === undefined ? Number.POSITIVE_INFINITY : median(of(theirs)));
    const late = Math.max(...[...ours.rounds, ...(theirs?.rounds ?? [])].map(round => round.controlMs));
    row(`${ours.name}@${ours.intervalMs}ms`, ms(of(ours)), ms(of(theirs)), verdict(good, target.text), late.toFixed(1));
  }

  const dead = result.figures.filter(figure => figure.name === 'dead');
  if (dead.length > 0)
    lines.push('', '  dead node: from the last advertisement to the first answer, beyond the protocol’s own wait, ms (median / max)', '');
  for (const { contender, intervalMs, rounds } of dead) {
    row(`${intervalMs}ms`, contender, ms(rounds.flatMap(round => (round.beyondMs === null ? [] : [round.beyondMs]))));
  }
  for (const { contender, intervalMs, rounds } of result.figures.filter(figure => figure.name === 'kill')) {
    const second = rounds.filter(round => round.secondHolder).length;
    if (second > 0)
      lines.push('', `  kill@${intervalMs}ms: ${contender} left a second holder of the address behind ${second} of ${rounds.length} times`);
    if (contender === 'holdfast' && second > 0) met = false;
  }

  const ours = result.memory.holdfast;
  if (ours !== undefined) {
    lines.push('', '  memory, MiB', '');
    row('', 'anonymous, engine', 'PSS, all processes');
    for (const [name, { anonymous, pss }] of Object.entries(result.memory))
      row(name, (anonymous / 1024).toFixed(1), (pss / 1024).toFixed(1));
    const anonymous = verdict(ours.anonymous <= ANONYMOUS_MIB * 1024, `at most ${ANONYMOUS_MIB}`);
    row('', anonymous, verdict(ours.pss <= PSS_MIB * 1024, `at most ${PSS_MIB}`));
  }
  return { lines: [...lines, ''], met };
}
