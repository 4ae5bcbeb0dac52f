// What the laboratory says: its table, what a fault came to, the live picture. Pure, and at most 80 columns wide where it can be.
// Must not know where any of it is shown, nor how it was found out.
import { type Outage, RHYTHM } from './outage.ts';
import type { Fault, FaultKind, Page, Report } from './state.ts';
import type { Target } from './topology.ts';

export const WIDTH = 80;

export interface RouterView {
  readonly name: string;
  readonly family: string;
  readonly state: string;
  /** `200`, or `1 of 200` while a service is sick. */
  readonly priority: string;
  /** What it waits for; null: it takes part. */
  readonly waits: string | null;
}

export interface NodeView {
  readonly name: string;
  /** Without prefix length. */
  readonly addresses: readonly string[];
  readonly page: Page;
  readonly fault: Fault | null;
  /** null: it does not answer. */
  readonly routers: readonly RouterView[] | null;
}

export interface TargetView {
  readonly target: Target;
  /** null: nobody for a second. */
  readonly who: string | null;
  readonly strip: string;
}

export interface View {
  readonly nodes: readonly NodeView[];
  readonly targets: readonly TargetView[];
  readonly last: Report | null;
  /** What happened last, with its time and its node. */
  readonly lines: readonly string[];
  /** `12:03:11` */
  readonly time: string;
}

/** What a node is marked with in a strip: a letter each, as the last one of `edge-a`. */
export function marksOf(names: readonly string[]): ReadonlyMap<string, string> {
  const last = names.map(name => name.slice(-1));
  const distinct = new Set(last).size === last.length;
  return new Map(names.map((name, i) => [name, distinct ? (last[i] ?? '?') : String.fromCharCode(97 + i)]));
}

const FAULT_WORDS: Readonly<Record<FaultKind, string>> = {
  cable: 'cable is out',
  power: 'no power',
  freeze: 'frozen',
  nginx: 'nginx is dead',
};

const PAGE_WORDS: Readonly<Record<Page, string>> = { watched: 'nginx, watched', nginx: 'nginx', 'built-in': 'built-in page' };

/** What a fault is, before it is done. */
export function announceFault(what: FaultKind, node: string, page: Page): string {
  switch (what) {
    case 'cable':
      return `the cable of ${node} is pulled out at the switch`;
    case 'power':
      return `${node} loses its power: every process is killed, its interface is gone`;
    case 'freeze':
      return `${node} stands still: every process is stopped (SIGSTOP), its kernel goes on`;
    case 'nginx':
      return page === 'built-in' ? `the page of ${node} is killed (kill -9)` : `nginx on ${node} is killed (kill -9 of its master)`;
  }
}

