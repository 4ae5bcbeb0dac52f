// Says in words, with a place and a cure, why a text is not TOML.
// Must not know what the keys mean; the parser's own words are the last resort.
import { z } from 'zod';
import { quote, type Span } from './diagnostic.ts';
import { characters } from './locate.ts';
import { MASK, secretsIn } from './mask.ts';

export interface SyntaxFlaw {
  readonly code: 'syntax' | 'duplicate-key';
  readonly message: string;
  readonly span: Span;
  readonly label?: string;
  readonly hint?: string;
  /** What follows cannot be trusted: no second mistake is looked for. */
  readonly last: boolean;
}

/** What `toml` throws: its grammar's errors have a `location`, its own a line and a column; all count from 1. */
const Grammar = z.object({ location: z.object({ start: z.object({ line: z.number(), column: z.number() }) }) });
const Own = z.object({ line: z.number().catch(1), column: z.number().catch(1), message: z.string() });

/** The statement in which the parser gave up. `column` counts UTF-16 units from 0. */
interface Scene {
  readonly text: string;
  /** The text as the operator has it, without statements blanked out: passwords are found by what stands around them. */
  readonly original: string;
  readonly line: string;
  readonly number: number;
  readonly column: number;
}

type Words = Omit<SyntaxFlaw, 'code' | 'span' | 'last'>;

/** @param thrown what `toml` threw at `text`
 *  @param original the same text before anything in it was blanked out */
export function explain(text: string, thrown: unknown, original = text): SyntaxFlaw {
  const grammar = Grammar.safeParse(thrown);
  if (grammar.success) return explainGrammar(sceneAt(text, original, grammar.data.location.start));
  const { message, ...at } = Own.parse(thrown);
  const scene = sceneAt(text, original, at);
  const twice = /^Cannot redefine existing key '(.*)'\.$/s.exec(message)?.[1];
  if (twice !== undefined) {
    const name = isHidden(scene, scene.column, tokenEnd(scene)) ? 'a key' : quote(twice);
    const hint = scene.line.startsWith('[') ? 'write everything about it under one header' : 'remove one of the two';
    return { ...flaw(scene, scene.column, tokenEnd(scene), { message: `${name} is there twice`, hint }), code: 'duplicate-key' };
  }
  // Some of the parser's own words repeat a key or a number.
  const said = isSecret(scene) && !/^[a-z ]+\.?$/i.test(message) ? 'This is not a value in TOML.' : message;
  const words = said.charAt(0).toLowerCase() + said.slice(1).replace(/\.$/, '');
  return flaw(scene, scene.column, tokenEnd(scene), { message: words });
}

function explainGrammar(scene: Scene): SyntaxFlaw {
  const { line, column } = scene;
  const found = String.fromCodePoint(line.codePointAt(column) ?? 10);
  if (/[^\P{Cc}\n\r\t]/u.test(found)) {
    const code = found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return { ...flaw(scene, column, column + 1, { message: `the file contains the control character U+${code}` }), last: true };
  }
  const open = unclosed(scene);
  if (open !== null) {
    return {
      ...flaw(open.scene, open.scene.column, open.scene.column + open.bracket.length, {
        message: `this ${quote(open.bracket)} is not closed`,
      }),
      last: true,
    };
  }
  if (line.length > LONG) return explainLine(scene);
  if (looksLikeKeepalived(line)) {
    const hint =
      'this looks like keepalived.conf, which `holdfast import` translates; TOML has a header `[vrrp.NAME]`, then lines `key = value`';
    return { ...flaw(scene, line.search(/\S/), line.trimEnd().length, { message: 'this is not TOML', hint }), last: true };
  }
  return explainPair(scene) ?? explainLine(scene);
}

/** The patterns below take quadratic time on blanks, so they only see lines that a person could have written. */
const LONG = 1_000;

