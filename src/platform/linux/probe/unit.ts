// One look at a unit of systemd. Many such checks share one question, since to ask costs a program.
// Must not know what starts or stops the unit.
import type { Seen, UnitProbe } from '../../../check/probe.ts';
import { limitWords } from '../../../check/words.ts';
import { type Micros, millis, seconds } from '../../../vrrp/units.ts';
import { LATE, within } from '../patience.ts';
import { sysnet } from '../sysnet.ts';
import { askUnits, refusalWords, type Said, tellSystemd } from '../systemctl.ts';
import { deathWords, isUp, type UnitFacts } from '../unit-facts.ts';

/** Of one question; who asked may have less patience. */
const PATIENCE = seconds(10);
/** An answer to somebody else will do when it is not older. A question costs 15 to 30 ms of a processor, nearly the same for 1 unit and
 *  for 100, so that any number of checks takes 3 to 6 % of one. */
const SHARED = millis(500);
/** Who has not asked about a unit for so long does no longer look at it. */
const FORGOTTEN = seconds(30);

/** @returns what the unit is doing: `active (running)`, `inactive (dead)`, `failed: killed by SIGKILL`, `not found` */
export async function lookAtUnit({ unit }: UnitProbe, timeout: Micros): Promise<Seen> {
  const seen = await within(look(unit), timeout);
  return seen === LATE ? { trouble: 'timeout', seen: `systemd gave no answer within ${limitWords(timeout)}` } : seen;
}

async function look(unit: string): Promise<Seen> {
  const listed = await list(unit);
  // What is in order needs no second question; an alias, and what systemd has not loaded, are not in the list.
  if (listed !== null && isUp(listed)) return { trouble: null, seen: `${listed.active} (${listed.sub})` };
  return show(unit);
}

function judge({ load, active, sub, ...facts }: UnitFacts): Seen {
  if (isUp({ active })) return { trouble: null, seen: `${active} (${sub})` };
  if (active === 'failed') return { trouble: 'failed', seen: `failed: ${deathWords({ load, active, sub, ...facts })}` };
  if (load === 'not-found') return { trouble: 'missing', seen: 'not found' };
  if (load === 'masked') return { trouble: 'missing', seen: 'masked' };
  return { trouble: 'down', seen: `${active} (${sub})` };
}

interface Listed {
  readonly active: string;
  readonly sub: string;
}

/** One call to systemd for all that it knows of these: it takes no longer for many. */
const list = shareQuestion(
  async (units: readonly string[]): Promise<ReadonlyMap<string, Listed> | null> => {
    const patterns = units.map(unit => unit.replaceAll('\\', '\\\\'));
    const said = await tellSystemd(['systemctl', 'list-units', '--all', '--plain', '--full', '--no-legend', '--', ...patterns], PATIENCE);
    if (said.kind !== 'ended' || said.status !== 0) return null;
    const lines = said.text.split('\n').map(line => line.trim().split(/\s+/));
    return new Map(lines.map(([name = '', , active = '', sub = '']) => [name, { active, sub }]));
  },
  (answer, unit) => answer?.get(unit) ?? null,
);

/** One call for each unit, 1 ms of systemd's time. */
const show = shareQuestion(
  async (units: readonly string[]): Promise<ReadonlyMap<string, Seen> | Said> => {
    const all = await askUnits(units, PATIENCE);
    if (!('kind' in all)) return new Map(all.map((facts, i) => [units[i] ?? '', judge(facts)]));
    // One name that systemd does not take for a unit spoils the answer for all.
    if (units.length === 1 || all.kind !== 'ended') return all;
    const seen = new Map<string, Seen>();
    for (const unit of units) seen.set(unit, refusedOr(await askUnits([unit], PATIENCE)));
    return seen;
  },
  (answer, unit): Seen => ('kind' in answer ? refused(answer) : (answer.get(unit) ?? { trouble: 'missing', seen: 'not found' })),
);

function refusedOr(answer: readonly UnitFacts[] | Said): Seen {
  if ('kind' in answer) return refused(answer);
  const [facts] = answer;
  return facts === undefined ? { trouble: 'missing', seen: 'not found' } : judge(facts);
}

function refused(said: Said): Seen {
  return { trouble: said.kind === 'late' ? 'timeout' : 'missing', seen: refusalWords(said) };
}

/** Asks about all that anybody has asked about lately, one question at a time, and lets everybody have the answer for a moment.
 *  @param pick one unit's part */
function shareQuestion<Answer, Part>(
  ask: (units: readonly string[]) => Promise<Answer>,
  pick: (answer: Answer, unit: string) => Part,
): (unit: string) => Promise<Part> {
  const wanted = new Map<string, number>();
  let latest: { readonly began: number; readonly units: ReadonlySet<string>; readonly answer: Promise<Answer> } | null = null;
  let next: Promise<Answer> | null = null;

  async function begin(): Promise<Answer> {
    await latest?.answer;
    next = null;
    const began = sysnet.now();
    for (const [unit, asked] of wanted) if (began - asked > FORGOTTEN) wanted.delete(unit);
    const units = [...wanted.keys()];
    const answer = ask(units);
    latest = { began, units: new Set(units), answer };
    return answer;
  }

  return async unit => {
    const now = sysnet.now();
    wanted.set(unit, now);
    if (latest !== null && now - latest.began < SHARED && latest.units.has(unit)) return pick(await latest.answer, unit);
    next ??= begin();
    return pick(await next, unit);
  };
}
