// What the page says, in the words of `holdfast status` and `holdfast why`: a report and the past as texts and marks. Pure.
// Must not know HTML, nor how the daemon knows.
import type { EventReport } from '../api/history.ts';
import type { ServicesReport } from '../api/services.ts';
import type { RouterReport, StatusReport } from '../api/status.ts';
import { showTime } from '../lib/time.ts';
import { WORDS } from '../page/page.ts';
import type { Light, Notice, RouterView, Stretch, TableView, Tone, View } from '../page/view.ts';
import { verdict } from './neighbours.ts';
import { explainRouter } from './past.ts';
import { checkCells, hookCells, priorityWords, watchdogCells } from './services.ts';
import { addresses, contested, FAMILY, lateWords, rejectedWords, reloads, split } from './status.ts';
import { lasting, since } from './table.ts';

/** More cards than anybody looks at. */
const MOST_ROUTERS = 40;
/** More speakers than a network has; a flood of them must not fill the page. */
const MOST_NEIGHBOURS = 100;
/** Changes that are listed, and that the strip shows at most. */
const LISTED = 5;
const SHOWN = 30;
/** The strip is no shorter, in ms. */
const LEAST_SPAN = 60_000;

export interface Knowledge {
  readonly node: string;
  readonly version: string;
  /** The control socket, for commands that are worth typing. */
  readonly socket: string;
  /** null: the engine does not answer. */
  readonly report: StatusReport | null;
  readonly services: ServicesReport;
  readonly events: readonly EventReport[];
  /** When the engine answered last, ms since 1970; null: never since this agent was started. */
  readonly answered: number | null;
  /** Routers of the last answer, `web/ipv4`: all that is still said of them when the engine is silent. */
  readonly lastKnown: readonly string[];
}

/** @param now ms since 1970 */
export function viewOf(knowledge: Knowledge, now: number): View {
  const { node, version, report, services, answered } = knowledge;
  const shared = { node, at: showTime(now, now) };
  const serviceTables = [watchdogs(services, now), checks(services, now), hooks(services, now)];
  if (report === null) {
    const of = answered === null ? 'yet' : `since ${showTime(answered, now)} (${lasting(now - answered)})`;
    return {
      ...shared,
      silence: `The engine of holdfast has not answered ${of}: nobody knows what this machine does for its virtual routers. systemctl status holdfast`,
      title: WORDS.unknown,
      light: 'unknown',
      notices: [],
      routers: knowledge.lastKnown.slice(0, MOST_ROUTERS).map(key => silentCard(key, knowledge.events, answered, now)),
      more: null,
      tables: serviceTables,
      foot: [`holdfast ${version}`],
    };
  }
  const { routers } = report;
  const rest = routers.slice(MOST_ROUTERS);
  return {
    ...shared,
    silence: null,
    ...whole(routers),
    notices: reloads(report, now, knowledge.socket).map(notice),
    routers: routers.slice(0, MOST_ROUTERS).map(router => card(router, report, knowledge.events, now)),
    more: rest.length === 0 ? null : `and ${rest.length} more (${census(rest)}): holdfast status`,
    tables: [...serviceTables, neighbours(report, now)],
    foot: foot(report, now),
  };
}

/** What wants somebody first. */
function whole(routers: readonly RouterReport[]): Pick<View, 'title' | 'light'> {
  if (routers.some(({ conflict }) => conflict !== null)) return { title: 'two Actives', light: 'fault' };
  const order = ['fault', 'leaving', 'active', 'initialize', 'backup'] as const;
  const light = order.find(state => routers.some(router => router.state === state)) ?? 'unknown';
  return { title: routers.length === 0 ? 'no virtual router' : WORDS[light], light };
}

function census(routers: readonly RouterReport[]): string {
  return Array.from(
    Map.groupBy(routers, ({ state }) => state),
    ([state, all]) => `${all.length} ${state}`,
  ).join(', ');
}

function notice(line: string): Notice {
  return { level: line.startsWith('ERROR') ? 'error' : 'warning', text: line.replace(/^(?:ERROR|WARNING): /, '') };
}

function card(router: RouterReport, report: StatusReport, events: readonly EventReport[], now: number): RouterView {
  const { name, family, counters } = router;
  const rejected = rejectedWords(router);
  const ignored = rejected === '' ? '' : `; ignored: ${rejected}`;
  const { sentence } = explainRouter(router, report, events, now);
  const words = sentence.slice(sentence.indexOf(': ') + 2);
  return {
    name,
    family: FAMILY[family],
    light: router.state,
    since: `since ${since(router.since, now)}`,
    sentence: words.charAt(0).toUpperCase() + words.slice(1),
    notices: [...contested(router), ...split(router, report), ...waits(router)].map(notice),
    lines: [
      `VRID ${router.vrid} on ${router.interface}, ${priorityWords(router)}, every ${router.advert_interval_ms} ms`,
      ...addresses(router),
      `adverts: ${counters.adverts_sent} sent, ${counters.adverts_received} received${ignored}`,
    ],
    ...pastOf(`${name}/${family}`, events, router.state, now, now),
  };
}

