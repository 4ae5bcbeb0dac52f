// Checks, watchdogs and hooks as users and scripts see them, schema 1: names and units are a contract.
// Must not know sockets or tables.
import type { CheckStatus, Dependence, HookStatus, ServicesStatus, WatchdogStatus } from '../core/status.ts';

/** A last look. Instants as RFC 3339. */
export interface LookReport {
  readonly at: string;
  readonly latency_ms: number;
  /** In one word, what was bad; null: nothing. */
  readonly trouble: string | null;
  /** For people. */
  readonly seen: string;
}

export interface CheckReport {
  readonly name: string;
  readonly type: string;
  readonly state: CheckStatus['verdict'];
  readonly since: string;
  /** null: it was not looked at yet. */
  readonly last: LookReport | null;
  /** Good again, and held down until then because it comes and goes; null: not held. */
  readonly held_until: string | null;
  /** Names of the virtual routers that depend on it. */
  readonly routers: readonly string[];
}

export interface WatchdogReport {
  readonly name: string;
  /** The unit, or the command that starts it. */
  readonly service: string;
  readonly state: WatchdogStatus['phase'];
  readonly since: string;
  /** Whether its routers count on it. */
  readonly up: boolean;
  readonly seen: string;
  readonly last: LookReport | null;
  /** How often it was started lately (`start_limit_interval`). */
  readonly starts: number;
  readonly next_start: string | null;
  readonly held_until: string | null;
  /** Why the last start failed, as its test says; null: nothing known. */
  readonly reason: string | null;
  readonly routers: readonly string[];
}

/** The last delivery to one hook of one virtual router. */
export interface HookReport {
  readonly router: string;
  /** `on_active`, ... */
  readonly on: string;
  /** What was told. */
  readonly event: HookStatus['event'];
  readonly hook: string;
  readonly ok: boolean;
  readonly seen: string;
  readonly at: string;
  readonly took_ms: number;
}

/** How the services of a router stand, and what each does to it. */
export interface HealthReport {
  readonly standing: 'well' | 'demoted' | 'released';
  /** Sum of the weights below. */
  readonly adjustment: number;
  /** What is wrong, in words; null: nothing. */
  readonly why: string | null;
  /** What an operator has ordered; null: nothing. Instants as RFC 3339; `until` null: until it is taken back. */
  readonly order: {
    readonly move: 'drain' | 'promote';
    readonly force: boolean;
    readonly since: string;
    readonly until: string | null;
    readonly keep: boolean;
  } | null;
  /** In the order of `track`: `none`, `demote`, `release`, or the weight that counts now. */
  readonly parts: readonly { readonly of: string; readonly effect: string | number }[];
}

export interface ServicesReport {
  readonly checks: readonly CheckReport[];
  readonly watchdogs: readonly WatchdogReport[];
  readonly hooks: readonly HookReport[];
}

type Instant = (at: number) => string;

/** @param instant makes RFC 3339 of the agent's monotonic instants
 *  @param wall makes it of ms since 1970 */
export function reportServices({ checks, watchdogs, hooks }: ServicesStatus, instant: Instant, wall: Instant): ServicesReport {
  const orNull = (at: number | null): string | null => (at === null ? null : instant(at));
  const look = (last: CheckStatus['last']): LookReport | null =>
    last === null
      ? null
      : { at: instant(last.began), latency_ms: (last.ended - last.began) / 1000, trouble: last.seen.trouble, seen: last.seen.seen };
  return {
    checks: checks.map(({ name, type, verdict, since, last, heldUntil, routers }) => ({
      name,
      type,
      state: verdict,
      since: instant(since),
      last: look(last),
      held_until: orNull(heldUntil),
      routers,
    })),
    watchdogs: watchdogs.map(({ name, service, phase, since, up, seen, last, starts, nextStart, heldUntil, reason, routers }) => ({
      name,
      service,
      state: phase,
      since: instant(since),
      up,
      seen,
      last: look(last),
      starts,
      next_start: orNull(nextStart),
      held_until: orNull(heldUntil),
      reason,
      routers,
    })),
    hooks: hooks.map(({ router, on, event, hook, ok, seen, at, took }) => ({
      router,
      on: `on_${on}`,
      event,
      hook,
      ok,
      seen,
      at: wall(at),
      took_ms: took / 1000,
    })),
  };
}

/** @param dependence null: the router depends on nothing */
export function reportHealth(
  { standing, adjustment }: Pick<HealthReport, 'standing' | 'adjustment'>,
  dependence: Dependence | null,
): HealthReport {
  const order = dependence?.order ?? null;
  const instant = (at: number): string => new Date(at).toISOString();
  return {
    standing,
    adjustment,
    why: dependence?.why ?? null,
    order:
      order === null
        ? null
        : {
            move: order.move,
            force: order.force,
            since: instant(order.since),
            until: order.until === null ? null : instant(order.until),
            keep: order.keep,
          },
    parts: dependence?.parts ?? [],
  };
}
