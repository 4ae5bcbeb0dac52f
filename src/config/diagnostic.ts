// What is wrong with a configuration, as a value, and as the text that the operator reads.
// Must not know TOML, files or terminals: a diagnostic carries its place, the caller brings the source text. Shows no password.
import { MASK, type Stretch, secretsIn } from './mask.ts';

/** Every code there is; docs/errors.md explains each. */
export const CODES = [
  'file-missing',
  'file-unreadable',
  'file-too-large',
  'not-utf8',
  'syntax',
  'duplicate-key',
  'unknown-key',
  'missing-key',
  'wrong-type',
  'bad-name',
  'bad-choice',
  'bad-interface',
  'bad-duration',
  'bad-address',
  'bad-label',
  'bad-peer',
  'bad-source',
  'out-of-range',
  'bad-text',
  'bad-path',
  'bad-program',
  'bad-host',
  'bad-url',
  'bad-unit',
  'bad-regex',
  'bad-header',
  'bad-secret',
  'bad-probe',
  'setting-of-another-type',
  'either-or',
  'name-clash',
  'unknown-check',
  'tracked-twice',
  'too-many-addresses',
  'ipv6-needs-version-3',
  'password',
  'password-unreadable',
  'token-missing',
  'lease-too-short',
  'both-active',
  'machine-differs',
  'vrid-clash',
  'duplicate-address',
  'no-routers',
  'setting-without-effect',
  'password-exposed',
  'check-unused',
  'post-not-encrypted',
  'address-outside-networks',
  'interface-missing',
  'source-missing',
  'no-other-peer',
  'lone-router',
  'weight-without-effect',
  'interval-too-short',
  'link-local-added',
  'own-address-among-peers',
  'watchdog-untracked',
  'hands-over-at-once',
  'password-not-checked',
  'nobody-active',
  'equal-priority',
  'sample-vrid',
] as const;

export type Code = (typeof CODES)[number];

/** An error stops the plan; a warning does where `--strict` is asked; a note never does. */
export type Severity = 'error' | 'warning' | 'note';

/** A stretch of a file. Lines and columns count from 1, columns in characters; the end is behind the last character. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Another place that has to do with it, in words that end in the place: "first used at". */
export interface Related {
  readonly message: string;
  readonly file: string;
  readonly span: Span | null;
}

export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly file: string;
  /** null: the file as a whole. */
  readonly span: Span | null;
  /** A few words beside the carets. */
  readonly label?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly related?: readonly Related[] | undefined;
}

/** Columns of source that one diagnostic shows; a longer line is cut around the carets. */
const WINDOW = 100;
const TAB = 4;

/** The diagnostic as text of several lines, without colour and without the last line end.
 *  @param source the text of `diagnostic.file`; without it, or past its end, the line is left out */
export function render(diagnostic: Diagnostic, source: string): string {
  const { span } = diagnostic;
  const gutter = ' '.repeat(span === null ? 1 : String(span.line).length);
  const lines = [
    `${diagnostic.severity}[${diagnostic.code}]: ${printable(diagnostic.message)}`,
    `${gutter}--> ${place(diagnostic.file, span)}`,
    ...(span === null ? [] : excerpt(span, gutter, source, diagnostic.label)),
  ];
  for (const related of diagnostic.related ?? []) {
    lines.push(`${gutter} = note: ${printable(related.message)} ${place(related.file, related.span)}`);
  }
  if (diagnostic.hint !== undefined) lines.push(`${gutter} = hint: ${printable(diagnostic.hint)}`);
  return lines.join('\n');
}

/** Makes a text from anywhere safe to print: what would move the cursor or reorder the line is shown as U+FFFD. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

/** A word of the operator's inside a message: in backticks, cut when it is very long. */
export function quote(word: string): string {
  const characters = Array.from(word.slice(0, 200));
  return characters.length > 60 ? `\`${characters.slice(0, 60).join('')}…\`` : `\`${word}\``;
}

function place(file: string, span: Span | null): string {
  const name = printable(file);
  return span === null ? name : `${name}:${span.line}:${span.column}`;
}

function excerpt(span: Span, gutter: string, marked: string, label: string | undefined): string[] {
  const source = marked.replace(/^\ufeff/, '');
  const text = source.split('\n', span.line)[span.line - 1];
  if (text === undefined) return [];
  const { cells, width } = layOut(text.replace(/\r$/, ''), secretsIn(source, span.line));
  const columnOf = (character: number) => cells[character]?.column ?? width;
  const start = columnOf(span.column - 1);
  const end = Math.max(start + 1, span.endLine > span.line ? width : columnOf(span.endColumn - 1));
  const shift = width <= WINDOW ? 0 : Math.max(0, start - Math.floor(WINDOW / 3));
  const first = cells.find(cell => cell.column >= shift)?.column ?? width;
  const shown = cells.filter(cell => cell.column >= first && cell.column + cell.width <= shift + WINDOW);
  const before = shift > 0 ? '…' : '';
  const after = width > shift + WINDOW ? '…' : '';
  const indent = ' '.repeat(before.length + start - first);
  const carets = '^'.repeat(Math.min(end, Math.max(start + 1, shift + WINDOW)) - start);
  return [
    `${span.line} | ${before}${shown.map(cell => cell.text).join('')}${after}`.trimEnd(),
    `${gutter} | ${indent}${carets}${label === undefined ? '' : ` ${printable(label)}`}`,
  ];
}

/** One character of a line as a terminal shows it; `column` counts from 0. */
interface Cell {
  readonly text: string;
  readonly column: number;
  readonly width: number;
}

/** @param secrets what nobody may read, in order: each stretch becomes one mask, whatever its length */
function layOut(line: string, secrets: readonly Stretch[]): { cells: readonly Cell[]; width: number } {
  const cells: Cell[] = [];
  let column = 0;
  let units = 0;
  let next = 0;
  for (const character of line) {
    let secret = secrets[next];
    while (secret !== undefined && secret.to <= units) {
      next += 1;
      secret = secrets[next];
    }
    const shown = secret === undefined || units < secret.from ? readable(character, column) : units === secret.from ? HIDDEN : NOTHING;
    cells.push({ ...shown, column });
    column += shown.width;
    units += character.length;
  }
  return { cells, width: column };
}

const HIDDEN = { text: MASK, width: MASK.length };
const NOTHING = { text: '', width: 0 };

function readable(character: string, column: number): Pick<Cell, 'text' | 'width'> {
  const width = character === '\t' ? TAB - (column % TAB) : widthOf(character);
  return { text: character === '\t' ? ' '.repeat(width) : printable(character), width };
}

const COMBINING = /^\p{M}$/u;
const WIDE =
  /^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;

/** Columns of a terminal: 0 for combining marks, 2 for East Asian wide characters and emoji. */
function widthOf(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
