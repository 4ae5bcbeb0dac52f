// One file's text to a table, with every syntax error in it: after one, the statement is blanked out and reading goes on.
// Must not know what the keys mean.
import { parse as parseToml } from 'toml';
import { explain, openBracket, type SyntaxFlaw } from './syntax.ts';
import type { Table } from './tree.ts';

export interface Parsed {
  /** Undefined when the text could not be read to its end. Without the statements that `flaws` are about. */
  readonly tree: Table | undefined;
  /** What `tree` was read from: as long as the original, so that positions are the same. */
  readonly text: string;
  readonly flaws: readonly SyntaxFlaw[];
}

/** Enough to be useful, and a bound on how often a large text is read again. */
const MOST_FLAWS = 20;
const LARGE = 65_536;
const LONGEST_VALUE = 300;

/** Reads TOML. Never throws, whatever the text. */
export function parse(original: string): Parsed {
  const flaws: SyntaxFlaw[] = [];
  let text = original;
  for (;;) {
    const result = attempt(text, original);
    if (result.flaw === null) return { tree: result.tree, text, flaws };
    flaws.push(result.flaw);
    const rest = result.flaw.last || flaws.length === MOST_FLAWS || text.length > LARGE ? null : without(text, result.flaw.span.line);
    if (rest === null) return { tree: undefined, text, flaws };
    text = rest;
  }
}

function attempt(text: string, original: string): { tree: Table; flaw: null } | { flaw: SyntaxFlaw } {
  try {
    const tree: Table = parseToml(text);
    return { tree, flaw: null };
  } catch (error) {
    return { flaw: explain(text, error, original) };
  }
}

/** Blanks out the statement that begins in a line: a header with everything under it, or a value to its last bracket.
 *  @returns null when there is nothing to blank out, so that reading again would stop at the same place */
function without(text: string, line: number): string | null {
  const lines = text.split('\n');
  const from = line - 1;
  const first = lines.slice(from, line).join();
  if (first.trim() === '') return null;
  let to = line;
  if (isHeader(first)) {
    const next = lines.findIndex((content, index) => index > from && isHeader(content));
    to = next < 0 ? lines.length : next;
  } else if (/^[^#"']*=/.test(first)) {
    const end = Math.min(lines.length, line + LONGEST_VALUE);
    while (to < end && openBracket(lines.slice(from, to).join('\n')) !== null) to += 1;
  }
  return lines.map((content, index) => (index >= from && index < to ? ' '.repeat(content.length) : content)).join('\n');
}

function isHeader(line: string): boolean {
  return /^\s*\[/.test(line);
}
