// Files to pieces: lines without comments, macros put in, other files included, lines of other machines left out, cut at braces.
// Must not know what a word means, nor how files are found: whoever asks brings `Open`.
import { BUILT_IN, type Definitions, definitionIn, expand, sequenceIn } from './definitions.ts';
import { type Finding, type Place, shown, type Verdict } from './finding.ts';
import { placeholderIn } from './placeholder.ts';
import { isQuotedWell, withoutComment } from './words.ts';

/** A file that was read, or why it was not. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly trouble?: string;
}

/** The files that `include` means, in order.
 *  @param pattern as it is written
 *  @param from the file that it is written in */
export type Open = (pattern: string, from: string) => readonly Source[];

/** A line, or the part of one up to a brace; or a brace. */
export interface Piece {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

export interface Lexed {
  readonly pieces: readonly Piece[];
  readonly findings: readonly Finding[];
}

/** Files one in the other, and characters of all files together. */
const DEEPEST = 16;
const MOST_CHARACTERS = 16 * 1024 * 1024;
/** Pieces, as macros may make much out of little. */
const MOST_PIECES = 2_000_000;
/** Characters of a line, which keepalived ignores when it has more than some thousand. */
const LONGEST = 65_536;
/** Nobody reads more. */
const MOST_REFUSED = 50;

/** Never throws, whatever the texts.
 *  @param id what `--config-id` says; null: nothing */
export function lex(main: Source, open: Open, id: string | null): Lexed {
  const pieces: Piece[] = [];
  const findings: Finding[] = [];
  const definitions = new Map<string, readonly string[]>(BUILT_IN);
  const stack: string[] = [];
  let left = MOST_CHARACTERS;
  let refused = 0;

  const found = (verdict: Verdict, { file, line, endLine }: Place, text: string, says: string): void => {
    if (verdict === 'refused') refused += 1;
    if (verdict !== 'refused' || refused <= MOST_REFUSED) findings.push({ verdict, file, line, endLine, text: shown(text), says });
  };

  const read = ({ file, text, trouble }: Source, at: Place | null) => {
    const place = at ?? { file, line: 1, endLine: 1 };
    const wrong = (says: string): void => found('refused', place, at === null ? '' : `include ${file}`, says);
    if (trouble !== undefined) return wrong(`${file}: ${trouble}`);
    if (stack.includes(file)) return wrong(`${file} includes itself: ${[...stack.slice(stack.indexOf(file)), file].join(' -> ')}`);
    if (stack.length >= DEEPEST) return wrong(`files include each other ${DEEPEST} deep`);
    left -= text.length;
    if (left < 0) return wrong('all files together are larger than 16 MiB');
    if (text.includes('\0')) return wrong(`${file} is no text: it has NUL characters`);
    stack.push(file);
    readLines(file, text);
    stack.pop();
  };

  const readLines = (file: string, text: string): void => {
    const lines = text.replace(/^\ufeff/, '').split('\n');
    for (let index = 0; index < lines.length; index += 1) {
      const first = index;
      const raw = (lines[index] ?? '').replace(/\r+$/, '');
      if (/^\s*\{#/.test(raw)) {
        found('refused', { file, line: first + 1, endLine: first + 1 }, raw, 'a placeholder of a template: fill it in first');
        continue;
      }
      if (raw.length > LONGEST) {
        found('refused', { file, line: first + 1, endLine: first + 1 }, raw.slice(0, 100), `this line has more than ${LONGEST} characters`);
        continue;
      }
      let line = withoutComment(raw);
      if (line === '') continue;
      const parts: string[] = [];
      while (line.endsWith('\\') && index + 1 < lines.length) {
        parts.push(line.slice(0, -1).trimEnd());
        index += 1;
        line = withoutComment((lines[index] ?? '').replace(/\r+$/, ''));
      }
      parts.push(line.endsWith('\\') ? line.slice(0, -1).trimEnd() : line);
      take(parts, { file, line: first + 1, endLine: index + 1 });
    }
  };

  /** @param parts the lines that backslashes join */
  const take = (parts: readonly string[], at: Place): void => {
    const [first = '', ...more] = parts;
    const mine = ownLine(first, at);
    if (mine === null) return;
    const definition = definitionIn(mine);
    if (definition !== null) {
      const value = [definition.value, ...more].filter(part => part !== '');
      definitions.set(definition.name, value.length === 0 ? [''] : value);
      found('translated', at, mine, 'put in wherever its name stands');
      if (/^\$\w+\s/.test(mine)) found('changed', at, mine, 'taken as it is meant: keepalived reads no blank before the `=`');
      return;
    }
    if (more.length > 0) found('changed', at, mine, 'joined with the next line, which keepalived reads by itself');
    put([mine, ...more].join(' ').trim(), at, definitions, 0);
  };

  /** The line without what says for which machine it is; null: it is for another one. */
  const ownLine = (text: string, at: Place): string | null => {
    if (!text.startsWith('@')) return text;
    const [, not, name, rest] = /^@(\^?)(\S*)\s+(.+)$/s.exec(text) ?? [];
    if (rest === undefined || placeholderIn(text) !== null) return text;
    if ((name === id) !== (not === '^')) return ownLine(rest, at);
    const hint = id === null ? '; with --config-id NAME it is read as on that machine' : '';
    found('dropped', at, text, `for ${not === '' ? '' : 'every machine but '}${name} only${hint}`);
    return null;
  };

  const put = (text: string, at: Place, known: Definitions, depth: number) => {
    if (text.startsWith('~')) return repeat(text, at, known, depth);
    const ready = expand(text, known);
    if ('trouble' in ready) return found('refused', at, text, ready.trouble);
    for (const line of ready.lines) {
      // A macro may bring a comment, a condition or a sequence of its own.
      const mine = line === text ? line : ownLine(withoutComment(line), at);
      if (mine === null || mine === '') continue;
      if (mine !== text && mine.startsWith('~')) repeat(mine, at, known, depth);
      else emit(mine, at);
    }
  };

  const repeat = (text: string, at: Place, known: Definitions, depth: number) => {
    const sequence = sequenceIn(text, known);
    if (sequence === null || depth > 4) {
      const says = text.startsWith('~LST')
        ? 'lists are not supported: write the lines out'
        : 'this sequence cannot be read: write the lines out';
      return found('refused', at, text, says);
    }
    found('translated', at, text, `repeated ${sequence.values.length} times`);
    for (const value of sequence.values) put(sequence.text, at, new Map([...known, [sequence.name, [value]]]), depth + 1);
  };

  const emit = (text: string, at: Place) => {
    const [, pattern] = /^include[rmwba]?\s+(.*)$/s.exec(text) ?? [];
    if (pattern !== undefined && placeholderIn(text) === null) return include(pattern.replace(/^"(.*)"$/, '$1'), at);
    const placeholder = placeholderIn(text);
    if (placeholder !== null) return found('refused', at, text, 'a placeholder of a template: fill it in first');
    if (!isQuotedWell(text)) return found('refused', at, text, 'a double quote has no other half');
    if (pieces.length >= MOST_PIECES) return found('refused', at, '', 'this becomes more than 2,000,000 lines');
    if (!/[{}]/.test(text)) {
      pieces.push({ file: at.file, line: at.line, text });
      return;
    }
    for (const part of cutAtBraces(text)) pieces.push({ file: at.file, line: at.line, text: part });
  };

  const include = (pattern: string, at: Place) => {
    const sources = open(pattern, at.file);
    if (sources.length === 0)
      return found('unsupported', at, `include ${pattern}`, 'no file has that name: what it was to say is missing here');
    found('translated', at, `include ${pattern}`, `read: ${sources.map(({ file }) => file).join(', ')}`);
    for (const source of sources) read(source, at);
  };

  read(main, null);
  if (refused > MOST_REFUSED) {
    findings.push({ verdict: 'refused', file: main.file, line: 1, endLine: 1, text: '', says: `and ${refused - MOST_REFUSED} more` });
  }
  return { pieces, findings };
}

/** Parts of a line between braces that stand in no double quotes, and the braces. */
function cutAtBraces(text: string): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    if (quoted || (character !== '{' && character !== '}')) continue;
    parts.push(text.slice(from, at), character);
    from = at + 1;
  }
  return [...parts, text.slice(from)].map(part => part.trim()).filter(part => part !== '');
}
