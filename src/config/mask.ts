// Where passwords stand in a text, by the look of it: also in one that is no TOML, under a mistyped key, or in the words of
// keepalived. Must not know the schema. Too much hidden is a nuisance, too little is a leak: beside a password only what is tidy is shown.
import { suggest } from './suggest.ts';

/** What is shown in the place of a password, whatever its length. */
export const MASK = '********';

/** Part of a line, in UTF-16 units from 0; the end is behind the last one. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Keys and indices from the root. */
type Path = readonly (string | number)[];

/** A text of several lines that holds a password began no further above. */
const LOOKBACK = 100;

/** @param line counts from 1
 *  @returns the passwords, or parts of passwords, in one line; they do not overlap */
export function secretsIn(text: string, line: number): readonly Stretch[] {
  const lines = text.split('\n', line);
  const first = Math.max(0, line - 1 - LOOKBACK);
  // The table that all this is in may begin anywhere above.
  const header = lines.slice(0, first).findLast(above => /^[ \t]*\[\[?[ \t]*\w/.test(above)) ?? '';
  const above = [header, ...lines.slice(first, line - 1)].map(other => `${other}\n`).join('');
  const both = `${above}${lines.slice(line - 1).join()}`;
  return merged([...passwords(both), ...usersOfUrls(both, above.length)])
    .filter(({ to }) => to > above.length)
    .map(({ from, to }) => ({ from: Math.max(from - above.length, 0), to: to - above.length }));
}

/** A path as it may be shown: a key below a password may be one itself. */
export function shownPath(path: Path): string {
  const steps = path.map(String);
  const secret = secretStep(steps);
  return (secret === null || secret === steps.length - 1 ? steps : [...steps.slice(0, secret + 1), MASK]).join('.');
}

/** Whether the keys in the table at a path may be passwords. */
export function isSecretTable(path: Path): boolean {
  return secretStep(path.map(String)) !== null;
}

/** Keys that say where a password is. */
const HARMLESS = /^(?:file|env|credential|auth[_-]type)$/i;
const SECRET =
  /pass|pwd|pswd?|psk|secret|token|cookie|authori[sz]ation|api[_-]?key|(?:^|[_-])pw\d*(?:$|[_-])|^auth(?:entication)?(?:$|[_-])/i;
const WORDS = ['password', 'auth_pass', 'authentication'];
/** A virtual router, a check or a watchdog may have a name with any of these in it; only one that has the name of a setting is
 *  rather a mistake. */
const SETTING = /^(?:pass(?:word|wd)?|pwd|pw|secret|auth(?:entication|[_-]pass)?)$/i;

function isSecret(step: string): boolean {
  if (HARMLESS.test(step)) return false;
  return SECRET.test(step) || (step.length > 4 && suggest(step, WORDS) !== null);
}

/** What a name stands behind. */
const NAMED = /^(?:vrrp|check|watchdog)$/;

/** @returns the index of the first step that has a password, or a table about one, as its value; null for none */
function secretStep(steps: readonly string[]): number | null {
  const name = NAMED.test(steps.slice(0, 1).join()) ? 1 : steps[0] === 'node' ? 3 : -1;
  const host = steps[0] === 'node' ? 1 : -1;
  const found = steps.findIndex((step, index) => index !== host && (index === name ? SETTING.test(step) : isSecret(step)));
  return found < 0 ? null : found;
}

const QUOTED = String.raw`(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*')`;
const PLACE = String.raw`(?:file|env|credential)[ \t]*=[ \t]*${QUOTED}`;
const PLACES = String.raw`\{[ \t]*(?:${PLACE}(?:[ \t]*,[ \t]*${PLACE})*[ \t]*)?\}`;
/** Nothing but a comment. */
const END = String.raw`[ \t]*(?=\r?(?:#|$))`;
/** What may follow a password in its line: the rest of a table. */
const REST = String.raw`[ \t]*(?:,[ \t]*[\w-]+[ \t]*=[ \t]*(?:${QUOTED}|${PLACES}|[\w.:+-]+)[ \t]*)*(?:\}[ \t]*)*${END}`;

/** A header, closed or not. */
const HEADER = /^[ \t]*\[\[?([^\n\]#]*)\]{0,2}/;
const STEP = /"[^"]*"?|'[^']*'?|[^\s."']+/g;
/** A key, or a word in a key's place: where a line or a table begins, or before a sign. */
const KEY = /(?:(^)[ \t]*["']?|([\]{},;#])[ \t]*|)(?<![\w.-])([\w.-]+)(?=(["']?[ \t]*[=:.{])?)/gm;
const SIGN = /["']?[ \t]*[=:.]?[ \t]*/y;
const VALUE = new RegExp(String.raw`["']?[ \t]*[=:]?[ \t]*(?:${PLACES}|(${QUOTED})|([\w.:+-]*))`, 'y');
const TIDY = new RegExp(String.raw`["']?[ \t]*=[ \t]*(?:${QUOTED}|${PLACES})${REST}`, 'my');
const TRIPLE = /["']?[ \t]*=[ \t]*("""|''')/y;
const TIDY_END = new RegExp(END, 'my');
const TIDY_PLACE = new RegExp(`^[ \\t]*${PLACE}${END}`);
/** A line that is no forgotten value of the line above. */
const SETTING_LINE = /^[ \t]*[a-z_]{3,20} = \S/;

function passwords(text: string): Stretch[] {
  const found: Stretch[] = [];
  const hide = (from: number, to: number): void => {
    const end = from + text.slice(from, to).trimEnd().length;
    if (end > from) found.push({ from, to: end });
  };
  // In a table about a password, and where the line above lacks its value, a line is hidden unless it is known to be harmless.
  let inside = false;
  let missing = false;
  for (let start = 0; start < text.length; ) {
    const end = endOfLine(text, start);
    const line = text.slice(start, end);
    const indent = start + line.length - line.trimStart().length;
    const header = headerOf(line);
    let next = end;
    if (header !== null && (header.deep || !(inside || missing))) {
      const { secret } = header;
      inside = secret !== null;
      missing = false;
      if (secret !== null) hide(start + secret, end);
      else ({ next, missing } = hideLine(text, start, hide));
    } else if (inside) {
      hide(indent + (TIDY_PLACE.exec(line)?.[0].trimStart().length ?? 0), end);
    } else if (missing && !SETTING_LINE.test(line)) {
      hide(indent, end);
      missing = /^\s*(?:#|$)/.test(line);
    } else ({ next, missing } = hideLine(text, start, hide));
    start = next + 1;
  }
  return found;
}

/** @returns `secret`: where in the line begins what must not be shown, null for nothing; `deep`: the header has several steps,
 *  so it is hardly something else in brackets. null for a line that is no header */
function headerOf(line: string): { readonly secret: number | null; readonly deep: boolean } | null {
  const match = HEADER.exec(line);
  if (match === null) return null;
  const inner = match.slice(1).join();
  const steps = [...inner.matchAll(STEP)];
  const secret = secretStep(steps.map(([step]) => step.replaceAll(/["']/g, '')));
  const last = steps.length - 1;
  const deep = last > 0 && /^\s*\w/.test(inner);
  if (secret === null) return { secret, deep };
  const ends = steps.slice(0, secret + 1).map(step => line.indexOf(inner) + step.index + step[0].length);
  return { secret: secret === last ? match[0].length : Math.max(...ends), deep };
}

type Hide = (from: number, to: number) => void;

/** Hides what belongs to the first password in a line, and to those beside it.
 *  @returns where the statement ends, and whether its value is still to come */
function hideLine(text: string, start: number, hide: Hide): { readonly next: number; readonly missing: boolean } {
  const end = endOfLine(text, start);
  let key = secretKey(text, start, end);
  if (key === null) return { next: end, missing: false };
  const tidy = matchAt(TIDY, text, key.behind);
  if (tidy.groups.length > 0) {
    while (key !== null) {
      const { to, groups }: Match = matchAt(VALUE, text, key.behind);
      const [, quoted, bare = ''] = groups;
      if (quoted === undefined) hide(to - bare.length, to);
      else if (!key.harmless) hide(to - quoted.length + 1, to - 1);
      key = secretKey(text, to, tidy.to);
    }
    hide(tidy.to + 1, end);
    return { next: end, missing: false };
  }
  const triple = matchAt(TRIPLE, text, key.behind);
  const [, quotes] = triple.groups;
  if (quotes !== undefined) {
    const close = text.indexOf(quotes, triple.to);
    const last = close < 0 ? text.length : endOfLine(text, close);
    const rest = matchAt(TIDY_END, text, close + 3);
    const tidily = close >= 0 && rest.groups.length > 0;
    hide(triple.to, tidily ? close : last);
    if (tidily) hide(rest.to + 1, last);
    return { next: last, missing: false };
  }
  const from = matchAt(SIGN, text, key.behind).to;
  const next = endOfStatement(text, from);
  hide(from, next);
  return { next, missing: /^\s*(?:#|$)/.test(text.slice(from, end)) };
}

interface Key {
  /** Where its value is looked for. */
  readonly behind: number;
  /** It only says where the password is. */
  readonly harmless: boolean;
}

function secretKey(text: string, start: number, end: number): Key | null {
  KEY.lastIndex = start;
  for (let match = KEY.exec(text); match !== null && match.index < end; match = KEY.exec(text)) {
    const [whole, first, after, , sign] = match;
    if ((first ?? after ?? sign) === undefined) continue;
    const word = match.slice(3, 4).join();
    const steps = word.split('.');
    const secret = secretStep(steps);
    if (secret === null) continue;
    const at = match.index + whole.length - word.length;
    const below = steps.slice(secret + 1);
    const harmless = below.length === 1 && HARMLESS.test(below.join());
    return { behind: at + (harmless ? word : steps.slice(0, secret + 1).join('.')).length, harmless };
  }
  return null;
}

/** What stands before the `@` of a URL; there may be an `@`, or a quote, in a password.
 *  @param from where to begin */
function usersOfUrls(text: string, from: number): Stretch[] {
  return Array.from(text.slice(from).matchAll(/:\/\/([^\n]{1,1000})@/g), match => {
    const start = from + match.index + 3;
    return { from: start, to: start + match.slice(1, 2).join().length };
  });
}

/** In order, and what overlaps as one. */
function merged(stretches: readonly Stretch[]): readonly Stretch[] {
  const all: Stretch[] = [];
  for (const next of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last === undefined || next.from >= last.to) all.push(next);
    else all.splice(-1, 1, { from: last.from, to: Math.max(last.to, next.to) });
  }
  return all;
}

interface Match {
  readonly to: number;
  /** Empty where nothing matches. */
  readonly groups: readonly (string | undefined)[];
}

/** @param pattern sticky */
function matchAt(pattern: RegExp, text: string, at: number): Match {
  pattern.lastIndex = at;
  const groups = pattern.exec(text) ?? [];
  return { to: Math.max(at, pattern.lastIndex), groups };
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

const TOKENS = /"""[\s\S]*?(?:"""|$(?![\s\S]))|'''[\s\S]*?(?:'''|$(?![\s\S]))|"(?:\\.|[^"\\\n])*"?|'[^'\n]*'?|#[^\n]*|[[\]{}\n]/g;

/** The end of the line in which the last bracket closes that was opened behind `from`. */
function endOfStatement(text: string, from: number): number {
  let depth = 0;
  TOKENS.lastIndex = from;
  for (let token = TOKENS.exec(text); token !== null; token = TOKENS.exec(text)) {
    if (token[0] === '[' || token[0] === '{') depth += 1;
    if (token[0] === ']' || token[0] === '}') depth -= 1;
    if (token[0] === '\n' && depth <= 0) return token.index;
  }
  return text.length;
}
