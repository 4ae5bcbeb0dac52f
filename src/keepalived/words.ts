// One line of keepalived.conf: where its comment begins, which words it has, and a command line as keepalived splits it.
// Must not know blocks, files, nor what a word means.

/** A line without its comment and without blanks at either end. Inside double quotes `#` and `!` are text; before either a backslash
 *  makes it text. One at the end of the line stays: the line goes on. */
export function withoutComment(line: string): string {
  let quoted = false;
  let out = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at];
    if (character === '"') quoted = !quoted;
    else if (character === '\\') {
      const next = line[at + 1] ?? '';
      out += !quoted && (next === '#' || next === '!') ? next : character + next;
      at += 1;
      continue;
    } else if (!quoted && (character === '#' || character === '!')) break;
    out += character;
  }
  return out.trim();
}

/** Whether each double quote has its other half. */
export function isQuotedWell(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes += 1;
  return quotes % 2 === 0;
}

/** Words between blanks; what stands in double quotes is one word, without them. */
export function splitWords(text: string): readonly string[] {
  return Array.from(text.matchAll(/"([^"]*)"|[^\s"]+/g), ([all, inner]) => inner ?? all);
}

const ESCAPES: Readonly<Record<string, string>> = { a: '\x07', b: '\b', E: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** The words of a command line: both kinds of quotes, and a backslash that takes the meaning from what follows.
 *  @param escapes whether `\n` and its like are read, or stay as they are
 *  @returns null when a quote is not closed */
export function splitCommand(text: string, escapes: boolean): readonly string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '\\') {
      const next = text[at + 1] ?? '';
      if (next === '') return null;
      const read = escapes ? escaped(text, at + 1) : { text: `\\${next}`, length: 1 };
      word = (word ?? '') + read.text;
      at += read.length;
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + character;
  }
  if (word !== null) words.push(word);
  return quote === '' ? words : null;
}

function escaped(text: string, at: number): { readonly text: string; readonly length: number } {
  const [hex] = /^x[0-9a-fA-F]{1,2}/.exec(text.slice(at, at + 3)) ?? [];
  if (hex !== undefined) return { text: String.fromCharCode(Number.parseInt(hex.slice(1), 16)), length: hex.length };
  const [octal] = /^[0-7]{1,3}/.exec(text.slice(at, at + 3)) ?? [];
  if (octal !== undefined) return { text: String.fromCharCode(Number.parseInt(octal, 8) % 256), length: octal.length };
  const character = text[at] ?? '';
  return { text: ESCAPES[character] ?? character, length: 1 };
}
