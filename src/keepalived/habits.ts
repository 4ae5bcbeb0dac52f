// How a virtual router speaks and when it takes over: interval, preemption, password, with what keepalived does when they contradict
// each other. Must not know addresses.
import type { Entry } from './document.ts';
import type { Ledger } from './ledger.ts';
import { type Section, sectionOf, settingOf } from './section.ts';
import { duration, milliseconds } from './values.ts';

/** Longest intervals, ms: version 2 has whole seconds. */
const LONGEST = { 2: 40_000, 3: 40_950 } as const;

/** @returns as holdfast.toml has it */
export function intervalOf(section: Section, version: 2 | 3, ledger: Ledger): string {
  const at = section.last('advert_int');
  const text = at === null ? null : settingOf(at, ledger);
  if (at === null || text === null) return '1s';
  const amount = milliseconds(text);
  if (amount === null || amount.value < 10) {
    ledger.say(at, 'refused', '`advert_int` is a number of seconds: with this, keepalived takes 1');
    return '1s';
  }
  if (amount.rest !== '') ledger.say(at, 'changed', 'taken as it is meant: keepalived reads no units');
  const step = version === 2 ? 1000 : 10;
  const rounded = Math.max(step, Math.round(amount.value / step) * step);
  if (rounded > LONGEST[version]) {
    ledger.say(
      at,
      'refused',
      `at most ${duration(LONGEST[version])} is possible with version ${version}, and all machines of the group need the same`,
    );
    return duration(LONGEST[version]);
  }
  if (rounded === amount.value) ledger.asTable(at, 'vrrp');
  else ledger.say(at, 'changed', `\`advert_interval = "${duration(rounded)}"\`, as keepalived rounds it for version ${version}`);
  return duration(rounded);
}

const MASTERS = 'keepalived ignores it with `state MASTER`';

/** @param master whether keepalived starts as MASTER, and so ignores both */
export function preemptionOf(section: Section, master: boolean, strict: boolean, remarks: string[], ledger: Ledger): readonly Entry[] {
  const never = section.last('nopreempt');
  const again = section.last('preempt');
  const at = section.last('preempt_delay');
  const off = never !== null && (again === null || never.line > again.line);
  const entries: Entry[] = [];
  if (never !== null) {
    if (off && master) {
      ledger.say(never, 'changed', `${MASTERS}, and so does this: write \`preempt = false\` if it shall hold`);
      remarks.push('nopreempt: ignored by keepalived with `state MASTER`, and so left out. `preempt = false` makes it true.');
    } else if (off) {
      ledger.asTable(never, 'vrrp');
      entries.push({ key: 'preempt', value: false });
    } else ledger.say(never, 'dropped', '`preempt` behind it counts');
  }
  const text = at === null ? null : settingOf(at, ledger);
  if (at === null || text === null) return entries;
  const amount = milliseconds(text);
  if (amount === null || amount.value > 3_600_000) ledger.say(at, 'refused', '`preempt_delay` is a number of seconds up to 3600');
  else if (off && !master) ledger.say(at, 'dropped', '`nopreempt` never takes over, so nothing waits');
  else if (master || strict) {
    ledger.say(at, 'changed', master ? `${MASTERS}, and so does this` : 'strict mode has none');
    remarks.push(
      `preempt_delay ${text}: ignored by keepalived, and so left out. \`preempt_delay = "${duration(amount.value)}"\` makes it true.`,
    );
  } else {
    if (amount.rest !== '') ledger.say(at, 'changed', 'taken as it is meant: keepalived reads no units');
    ledger.asTable(at, 'vrrp');
    if (amount.value > 0) entries.push({ key: 'preempt_delay', value: duration(amount.value) });
  }
  return entries;
}

/** The room that a password has in version 2. */
const BYTES = 8;

/** @returns null without one */
export function passwordOf(section: Section, version: 2 | 3, strict: boolean, ledger: Ledger): string | null {
  const hmac = section.last('auth_hmac');
  if (hmac !== null) ledger.asTable(hmac, 'vrrp', 'whole');
  const block = section.last('authentication');
  if (block === null) return null;
  if (block.block === null) {
    ledger.say(block, 'refused', '`authentication` has its settings in braces');
    return null;
  }
  const inner = sectionOf(block.block, ledger);
  const [type, pass] = [inner.last('auth_type'), inner.last('auth_pass')];
  const kind = type === null ? null : settingOf(type, ledger);
  const text = pass === null ? null : settingOf(pass, ledger);
  let password: string | null = null;
  const both = (verdict: 'dropped' | 'unsupported' | 'translated', says: string): void => {
    ledger.say(block, verdict, says);
    const inner = verdict === 'unsupported' ? 'dropped' : verdict;
    for (const each of [type, pass])
      if (each !== null) ledger.say(each, inner, verdict === 'unsupported' ? '`authentication` is the loss' : says);
  };
  if (kind === 'AH') both('unsupported', 'IPsec AH is not spoken: replace the machines of the group together');
  else if (strict || version === 3) both('dropped', `${strict ? 'strict mode' : 'version 3'} has no passwords: keepalived ignores it`);
  else if (kind !== 'PASS') both('dropped', 'without `auth_type PASS` keepalived sends no password');
  else if (text === null || text === '') both('dropped', 'there is no password');
  else {
    both('translated', '`password`, in a file of its own');
    password = cut(text);
    if (password === null && pass !== null)
      ledger.say(pass, 'refused', 'keepalived cuts it after 8 bytes, in the middle of a character: take another password');
    if (password !== null && password !== text && pass !== null) {
      ledger.say(pass, 'changed', 'the first 8 bytes of it, which are all that keepalived sends');
    }
  }
  for (const each of inner.left()) ledger.leftOver(each, 'vrrp');
  return password;
}

function cut(text: string): string | null {
  if (text.includes('\ufffd')) return null;
  const bytes = new TextEncoder().encode(text).slice(0, BYTES);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
