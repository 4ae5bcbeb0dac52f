// `holdfast status`: who serves and why, as a table or as JSON.
// Must not know how the daemon knows.
import { parseArgs } from 'node:util';
import { fetchStatus, NotReachable } from '../api/client.ts';
import type { RouterReport, StatusReport } from '../api/status.ts';
import { showTime } from '../lib/time.ts';
import { asking } from './asking.ts';
import { commandLine, DEFAULT_SOCKET } from './defaults.ts';
import { EXIT } from './exit.ts';
import { tellPeer, verdict } from './neighbours.ts';
import { checkTable, hookTable, priorityWords, watchdogTable } from './services.ts';
import { align, lasting, since } from './table.ts';
import { watch } from './watch.ts';

/** @returns exit code: 0, 2 usage, 3 when no daemon answers */
export async function status(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      socket: { type: 'string', default: DEFAULT_SOCKET },
      json: { type: 'boolean', default: false },
      watch: { type: 'boolean', default: false },
    },
  });
  if (values.watch && values.json) {
    process.stderr.write('holdfast: --watch is for people, --json for programs: one of the two\n');
    return EXIT.usage;
  }
  if (values.watch) return watch(() => shown(values.socket), process.stdout, process);
  return asking(async () => {
    const report = await fetchStatus(values.socket);
    process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : table(report, Date.now(), values.socket));
    return EXIT.done;
  });
}

/** The table, or why there is none. */
async function shown(socket: string): Promise<string> {
  try {
    return table(await fetchStatus(socket), Date.now(), socket);
  } catch (error) {
    if (!(error instanceof NotReachable)) throw error;
    return `holdfast: ${error.message}\n`;
  }
}

/** For people: first a line for each router that says who serves and why, then what else there is to know of each, then
 *  the services that they depend on, then who else is heard. Times are local, as in the journal.
 *  @param now ms since 1970
 *  @param socket at which the daemon was asked: for the commands that are worth typing now */
