// The status that users and scripts see, schema 1: names and units are a contract.
// Must not know sockets or tables.
import type { Conflict, EngineStatus, Neighbour, RouterStatus, ServicesStatus } from '../core/status.ts';
import { type HealthReport, reportHealth, reportServices, type ServicesReport } from './services.ts';

export interface StatusReport extends ServicesReport {
  readonly schema: 1;
  readonly version: string;
  readonly node: string;
  readonly pid: number;
  /** RFC 3339 */
  readonly started: string;
  /** `rr 49`, `nice -20` or `normal` */
  readonly scheduling: string;
  readonly agent_restarts: number;
  readonly dropped_log_lines: number;
  readonly configuration: ConfigurationReport;
  readonly lateness: LatenessReport;
  /** The families of one name stand together. */
  readonly routers: readonly RouterReport[];
  /** Every VRRP speaker heard on the interfaces of the routers, ours or not. */
  readonly neighbours: readonly NeighbourReport[];
  /** The web page; null: the configuration wants none. */
  readonly page: PageReport | null;
}

export interface PageReport {
  /** Where the configuration wants it: `127.0.0.1:9112`. */
  readonly listen: string;
  /** Why it is not served there, or not as it says, in words; null: it is. */
  readonly problem: string | null;
}

/** Instants as RFC 3339. */
export interface ConfigurationReport {
  /** When the files that run were read; null: before the agent was started again. */
  readonly loaded_at: string | null;
  /** The configuration before runs again then unless this one is confirmed; null: it stays. */
  readonly confirm_by: string | null;
  /** null: there was none since the agent was started. `problem`: what is wrong, in words; null: nothing. */
  readonly last_reload: { readonly at: string; readonly outcome: string; readonly problem: string | null } | null;
}

export interface LatenessReport {
  readonly wakes: number;
  /** Of all wake-ups. */
  readonly sum_us: number;
  readonly last_us: number;
  readonly max_us: number;
  /** `up_to_us` null: later than all others */
  readonly histogram: readonly { readonly up_to_us: number | null; readonly count: number }[];
}

/** Wake-ups without which a share of them says nothing. */
const FEW_WAKES = 1000;

/** How late that share of the wake-ups was at most, µs: the upper bound of its bucket.
 *  @param share 0..1
 *  @returns null after too few of them */
export function latenessAt({ wakes, max_us, histogram }: LatenessReport, share: number): number | null {
  if (wakes < FEW_WAKES) return null;
  let within = 0;
  for (const { up_to_us, count } of histogram) {
    within += count;
    if (within >= share * wakes) return Math.min(max_us, up_to_us ?? max_us);
  }
  return max_us;
}

export interface RouterReport {
  readonly name: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly vrid: number;
  readonly interface: string;
  readonly version: number;
  readonly state: RouterStatus['state'];
  /** RFC 3339 */
  readonly since: string;
  readonly reason: RouterStatus['reason'];
  /** What it waits for, in words; null when it takes part. */
  readonly waiting: string | null;
  readonly priority: { readonly configured: number; readonly effective: number };
  readonly health: HealthReport;
  readonly advert_interval_ms: number;
  /** After so long without a sign of life from the daemon the kernel takes the addresses off; null: never. */
  readonly lease_ms: number | null;
  readonly active: { readonly address: string; readonly priority: number; readonly self: boolean } | null;
  /** The other family of this name is served by another machine: one of the two is Active here, the other is not. */
  readonly split: boolean;
  /** Another router that claims to be Active while we are; `second-owner` is a configuration error. */
  readonly conflict: { readonly what: Conflict['what']; readonly address: string; readonly since: string } | null;
  /** The forms that its advertisements carry: `rfc9568`, `rfc5798` or both in turn. */
  readonly checksums: readonly string[];
  /** Unicast peers in the order of the file; empty: multicast. */
  readonly peers: readonly PeerReport[];
  /** `interface`: where the address lives, which may be another than the router's. */
  readonly addresses: readonly {
    readonly address: string;
    readonly interface: string;
    readonly held: boolean;
    readonly ours: boolean;
  }[];
  readonly counters: {
    readonly adverts_sent: number;
    readonly adverts_received: number;
    readonly became_active: number;
    readonly announcements: number;
    readonly addresses_put_back: number;
    readonly rejected: Readonly<Record<string, number>>;
  };
  readonly lateness: LatenessReport;
}

export interface PeerReport {
  readonly address: string;
  /** It is this machine, and left out. */
  readonly self: boolean;
  /** RFC 3339; null: never. A Backup is silent by nature. */
  readonly last_heard: string | null;
  /** errno name of what keeps advertisements from arriving there; null: nothing known. */
  readonly trouble: string | null;
}

export interface NeighbourReport {
  readonly interface: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  readonly vrid: number;
  readonly version: number;
  /** As it says; null, like the interval and the checksum, where its advertisement cannot be read. */
  readonly priority: number | null;
  readonly interval_ms: number | null;
  readonly checksum: string | null;
  /** RFC 3339 */
  readonly last_heard: string;
  /** Name of the router here that has its VRID, in the same family; null: none. */
  readonly router: string | null;
  /** Why its last advertisement was not accepted, as a word and in evidence; null: it was. */
  readonly reason: NonNullable<Neighbour['rejected']>['reason'] | null;
  readonly detail: string | null;
}

