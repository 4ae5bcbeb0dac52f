// Where passwords stand in a text, by the look of it: also in one that is no TOML, under a mistyped key, or in the words of
// keepalived. Must not know the schema. Too much hidden is a nuisance, too little is a leak.
import { suggest } from './suggest.ts';

/** What is shown in the place of a password, whatever its length. */
export const MASK = '********';

/** Part of a line, in UTF-16 units from 0; the end is behind the last one. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A text of several lines that holds a password began no further above. */
const LOOKBACK = 100;

/** @param line counts from 1
 *  @returns the passwords, or parts of passwords, in one line; they do not overlap */
export function secretsIn(text: string, line: number): readonly Stretch[] {
  const lines = text.split('\n', line);
  const above = lines.slice(Math.max(0, line - 1 - LOOKBACK), line - 1).map(other => `${other}\n`);
  const start = above.join('').length;
  const shown = `${above.join('')}${lines.slice(line - 1).join()}`;
  return passwords(shown)
    .filter(({ to }) => to > start)
    .map(({ from, to }) => ({ from: Math.max(from - start, 0), to: to - start }));
}

/** The header of a table; or whether a line begins here, a key, and the sign behind it, which is only a blank in keepalived.conf. */
const WORDS = /^[ \t]*\[\[?([^\n\]]*)\]|(?:(^)[ \t]*|)(?<![\w.-])([\w.-]{1,64})["']?(?:([ \t]*[=:])[ \t]*|[ \t]+)/gm;

function passwords(text: string): Stretch[] {
  const found: Stretch[] = [];
  // Before this, every value is one: it is inside the braces, or under the header, of a password.
  let until = 0;
  let behind = 0;
  for (const match of text.matchAll(WORDS)) {
    const [, header, start, key = '', sign] = match;
    if (match.index < behind) continue;
    if (header !== undefined) {
      until = isSecret(header.replaceAll(/["']/g, '')) ? text.length : 0;
      continue;
    }
    const certain = sign !== undefined && (isSecret(key) || (match.index < until && !HARMLESS.test(key)));
    if (!certain && !(start !== undefined && isSecret(key))) continue;
    const from = match.index + match[0].length;
    if (text[from] === '{') {
      const end = text.indexOf('}', from);
      until = Math.max(until, end < 0 ? text.length : end);
      continue;
    }
    const value = valueAt(text, from);
    if (value.to > value.from) found.push(value);
    behind = value.to;
  }
  return found;
}

/** What is inside quotes that end well, or else everything to the end of the line. */
function valueAt(text: string, from: number): Stretch {
  const quotes = ['"""', "'''"].find(mark => text.startsWith(mark, from));
  if (quotes !== undefined) {
    const end = text.indexOf(quotes, from + 3);
    return { from: from + 3, to: end < 0 ? text.length : end };
  }
  const [line = ''] = text.slice(from).split('\n', 1);
  const rest = line.trimEnd();
  const quoted = /^(?:"(?:\\.|[^"\\])*"|'[^']*')(?=\s*(?:[,}#]|$))/.exec(rest)?.[0];
  return quoted === undefined ? { from, to: from + rest.length } : { from: from + 1, to: from + quoted.length - 1 };
}

/** Keys that say where a password is. */
const HARMLESS = /(^|\.)(file|credential|auth_type)$/i;

function isSecret(key: string): boolean {
  if (HARMLESS.test(key)) return false;
  return key
    .split('.')
    .some(word => /pass|pwd|secret/i.test(word) || (word.length > 4 && suggest(word, ['password', 'auth_pass']) !== null));
}
