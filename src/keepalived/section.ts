// The statements of one block by their words, as keepalived reads them: of a setting that is said twice, one counts.
// Must not know what any of them means.

import { WORDS } from './keywords.ts';
import type { Ledger } from './ledger.ts';
import type { Statement } from './tree.ts';

export interface Section {
  /** The statement that counts where a later one replaces an earlier one. */
  last(word: string): Statement | null;
  /** And where the first one stays. */
  first(word: string): Statement | null;
  all(word: string): readonly Statement[];
  /** What nobody has said anything about by now. */
  left(): readonly Statement[];
}

export function sectionOf(statements: readonly Statement[], ledger: Ledger): Section {
  const byWord = new Map<string, Statement[]>();
  for (const statement of statements) {
    const others = byWord.get(statement.word);
    if (others === undefined) byWord.set(statement.word, [statement]);
    else others.push(statement);
  }
  const one = (word: string, pick: (all: readonly Statement[]) => Statement | undefined): Statement | null => {
    const all = byWord.get(word) ?? [];
    const chosen = pick(all) ?? null;
    for (const other of all) {
      if (chosen === null || other === chosen || ledger.has(other)) continue;
      ledger.say(other, 'dropped', `said again on line ${chosen.line}: that one counts`, other.block === null ? undefined : 'whole');
    }
    return chosen;
  };
  return {
    last: word => one(word, all => all.at(-1)),
    first: word => one(word, all => all[0]),
    all: word => byWord.get(word) ?? [],
    left: () => statements.filter(statement => !ledger.has(statement)),
  };
}

/** The one value of a setting; says what becomes of what stands behind it. */
export function settingOf(statement: Statement, ledger: Ledger): string | null {
  const [value, next] = statement.args;
  if (statement.block !== null) {
    ledger.say(statement, 'refused', `\`${statement.word}\` has a value, and no braces`, 'whole');
    return null;
  }
  if (value === undefined) {
    ledger.say(statement, 'refused', `\`${statement.word}\` has no value`);
    return null;
  }
  if (next !== undefined) {
    if (WORDS.has(next)) ledger.say(statement, 'unsupported', `keepalived reads one setting from a line: \`${next}\` is not read`);
    else ledger.say(statement, 'changed', 'keepalived does not read the rest of the line');
  }
  return value;
}

/** A setting that is there or not, or has "on" or "off" behind it. */
export function isOn({ args: [value] }: Statement): boolean {
  return value === undefined || !/^(false|off|no)$/.test(value);
}

/** The lines of a list in braces. */
export function listOf(statement: Statement, ledger: Ledger): readonly Statement[] {
  const { block, word } = statement;
  if (block === null) {
    ledger.say(statement, 'refused', `\`${word}\` is a list in braces`);
    return [];
  }
  return block.filter(each => {
    if (each.block === null) return true;
    ledger.say(each, 'refused', `no braces belong into \`${word}\``, 'whole');
    return false;
  });
}
