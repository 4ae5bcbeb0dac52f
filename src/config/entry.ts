// One table under a name, such as `[check.gateway]`, as one machine has it: the common settings with the machine's own over them.
// Must not know which settings there are, nor what they mean.
import type { z } from 'zod';
import type { Place } from './finding.ts';
import type { Kind } from './schema.ts';
import { type Forest, type Path, type Table, tableAt } from './tree.ts';

/** A tree without what is broken, and what that was. */
export interface Sound {
  readonly forest: Forest;
  readonly broken: ReadonlySet<string>;
  /** Whether statements are missing from it because they could not be read at all. */
  readonly gaps: boolean;
}

export interface Entry<Settings> {
  readonly name: string;
  /** Defaults filled in. */
  readonly settings: Settings;
  /** What is written down, as far as it can be used. */
  readonly written: Table;
  /** Where a setting, or an element of it, is written: in the machine's own table or in the common one. */
  placeOf(path: Path): Place;
  /** Whether a setting was there but could not be used, so that its absence means nothing. */
  isBroken(key: string): boolean;
}

/** The machine's tables of one kind: the common ones in the order of the file, then its own. */
export function entriesOf<Settings>(
  { forest, broken }: Sound,
  node: string,
  word: Kind['word'],
  table: z.ZodType<Settings>,
): readonly Entry<Settings>[] {
  const [common, own] = [tableAt(forest.tree, [word]), tableAt(forest.tree, ['node', node, word])];
  return [...new Set([...Object.keys(common), ...Object.keys(own)])].map(name => {
    const base: Path = [word, name];
    const over: Path = ['node', node, word, name];
    const [first, second] = [tableAt(forest.tree, base), tableAt(forest.tree, over)];
    const written: Table = Object.assign(Object.create(null), first, second);
    return {
      name,
      settings: table.parse(written),
      written,
      placeOf([key, ...rest]) {
        const path = (key !== undefined && Object.hasOwn(second, key)) || !Object.hasOwn(common, name) ? over : base;
        const whole = key === undefined ? path : [...path, key, ...rest];
        return { source: forest.sourceOf(whole), path: whole, at: 'value' };
      },
      isBroken(key) {
        return isBroken(broken, [...base, key]) || isBroken(broken, [...over, key]);
      },
    };
  });
}

/** Whether what was at a path, or around it, could not be used. */
export function isBroken(broken: ReadonlySet<string>, path: Path): boolean {
  return path.some((_step, index) => broken.has(JSON.stringify(path.slice(0, index + 1))));
}
