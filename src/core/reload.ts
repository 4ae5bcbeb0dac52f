// What a reload comes to, as values, and what it changes, in words for people. Passwords are compared and never shown.
// Must not know files, sockets or clocks; the agent does what is described here.
import { formatDuration } from '../config/duration.ts';
import type { Change, Difference } from '../config/plan.ts';
import { formatPrefix } from '../vrrp/address.ts';
import { type Peer, type RouterSpec, routerKey, type VirtualAddress } from '../vrrp/router.ts';
import type { Micros } from '../vrrp/units.ts';
import type { Refused } from './messages.ts';

export interface ReloadOptions {
  /** Say what would change, and change nothing. */
  readonly dryRun: boolean;
  /** Go back unless somebody confirms within that time; null: the change stays. */
  readonly confirmWithin: Micros | null;
}

/** Why a configuration cannot be run. */
export interface Problem {
  readonly errors: number;
  /** The first of them, as `holdfast.toml:3:5 message`. */
  readonly first: string;
}

/** How a reload ended. `report`: everything that is to be said about the files, warnings too; may be empty. */
export type Reload =
  | {
      readonly outcome: 'applied';
      readonly difference: Difference;
      readonly refused: readonly Refused[];
      readonly confirmWithin: Micros | null;
      readonly report: string;
    }
  /** The files say what runs already. */
  | { readonly outcome: 'unchanged'; readonly difference: Difference; readonly report: string }
  /** A dry run. */
  | { readonly outcome: 'planned'; readonly difference: Difference; readonly report: string }
  | { readonly outcome: 'invalid'; readonly problem: Problem; readonly report: string }
  /** The reload before waits for its confirmation, for so long. */
  | { readonly outcome: 'busy'; readonly left: Micros }
  /** The engine does not answer. */
  | { readonly outcome: 'silent' };

export type Confirmation = 'confirmed' | 'nothing-to-confirm' | 'silent';

/** The last reload, for status. Instants in ms since 1970. */
export interface LastReload {
  readonly at: number;
  readonly outcome: Exclude<Reload['outcome'], 'planned'> | 'reverted';
  /** What is wrong, in words; null: nothing. */
  readonly problem: string | null;
}

/** What runs, and since when. Instants in ms since 1970. */
export interface Configuration {
  /** When the files that run were read; null: before this agent was started. */
  readonly loadedAt: number | null;
  readonly lastReload: LastReload | null;
}

/** More items of one list than anybody reads in a line. */
const MOST_ITEMS = 12;
/** And more routers than in a log line. */
const MOST_ROUTERS = 8;

const RESTARTS = ' (leaves in order, then starts anew)';

/** A difference, one line for each router and duty that changes and one for the routers that do not: `+` comes, `-` goes,
 *  `~` changes, `=` stays; and after `!` what is to be done elsewhere. */
export function changeLines(change: Difference): readonly string[] {
  const alone = aloneWords(change);
  return [...rowLines(change), ...(alone === null ? [] : [`! ${alone}`]), ...restLines(change)];
}

function rowLines(change: Difference): readonly string[] {
  const rows = [
    ...change.added.map(spec => ['+', routerKey(spec), describe(spec)] as const),
    ...change.removed.map(spec => ['-', routerKey(spec), `VRID ${spec.vrid} on ${spec.interface}`] as const),
    ...change.changed.map(each => ['~', routerKey(each.to), `${changeWords(each).join(', ')}${each.restarts ? RESTARTS : ''}`] as const),
  ];
  const width = Math.max(0, ...rows.map(([, key]) => key.length));
  const { added, removed, changed } = change.duties;
  return [
    ...rows.map(([sign, key, words]) => `${sign} ${key.padEnd(width)}  ${words}`),
    ...added.map(name => `+ ${name}`),
    ...removed.map(name => `- ${name}`),
    ...changed.map(name => `~ ${name}`),
  ];
}

function restLines({ unchanged }: Difference): readonly string[] {
  return unchanged.length === 0 ? [] : [`= ${unchanged.length} unchanged`];
}

/** In version 2 whoever has another interval or password is discarded (RFC 3768 §7.1), and so is the other version: until all
 *  machines have the change, more than one serves.
 *  @returns null where nothing of the kind changes */
export function aloneWords({ changed }: Difference): string | null {
  const routers = changed.flatMap(({ to, keys }) => (keys.some(key => parts(key, to)) ? [routerKey(to)] : []));
  return routers.length === 0 ? null : `the other machines do not hear ${some(routers, ', ')} until they have it too`;
}

function parts(key: keyof RouterSpec, { version }: RouterSpec): boolean {
  return key === 'version' || (version === 2 && (key === 'advertInterval' || key === 'password'));
}