/** State of a node in one word, or what keeps it from having one. */
export function stateOf({ routers, fault }: NodeView): string {
  if (fault?.what === 'power') return 'off';
  if (fault?.what === 'freeze') return 'frozen';
  if (routers === null) return 'no answer';
  return [...new Set(routers.map(({ state }) => capital(state)))].join(', ') || 'no router';
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** Columns two blanks apart. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<readonly number[]>((all, row) => row.map((cell, i) => Math.max(cell.length, all[i] ?? 0)), []);
  return rows.map(row =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** The nodes, one a line, or one a line for each virtual router where there are several. */
export function nodeTable(nodes: readonly NodeView[]): readonly string[] {
  const several = nodes.some(({ routers }) => (routers?.length ?? 0) > 1);
  const rows = nodes.flatMap(node => {
    const head = [node.name, node.addresses.slice(0, 2).join(' '), PAGE_WORDS[node.page]];
    const fault = node.fault === null ? '-' : FAULT_WORDS[node.fault.what];
    const routers = isDead(node) ? [] : (node.routers ?? []);
    if (!several || routers.length === 0) return [[...head, ...(several ? ['-'] : []), stateOf(node), routers[0]?.priority ?? '-', fault]];
    return routers.map(({ name, family, state, priority }, i) => [
      ...(i === 0 ? head : ['', '', '']),
      `${name}/${family}`,
      capital(state),
      priority,
      i === 0 ? fault : '',
    ]);
  });
  return columns([['node', 'address', 'page', ...(several ? ['router'] : []), 'state', 'priority', 'fault'], ...rows]);
}

/** What routers wait for where no fault says it already. */
export function waitLines(nodes: readonly NodeView[]): readonly string[] {
  const waiting = nodes.flatMap(node =>
    node.fault === null ? (node.routers ?? []).map(({ name, family, waits }) => ({ who: `${node.name} ${name}/${family}`, waits })) : [],
  );
  return waiting.flatMap(({ who, waits }) => (waits === null ? [] : hanging(`${who}  waits: ${waits}`, who.length + 2, WIDTH)));
}

function isDead({ fault }: NodeView): boolean {
  return fault?.what === 'power' || fault?.what === 'freeze';
}

/** What the client met with, for one address. */
export function outageWords({ longestMs, lost, after, lateMs }: Outage, boundMs: number): string {
  const late = lateMs === 0 ? '' : ` (this machine was busy: the client itself stood still for up to ${lateMs.toFixed(0)} ms)`;
  const requests = lost === 0 ? 'no request was lost' : lost === 1 ? '1 request was lost' : `${lost} requests were lost`;
  if (after === null) return `nobody answers after ${(boundMs / 1000).toFixed(0)} s; ${requests}${late}`;
  if (longestMs < RHYTHM && lost === 0) return `none: never more than ${longestMs.toFixed(0)} ms between two answers${late}`;
  return `${longestMs.toFixed(0)} ms, the longest time between two answers; ${requests}${late}`;
}

/** What a fault or its end came to.
 *  @param why by address: why the one who serves now does, in a sentence */
export function reportLines(report: Report, why: ReadonlyMap<string, string>, boundMs: number): readonly string[] {
  return report.outages.flatMap(outage => {
    const sentence = why.get(outage.target);
    return [
      `  http://${hostOf(outage.target)}/`,
      `    before   ${outage.before ?? 'nobody'} answered`,
      `    now      ${outage.after ?? 'nobody'} answers`,
      ...hanging(`    outage   ${outageWords(outage, boundMs)}`, 13, WIDTH),
      ...(sentence === undefined ? [] : hanging(`    why      ${sentence}`, 13, WIDTH)),
    ];
  });
}

/** The same in one line, for the picture. */
export function briefly({ did, outages }: Report): string {
  const told = outages.map(outage => {
    const { before, after, longestMs, lost } = outage;
    if (after === null) return before === null ? 'still nobody' : `${before} -> nobody`;
    const move = before === after ? after : `${before ?? 'nobody'} -> ${after}`;
    return longestMs < RHYTHM && lost === 0 ? `${move}, no outage` : `${move}, ${longestMs.toFixed(0)} ms, ${lost} lost`;
  });
  return `${did}: ${told.join('; ') || 'nobody was asked'}`;
}

export function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Lines of whole words. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

/** What is said of several nodes is said once. */
export function gather(notes: readonly { readonly node: string; readonly words: string }[]): readonly string[] {
  const nodes = new Map<string, string[]>();
  for (const { node, words } of notes) nodes.set(words, [...(nodes.get(words) ?? []), node]);
  return [...nodes].map(([words, names]) => `${names.join(', ')}: ${words}`);
}

/** What stands under the table when a laboratory has come up: the commands to try.
 *  @param node the one that serves
 *  @param socket its control socket */
export function suggestions(node: string, socket: string): readonly string[] {
  return [
    'try:',
    ...columns([
      [`  holdfast lab break power ${node}`, 'also: cable, freeze, nginx'],
      ['  holdfast lab heal', 'undo every fault'],
      ['  holdfast lab watch', 'live, in a second terminal'],
      ['  holdfast lab down', 'remove all of it'],
    ]),
    'and as on a real machine, also why, history, drain, promote:',
    `  holdfast status --socket ${socket}`,
  ];
}

/** One picture of all that there is. */
export function picture(view: View, width = WIDTH, rows = 24): string {
  const { nodes, targets, last, lines, time } = view;
  const marks = marksOf(nodes.map(({ name }) => name));
  const head = 'holdfast lab';
  const legend = [...marks].map(([name, mark]) => `${mark} ${name}`).join(', ');
  const upper = [
    `${head}${time.padStart(Math.min(width, WIDTH) - head.length)}`,
    '',
    ...nodeTable(nodes),
    ...waitLines(nodes),
    '',
    ...targets.flatMap(({ target, who, strip }) => [
      `client   http://${hostOf(target.address)}/ (${target.router}): ${who === null ? 'NOBODY answers' : `${who} answers`}`,
      // The newest is at its end.
      `         ${strip.slice(-Math.max(1, width - 9))}`,
    ]),
    ...hanging(`         a tenth of a second each: ${legend}, . nobody`, 9, width),
    '',
    ...hanging(`last     ${last === null ? 'nothing was broken yet' : briefly(last)}`, 9, width),
    '',
  ];
  // One row is left for the cursor of a terminal.
  const room = Math.max(3, rows - upper.length - 1);
  const told = lines.map(line => hanging(line, line.indexOf('  ') + 2, width));
  const fits = told.filter((_line, i) => i === told.length - 1 || told.slice(i).flat().length <= room);
  return [...upper.map(line => cut(line, width)), ...fits.flat()].join('\n');
}

function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}

/** A line that is too long goes on below, so far from the left. */
function hanging(line: string, indent: number, width: number): readonly string[] {
  if (line.length <= width) return [line];
  const [head, rest] = [line.slice(0, indent), line.slice(indent)];
  return wrap(rest, Math.max(20, width - indent)).map((each, i) => `${i === 0 ? head : ' '.repeat(indent)}${each}`);
}

const GREEN = '\x1b[32m';
const RED = '\x1b[31m';
const BOLD = '\x1b[1m';
const PLAIN = '\x1b[0m';

/** Colour for what is to be seen at once. Only what is written in colour is longer by it: lines must have been cut before. */
export function paint(text: string): string {
  const bad = Object.values(FAULT_WORDS).join('|');
  return text
    .replaceAll(/\b(Active)\b/g, `${GREEN}${BOLD}$1${PLAIN}`)
    .replaceAll(new RegExp(`\\b(${bad}|NOBODY answers|off|no answer|Fault)\\b`, 'g'), `${RED}$1${PLAIN}`);
}
