// What was said of each statement while its meaning was found: one finding for each, the worst verdict with all its reasons.
// Must not know what any statement means.
import { suggest } from '../config/suggest.ts';
import { type Finding, shown, VERDICTS, type Verdict } from './finding.ts';
import { type Class, keywordOf, WORDS } from './keywords.ts';
import type { Statement } from './tree.ts';

export interface Ledger {
  /** Says something of a statement, beside what was said before.
   *  @param whole whether it is said of the whole block */
  say(statement: Statement, verdict: Verdict, says: string, whole?: 'whole'): void;
  /** Says what the table of words says. */
  asTable(statement: Statement, where: Class, whole?: 'whole'): void;
  /** Says the same of what no other rule has said anything about. What the table calls translated is misplaced then. */
  leftOver(statement: Statement, where: Class): void;
  /** Says it of the first statement that it is true of, and of no other. */
  once(key: string, statement: Statement, verdict: Verdict, says: string): void;
  has(statement: Statement): boolean;
  findings(): readonly Finding[];
}

interface Said {
  verdict: Verdict;
  readonly says: string[];
  endLine: number;
}

export function makeLedger(): Ledger {
  const all = new Map<Statement, Said>();
  const keys = new Set<string>();
  const ledger: Ledger = {
    say(statement, verdict, says, whole) {
      const endLine = whole === undefined ? statement.line : statement.endLine;
      const said = all.get(statement);
      if (said === undefined) {
        all.set(statement, { verdict, says: [says], endLine });
        return;
      }
      if (VERDICTS.indexOf(verdict) > VERDICTS.indexOf(said.verdict)) said.verdict = verdict;
      if (!said.says.includes(says)) said.says.push(says);
      said.endLine = Math.max(said.endLine, endLine);
    },
    asTable(statement, where, whole) {
      const keyword = keywordOf(where, statement.word);
      // Of what means the same, a report needs no more than the key.
      if (keyword?.verdict === 'translated') ledger.say(statement, keyword.verdict, keyword.says.replace(/[,;] .*$/s, ''), whole);
      else if (keyword !== null) ledger.say(statement, keyword.verdict, keyword.says, whole);
      else ledger.say(statement, 'unsupported', unknown(statement), whole ?? (statement.block === null ? undefined : 'whole'));
    },
    leftOver(statement, where) {
      const whole = statement.block === null ? undefined : 'whole';
      const { word, args } = statement;
      if (DEFAULTS.get(word)?.test(args[0] ?? '') === true) ledger.say(statement, 'dropped', 'the default', whole);
      else if (keywordOf(where, word)?.verdict === 'translated') ledger.say(statement, 'unsupported', MISPLACED, whole);
      else ledger.asTable(statement, where, whole);
    },
    once(key, statement, verdict, says) {
      if (!keys.has(key)) ledger.say(statement, verdict, says);
      keys.add(key);
    },
    has: statement => all.has(statement),
    findings: () =>
      Array.from(all, ([{ file, line, text }, { verdict, says, endLine }]) => ({
        verdict,
        file,
        line,
        endLine,
        text: shown(text),
        says: says.join('; '),
      })),
  };
  return ledger;
}

/** Words that are no loss where they say what is so anyway. */
const OFF = /^(off|false|no)$/;
const DEFAULTS: ReadonlyMap<string, RegExp> = new Map([
  ['vrrp_mcast_group4', /^224\.0\.0\.18$/],
  ['vrrp_mcast_group6', /^ff02:(:|(0:)+)12$/i],
  ['mcast_dst_ip', /^(224\.0\.0\.18|ff02:(:|(0:)+)12)$/i],
  ['vrrp_down_timer_adverts', /^3$/],
  ['down_timer_adverts', /^3$/],
  ['vrrp_startup_delay', /^0(\.0*)?$/],
  ['vrrp_delay_after_boot', /^0(\.0*)?$/],
  ['unicast_ttl', /^255$/],
  ...['smtp_alert', 'smtp_alert_vrrp', 'vrrp_notify_priority_changes', 'notify_priority_changes'].map(word => [word, OFF] as const),
  ...['vrrp_lower_prio_no_advert', 'lower_prio_no_advert'].map(word => [word, OFF] as const),
]);

const MISPLACED = 'no such setting belongs here: keepalived skips the line';

function unknown({ word, args }: Statement): string {
  const bare = word.replace(/[=;:,].*$/s, '');
  if (bare !== word && WORDS.has(bare)) return `a blank belongs behind \`${bare}\`: keepalived does not know this word, and skips the line`;
  if (WORDS.has(word)) return MISPLACED;
  const meant = args.length > 8 ? null : suggest(word, WORDS);
  return `keepalived does not know this word, and skips the line${meant === null ? '' : `; did you mean \`${meant}\`?`}`;
}