function waits({ waiting }: RouterReport): readonly string[] {
  return waiting === null ? [] : [`WARNING: waiting: ${waiting}`];
}

/** What is left to say of a router whose engine is silent: its name, and the past as far as it is known. */
function silentCard(key: string, events: readonly EventReport[], answered: number | null, now: number): RouterView {
  const [name = key, family = ''] = key.split('/');
  return {
    name,
    family: family === 'ipv4' || family === 'ipv6' ? FAMILY[family] : family,
    light: 'unknown',
    since: '',
    sentence: 'Unknown: the engine does not answer.',
    notices: [],
    lines: [],
    ...pastOf(key, events, 'unknown', answered ?? now, now),
  };
}

/** @param light what it is now, unless nobody knows
 *  @param until from then on nobody knows, ms since 1970 */
function pastOf(
  key: string,
  events: readonly EventReport[],
  light: Light,
  until: number,
  now: number,
): Pick<RouterView, 'past' | 'span' | 'changes'> {
  const all = events.flatMap(entry => transitionOf(entry, key)).slice(-SHOWN);
  const begin = Math.min(all[0]?.at ?? now, now - LEAST_SPAN);
  const place = (at: number): number => Math.min(1, Math.max(0, (at - begin) / (now - begin)));
  const known = all.map(({ at, to, text }, i): Stretch => {
    const end = Math.min(all[i + 1]?.at ?? until, until);
    return { light: to, from: place(at), to: place(Math.max(at, end)), text: `${showTime(at, now)} ${to}: ${text}` };
  });
  const silent: Stretch = { light: 'unknown', from: place(until), to: 1, text: 'unknown' };
  return {
    past: light === 'unknown' ? [...known, silent] : known,
    span: [showTime(begin, now), showTime(now, now)],
    changes: all
      .slice(-LISTED)
      .reverse()
      .map(({ at, to, text }) => ({ at: showTime(at, now), text: `${to}: ${text}` })),
  };
}

const LIGHTS: readonly string[] = ['initialize', 'backup', 'active', 'leaving', 'fault'] satisfies readonly Light[];

function transitionOf(
  { event, fields, at, message }: EventReport,
  key: string,
): { readonly at: number; readonly to: Light; readonly text: string }[] {
  if (event !== 'vrrp.transition' || `${fields.router}/${fields.family}` !== key) return [];
  const to = LIGHTS.includes(String(fields.to)) ? (String(fields.to) as Light) : 'unknown';
  return [{ at: Date.parse(at), to, text: message }];
}

const tone = (good: boolean, bad: boolean): Tone => (good ? 'good' : bad ? 'bad' : 'plain');

function watchdogs({ watchdogs: all }: ServicesReport, now: number): TableView {
  return {
    title: 'Watchdogs',
    head: ['watchdog', 'service', 'state', 'since', 'for', 'seen'],
    rows: all.map(each => ({
      tone: tone(each.up, true),
      cells: watchdogCells(each, now),
    })),
  };
}

function checks({ checks: all }: ServicesReport, now: number): TableView {
  return {
    title: 'Checks',
    head: ['check', 'type', 'state', 'since', 'for', 'seen'],
    rows: all.map(each => ({
      tone: tone(each.state === 'up', each.state === 'down'),
      cells: checkCells(each, now),
    })),
  };
}

function hooks({ hooks: all }: ServicesReport, now: number): TableView {
  return {
    title: 'Hooks',
    head: ['hooks of', 'hook', 'told', 'at', 'result'],
    rows: all.map(each => ({
      tone: tone(each.ok, true),
      cells: hookCells(each, now),
    })),
  };
}

function neighbours(report: StatusReport, now: number): TableView {
  const rest = report.neighbours.length - MOST_NEIGHBOURS;
  return {
    title: rest > 0 ? `Neighbours (and ${rest} more)` : 'Neighbours',
    head: ['neighbour', 'interface', 'VRID', 'priority', 'every', 'heard', 'verdict'],
    rows: report.neighbours.slice(0, MOST_NEIGHBOURS).map(each => ({
      tone: tone(each.reason === null && each.router !== null, each.reason !== null && each.router !== null),
      cells: [
        each.address,
        each.interface,
        `${each.vrid}`,
        `${each.priority ?? '?'}`,
        each.interval_ms === null ? '?' : `${each.interval_ms} ms`,
        `${lasting(now - Date.parse(each.last_heard))} ago`,
        verdict(each, report),
      ],
    })),
  };
}

function foot(report: StatusReport, now: number): readonly string[] {
  const up = lasting(now - Date.parse(report.started));
  const lines = [`holdfast ${report.version}, up ${up}, scheduling ${report.scheduling}, ${lateWords(report)}`];
  if (report.agent_restarts > 0) lines.push(`its agent was started again ${report.agent_restarts} times: see the log`);
  return lines;
}
