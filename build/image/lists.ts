// Reads the lists in image/: one entry a line, # for comments. And decides by the patterns of strip.list what stays.
// Must not know what the entries mean.
import { readFileSync } from 'node:fs';

/** The entries of a list, without comments and empty lines. */
export function entries(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .map(line => line.replace(/(^|\s)#.*/, '').trim())
    .filter(line => line !== '');
}

/** A pattern as a regular expression: * within a name, ** over folders. */
export function pattern(text: string): RegExp {
  const source = text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*\*|\*/g, stars => (stars === '**' ? '.*' : '[^/]*'));
  return new RegExp(`^${source}$`);
}

export interface Rule {
  readonly keep: boolean;
  readonly path: RegExp;
}

/** The rules of strip.list, in their order. */
export function rules(path: string): Rule[] {
  return entries(path).map(line => {
    const [sign, text, ...rest] = line.split(/\s+/);
    if ((sign !== '-' && sign !== '+') || text === undefined || rest.length > 0) throw new Error(`${path}: not a rule: ${line}`);
    return { keep: sign === '+', path: pattern(text) };
  });
}

/** What the last rule that matches says; null where none does. */
export function verdict(list: readonly Rule[], path: string): boolean | null {
  return list.findLast(rule => rule.path.test(path))?.keep ?? null;
}
