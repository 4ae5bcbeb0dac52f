// Tables to the text of a holdfast.toml that people go on with: one key a line, remarks as comments.
// Must not know keepalived, nor what the keys mean.
import type { Entry, Table, Value } from './document.ts';

/** Behind the value where there is room, else above it. */
const WIDTH = 120;

/** @param head lines of comment at the top */
export function writeToml(head: readonly string[], tables: readonly Table[]): string {
  const parts = tables.map(({ kind, name, remarks, entries }) =>
    [...remarks.flatMap(comment), `[${kind}.${keyText(name)}]`, ...entries.flatMap(entryText)].join('\n'),
  );
  return `${[head.flatMap(comment).join('\n'), ...parts].filter(part => part !== '').join('\n\n')}\n`;
}

function entryText({ key, value, remark }: Entry): readonly string[] {
  const line = `${key} = ${valueText(value)}`;
  if (remark === undefined) return [line];
  const behind = `${line}    # ${oneLine(remark)}`;
  return behind.length <= WIDTH ? [behind] : [...comment(remark), line];
}

function comment(text: string): readonly string[] {
  if (text === '') return ['#'];
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(' ')) {
    if (line !== '' && line.length + word.length + 3 > WIDTH) {
      lines.push(`# ${line}`);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, `# ${line}`];
}

/** A comment ends with its line, and control characters are not allowed in one. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

function valueText(value: Value): string {
  if (typeof value === 'string') return stringText(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (isList(value)) {
    const items = value.map(valueText);
    const short = `[${items.join(', ')}]`;
    return short.length <= WIDTH - 12 || value.length < 2 ? short : `[\n  ${items.join(',\n  ')},\n]`;
  }
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${keyText(key)} = ${valueText(inner)}`)
    .join(', ')} }`;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** A dot in a name would make two of it. */
function keyText(key: string): string {
  return /^[a-zA-Z0-9_-]+$/.test(key) ? key : stringText(key);
}

/** What would move the cursor of a terminal or reorder a line. */
const UNSEEN = '\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}';
const LITERAL = new RegExp(`^[^'${UNSEEN}]*$`, 'u');
const ESCAPED = new RegExp(`["\\\\${UNSEEN}]`, 'gu');

/** Basic strings of TOML 1.0; a literal one where that reads better. */
function stringText(text: string): string {
  if (/["\\]/.test(text) && LITERAL.test(text)) return `'${text}'`;
  return `"${text.replace(ESCAPED, escaped)}"`;
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  const code = character.codePointAt(0) ?? 0;
  // A half of a surrogate pair is no character, and cannot be written.
  if (code >= 0xd800 && code <= 0xdfff) return '\\uFFFD';
  const hex = code.toString(16).toUpperCase();
  return code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
