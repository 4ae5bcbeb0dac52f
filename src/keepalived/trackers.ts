// vrrp_track_process and vrrp_track_file to checks.
// Must not know who tracks them.
import type { Entry } from './document.ts';
import type { Ledger } from './ledger.ts';
import { sectionOf, settingOf } from './section.ts';
import type { Statement } from './tree.ts';
import { duration, milliseconds, wholeNumber } from './values.ts';
import { type Made, NO_WEIGHT, outcome, ownWeight } from './weights.ts';

/** @returns null when keepalived leaves it out too */
export function processTable(name: string, statement: Statement, ledger: Ledger): Made | null {
  const section = sectionOf(statement.block ?? [], ledger);
  const named = section.first('process');
  const [path, ...params] = named?.args ?? [];
  if (named === null || path === undefined) {
    ledger.say(statement, 'unsupported', 'it names no `process`: keepalived leaves it out', 'whole');
    return null;
  }
  const comm = new TextDecoder().decode(new TextEncoder().encode(path.replace(/^.*\//s, '')).slice(0, 15)).replace(/\ufffd$/, '');
  if (comm === '') {
    ledger.say(named, 'refused', 'this is no name of a process');
    return null;
  }
  ledger.say(
    named,
    params.length > 0 ? 'unsupported' : 'translated',
    params.length > 0 ? 'arguments do not tell processes apart here' : `\`name = "${comm}"\``,
  );
  const quorum = section.last('quorum');
  const count = quorum === null ? null : wholeNumber(settingOf(quorum, ledger) ?? '');
  if (quorum !== null) {
    if (count === null || count.value < 1 || count.value > 10_000) ledger.say(quorum, 'refused', '`quorum` is a number from 1 to 10000');
    else ledger.say(quorum, 'translated', `\`count = ${count.value}\``);
  }
  const delays = new Map<string, number>();
  for (const word of ['delay', 'fork_delay', 'terminate_delay']) {
    const delay = section.last(word);
    if (delay === null) continue;
    const amount = milliseconds(settingOf(delay, ledger) ?? '');
    if (amount === null || amount.value > 3_600_000) {
      ledger.say(delay, 'refused', `\`${word}\` is a number of seconds`);
      continue;
    }
    const keys = word === 'delay' ? ['up_delay', 'down_delay'] : [word === 'fork_delay' ? 'up_delay' : 'down_delay'];
    for (const key of keys) delays.set(key, amount.value);
    ledger.say(delay, 'translated', keys.map(key => `\`${key} = "${duration(amount.value)}"\``).join(', '));
  }
  const weight = ownWeight(section, ledger);
  ledger.say(statement, 'translated', `\`[check.${name}]\``);
  if (weight === 0) ledger.say(statement, 'changed', NO_WEIGHT);
  for (const left of section.left()) ledger.leftOver(left, 'vrrp');
  const entries: readonly Entry[] = [
    { key: 'type', value: 'process' },
    { key: 'name', value: comm },
    ...(count === null || count.value <= 1 ? [] : [{ key: 'count', value: count.value }]),
    ...Array.from(delays, ([key, ms]) => ({ key, value: duration(ms) })),
    ...outcome(weight),
  ];
  return { table: { kind: 'check', name, remarks: [], entries }, weight };
}

export function fileTable(name: string, statement: Statement, ledger: Ledger): Made | null {
  const section = sectionOf(statement.block ?? [], ledger);
  const file = section.last('file');
  const path = file === null ? null : settingOf(file, ledger);
  const weight = section.last('weight');
  const factor = weight === null ? 1 : (wholeNumber(weight.args[0] ?? '')?.value ?? 0);
  if (weight !== null) ledger.say(weight, factor === 1 ? 'translated' : 'unsupported', 'the number in the file is the weight itself');
  if (file === null || path === null || !path.startsWith('/') || factor !== 1) {
    ledger.say(statement, 'unsupported', 'only a file by its full path with a weight of 1 can be tracked', 'whole');
    return null;
  }
  ledger.say(file, 'translated', '`path`');
  ledger.say(statement, 'translated', `\`[check.${name}]\``);
  for (const left of section.left()) ledger.leftOver(left, 'file');
  const entries: readonly Entry[] = [
    { key: 'type', value: 'file' },
    { key: 'path', value: path },
    { key: 'on_fail', value: { weight: 'number' } },
  ];
  return { table: { kind: 'check', name, remarks: [], entries }, weight: 'number' };
}
