// Everything that is checked and revived on this machine, and what it comes to for each virtual router.
// Must not know how anything is looked at or started, nor what the engine makes of health.
import type { CheckSpec, Track, WatchdogSpec } from '../check/duties.ts';
import { type Fitness, fitness, type Tracked } from '../check/fitness.ts';
import { isUp } from '../check/health.ts';
import { type Stand, underOrder } from '../check/orders.ts';
import { countsAsUp } from '../check/watchdog.ts';
import type { Plan } from '../config/plan.ts';
import type { Log } from '../lib/log.ts';
import type { Prober, Programs, Services, Timers } from '../platform/agent-ports.ts';
import { type RouterSpec, routerKey } from '../vrrp/router.ts';
import { after, micros, millis, seconds } from '../vrrp/units.ts';
import { type CheckRun, runCheck } from './check-run.ts';
import type { Health } from './messages.ts';
import { type Orders, orderWords } from './orders.ts';
import { explainCheck, explainWatchdog, showService } from './service-words.ts';
import type { CheckStatus, Dependence, ServicesStatus, WatchdogStatus } from './status.ts';
import { runWatchdog, type WatchdogRun } from './watchdog-run.ts';

/** The engine takes health that is older than 10 s for lost. Decision 0012. */
const HEARTBEAT = seconds(2);
/** First looks are so far apart, so that many checks do not begin in one burst. */
const STAGGER = millis(2);

export interface ServicePorts {
  readonly prober: Prober;
  readonly services: Services;
  readonly programs: Programs;
  readonly timers: Timers;
  readonly log: Log;
  readonly orders: Orders;
  /** ms since 1970 */
  readonly wallNow: () => number;
  /** Of every router that depends on something: with each change, and again every two seconds, also when there is none. */
  readonly health: (all: readonly Health[]) => void;
}

/** `start`: the daemon begins. `reload`: it runs. `restart`: only the agent begins anew, and this was the health of the routers. */
export type Occasion = { readonly type: 'start' | 'reload' } | { readonly type: 'restart'; readonly health: readonly Health[] };

export interface ServiceDesk {
  /** Makes the plan's duties true by the difference: what did not change goes on as it is. */
  configure(plan: Plan, occasion: Occasion): void;
  health(): readonly Health[];
  status(): Omit<ServicesStatus, 'hooks'>;
}

