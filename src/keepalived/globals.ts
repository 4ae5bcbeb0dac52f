// global_defs and what else stands at the top of a file: what it means for every router.
// Must not know routers.
import type { Ledger } from './ledger.ts';
import { isOn, sectionOf, settingOf } from './section.ts';
import type { Statement } from './tree.ts';
import { wholeNumber } from './values.ts';

export interface Globals {
  readonly version: 2 | 3;
  readonly strict: boolean;
  /** IPv4 of version 3 without the pseudo-header. */
  readonly checksumAsV2: boolean;
  /** Whether keepalived refuses programs that others than root could change, as holdfast always does. */
  readonly secure: boolean;
  /** `script_user`; null: none. */
  readonly scriptUser: string | null;
}

/** @param root everything at the top of the files */
export function globalsOf(root: readonly Statement[], ledger: Ledger): Globals {
  const blocks = root.filter(({ word }) => word === 'global_defs');
  for (const block of blocks) ledger.asTable(block, 'global');
  const statements = blocks.flatMap(({ block }) => block ?? []);
  const section = sectionOf(statements, ledger);
  const on = (word: string): boolean => {
    const statement = section.last(word);
    if (statement === null) return false;
    if (isOn(statement)) ledger.asTable(statement, 'global');
    else ledger.say(statement, 'dropped', 'the default');
    return isOn(statement);
  };
  const version = section.last('vrrp_version');
  const number = version === null ? null : wholeNumber(settingOf(version, ledger) ?? '');
  if (version !== null) {
    if (number?.value === 2 || number?.value === 3) ledger.say(version, 'translated', `\`version = ${number.value}\` in each router`);
    else ledger.say(version, 'refused', '`vrrp_version` is 2 or 3');
  }
  const user = section.last('script_user');
  const [scriptUser, group] = user?.args ?? [];
  if (user !== null && scriptUser !== undefined) {
    ledger.say(user, 'translated', `\`user = "${scriptUser}"\` of checks and hooks`);
    if (group !== undefined && group !== scriptUser)
      ledger.say(user, 'changed', 'with the groups of that account, whatever the second word says');
  }
  const globals: Globals = {
    version: number?.value === 3 ? 3 : 2,
    strict: on('vrrp_strict'),
    checksumAsV2: on('v3_checksum_as_v2'),
    secure: on('enable_script_security'),
    scriptUser: scriptUser ?? null,
  };
  for (const statement of section.left()) ledger.leftOver(statement, 'global');
  return globals;
}
