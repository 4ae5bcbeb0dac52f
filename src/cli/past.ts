// Which events of the past concern whom, and what they come to in one sentence. Pure.
// Must not know where they come from, nor how a table looks.
import type { EventReport } from '../api/history.ts';
import type { RouterReport, StatusReport } from '../api/status.ts';
import { showTime } from '../lib/time.ts';
import { lasting } from './table.ts';

/** Before a change, its causes; after it, what it led to. In ms. */
const BEFORE = 60_000;
const AFTER = 10_000;
/** A chain that is longer is no explanation. */
const MOST_LINKS = 12;

/** What has no router is about the whole machine, or about a check or watchdog, which only its routers care about. */
export function concerns(
  { fields }: EventReport,
  name: string,
  family: string | null,
  trackedBy: (service: string) => readonly string[],
): boolean {
  const { router, check, watchdog } = fields;
  if (typeof router === 'string') {
    const of = router.split('/', 2);
    const itsFamily = fields.family ?? of[1] ?? null;
    return of[0] === name && (family === null || itsFamily === null || itsFamily === family);
  }
  const service = check ?? watchdog;
  return typeof service !== 'string' || trackedBy(service).includes(name);
}

/** Routers that depend on a check or watchdog, by its name. */
export function trackedBy({ checks, watchdogs }: Pick<StatusReport, 'checks' | 'watchdogs'>): (service: string) => readonly string[] {
  const all = new Map([...checks, ...watchdogs].map(({ name, routers }) => [name, routers]));
  return service => all.get(service) ?? [];
}

export interface Explained {
  readonly sentence: string;
  /** The events around it, the oldest first. */
  readonly chain: readonly EventReport[];
}

/** Why a router is what it is, and how that came about.
 *  @param now ms since 1970 */
export function explainRouter(router: RouterReport, report: StatusReport, events: readonly EventReport[], now: number): Explained {
  const { name, family, state } = router;
  const services = trackedBy(report);
  const own = events.filter(event => concerns(event, name, family, services));
  const last = own.findLast(({ event }) => event === 'vrrp.transition');
  const who = `${name}/${family}: ${holder(router)}`;
  if (last === undefined) return { sentence: `${who}; nothing is known of how that came about`, chain: [] };
  const at = Date.parse(last.at);
  const hurt = router.health.why === null ? '' : `; now: ${router.health.why}`;
  const waits =
    router.waiting === null || state === 'active' || last.message.includes(router.waiting) ? '' : `; waiting: ${router.waiting}`;
  return {
    sentence: `${who} since ${showTime(at, now)} (${lasting(now - at)}): ${last.message}${waits}${hurt}`,
    chain: own.filter(event => within(event, at)).slice(-MOST_LINKS),
  };
}

function within({ at, level }: EventReport, change: number): boolean {
  const instant = Date.parse(at);
  return level !== 'debug' && instant >= change - BEFORE && instant <= change + AFTER;
}

function holder({ state, active }: RouterReport): string {
  if (state === 'active') return 'this machine serves';
  if (active !== null && !active.self) return `${active.address} serves`;
  return state === 'leaving' ? 'this machine still serves' : 'nobody is known to serve';
}
