// `holdfast drain`, `promote`, `resume`, `announce`: planned moves, and whether they came about.
// Must not know how a router moves: it asks, and then looks.
import { parseArgs } from 'node:util';
import { fetchStatus, requestOrder } from '../api/client.ts';
import { FOR_MS, type OrderReport, type OrderRequest } from '../api/orders.ts';
import type { RouterReport, StatusReport } from '../api/status.ts';
import { parseDuration } from '../config/duration.ts';
import { asking } from './asking.ts';
import { commandLine, DEFAULT_SOCKET } from './defaults.ts';
import { EXIT } from './exit.ts';

/** How often it looks whether the move came about, and how long beyond what the protocol may take; in ms. */
const LOOK_EVERY = 50;
const PATIENCE = 2_000;

const OPTIONS = {
  socket: { type: 'string', default: DEFAULT_SOCKET },
  for: { type: 'string' },
  keep: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
} as const;

const SOCKET = { socket: OPTIONS.socket };

/** @returns exit code: 0 others serve now, 1 a router is still served here, 2 usage, 3 no daemon answers */
export const drain = (argv: readonly string[]): Promise<number> => move('drain', argv);
/** @returns exit code: 0 this machine serves now, 1 a router is served elsewhere, 2 usage, 3 no daemon answers */
export const promote = (argv: readonly string[]): Promise<number> => move('promote', argv);

/** @returns exit code: 0 done, 2 usage, 3 no daemon answers */
export async function resume(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], options: SOCKET, allowPositionals: true });
  return asking(async () => {
    const report = await requestOrder(values.socket, 'resume', only(positionals));
    if (report.outcome !== 'done') return strange(report);
    process.stdout.write(report.routers.length === 0 ? 'nothing was ordered\n' : `as the file says again: ${report.routers.join(', ')}\n`);
    return EXIT.done;
  });
}

/** @returns exit code: 0 done, 1 nothing is held here, 2 usage, 3 no daemon answers */
export async function announce(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], options: SOCKET, allowPositionals: true });
  return asking(async () => {
    const report = await requestOrder(values.socket, 'announce', only(positionals));
    if (report.outcome !== 'done') return strange(report);
    const { routers } = await fetchStatus(values.socket);
    const held = routers.filter(({ name, state }) => report.routers.includes(name) && state === 'active');
    for (const { name, addresses } of held)
      process.stdout.write(`${name}: announced ${addresses.map(({ address }) => address).join(' ')}\n`);
    if (held.length > 0) return EXIT.done;
    process.stderr.write('holdfast: nothing is held here, so there is nothing to announce\n');
    return EXIT.failed;
  });
}

async function move(verb: 'drain' | 'promote', argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  const forMs = values.for === undefined ? null : readFor(values.for);
  if (typeof forMs === 'string') {
    process.stderr.write(`holdfast: ${forMs}\n`);
    return EXIT.usage;
  }
  const { keep, force, socket } = values;
  return asking(async () => {
    const report = await requestOrder(socket, verb, { routers: positionals, forMs, keep, force });
    if (report.outcome !== 'done') return strange(report);
    const status = await settled(verb, socket, report.routers);
    const told = concerned(status, report.routers).map(router => tellMove(verb, force, router, socket));
    for (const { good, words } of told) (good ? process.stdout : process.stderr).write(`${good ? '' : 'holdfast: '}${words}\n`);
    return told.every(({ good }) => good) ? EXIT.done : EXIT.failed;
  });
}

/** Waits until every router has moved, or has had the time for it. */
export async function settled(verb: 'drain' | 'promote', socket: string, names: readonly string[]): Promise<StatusReport> {
  let status = await fetchStatus(socket);
  // RFC 9568 §6.1: an Active that is not heard is replaced after three intervals and a skew of less than one.
  const longest = Math.max(0, ...concerned(status, names).map(({ advert_interval_ms }) => 4 * advert_interval_ms)) + PATIENCE;
  const until = performance.now() + longest;
  while (performance.now() < until && !concerned(status, names).every(router => hasMoved(verb, router))) {
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY));
    status = await fetchStatus(socket);
  }
  return status;
}

function concerned({ routers }: StatusReport, names: readonly string[]): readonly RouterReport[] {
  return routers.filter(({ name }) => names.includes(name));
}

function hasMoved(verb: 'drain' | 'promote', { state }: RouterReport): boolean {
  return verb === 'promote' ? state === 'active' : state !== 'active' && state !== 'leaving';
}

/** What came of it for one router, and what to do when nothing did. */
export function tellMove(
  verb: 'drain' | 'promote',
  force: boolean,
  router: RouterReport,
  socket = DEFAULT_SOCKET,
): { readonly good: boolean; readonly words: string } {
  const { name, family, active, health } = router;
  const who = `${name}/${family}`;
  const holder = active === null || active.self ? 'another router' : active.address;
  if (verb === 'drain') {
    if (!hasMoved(verb, router)) {
      const cure = `${commandLine('drain', socket)} --force ${name} lets go all the same`;
      return { good: false, words: `${who}: still served here, nobody else takes over; ${cure}` };
    }
    if (force && (active === null || active.self)) return { good: true, words: `${who}: let go` };
    return { good: true, words: `${who}: ${active === null || active.self ? 'not served here' : `${holder} serves`}` };
  }
  if (hasMoved(verb, router)) return { good: true, words: `${who}: served here` };
  if (health.standing !== 'well')
    return { good: false, words: `${who}: not promoted, ${health.why ?? 'health is lost'}; --force promotes it all the same` };
  return { good: false, words: `${who}: ${holder} goes on serving; drain it there, or see: ${commandLine('status', socket)}` };
}

/** @returns ms, or what is wrong with it */
function readFor(text: string): number | string {
  const duration = parseDuration(text);
  if (duration === null) return `--for needs a duration such as 30m or 2h, not "${text}"`;
  const ms = duration / 1000;
  return ms >= FOR_MS.least && ms <= FOR_MS.most ? ms : `--for must be from 1s to 8760h, not ${text}`;
}

function only(routers: readonly string[]): OrderRequest {
  return { routers, forMs: null, keep: false, force: false };
}

function strange({ unknown, routers }: OrderReport): number {
  const there = routers.length === 0 ? 'there is none' : `there is ${routers.join(', ')}`;
  process.stderr.write(`holdfast: no virtual router is called "${unknown}"; ${there}\n`);
  return EXIT.usage;
}