/** What the agent knows about the files; instants in ms since 1970. */
export interface ConfigurationState {
  readonly loadedAt: number | null;
  readonly lastReload: { readonly at: number; readonly outcome: string; readonly problem: string | null } | null;
}

/** @param wallNow ms since 1970, read when `status` arrived: the engine itself knows no wall clock */
export function reportStatus(
  status: EngineStatus,
  node: string,
  wallNow: number,
  configuration: ConfigurationState,
  services: ServicesStatus,
  page: PageReport | null = null,
): StatusReport {
  const wall = (at: number): string => new Date(at).toISOString();
  const instant = (at: number): string => wall(wallNow - (status.now - at) / 1000);
  const instantOrNull = (at: number | null): string | null => (at === null ? null : instant(at));
  const lateness: LatenessReport = {
    wakes: status.lateness.wakes,
    sum_us: status.lateness.sum,
    last_us: status.lateness.last,
    max_us: status.lateness.max,
    histogram: status.lateness.histogram.map(({ upTo, count }) => ({ up_to_us: upTo, count })),
  };
  const { loadedAt, lastReload } = configuration;
  return {
    schema: 1,
    version: status.version,
    node,
    pid: status.pid,
    started: instant(status.started),
    scheduling: status.scheduling,
    agent_restarts: status.agentRestarts,
    dropped_log_lines: status.droppedLogLines,
    configuration: {
      loaded_at: loadedAt === null ? null : wall(loadedAt),
      confirm_by: instantOrNull(status.confirmBy),
      last_reload: lastReload === null ? null : { at: wall(lastReload.at), outcome: lastReload.outcome, problem: lastReload.problem },
    },
    lateness,
    ...reportServices(services, at => wall(wallNow - (services.now - at) / 1000), wall),
    routers: together(status.routers).map(router => ({
      ...reportRouter(router, isSplit(router, status.routers), instant, lateness),
      health: reportHealth(router, services.routers.find(each => each.router === router.spec.name) ?? null),
    })),
    neighbours: status.neighbours.map(neighbour => reportNeighbour(neighbour, instant)),
    page,
  };
}

/** The families of one name side by side, IPv4 first, the names in the order in which they come. */
function together(routers: readonly RouterStatus[]): readonly RouterStatus[] {
  const byName = new Map<string, RouterStatus[]>();
  for (const router of routers) byName.set(router.spec.name, [...(byName.get(router.spec.name) ?? []), router]);
  return [...byName.values()].flatMap(same => same.sort((a, b) => a.spec.family.localeCompare(b.spec.family)));
}

/** RFC 9568 §1.2: the two families elect independently, so nothing but this line keeps an operator from being surprised. */
function isSplit(router: RouterStatus, routers: readonly RouterStatus[]): boolean {
  const { name, family } = router.spec;
  const other = routers.find(({ spec }) => spec.name === name && spec.family !== family);
  return other !== undefined && servesHere(other) !== servesHere(router);
}

function servesHere({ state }: RouterStatus): boolean {
  return state === 'active' || state === 'leaving';
}

function reportRouter(
  router: RouterStatus,
  split: boolean,
  instant: (at: number) => string,
  lateness: LatenessReport,
): Omit<RouterReport, 'health'> {
  const { spec, counters } = router;
  return {
    name: spec.name,
    family: spec.family,
    vrid: spec.vrid,
    interface: spec.interface,
    version: spec.version,
    state: router.state,
    since: instant(router.since),
    reason: router.reason,
    waiting: router.waiting,
    priority: router.priority,
    advert_interval_ms: spec.advertInterval / 1000,
    lease_ms: spec.lease === null ? null : spec.lease / 1000,
    active: router.active,
    split,
    conflict: router.conflict === null ? null : { ...router.conflict, since: instant(router.conflict.since) },
    checksums: router.checksums,
    peers: router.peers.map(({ address, self, lastHeard, trouble }) => ({
      address,
      self,
      last_heard: lastHeard === null ? null : instant(lastHeard),
      trouble,
    })),
    addresses: router.addresses,
    counters: {
      adverts_sent: counters.advertsSent,
      adverts_received: counters.advertsReceived,
      became_active: counters.becameActive,
      announcements: counters.announcements,
      addresses_put_back: counters.addressesPutBack,
      rejected: counters.rejected,
    },
    // One engine, one loop: every router is as late as the loop is.
    lateness,
  };
}

function reportNeighbour(neighbour: Neighbour, instant: (at: number) => string): NeighbourReport {
  const { rejected } = neighbour;
  return {
    interface: neighbour.interface,
    family: neighbour.family,
    address: neighbour.address,
    vrid: neighbour.vrid,
    version: neighbour.version,
    priority: neighbour.priority,
    interval_ms: neighbour.interval === null ? null : neighbour.interval / 1000,
    checksum: neighbour.checksum,
    last_heard: instant(neighbour.lastHeard),
    router: neighbour.router,
    reason: rejected === null ? null : rejected.reason,
    detail: rejected === null ? null : rejected.detail,
  };
}
