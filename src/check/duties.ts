// Everything that the agent does beside the configuration, as plain data: what it checks, revives, and tells whom. It crosses
// to the engine and back as JSON, so that an agent that was started again goes on without reading a file.
// Must not know how any of it is done.
import type { Address } from '../vrrp/address.ts';
import type { Micros } from '../vrrp/units.ts';
import type { Probe, SecretSource } from './probe.ts';

/** What follows for a router when a check is down. */
export type Consequence =
  /** Serve only if nobody else can: priority 1. */
  | { readonly do: 'demote' }
  /** Give the addresses up even if nobody takes them. */
  | { readonly do: 'release' }
  /** As in keepalived: below 0 it counts while the check is down, above 0 while it is up. -253..253 and not 0.
   *  'number': the number that the check reads is the weight. */
  | { readonly do: 'weight'; readonly weight: number | 'number' };

/** How results become a verdict. Durations in µs. */
export interface Timing {
  /** From the beginning of one look to that of the next; a look that takes longer is followed at once. Polled kinds only. */
  readonly interval: Micros;
  /** Longest time of one look. Polled kinds only. */
  readonly timeout: Micros;
  /** Good looks in a row that make it up; bad ones that make it down. 1..100. Polled kinds only. */
  readonly rise: number;
  readonly fall: number;
  /** How long a change must last until it counts. Watched kinds only. */
  readonly upDelay: Micros;
  readonly downDelay: Micros;
  /** What counts before the first result. */
  readonly start: 'up' | 'down';
  /** A check that goes down again and again is held down for so long after it is good again; doubled each time. 0: never. */
  readonly hold: Micros;
}

/** `[check.NAME]` */
export interface CheckSpec {
  readonly name: string;
  readonly probe: Probe;
  readonly timing: Timing;
}

/** `[watchdog.NAME]` */
export interface WatchdogSpec {
  readonly name: string;
  readonly service: Service;
  /** A real request: the service is up when it is answered. */
  readonly probe: Probe;
  readonly timing: Timing;
  /** Says why the service does not start; null: nothing does. */
  readonly test: readonly string[] | null;
  /** How long it may take to come back, since its death or hang was noticed, before the address goes. */
  readonly reviveWithin: Micros;
  readonly handOver: 'if-not-revived' | 'immediately' | 'never';
  /** So many starts within `startLimitInterval` are made at once. Each further one waits, and so does each start after one that
   *  failed: 0.5 s, 1 s, 2 s, ... 60 s. */
  readonly startLimit: number;
  readonly startLimitInterval: Micros;
}

export type Service =
  | { readonly by: 'unit'; readonly unit: string }
  | {
      readonly by: 'start';
      /** Program by its full path, then its arguments. */
      readonly run: readonly string[];
      /** Where it writes its process id; null: it stays in the foreground. */
      readonly pidFile: string | null;
      /** Account that it is started as; null: the daemon's own. */
      readonly user: string | null;
    };

/** An element of `track`: the router depends on a check or a watchdog. */
export interface Track {
  /** Name of the virtual router, of both families. */
  readonly router: string;
  /** Name of the check or watchdog. */
  readonly of: string;
  readonly consequence: Consequence;
}

/** What a router can have become, as hooks are told. */
export type StateEvent = 'active' | 'backup' | 'fault' | 'stop';
export type HookEvent = StateEvent | 'change';

export type Hook =
  | {
      readonly do: 'run';
      /** Program by its full path, then its arguments; keepalived's four follow them. */
      readonly run: readonly string[];
      readonly user: string | null;
      readonly timeout: Micros;
    }
  | {
      readonly do: 'post';
      readonly url: string;
      /** Key of the signature; null: not signed. */
      readonly secret: SecretSource | null;
      /** Of all attempts together. */
      readonly timeout: Micros;
    };

/** The hooks of one virtual router, of both families. */
export interface RouterHooks {
  readonly router: string;
  readonly on: Readonly<Partial<Record<HookEvent, Hook>>>;
}

/** `[http]`: where the page and the metrics are served, and to whom. */
export interface HttpSpec {
  readonly listen: { readonly address: Address; readonly port: number };
  /** null: to everybody who gets there. */
  readonly token: SecretSource | null;
}

export interface Duties {
  readonly checks: readonly CheckSpec[];
  readonly watchdogs: readonly WatchdogSpec[];
  readonly tracks: readonly Track[];
  readonly hooks: readonly RouterHooks[];
  /** null: nothing is served. */
  readonly http: HttpSpec | null;
}

export const NO_DUTIES: Duties = { checks: [], watchdogs: [], tracks: [], hooks: [], http: null };