/** What changes here, in one line for the log. */
export function changeSummary(change: Difference): string {
  const lines = [...rowLines(change), ...restLines(change)].map(line => line.replace(/ {2,}/g, ' '));
  const rest = lines.length - MOST_ROUTERS;
  return (rest > 0 ? [...lines.slice(0, MOST_ROUTERS), `and ${rest} more`] : lines).join('; ');
}

/** The settings that differ, old and new; the password only as "changed". */
export function changeWords({ from, to, keys }: Change): readonly string[] {
  return keys.map(key => WORDS[key](from, to));
}

/** Why a router of the plan does not run. */
export function refusalWords({ router, reason }: Refused): string {
  switch (reason) {
    case 'already-running':
      return `${router} was not started: another daemon in this network namespace runs its VRID`;
  }
}

/** `holdfast.toml:3:5 ...`, and how many more there are. */
export function problemWords({ errors, first }: Problem): string {
  return errors > 1 ? `${first} (and ${errors - 1} more)` : first;
}

function describe(spec: RouterSpec): string {
  const words = [
    `VRID ${spec.vrid} on ${spec.interface}`,
    `version ${spec.version}`,
    `priority ${spec.priority}`,
    `every ${formatDuration(spec.advertInterval)}`,
    spec.addresses.length === 0 ? 'no addresses' : some(spec.addresses.map(showAddress), ', '),
  ];
  if (spec.peers.length > 0) words.push(`peers ${some(spec.peers.map(showPeer), ' ')}`);
  return words.join(', ');
}

type Words = (from: RouterSpec, to: RouterSpec) => string;

const arrow =
  (name: string, show: (spec: RouterSpec) => string | number | boolean): Words =>
  (from, to) =>
    `${name} ${show(from)} -> ${show(to)}`;

/** By the names that the file has for them. */
const WORDS: Readonly<Record<keyof RouterSpec, Words>> = {
  name: arrow('name', spec => spec.name),
  family: arrow('family', spec => spec.family),
  interface: arrow('interface', spec => spec.interface),
  vrid: arrow('VRID', spec => spec.vrid),
  version: arrow('version', spec => spec.version),
  priority: arrow('priority', spec => spec.priority),
  addresses: (from, to) =>
    `addresses ${listChange(from.addresses.map(showAddress), to.addresses.map(showAddress), originChange(from, to))}`,
  advertInterval: arrow('advert_interval', spec => formatDuration(spec.advertInterval)),
  preempt: arrow('preempt', spec => spec.preempt),
  preemptDelay: arrow('preempt_delay', spec => formatDuration(spec.preemptDelay)),
  accept: arrow('accept', spec => spec.accept),
  checksum: arrow('checksum', spec => spec.checksum),
  peers: (from, to) => `peers ${listChange(from.peers.map(showPeer), to.peers.map(showPeer))}`,
  source: arrow('source', spec => spec.source ?? 'automatic'),
  password: () => 'password changed',
  lease: arrow('lease', spec => (spec.lease === null ? 'off' : formatDuration(spec.lease))),
  tracked: arrow('track', spec => (spec.tracked ? 'some' : 'none')),
  trackInterface: arrow('track_interface', spec => spec.trackInterface),
};

function showAddress(address: VirtualAddress): string {
  const { interface: device, label, scope } = address;
  const place = [device === undefined ? '' : ` on ${device}`, label === undefined ? '' : ` label ${label}`];
  return `${formatPrefix(address)}${place.join('')}${scope === undefined ? '' : ` scope ${scope}`}`;
}

function showPeer({ address, minTtl, maxTtl }: Peer): string {
  if (minTtl === 255) return address;
  return `${address} (TTL ${minTtl === maxTtl ? minTtl : `${minTtl} to ${maxTtl}`})`;
}

/** An address that we put first ourselves and that the file lists now, or the other way round: nothing moves. */
function originChange(from: RouterSpec, to: RouterSpec): readonly string[] {
  return to.addresses.flatMap(({ address, derived }) => {
    const before = from.addresses.find(other => other.address === address);
    if (before === undefined || before.derived === derived) return [];
    return [derived === true ? `${address} no longer in the file, and still there` : `${address} now in the file`];
  });
}

/** @param more what else there is to say about the items */
function listChange(from: readonly string[], to: readonly string[], more: readonly string[] = []): string {
  const [before, after] = [new Set(from), new Set(to)];
  const added = to.filter(item => !before.has(item)).map(item => `+${item}`);
  const removed = from.filter(item => !after.has(item)).map(item => `-${item}`);
  const changed = [...added, ...removed];
  if (changed.length > 0) return [some(changed, ' '), ...more].join(', ');
  return [...(from.join() === to.join() ? [] : ['in another order']), ...more].join(', ');
}

function some(items: readonly string[], separator: string): string {
  const rest = items.length - MOST_ITEMS;
  return rest > 0 ? `${items.slice(0, MOST_ITEMS).join(separator)} and ${rest} more` : items.join(separator);
}