const PAIR = /^\s*(?<key>[\w.-]+)\s*=\s*(?<value>[^#]*?)\s*(?:#.*)?$/d;

/** A line that is `key = ` and something. */
function explainPair(scene: Scene): SyntaxFlaw | null {
  const match = PAIR.exec(scene.line);
  const [from, to] = match?.indices?.groups?.value ?? [0, 0];
  const [keyFrom, keyTo] = match?.indices?.groups?.key ?? [0, 0];
  const { key, value } = match?.groups ?? {};
  if (key === undefined || value === undefined) return null;
  const say = (words: Words) => flaw(scene, from, to, words);
  if (isHidden(scene, keyFrom, keyTo)) return say({ message: 'this is not TOML' });
  if (value === '') return say({ message: `${quote(key)} has no value` });
  if (isSecret(scene)) {
    const hint = /^[[{]/.test(value)
      ? 'what is wrong is not shown, as there is a password beside it'
      : `write \`${key} = "${MASK}"\`, in quotes`;
    return say({ message: 'this is not a value in TOML', hint });
  }
  if (/^(yes|on|true)$/i.test(value)) return say({ message: `${quote(value)} is not a value`, hint: `write \`${key} = true\`` });
  if (/^(no|off|false)$/i.test(value)) return say({ message: `${quote(value)} is not a value`, hint: `write \`${key} = false\`` });
  if (/^("[^"]*|'[^']*)$/.test(value)) return say({ message: 'this text is not closed', hint: 'the quote at its end is missing' });
  if (/;$/.test(value)) return say({ message: 'a line does not end in `;`', hint: `write \`${key} = ${value.slice(0, -1)}\`` });
  if (/^0\d+$/.test(value)) return say({ message: 'a number does not begin with 0', hint: `write \`${key} = ${Number(value)}\`` });
  if (/^\d/.test(value) && !/[./:]|\d(ms|s|m|h)$/.test(value))
    return say({ message: `${quote(value)} is neither a number nor text in quotes` });
  if (/^[\w./:%+-]+$/.test(value)) return say({ message: 'text needs quotes', hint: `write \`${key} = "${value}"\`` });
  const bare = /^\[\s*(?<items>[\w./:%+-]+(?:\s*,\s*[\w./:%+-]+)*)\s*,?\s*\]$/.exec(value)?.[1];
  if (bare === undefined) return null;
  const quoted = bare.split(',').map(item => `"${item.trim()}"`);
  return say({ message: 'text needs quotes', hint: `write \`${key} = [${quoted.join(', ')}]\`` });
}

/** Whether the words about a line must not repeat any of it. */
function isSecret({ original, number }: Scene): boolean {
  return secretsIn(original, number).length > 0;
}

function isHidden({ original, number }: Scene, from: number, to: number): boolean {
  return secretsIn(original, number).some(secret => secret.from < to && from < secret.to);
}

/** Any other line. Where no header came before it, this is hardly a configuration at all. */
function explainLine(scene: Scene): SyntaxFlaw {
  const { text, line, number, column } = scene;
  if (/^\s*\[/.test(line)) {
    return flaw(scene, line.search(/\S/), line.trimEnd().length, {
      message: 'this is no header',
      hint: 'a header looks like `[vrrp.web]`',
    });
  }
  const headless = !text
    .split('\n', number)
    .slice(0, number - 1)
    .some(above => /^\s*\[/.test(above));
  const say = (words: Words) => ({ ...flaw(scene, column, tokenEnd(scene), words), last: headless });
  const word = /^\s*([\w.-]+)(?:\s+(?!=)|\s*:|\s*$)/.exec(line)?.[1];
  const start = line.search(/\S/);
  if (word !== undefined && !isHidden(scene, start, start + word.length))
    return say({ message: `expected \`=\` after ${quote(word)}`, hint: 'a setting looks like `key = value`' });
  if (isSecret(scene)) return say({ message: 'this is not TOML' });
  const token = line.slice(column, tokenEnd(scene));
  if (/^["']/.test(token)) return say({ message: `unexpected ${quote(token)}`, hint: 'is there a comma missing before it?' });
  return say({ message: `unexpected ${token === '' ? 'end of the line' : quote(token)}` });
}

/** The bracket that is still open where a line begins something new, or where the text ends. */
function unclosed({ text, original, line, number, column }: Scene): { scene: Scene; bracket: string } | null {
  const lines = text.split('\n');
  const above = lines.slice(0, number - 1).join('\n');
  const fresh = /^\s*([\w.-]+\s*=|\[\[?[\w.-]+\]\]?\s*(#.*)?$)/.test(line);
  const atEnd = number === lines.length && column >= line.length;
  const open = fresh ? openBracket(above) : null;
  const found = open ?? (atEnd ? openBracket(text) : null);
  if (found === null) return null;
  const before = text.slice(0, found.offset).split('\n');
  return { scene: sceneAt(text, original, { line: before.length, column: before.slice(-1).join().length + 1 }), bracket: found.bracket };
}

const TOKENS = /"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'[^'\n]*'?|#[^\n]*|[[\]{}]/g;

/** The innermost bracket, or the triple quotes, still open at the end of a text. */
export function openBracket(text: string): { bracket: string; offset: number } | null {
  const stack: { bracket: string; offset: number }[] = [];
  for (const { 0: token, index: offset } of text.matchAll(TOKENS)) {
    if (token === '[' || token === '{') stack.push({ bracket: token, offset });
    if (token === ']' || token === '}') stack.pop();
    const quotes = /^("""|''')/.exec(token)?.[0];
    if (quotes !== undefined && (token.length < 6 || !token.endsWith(quotes))) stack.push({ bracket: quotes, offset });
  }
  return stack.at(-1) ?? null;
}

function looksLikeKeepalived(line: string): boolean {
  return /^\s*(?:[!}]|(?:vrrp_|virtual_|global_defs|static_|authentication|track_)[^=]*$|[\w ]+\{\s*$)/.test(line);
}

function sceneAt(text: string, original: string, at: { line: number; column: number }): Scene {
  const line = text
    .split('\n', at.line)
    .slice(at.line - 1)
    .join()
    .replace(/\r$/, '');
  return { text, original, line, number: at.line, column: Math.min(at.column - 1, line.length) };
}

/** Behind the word, or the single character, that begins at the scene's column. */
function tokenEnd({ line, column }: Scene): number {
  const rest = line.slice(column);
  return column + (/^(?:[\w.-]+|\[[^\]]*\]+|.)/u.exec(rest)?.[0] ?? ' ').length;
}

function flaw(scene: Scene, from: number, to: number, words: Words): SyntaxFlaw {
  const { line, number } = scene;
  const end = Math.max(to, from + 1);
  const span = { line: number, column: characters(line, from) + 1, endLine: number, endColumn: characters(line, end) + 1 };
  return { code: 'syntax', last: false, span, ...words };
}