export function table(report: StatusReport, now: number, socket = DEFAULT_SOCKET): string {
  const routers = report.routers.map(router => [nameOf(router), router] as const);
  const rows = routers.map(([name, router]) => [name, router.state, since(router.since, now), served(router), why(router)]);
  const details = routers.flatMap(([name, router]) => detail(router, report, now).map((line, i) => [i === 0 ? name : '', line]));
  const parts = [
    [...reloads(report, now, socket), ...pageTrouble(report)],
    rows.length === 0 ? ['no virtual router is running'] : align([['ROUTER', 'STATE', 'SINCE', 'SERVED BY', 'WHY'], ...rows]),
    ...(rows.length === 0 ? [] : [align(details)]),
    watchdogTable(report, now),
    checkTable(report, now),
    hookTable(report, now),
    neighbourhood(report, now),
    foot(report, now),
  ];
  return `${parts
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** What an operator must know before anything else: a configuration that goes back, or files that are not what runs. */
export function reloads({ configuration }: StatusReport, now: number, socket: string): readonly string[] {
  const { loaded_at, confirm_by, last_reload } = configuration;
  const lines: string[] = [];
  if (confirm_by !== null) {
    const at = Date.parse(confirm_by);
    const left = lasting(at - now);
    lines.push(
      `WARNING: this configuration goes back at ${showTime(at, now)}, in ${left}, unless you confirm it: ${commandLine('confirm', socket)}`,
    );
  }
  if (last_reload === null || last_reload.problem === null) return lines;
  const at = showTime(Date.parse(last_reload.at), now);
  const running = loaded_at === null ? 'the configuration before' : `the configuration of ${showTime(Date.parse(loaded_at), now)}`;
  switch (last_reload.outcome) {
    case 'invalid':
      return [...lines, `ERROR: the reload at ${at} failed, still running ${running}: ${last_reload.problem}`];
    case 'reverted':
      return [...lines, `WARNING: the reload went back at ${at}, running ${running} again: ${last_reload.problem}`];
    default:
      return [...lines, `WARNING: the reload at ${at}: ${last_reload.problem}`];
  }
}

/** A page that is there needs no word: whoever looks for it has its address. A daemon of before knows of none. */
function pageTrouble({ page }: StatusReport): readonly string[] {
  return (page?.problem ?? null) === null ? [] : [`ERROR: the page at ${page?.listen}: ${page?.problem}`];
}

function neighbourhood(report: StatusReport, now: number): readonly string[] {
  if (report.routers.length === 0) return [];
  if (report.neighbours.length === 0) return ['no other VRRP speaker is heard'];
  const rows = report.neighbours.map(neighbour => [
    neighbour.address,
    neighbour.interface,
    `${neighbour.vrid}`,
    `${neighbour.version}`,
    `${neighbour.priority ?? '?'}`,
    neighbour.interval_ms === null ? '?' : `${neighbour.interval_ms} ms`,
    `${lasting(now - Date.parse(neighbour.last_heard))} ago`,
    verdict(neighbour, report),
  ]);
  return align([['NEIGHBOUR', 'INTERFACE', 'VRID', 'VERSION', 'PRIORITY', 'EVERY', 'HEARD', 'VERDICT'], ...rows]);
}

function nameOf({ name, family }: RouterReport): string {
  return `${name}/${family}`;
}

export function served({ active }: RouterReport): string {
  if (active === null) return 'nobody known';
  return `${active.self ? 'this machine' : active.address}, priority ${active.priority}`;
}

const WHY: Readonly<Record<RouterReport['reason'], string>> = {
  starting: 'just started',
  startup: 'it started, and listens',
  'address-owner': 'it owns the addresses',
  'active-down-expired': 'no Active router was heard',
  'priority-zero': 'the Active router resigned',
  preempt: 'it took over from a lower priority',
  'higher-priority': 'it gave way to a higher priority',
  'tie-break-lost': 'it gave way to the same priority at a higher address',
  shutdown: 'told to stop',
  demoted: 'health lost; others are asked to take over',
  released: 'health lost; it does not serve until that is well again',
  restored: 'health is back',
  recovered: 'all was well again before anyone took over',
  'handed-over': 'handed over to another router',
  'nobody-took-over': 'health lost, but nobody took over',
  'address-fault': 'its addresses cannot be held: see the log',
  retry: 'trying again after a fault',
  'interface-missing': 'its interface does not exist',
  'interface-down': 'its interface is down',
  'no-carrier': 'its interface has no carrier',
  'no-address': 'its interface has no address to speak from',
};

/** With the word that log and counters have for it. What it waits for says more, where it waits. */
export function why(router: RouterReport): string {
  return router.waiting === null ? `${WHY[router.reason]} (${router.reason})` : `waiting: ${router.waiting}`;
}

function detail(router: RouterReport, report: StatusReport, now: number): readonly string[] {
  const { counters } = router;
  const rejected = rejectedWords(router);
  const lines = [
    ...contested(router),
    ...split(router, report),
    `VRID ${router.vrid} on ${router.interface}, ${priorityWords(router)}, version ${router.version}, every ${router.advert_interval_ms} ms`,
    ...addresses(router),
    `adverts: ${counters.adverts_sent} sent${forms(router)}, ${counters.adverts_received} received`,
    ...router.peers.map(peer => tellPeer(peer, peer.last_heard === null ? null : lasting(now - Date.parse(peer.last_heard)))),
  ];
  if (rejected !== '') lines.push(`adverts ignored: ${rejected}`);
  if (counters.addresses_put_back > 0) lines.push(`addresses put back after somebody took them off: ${counters.addresses_put_back}`);
  return lines;
}

export function contested({ conflict }: RouterReport): readonly string[] {
  if (conflict === null) return [];
  if (conflict.what === 'second-owner')
    return [`ERROR: ${conflict.address} also owns the addresses (priority 255): give one of the two less`];
  if (conflict.what === 'second-active') return [`WARNING: ${conflict.address} claims to be Active too`];
  return [`ERROR: ${conflict.address} claims to be Active too and does not hear us: check switch, firewall and VRRP version there`];
}

/** Two independent elections (RFC 9568 §1.2) that came out differently: clients of one name talk to two machines. */
export function split(router: RouterReport, { routers }: StatusReport): readonly string[] {
  if (!router.split) return [];
  const other = routers.find(({ name, family }) => name === router.name && family !== router.family);
  const words = other === undefined ? '' : `: ${FAMILY[router.family]} by ${served(router)}; ${FAMILY[other.family]} by ${served(other)}`;
  return [`WARNING: split, the families of ${router.name} are served by different machines${words}`];
}

export const FAMILY: Readonly<Record<RouterReport['family'], string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

/** Only what is worth a word: today's form alone is none. */
function forms({ checksums }: RouterReport): string {
  if (!checksums.includes('rfc5798')) return '';
  return checksums.length > 1 ? ' in both checksum forms' : ' with the older checksum form';
}

export function addresses(router: RouterReport): readonly string[] {
  if (router.addresses.length === 0) return ['no addresses: something else moves them'];
  const where = (at: string): string => (at === router.interface ? '' : ` on ${at}`);
  const all = router.addresses.map(address => `${address.address}${where(address.interface)} ${place(router, address)}`).join(', ');
  return [`${all}${lease(router)}`];
}

/** What becomes of what is ours if the daemon dies. */
function lease({ addresses, lease_ms }: RouterReport): string {
  if (!addresses.some(({ held, ours }) => held && ours)) return '';
  return lease_ms === null ? '; for ever, also without holdfast' : `; leased for ${lease_ms / 1000} s at a time`;
}

function place(router: RouterReport, { held, ours }: RouterReport['addresses'][number]): string {
  if (held) return ours ? 'here' : 'here, but not ours: it stays when this router leaves';
  return router.state === 'active' || router.state === 'leaving' ? 'MISSING here' : 'not here';
}

function foot(report: StatusReport, now: number): readonly string[] {
  const up = lasting(now - Date.parse(report.started));
  const lines = [
    `${report.node}: holdfast ${report.version}, pid ${report.pid}, up ${up}, scheduling ${report.scheduling}, ${lateWords(report)}`,
  ];
  if (report.agent_restarts > 0) lines.push(`its agent was started again ${report.agent_restarts} times: see the log`);
  if (report.dropped_log_lines > 0) lines.push(`${report.dropped_log_lines} log lines were lost: whoever reads the log is too slow`);
  return lines;
}

/** How punctual the engine is. */
export function lateWords({ lateness }: StatusReport): string {
  return `at most ${(lateness.max_us / 1000).toFixed(1)} ms late in ${lateness.wakes} wake-ups`;
}

/** Advertisements that were not believed, by reason, the most first; empty: none. */
export function rejectedWords({ counters }: RouterReport): string {
  const rejected = Object.entries(counters.rejected).sort(([, a], [, b]) => b - a);
  return rejected.map(([reason, count]) => `${count} ${reason}`).join(', ');
}