export function createServiceDesk({ prober, services, programs, timers, log, orders, wallNow, health: told }: ServicePorts): ServiceDesk {
  let plan: Plan | null = null;
  const checks = new Map<string, CheckRun>();
  const watchdogs = new Map<string, WatchdogRun>();
  /** Came with a reload and have no verdict yet: they take nothing from a router that serves. */
  const trusted = new Set<string>();
  /** What another agent knew of routers, until we know. */
  const inherited = new Map<string, Health>();
  /** Routers that were under an order: the engine must hear when it is over, also of those that depend on nothing. */
  const ordered = new Set<string>();
  let sent = '';
  let configuring = false;

  function renew<Spec extends { readonly name: string }, Run extends { readonly spec: Spec; close(): void }>(
    running: Map<string, Run>,
    wanted: readonly Spec[],
    begin: (spec: Spec, index: number) => Run,
  ): void {
    const specs = new Map(wanted.map(spec => [spec.name, spec]));
    for (const [name, run] of running) {
      if (JSON.stringify(specs.get(name)) === JSON.stringify(run.spec)) continue;
      run.close();
      running.delete(name);
    }
    for (const [index, spec] of wanted.entries()) if (!running.has(spec.name)) running.set(spec.name, begin(spec, index));
  }

  function beginCheck(spec: CheckSpec, index: number, of: number): CheckRun {
    return runCheck(
      spec,
      {
        prober,
        timers,
        seen(run, before) {
          const words = explainCheck(spec.name, before, run.state(), tracksOf(spec.name), timers.now());
          if (words !== null) log.write(words[0], words[1], { check: spec.name }, words[2]);
          const { verdict, last } = run.state();
          if (verdict !== before.verdict || last?.seen.number !== before.last?.seen.number) review();
        },
      },
      index / of,
      micros(STAGGER * index),
    );
  }

  function beginWatchdog(spec: WatchdogSpec, fresh: boolean): WatchdogRun {
    return runWatchdog(spec, fresh, {
      prober,
      services,
      programs,
      timers,
      changed: review,
      reported(run, report) {
        const [level, event, words] = explainWatchdog(run.spec, report, timers.now());
        log.write(level, event, { watchdog: spec.name }, words);
      },
      explained: (_run, why) => log.write('error', 'watchdog.reason', { watchdog: spec.name }, why),
    });
  }

  function tracksOf(name: string): readonly Track[] {
    return plan?.duties.tracks.filter(({ of }) => of === name) ?? [];
  }

  /** What a router's checks say; `known`: all of them have a verdict. */
  function examine(router: string): { readonly fitness: Fitness; readonly known: boolean; readonly why: string | null } {
    const tracks = plan?.duties.tracks.filter(track => track.router === router) ?? [];
    const all = tracks.map(look);
    const ill = all.filter(({ tracked }) => !tracked.up).map(({ tracked, seen }) => `${tracked.of}: ${seen}`);
    return {
      fitness: fitness(all.map(({ tracked }) => tracked)),
      known: all.every(({ known }) => known),
      why: ill.length === 0 ? null : ill.join('; '),
    };
  }

  function look({ of, consequence }: Track): { readonly tracked: Tracked; readonly known: boolean; readonly seen: string } {
    const check = checks.get(of);
    if (check !== undefined) {
      const state = check.state();
      const known = state.verdict !== 'unknown';
      const up = known ? isUp(check.spec.timing, state) : isUp(check.spec.timing, state) || trusted.has(of);
      const number = state.last?.seen.number ?? null;
      return { tracked: { of, consequence, up, number }, known, seen: state.last?.seen.seen ?? 'not looked at yet' };
    }
    const watchdog = watchdogs.get(of);
    // The configuration lets nothing be tracked that is not there.
    if (watchdog === undefined) return { tracked: { of, consequence, up: true, number: null }, known: true, seen: '' };
    const state = watchdog.state();
    const known = state.phase.name !== 'unknown';
    const up = countsAsUp(watchdog.spec, state) || (!known && trusted.has(of));
    return { tracked: { of, consequence, up, number: null }, known, seen: describeWatchdog(watchdog) };
  }

  function health(): readonly Health[] {
    return (plan?.routers ?? [])
      .filter(({ tracked, name }) => tracked || orders.of(name) !== null || ordered.has(name))
      .map(spec => {
        const router = routerKey(spec);
        const { known, stand } = standOf(spec);
        const before = inherited.get(router);
        if (before !== undefined && !known) return before;
        inherited.delete(router);
        return { router, ...stand };
      });
  }

  /** What its checks say of a router, and what an operator makes of that. */
  function standOf({ name, priority }: RouterSpec): { readonly known: boolean; readonly parts: Fitness['parts']; readonly stand: Stand } {
    const { fitness: fit, known, why } = examine(name);
    const stand: Stand = { standing: fit.standing, adjustment: fit.adjustment, why };
    const order = orders.of(name);
    if (order === null) return { known, parts: fit.parts, stand };
    ordered.add(name);
    return { known, parts: fit.parts, stand: underOrder(order, orderWords(order, wallNow()), stand, priority) };
  }

  /** Tells what changed. */
  function review(): void {
    if (configuring) return;
    for (const name of trusted) if (isKnown(name)) trusted.delete(name);
    const all = health();
    const text = JSON.stringify(all.map(({ router, standing, adjustment }) => [router, standing, adjustment]));
    if (text === sent) return;
    sent = text;
    told(all);
  }

  function isKnown(name: string): boolean {
    return (checks.get(name)?.state().verdict ?? 'up') !== 'unknown' && watchdogs.get(name)?.state().phase.name !== 'unknown';
  }

  /** Also the sign that we live. */
  function beat(): void {
    told(health());
    timers.schedule(after(timers.now(), HEARTBEAT), beat);
  }
  timers.schedule(after(timers.now(), HEARTBEAT), beat);
  orders.onChange(review);

  return {
    configure(next, occasion) {
      const { duties } = next;
      plan = next;
      inherited.clear();
      if (occasion.type === 'restart') for (const each of occasion.health) inherited.set(each.router, each);
      configuring = true;
      const before = new Set([...checks.keys(), ...watchdogs.keys()]);
      renew(checks, duties.checks, (spec, index) => beginCheck(spec, index, duties.checks.length));
      renew(watchdogs, duties.watchdogs, spec => beginWatchdog(spec, occasion.type !== 'restart'));
      trusted.clear();
      if (occasion.type === 'reload')
        for (const { name } of [...duties.checks, ...duties.watchdogs]) if (!before.has(name) || !isKnown(name)) trusted.add(name);
      configuring = false;
    },
    health,
    status: () => ({
      now: timers.now(),
      checks: [...checks.values()].map(run => checkStatus(run, tracksOf(run.spec.name))),
      watchdogs: [...watchdogs.values()].map(run => watchdogStatus(run, tracksOf(run.spec.name))),
      routers: [...new Map(plan?.routers.map(spec => [spec.name, spec])).values()]
        .filter(({ tracked, name }) => tracked || orders.of(name) !== null)
        .map((spec): Dependence => {
          const { parts, stand } = standOf(spec);
          return { router: spec.name, parts, why: stand.why, order: orders.of(spec.name) };
        }),
    }),
  };
}

function describeWatchdog(run: WatchdogRun): string {
  const { phase, last } = run.state();
  switch (phase.name) {
    case 'unknown':
      return 'not looked at yet';
    case 'up':
      return last?.seen.seen ?? 'answers';
    case 'away':
      return [phase.how, run.explanation()].filter(part => part !== null).join('; ');
    case 'sick':
      return phase.seen;
    case 'stopped':
      return phase.why;
    case 'returning':
      return 'answers again, and is to go on doing so';
  }
}

function checkStatus({ spec, state: read }: CheckRun, tracks: readonly Track[]): CheckStatus {
  const state = read();
  return {
    name: spec.name,
    type: spec.probe.type,
    verdict: state.verdict,
    since: state.since,
    last: state.last,
    heldUntil: state.heldUntil,
    routers: tracks.map(({ router }) => router),
  };
}

function watchdogStatus(run: WatchdogRun, tracks: readonly Track[]): WatchdogStatus {
  const { spec } = run;
  const { phase, last, starts } = run.state();
  return {
    name: spec.name,
    service: showService(spec.service),
    phase: phase.name,
    since: phase.since,
    up: countsAsUp(spec, run.state()),
    seen: describeWatchdog(run),
    last,
    starts: starts.at.length,
    nextStart: phase.name === 'away' && phase.revival.step === 'waiting' ? phase.revival.startAt : null,
    heldUntil: phase.name === 'returning' ? phase.heldUntil : null,
    reason: run.explanation(),
    routers: tracks.map(({ router }) => router),
  };
}
