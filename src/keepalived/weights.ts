// What follows when something tracked is down: the weights of keepalived, and `on_fail`.
// Must not know what is tracked.
import type { Entry, Table, Value } from './document.ts';
import type { Ledger } from './ledger.ts';
import type { Section } from './section.ts';
import type { Statement } from './tree.ts';
import { wholeNumber } from './values.ts';

/** A check or watchdog, and the weight that it has for every router: 0 is none. */
export interface Made {
  readonly table: Table;
  readonly weight: number | 'number';
}

export const NO_WEIGHT =
  'without a weight keepalived goes to FAULT, and when all machines fail nobody serves; here it serves if nobody else can. `on_fail = "release"` is FAULT';

const REVERSED = 'a reversed weight is not supported: turn the check round instead';

/** `NAME weight -20`. @returns null when nothing is said */
export function weightOf(line: Statement, ledger: Ledger): number | null {
  const [word, text, more] = line.args;
  if (word === undefined) return null;
  const amount = word === 'weight' && text !== undefined ? wholeNumber(text) : null;
  if (amount === null) {
    ledger.say(line, 'unsupported', 'keepalived reads `NAME weight NUMBER` here, and ignores this line');
    return null;
  }
  if (more === 'reverse') ledger.say(line, 'unsupported', REVERSED);
  return clamped(amount.value);
}

/** keepalived has no more either. */
function clamped(weight: number): number {
  return Math.max(-253, Math.min(253, weight));
}

/** `weight -20` among the settings of what is tracked; 0 without. */
export function ownWeight(section: Section, ledger: Ledger): number {
  const statement = section.last('weight');
  const [text, more] = statement?.args ?? [];
  if (statement === null || text === undefined) return 0;
  const amount = wholeNumber(text);
  if (amount === null) {
    ledger.say(statement, 'refused', '`weight` is a number from -253 to 253');
    return 0;
  }
  const weight = clamped(amount.value);
  if (more === 'reverse') ledger.say(statement, 'unsupported', REVERSED);
  else if (more !== undefined) ledger.say(statement, 'changed', 'keepalived does not read the rest of the line');
  if (weight === 0) ledger.say(statement, 'translated', 'no weight');
  else ledger.say(statement, weight === amount.value ? 'translated' : 'changed', `\`on_fail = { weight = ${weight} }\``);
  return weight;
}

/** `on_fail` of a table. */
export function outcome(weight: number): readonly Entry[] {
  const value: Value = { weight };
  return weight === 0
    ? [{ key: 'on_fail', value: 'demote', remark: 'the default; "release" is the FAULT of keepalived' }]
    : [{ key: 'on_fail', value }];
}
