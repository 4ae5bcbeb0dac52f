// Where in a TOML text a key or a value stands: paths to spans. The second parser is loaded by the first call only.
// Must not know what the keys mean.
import type { AST } from 'toml-eslint-parser';
import type { Span } from './diagnostic.ts';
import { MAX_DEPTH, type Path } from './tree.ts';

/** The span of a key or of its value; of the nearest table around it where it is not written down; null for nothing. */
export type Locate = (path: Path, at: 'key' | 'value') => Span | null;

/** Finds every key of a text that `toml` could parse.
 *  @returns a locator that finds nothing when the two parsers disagree about the text */
export async function locator(text: string): Promise<Locate> {
  const { parseTOML } = await import('toml-eslint-parser');
  const marks: Marks = new Map();
  try {
    const [top] = parseTOML(text, { tomlVersion: '1.1' }).body;
    collect(top, marks);
  } catch {
    // A message without a position is better than none: very long strings exhaust this parser's stack.
    return () => null;
  }
  const toSpan = spanner(text);
  const locate: Locate = (path, at) => {
    const found = marks.get(JSON.stringify(path.slice(0, MAX_DEPTH)));
    if (found !== undefined) return toSpan(found[at]);
    return path.length === 0 ? null : locate(path.slice(0, -1), 'key');
  };
  return locate;
}

/** Positions as the parser gives them, by path. */
type Marks = Map<string, { readonly key: AST.SourceLocation; readonly value: AST.SourceLocation }>;

function collect(top: AST.TOMLTopLevelTable, marks: Marks): void {
  for (const entry of top.body) {
    if (entry.type === 'TOMLKeyValue') {
      collectPair(entry, [], marks);
      continue;
    }
    collectHeader(entry, marks);
    for (const pair of entry.body) collectPair(pair, entry.resolvedKey, marks);
  }
}

/** Notes each table that a header names; a step without a key of its own is the index in an array of tables. */
function collectHeader(table: AST.TOMLTable, marks: Marks): void {
  const { loc, keys } = table.key;
  let named = 0;
  let end = loc;
  let path: Path = [];
  for (const step of table.resolvedKey.slice(0, MAX_DEPTH)) {
    path = [...path, step];
    if (typeof step === 'string') {
      for (const part of keys.slice(named, named + 1)) end = part.loc;
      named += 1;
    }
    const own = { start: loc.start, end: end.end };
    note(path, own, own, marks);
  }
}

function collectPair(pair: AST.TOMLKeyValue, parent: Path, marks: Marks): void {
  const { loc, keys } = pair.key;
  let path = parent;
  for (const [index, part] of keys.slice(0, Math.max(0, MAX_DEPTH - parent.length)).entries()) {
    path = [...path, part.type === 'TOMLBare' ? part.name : part.value];
    const own = { start: loc.start, end: part.loc.end };
    note(path, own, index === keys.length - 1 ? pair.value.loc : own, marks);
  }
  collectContent(pair.value, path, marks);
}

function collectContent(node: AST.TOMLContentNode, path: Path, marks: Marks): void {
  if (path.length >= MAX_DEPTH) return;
  if (node.type === 'TOMLInlineTable') for (const pair of node.body) collectPair(pair, path, marks);
  if (node.type !== 'TOMLArray') return;
  for (const [index, element] of node.elements.entries()) {
    note([...path, index], element.loc, element.loc, marks);
    collectContent(element, [...path, index], marks);
  }
}

/** The first place wins: a table is introduced where it first appears. */
function note(path: Path, key: AST.SourceLocation, value: AST.SourceLocation, marks: Marks): void {
  const name = JSON.stringify(path);
  if (!marks.has(name)) marks.set(name, { key, value });
}

/** The parser counts columns in UTF-16 units from 0, we in characters from 1. */
function spanner(text: string): (mark: AST.SourceLocation) => Span {
  const lines = text.split('\n');
  // Counting characters is slow on a line of a megabyte, and mostly needless.
  const astral = /[\ud800-\udbff]/.test(text);
  const column = ({ line, column: units }: AST.Position) => (astral ? characters(lines.slice(line - 1, line).join(), units) : units) + 1;
  return ({ start, end }) => ({ line: start.line, column: column(start), endLine: end.line, endColumn: column(end) });
}

/** How many characters the first `units` UTF-16 units of a line are. */
export function characters(line: string, units: number): number {
  return Array.from(line.slice(0, units)).length;
}
