// The figures as tables, and which of them are good enough. Pure; must not know how they came about.
import type { Move, MoveName } from './addresses.ts';
import type { CaseName, Round } from './cases.ts';
import type { Memory } from './contender.ts';
import type { Crowd } from './routers.ts';

export type Setting = 'ipv4' | 'ipv6' | 'mixed';

export interface Figure {
  readonly contender: string;
  readonly setting: Setting;
  readonly name: CaseName;
  readonly intervalMs: number;
  readonly rounds: readonly Round[];
}

export interface MoveFigure {
  readonly contender: string;
  readonly name: MoveName;
  readonly addresses: number;
  readonly rounds: readonly Move[];
}

export interface CrowdFigure {
  readonly contender: string;
  readonly routers: number;
  readonly rounds: readonly Crowd[];
}

export interface Result {
  readonly figures: readonly Figure[];
  readonly moves: readonly MoveFigure[];
  readonly crowds: readonly CrowdFigure[];
  readonly memory: Readonly<Record<string, Memory>>;
  /** What could not be measured, and why. */
  readonly failures: readonly string[];
}

interface Table {
  readonly lines: readonly string[];
  readonly met: boolean;
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

const row = (...cells: readonly string[]) => `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(18) : cell.padStart(25))).join('')}`;
const ms = (values: readonly number[]) => (values.length === 0 ? '-' : `${median(values).toFixed(1)} / ${Math.max(...values).toFixed(1)}`);
const verdict = (good: boolean, target: string) => `${good ? 'ok' : 'MISSED'} (${target})`;
const ratio = (ours: number, theirs: number) => (theirs > 0 ? (ours / theirs).toFixed(2) : '-');
const outagesOf = (figure: { readonly rounds: readonly { readonly outageMs: number }[] } | undefined) =>
  figure?.rounds.map(round => round.outageMs) ?? [];

/** @returns lines to print, and whether every target was met */
export function report(result: Result): Table {
  const parts = [
    outageTable(result.figures),
    beyondTable(result.figures),
    holderTable(result.figures),
    mixedTable(result.figures),
    memoryTable(result.memory),
    moveTable(result.moves),
    crowdTable(result.crowds),
    { lines: result.failures.flatMap(text => ['', `  FAILED ${text}`]), met: result.failures.length === 0 },
  ];
  return { lines: [...parts.flatMap(({ lines }) => lines), ''], met: parts.every(({ met }) => met) };
}

function label({ setting, name, intervalMs }: Figure): string {
  return `${name}${setting === 'ipv6' ? ' IPv6' : ''}@${intervalMs}ms`;
}

function counterpart(figures: readonly Figure[], ours: Figure): Figure | undefined {
  return figures.find(
    f => f.contender === 'keepalived' && f.setting === ours.setting && f.name === ours.name && f.intervalMs === ours.intervalMs,
  );
}

function outageTable(figures: readonly Figure[]): Table {
  const own = figures.filter(({ contender }) => contender === 'holdfast');
  if (own.length === 0) return { lines: [], met: true };
  const lines = ['', '  client without an answer, ms (median / max)', ''];
  lines.push(row('case', 'holdfast', 'keepalived', 'ratio', 'target', 'machine late, max'));
  let met = true;
  for (const ours of own) {
    const theirs = counterpart(figures, ours);
    const target = TARGETS[ours.name];
    const [mine, yours] = [median(outagesOf(ours)), theirs === undefined ? Number.POSITIVE_INFINITY : median(outagesOf(theirs))];
    const good = target.met(mine, yours);
    met &&= good;
    const late = Math.max(...[...ours.rounds, ...(theirs?.rounds ?? [])].map(round => round.controlMs));
    const cells = [ms(outagesOf(ours)), ms(outagesOf(theirs)), ratio(mine, yours), verdict(good, target.text), late.toFixed(1)];
    lines.push(row(label(ours), ...cells));
  }
  return { lines, met };
}

function beyondTable(figures: readonly Figure[]): Table {
  const dead = figures.filter(figure => figure.name === 'dead' && figure.setting !== 'mixed');
  if (dead.length === 0) return { lines: [], met: true };
  const lines = ['', '  dead node: from the last advertisement to the first answer, beyond the protocol’s own wait, ms (median / max)', ''];
  for (const figure of dead) {
    lines.push(row(label(figure), figure.contender, ms(figure.rounds.flatMap(round => (round.beyondMs === null ? [] : [round.beyondMs])))));
  }
  return { lines, met: true };
}

function holderTable(figures: readonly Figure[]): Table {
  const lines: string[] = [];
  let met = true;
  for (const figure of figures.filter(({ name }) => name === 'kill')) {
    const { contender, rounds } = figure;
    const second = rounds.filter(round => round.secondHolder).length;
    if (second > 0) {
      lines.push('', `  ${label(figure)}: ${contender} left a second holder of the address behind ${second} of ${rounds.length} times`);
    }
    if (contender === 'holdfast' && second > 0) met = false;
  }
  return { lines, met };
}

function mixedTable(figures: readonly Figure[]): Table {
  const mixed = figures.filter(({ setting }) => setting === 'mixed');
  if (mixed.length === 0) return { lines: [], met: true };
  const contenders = [...new Set(mixed.map(({ contender }) => contender))];
  const lines = ['', '  mixed pairs, Active > Backup: client without an answer, ms (median / max)', '', row('case', ...contenders)];
  for (const name of new Set(mixed.map(figure => figure.name))) {
    const cells = contenders.map(contender => ms(outagesOf(mixed.find(figure => figure.name === name && figure.contender === contender))));
    lines.push(row(`${name}@${mixed[0]?.intervalMs}ms`, ...cells));
  }
  return { lines, met: true };
}

function memoryTable(all: Readonly<Record<string, Memory>>): Table {
  const ours = all.holdfast;
  if (ours === undefined) return { lines: [], met: true };
  const lines = ['', '  memory, MiB', '', row('', 'anonymous, engine', 'PSS, all processes')];
  for (const [name, { anonymous, pss }] of Object.entries(all)) lines.push(row(name, mib(anonymous), mib(pss)));
  const [anonymous, pss] = [ours.anonymous <= ANONYMOUS_MIB * 1024, ours.pss <= PSS_MIB * 1024];
  lines.push(row('', verdict(anonymous, `at most ${ANONYMOUS_MIB}`), verdict(pss, `at most ${PSS_MIB}`)));
  return { lines, met: anonymous && pss };
}

const mib = (kib: number) => (kib / 1024).toFixed(1);

function moveTable(moves: readonly MoveFigure[]): Table {
  if (moves.length === 0) return { lines: [], met: true };
  const lines = ['', '  many addresses in one router at 100 ms, ms (median / max)', ''];
  lines.push(row('case', 'daemon', 'outage', 'advert > last announced', 'advert > last answer', 'machine late, max'));
  for (const { name, addresses, contender, rounds } of moves) {
    const pick = (of: (move: Move) => number) => ms(rounds.map(of));
    const late = Math.max(...rounds.map(({ controlMs }) => controlMs)).toFixed(1);
    const cells = [pick(move => move.outageMs), pick(move => move.announcedMs), pick(move => move.answeringMs), late];
    lines.push(row(`${name}, ${addresses}`, contender, ...cells));
  }
  return { lines, met: true };
}

/** What is said of many routers, in order; `null` is no figure. */
const COLUMNS: readonly (readonly [string, (crowd: Crowd) => number | null, number])[] = [
  ['exec to first advert, beyond the wait, ms', crowd => crowd.firstAdvertMs, 0],
  ['exec to last router’s first advert, ms', crowd => crowd.allAdvertsMs, 0],
  ['CPU of the Active, %', crowd => crowd.activeCpu, 2],
  ['CPU of the Backup, %', crowd => crowd.backupCpu, 2],
  ['PSS of the Active, MiB', crowd => crowd.activeMemory.pss / 1024, 1],
  ['PSS of the Backup, MiB', crowd => crowd.backupMemory.pss / 1024, 1],
  ['anonymous, engine of the Active, MiB', crowd => crowd.activeMemory.anonymous / 1024, 1],
  ['latest advert of 10 s, ms', crowd => crowd.latestAdvertMs, 1],
  ['status, ms', crowd => crowd.statusMs, 0],
  ['latest advert beside status, ms', crowd => crowd.latestWithStatusMs, 1],
  ['death to last announcement, ms', crowd => crowd.announcedMs, 0],
  ['death to last answer, ms', crowd => crowd.answeringMs, 0],
  ['announcement beyond the wait, worst, ms', crowd => crowd.beyondMs, 1],
];

function crowdTable(crowds: readonly CrowdFigure[]): Table {
  const lines: string[] = [];
  for (const routers of new Set(crowds.map(crowd => crowd.routers))) {
    const here = crowds.filter(crowd => crowd.routers === routers);
    const line = (first: string, cells: readonly string[]) => lines.push(`  ${first.padEnd(42)}${cells.map(c => c.padStart(14)).join('')}`);
    lines.push('');
    line(`${routers} routers at 1 s`, [...here.map(({ contender }) => contender), 'ratio']);
    for (const [text, of, digits] of COLUMNS) {
      const medians = here.map(({ rounds }) => median(rounds.flatMap(round => of(round) ?? [])));
      const shown = medians.map(value => (Number.isNaN(value) ? '-' : value.toFixed(digits)));
      const [ours, theirs] = medians;
      line(text, [...shown, ours === undefined || theirs === undefined ? '-' : ratio(ours, theirs)]);
    }
  }
  return { lines, met: true };
}
