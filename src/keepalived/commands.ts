// A command and its account as keepalived.conf has them, in scripts and in notifications.
// Must not know what a command is for (programs.ts).
import type { Globals } from './globals.ts';
import { WORDS } from './keywords.ts';
import type { Ledger } from './ledger.ts';
import type { Section } from './section.ts';
import type { Statement } from './tree.ts';
import { splitCommand } from './words.ts';

/** `script "command"` and `notify "command" USER GROUP`. @returns null when there is no command */
export function commandOf(statement: Statement, ledger: Ledger): { readonly command: string; readonly user: string | null } | null {
  if (statement.block !== null) {
    ledger.say(statement, 'refused', `\`${statement.word}\` has a command, and no braces`, 'whole');
    return null;
  }
  const rest = statement.text.slice(statement.word.length).trim();
  const [command, user, ...more] = splitCommand(rest, false) ?? [];
  if (command === undefined || command.trim() === '') {
    if (rest === '') ledger.say(statement, 'unsupported', 'there is no command');
    else ledger.say(statement, 'refused', 'this command cannot be split into words: a quote has no other half');
    return null;
  }
  if (statement.word !== 'script') {
    if (user !== undefined)
      ledger.say(statement, 'translated', `runs as ${user}${more.length > 0 ? ', with the groups of that account' : ''}`);
    return { command, user: user ?? null };
  }
  if (user === undefined) return { command, user: null };
  if (/^["']/.test(rest)) {
    if (WORDS.has(user)) ledger.say(statement, 'unsupported', `keepalived reads one setting from a line: \`${user}\` is not read`);
    else ledger.say(statement, 'changed', 'keepalived does not read the rest of the line');
    return { command, user: null };
  }
  ledger.say(statement, 'changed', 'taken as one command: without quotes keepalived runs the first word alone');
  return { command: rest, user: null };
}

/** `user NAME GROUP` */
export function userOf(section: Section, ledger: Ledger): string | null {
  const statement = section.last('user');
  const [user, group] = statement?.args ?? [];
  if (statement === null || user === undefined) return null;
  ledger.say(statement, 'translated', `\`user = "${user}"\``);
  if (group !== undefined && group !== user)
    ledger.say(statement, 'changed', 'with the groups of that account, whatever the second word says');
  return user;
}

/** What is different about every program that is run, said of the first one. @param user as which it runs; null: not said */
export function sayProgram(statement: Statement, user: string | null, { secure }: Globals, ledger: Ledger): void {
  if (!secure)
    ledger.once(
      'secure',
      statement,
      'changed',
      'a program that others than root could change is refused, as with `enable_script_security`',
    );
  if (user !== null) return;
  const says =
    'programs without `user` run as the account `holdfast` where there is one, else as root; with keepalived it is `keepalived_script`';
  ledger.once('account', statement, 'changed', says);
}
