// What is known of this machine as metrics, in the text format of Prometheus, version 0.0.4. Pure: the same facts, the same text.
// Must not know how the facts came here, nor HTTP. What the engine has not just said is left out, so that no old state looks alive.
import type { CheckReport, HookReport, LookReport, ServicesReport, WatchdogReport } from '../api/services.ts';
import type { PeerReport, RouterReport, StatusReport } from '../api/status.ts';
import type { Tally } from './tally.ts';

export interface Facts {
  readonly version: string;
  /** What the engine says now; null: it does not answer. */
  readonly report: StatusReport | null;
  /** What the agent itself knows, whether the engine answers or not. */
  readonly services: ServicesReport;
  /** When the engine answered last, ms since 1970; null: never. */
  readonly answered: number | null;
  readonly transitions: Tally;
}

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string | number>>;
/** A value, with its labels where it has any; `suffix` of a histogram. */
interface Sample {
  readonly value: number;
  readonly labels?: Labels;
  readonly suffix?: string;
}

export interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  /** In the manual: the names of the labels. */
  readonly labels: readonly string[];
  samples(facts: Facts): readonly Sample[];
}

const STATES = ['initialize', 'backup', 'active', 'leaving', 'fault'] as const satisfies readonly RouterReport['state'][];
const STANDINGS = ['well', 'demoted', 'released'] as const satisfies readonly RouterReport['health']['standing'][];
const CONFLICTS = ['second-active', 'peer-does-not-hear-us', 'second-owner'] as const;
const PHASES = ['unknown', 'up', 'away', 'sick', 'stopped', 'returning'] as const;

const ROUTER = ['router', 'family', 'vrid', 'interface'];

function of({ name, family, vrid, interface: device }: RouterReport): Labels {
  return { router: name, family, vrid, interface: device };
}

/** RFC 3339 to seconds since 1970. */
function instant(text: string): number {
  return Date.parse(text) / 1000;
}

const flag = (is: boolean): number => (is ? 1 : 0);

function engine(value: (report: StatusReport) => number | null): Metric['samples'] {
  return ({ report }) => {
    const found = report === null ? null : value(report);
    return found === null ? [] : [{ value: found }];
  };
}

function router(value: (router: RouterReport) => number): Metric['samples'] {
  return ({ report }) => (report?.routers ?? []).map(each => ({ labels: of(each), value: value(each) }));
}

/** Of every check, of every watchdog, of every unicast peer; null: nothing is known. */
function check(value: (check: CheckReport) => number | null): Metric['samples'] {
  return ({ services }) => services.checks.flatMap(each => sampled({ check: each.name, type: each.type }, value(each)));
}

function watchdog(value: (watchdog: WatchdogReport) => number | null): Metric['samples'] {
  return ({ services }) => services.watchdogs.flatMap(each => sampled({ watchdog: each.name, service: each.service }, value(each)));
}

function hook(value: (hook: HookReport) => number): Metric['samples'] {
  return ({ services }) => services.hooks.flatMap(each => sampled({ router: each.router, hook: each.on }, value(each)));
}

function peer(value: (peer: PeerReport) => number | null): Metric['samples'] {
  return ({ report }) =>
    (report?.routers ?? []).flatMap(each => each.peers.flatMap(other => sampled({ ...of(each), peer: other.address }, value(other))));
}

function sampled(labels: Labels, value: number | null): readonly Sample[] {
  return value === null ? [] : [{ labels, value }];
}

const latency = ({ last }: { readonly last: LookReport | null }): number | null => (last === null ? null : last.latency_ms / 1000);

/** One sample for each word, 1 at the one that is true. */
function oneOf(label: string, words: readonly string[], is: (router: RouterReport) => string | null): Metric['samples'] {
  return ({ report }) =>
    (report?.routers ?? []).flatMap(each => {
      const now = is(each);
      return words.map(word => ({ labels: { ...of(each), [label]: word }, value: flag(word === now) }));
    });
}

function lateness({ report }: Facts): readonly Sample[] {
  if (report === null) return [];
  const { histogram, wakes, sum_us } = report.lateness;
  let sum = 0;
  const buckets = histogram.map(({ up_to_us, count }): Sample => {
    sum += count;
    return { suffix: '_bucket', labels: { le: up_to_us === null ? '+Inf' : up_to_us / 1e6 }, value: sum };
  });
  return [...buckets, { suffix: '_sum', value: sum_us / 1e6 }, { suffix: '_count', value: wakes }];
}

