// notify scripts to hooks.
// Must not know who calls them, nor when.
import { commandOf, sayProgram } from './commands.ts';
import type { Entry, Value } from './document.ts';
import type { Globals } from './globals.ts';
import { ARGUMENTS } from './keywords.ts';
import type { Ledger } from './ledger.ts';
import { programOf, type Surroundings } from './programs.ts';
import type { Section } from './section.ts';
import { splitCommand } from './words.ts';

const HOOKS = [
  ['notify_master', 'on_active'],
  ['notify_backup', 'on_backup'],
  ['notify_fault', 'on_fault'],
  ['notify_stop', 'on_stop'],
  ['notify', 'on_change'],
] as const;

export function hooksOf(section: Section, globals: Globals, ledger: Ledger, machine: Surroundings): readonly Entry[] {
  return HOOKS.flatMap(([word, key]): readonly Entry[] => {
    const statement = section.first(word);
    const command = statement === null ? null : commandOf(statement, ledger);
    if (statement === null || command === null) return [];
    const argv = splitCommand(command.command, true);
    if (argv === null || argv.length === 0) {
      ledger.say(statement, 'refused', 'this command cannot be split into words: a quote has no other half');
      return [];
    }
    const { run, changes } = programOf(command.command, argv, machine);
    const account = command.user ?? globals.scriptUser;
    sayProgram(statement, account, globals, ledger);
    if (word === 'notify') ledger.asTable(statement, 'vrrp');
    else ledger.say(statement, 'changed', `\`${key}\`; ${ARGUMENTS}`);
    for (const change of changes) ledger.say(statement, 'changed', change);
    const program: Value = run.length === 1 ? (run[0] ?? '') : run;
    return [{ key, value: account === null ? program : { run: program, user: account } }];
  });
}
