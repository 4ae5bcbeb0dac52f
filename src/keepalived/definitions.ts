// `$NAME = text` and what becomes of `$NAME` and `${NAME}`: the text macros of keepalived.conf, and `~SEQ`, which repeats a line.
// Must not know files, blocks, nor what the lines mean.

/** A name stands for a line, or for several. */
export type Definitions = ReadonlyMap<string, readonly string[]>;

/** What keepalived defines by itself and what does not depend on a machine. */
export const BUILT_IN: Definitions = new Map([
  ['_HASH', ['#']],
  ['_BANG', ['!']],
]);

/** Those that depend on one: nobody can know here what they will be. */
const OF_A_MACHINE = /\$\{?(_ENV|_RANDOM|_INSTANCE|_PWD)\b/;

const DEFINITION = /^\$([A-Za-z_]\w*)[ \t]*=[ \t]*(.*)$/s;

/** Longest line after all is put in, and how many names one line may come to. */
const LONGEST = 65_536;
const MOST_PUT = 4096;

export interface Definition {
  readonly name: string;
  readonly value: string;
}

/** @returns null when the line is no definition */
export function definitionIn(text: string): Definition | null {
  const [, name, value] = DEFINITION.exec(text) ?? [];
  return name === undefined || value === undefined ? null : { name, value };
}

export type Expanded = { readonly lines: readonly string[] } | { readonly trouble: string };

/** Puts in what names stand for, also inside what others stand for. A name of several lines stands at the end of a line. */
export function expand(text: string, definitions: Definitions): Expanded {
  const lines: string[] = [];
  const queue = [text];
  let put = 0;
  for (let line = queue.shift(); line !== undefined; line = queue.shift()) {
    const found = nextName(line, definitions);
    if (found === null) {
      lines.push(line);
      continue;
    }
    const [first = '', ...more] = found.value;
    const longer = line.slice(0, found.from) + first + line.slice(found.to);
    put += 1;
    if (put > MOST_PUT || longer.length > LONGEST) return { trouble: `$${found.name} leads to itself, or to too much text` };
    queue.unshift(longer, ...more);
  }
  const machine = lines.map(line => OF_A_MACHINE.exec(line)?.[1]).find(name => name !== undefined);
  return machine === undefined ? { lines } : { trouble: `\${${machine}} is known on the running machine only` };
}

function nextName(line: string, definitions: Definitions): { from: number; to: number; name: string; value: readonly string[] } | null {
  if (!line.includes('$')) return null;
  for (const match of line.matchAll(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*)(?=[ \t,)]|$))/g)) {
    const name = match[1] ?? match[2] ?? '';
    const value = definitions.get(name);
    const to = match.index + match[0].length;
    if (value !== undefined && (value.length === 1 || to === line.length)) return { from: match.index, to, name, value };
  }
  return null;
}

export interface Sequence {
  readonly name: string;
  readonly values: readonly string[];
  /** What is repeated. */
  readonly text: string;
}

/** More than a configuration has of anything. */
const MOST_VALUES = 10_000;

/** `~SEQ(VAR, 1, 3) text`. @returns null when it is no such line, or makes no sense */
export function sequenceIn(text: string, definitions: Definitions): Sequence | null {
  const [, hex, name, list, rest] = /^~SEQ(x?)[ \t]*\([ \t]*([A-Za-z_]\w*)[ \t]*,([^)]*)\)[ \t]*(.*)$/s.exec(text) ?? [];
  if (name === undefined || list === undefined || rest === undefined) return null;
  const put = expand(list, definitions);
  const numbers = 'lines' in put ? (put.lines[0] ?? '').split(',').map(part => part.trim()) : [];
  if (numbers.length < 1 || numbers.length > 3 || !numbers.every(part => /^-?\d{1,9}$/.test(part))) return null;
  const [one = 0, two = 0, three = 0] = numbers.map(Number);
  const [start, step, end] =
    numbers.length === 1
      ? [one < 0 ? -1 : 1, one < 1 ? -1 : 1, one]
      : numbers.length === 2
        ? [one, one <= two ? 1 : -1, two]
        : [one, two, three];
  if (step === 0 || (end - start) / step > MOST_VALUES || (end - start) * step < 0) return null;
  const values: string[] = [];
  for (let value = start; step > 0 ? value <= end : value >= end; value += step)
    values.push(hex === 'x' ? value.toString(16) : String(value));
  return { name, values, text: rest };
}