/** Every metric, in the order in which it is told. `docs/monitoring.md` has the same table. */
export const METRICS: readonly Metric[] = [
  {
    name: 'holdfast_build_info',
    type: 'gauge',
    help: 'Always 1; the version is in its label.',
    labels: ['version'],
    samples: ({ version }) => [{ labels: { version }, value: 1 }],
  },
  {
    name: 'holdfast_up',
    type: 'gauge',
    help: '1 when the engine answered just now; 0 when it is silent, and then nothing is told that only it knows.',
    labels: [],
    samples: ({ report }) => [{ value: flag(report !== null) }],
  },
  {
    name: 'holdfast_engine_answered_timestamp_seconds',
    type: 'gauge',
    help: 'When the engine answered last.',
    labels: [],
    samples: ({ answered }) => (answered === null ? [] : [{ value: answered / 1000 }]),
  },
  {
    name: 'holdfast_engine_started_timestamp_seconds',
    type: 'gauge',
    help: 'When the engine was started.',
    labels: [],
    samples: engine(({ started }) => instant(started)),
  },
  {
    name: 'holdfast_engine_lateness_seconds',
    type: 'histogram',
    help: 'How late the engine woke up for what was due; what decides whether short intervals are safe here.',
    labels: ['le'],
    samples: lateness,
  },
  {
    name: 'holdfast_engine_lateness_max_seconds',
    type: 'gauge',
    help: 'The latest wake-up since the engine was started.',
    labels: [],
    samples: engine(report => report.lateness.max_us / 1e6),
  },
  {
    name: 'holdfast_agent_restarts_total',
    type: 'counter',
    help: 'How often the agent died and was started again.',
    labels: [],
    samples: engine(report => report.agent_restarts),
  },
  {
    name: 'holdfast_log_lines_dropped_total',
    type: 'counter',
    help: 'Log lines that were lost because whoever reads them is too slow.',
    labels: [],
    samples: engine(report => report.dropped_log_lines),
  },
  {
    name: 'holdfast_configuration_loaded_timestamp_seconds',
    type: 'gauge',
    help: 'When the files that run were read.',
    labels: [],
    samples: engine(({ configuration }) => (configuration.loaded_at === null ? null : instant(configuration.loaded_at))),
  },
  {
    name: 'holdfast_configuration_current',
    type: 'gauge',
    help: '1 unless the last reload left something wrong: then the files say something else than what runs.',
    labels: [],
    samples: engine(({ configuration }) => flag((configuration.last_reload?.problem ?? null) === null)),
  },
  {
    name: 'holdfast_configuration_unconfirmed',
    type: 'gauge',
    help: '1 while the configuration goes back by itself unless somebody confirms it.',
    labels: [],
    samples: engine(({ configuration }) => flag(configuration.confirm_by !== null)),
  },
  {
    name: 'holdfast_router_state',
    type: 'gauge',
    help: `The state of a virtual router: 1 at one of ${STATES.join(', ')}.`,
    labels: [...ROUTER, 'state'],
    samples: oneOf('state', STATES, ({ state }) => state),
  },
  {
    name: 'holdfast_router_state_since_timestamp_seconds',
    type: 'gauge',
    help: 'Since when it has been in that state.',
    labels: ROUTER,
    samples: router(({ since }) => instant(since)),
  },
  {
    name: 'holdfast_router_transitions_total',
    type: 'counter',
    help: 'Changes of state by the new state and the reason, since the agent was started.',
    labels: [...ROUTER, 'to', 'reason'],
    samples: ({ report, transitions }) =>
      (report?.routers ?? []).flatMap(each =>
        transitions
          .of(`${each.name}/${each.family}`)
          .map(({ to, reason, count }) => ({ labels: { ...of(each), to, reason }, value: count })),
      ),
  },
  {
    name: 'holdfast_router_became_active_total',
    type: 'counter',
    help: 'How often it became Active, since the engine was started.',
    labels: ROUTER,
    samples: router(({ counters }) => counters.became_active),
  },
  {
    name: 'holdfast_router_priority_configured',
    type: 'gauge',
    help: 'The priority in the configuration.',
    labels: ROUTER,
    samples: router(({ priority }) => priority.configured),
  },
  {
    name: 'holdfast_router_priority_effective',
    type: 'gauge',
    help: 'The priority that counts: with the weights of checks, 1 while demoted.',
    labels: ROUTER,
    samples: router(({ priority }) => priority.effective),
  },
  {
    name: 'holdfast_router_standing',
    type: 'gauge',
    help: `What its services come to: 1 at one of ${STANDINGS.join(', ')}.`,
    labels: [...ROUTER, 'standing'],
    samples: oneOf('standing', STANDINGS, ({ health }) => health.standing),
  },
  {
    name: 'holdfast_router_conflict',
    type: 'gauge',
    help: `1 at the kind of conflict while another machine claims to be Active too: ${CONFLICTS.join(', ')}.`,
    labels: [...ROUTER, 'conflict'],
    samples: oneOf('conflict', CONFLICTS, ({ conflict }) => conflict?.what ?? null),
  },
  {
    name: 'holdfast_router_split',
    type: 'gauge',
    help: '1 while the two families of one name are served by different machines.',
    labels: ROUTER,
    samples: router(({ split }) => flag(split)),
  },
  {
    name: 'holdfast_router_addresses',
    type: 'gauge',
    help: 'How many virtual addresses it has.',
    labels: ROUTER,
    samples: router(({ addresses }) => addresses.length),
  },
  {
    name: 'holdfast_router_addresses_held',
    type: 'gauge',
    help: 'How many of them are on this machine.',
    labels: ROUTER,
    samples: router(({ addresses }) => addresses.filter(({ held }) => held).length),
  },
  {
    name: 'holdfast_router_addresses_put_back_total',
    type: 'counter',
    help: 'Addresses that were put back after somebody took them off.',
    labels: ROUTER,
    samples: router(({ counters }) => counters.addresses_put_back),
  },
  {
    name: 'holdfast_router_announcements_total',
    type: 'counter',
    help: 'Bursts of gratuitous ARP and unsolicited neighbour advertisements.',
    labels: ROUTER,
    samples: router(({ counters }) => counters.announcements),
  },
  {
    name: 'holdfast_router_adverts_sent_total',
    type: 'counter',
    help: 'Advertisements sent.',
    labels: ROUTER,
    samples: router(({ counters }) => counters.adverts_sent),
  },
  {
    name: 'holdfast_router_adverts_received_total',
    type: 'counter',
    help: 'Advertisements accepted.',
    labels: ROUTER,
    samples: router(({ counters }) => counters.adverts_received),
  },
  {
    name: 'holdfast_router_adverts_rejected_total',
    type: 'counter',
    help: 'Advertisements that were not accepted, by the reason.',
    labels: [...ROUTER, 'reason'],
    samples: ({ report }) =>
      (report?.routers ?? []).flatMap(each =>
        Object.entries(each.counters.rejected).map(([reason, value]) => ({ labels: { ...of(each), reason }, value })),
      ),
  },
  {
    name: 'holdfast_peer_heard_timestamp_seconds',
    type: 'gauge',
    help: 'When a unicast peer was heard last; a Backup is silent by nature.',
    labels: [...ROUTER, 'peer'],
    samples: peer(({ last_heard }) => (last_heard === null ? null : instant(last_heard))),
  },
  {
    name: 'holdfast_peer_reachable',
    type: 'gauge',
    help: '0 while the network says that advertisements do not reach that unicast peer.',
    labels: [...ROUTER, 'peer'],
    samples: peer(({ self, trouble }) => (self ? null : flag(trouble === null))),
  },
  {
    name: 'holdfast_neighbours',
    type: 'gauge',
    help: 'Other VRRP speakers that are heard, by whether a router here accepts them.',
    labels: ['accepted'],
    samples: ({ report }) =>
      report === null
        ? []
        : [true, false].map(accepted => ({
            labels: { accepted: String(accepted) },
            value: report.neighbours.filter(({ router: name, reason }) => (name !== null && reason === null) === accepted).length,
          })),
  },
  {
    name: 'holdfast_check_up',
    type: 'gauge',
    help: '1 while a check is up.',
    labels: ['check', 'type'],
    samples: check(({ state }) => flag(state === 'up')),
  },
  {
    name: 'holdfast_check_latency_seconds',
    type: 'gauge',
    help: 'How long its last look took.',
    labels: ['check', 'type'],
    samples: check(latency),
  },
  {
    name: 'holdfast_check_last_look_timestamp_seconds',
    type: 'gauge',
    help: 'When its last look began.',
    labels: ['check', 'type'],
    samples: check(({ last }) => (last === null ? null : instant(last.at))),
  },
  {
    name: 'holdfast_watchdog_up',
    type: 'gauge',
    help: '1 while the routers count on the service of a watchdog.',
    labels: ['watchdog', 'service'],
    samples: watchdog(({ up }) => flag(up)),
  },
  {
    name: 'holdfast_watchdog_state',
    type: 'gauge',
    help: `The state of a watchdog: 1 at one of ${PHASES.join(', ')}.`,
    labels: ['watchdog', 'service', 'state'],
    samples: ({ services }) =>
      services.watchdogs.flatMap(({ name, service, state }) =>
        PHASES.map(word => ({ labels: { watchdog: name, service, state: word }, value: flag(state === word) })),
      ),
  },
  {
    name: 'holdfast_watchdog_recent_starts',
    type: 'gauge',
    help: 'How often it started the service within `start_limit_interval`.',
    labels: ['watchdog', 'service'],
    samples: watchdog(({ starts }) => starts),
  },
  {
    name: 'holdfast_watchdog_latency_seconds',
    type: 'gauge',
    help: 'How long its last look took.',
    labels: ['watchdog', 'service'],
    samples: watchdog(latency),
  },
  {
    name: 'holdfast_hook_ok',
    type: 'gauge',
    help: '1 when the last delivery to a hook went well.',
    labels: ['router', 'hook'],
    samples: hook(({ ok }) => flag(ok)),
  },
  {
    name: 'holdfast_hook_duration_seconds',
    type: 'gauge',
    help: 'How long that took.',
    labels: ['router', 'hook'],
    samples: hook(({ took_ms }) => took_ms / 1000),
  },
];

/** The whole text; a metric that nothing is known of is not mentioned. */
export function metrics(facts: Facts): string {
  return METRICS.flatMap(metric => {
    const { name, type, help } = metric;
    const lines = metric.samples(facts).map(({ suffix = '', labels = {}, value }) => `${name}${suffix}${written(labels)} ${value}\n`);
    return lines.length === 0 ? [] : [`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`, ...lines];
  }).join('');
}

function written(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
