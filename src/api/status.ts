// The status that users and scripts see, schema 1: names and units are a contract.
// Must not know sockets or tables.
import type { Conflict, EngineStatus, RouterStatus } from '../core/status.ts';

export interface StatusReport {
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
  readonly lateness: LatenessReport;
  readonly routers: readonly RouterReport[];
}

export interface LatenessReport {
  readonly wakes: number;
  readonly last_us: number;
  readonly max_us: number;
  /** `up_to_us` null: later than all others */
  readonly histogram: readonly { readonly up_to_us: number | null; readonly count: number }[];
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
  readonly advert_interval_ms: number;
  readonly active: { readonly address: string; readonly priority: number; readonly self: boolean } | null;
  /** Another router that claims to be Active while we are; `second-owner` is a configuration error. */
  readonly conflict: { readonly what: Conflict['what']; readonly address: string; readonly since: string } | null;
  readonly addresses: readonly { readonly address: string; readonly held: boolean; readonly ours: boolean }[];
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

/** @param wallNow ms since 1970, read when `status` arrived: the engine itself knows no wall clock */
export function reportStatus(status: EngineStatus, node: string, wallNow: number): StatusReport {
  const instant = (at: number): string => new Date(wallNow - (status.now - at) / 1000).toISOString();
  const lateness: LatenessReport = {
    wakes: status.lateness.wakes,
    last_us: status.lateness.last,
    max_us: status.lateness.max,
    histogram: status.lateness.histogram.map(({ upTo, count }) => ({ up_to_us: upTo, count })),
  };
  return {
    schema: 1,
    version: status.version,
    node,
    pid: status.pid,
    started: instant(status.started),
    scheduling: status.scheduling,
    agent_restarts: status.agentRestarts,
    dropped_log_lines: status.droppedLogLines,
    lateness,
    routers: status.routers.map(router => reportRouter(router, instant, lateness)),
  };
}

function reportRouter(router: RouterStatus, instant: (at: number) => string, lateness: LatenessReport): RouterReport {
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
    active: router.active,
    conflict: router.conflict === null ? null : { ...router.conflict, since: instant(router.conflict.since) },
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
