// The watchdog of one service as a state machine: it dies, hangs, is stopped, comes back; when to start it, and when the address
// must go. Pure: what happened and when comes in, the next state and what to do comes out. Must not know how a service is
// started or asked.
import { after, between, earliest, type Micros, millis, seconds } from '../vrrp/units.ts';
import { type Falls, fell, heldUntil } from './damping.ts';
import type { WatchdogSpec } from './duties.ts';
import type { Look } from './health.ts';
import type { Seen, Trouble } from './probe.ts';
import type { ServiceState } from './service.ts';
import { afterDeath, afterFailure, NO_STARTS, type Starts, started } from './starts.ts';

/** Without an answer for so long after its start, it has not started: as systemd's DefaultTimeoutStartSec. */
export const START_PATIENCE = seconds(90);
/** How often a service that is being revived is asked for an answer; how often one that is away is looked for. */
const EAGER = millis(20);
const CHANGING = millis(100);
const AWAY = seconds(1);

/** What becomes of a service that is away. */
export type Revival =
  /** Somebody else is at it (systemd), or we do not know yet. */
  | { readonly step: 'asking' }
  /** To be started at that instant. */
  | { readonly step: 'waiting'; readonly startAt: Micros }
  | { readonly step: 'starting' }
  /** It has started, and is to answer. */
  | { readonly step: 'proving'; readonly since: Micros };

export type Phase =
  /** Nothing is known yet. */
  | { readonly name: 'unknown'; readonly since: Micros; readonly running: boolean; readonly bad: number }
  /** It answers. `bad`: looks in a row that it did not, the first of them at `badSince`. */
  | { readonly name: 'up'; readonly since: Micros; readonly bad: number; readonly badSince: Micros }
  /** It is gone or hangs. `lost`: since when; `noticed`: when that was seen, and it began to be revived. `handed`: the router
   *  counts it as down. */
  | {
      readonly name: 'away';
      readonly since: Micros;
      readonly lost: Micros;
      readonly noticed: Micros;
      readonly how: string;
      readonly handed: boolean;
      readonly revival: Revival;
    }
  /** It answers, and not what it should: a start would not help. */
  | { readonly name: 'sick'; readonly since: Micros; readonly seen: string; readonly good: number; readonly bad: number }
  /** Somebody stopped it. */
  | { readonly name: 'stopped'; readonly since: Micros; readonly why: string }
  /** It answers again, and is to do so `rise` times, or until a hold is over, before the router counts on it. */
  | {
      readonly name: 'returning';
      readonly since: Micros;
      readonly good: number;
      readonly bad: number;
      readonly heldUntil: Micros | null;
    };

export interface WatchdogState {
  readonly phase: Phase;
  readonly starts: Starts;
  readonly falls: Falls;
  readonly last: Look | null;
}

export type WatchdogEvent =
  /** The kernel: its process is gone. */
  | { readonly type: 'ended' }
  /** The machine's answer to `ask`. */
  | { readonly type: 'told'; readonly state: ServiceState }
  | { readonly type: 'look'; readonly look: Look }
  /** What became of `start`; null: it runs. */
  | { readonly type: 'started'; readonly failure: string | null }
  | { readonly type: 'time' };

export type WatchdogReport =
  | { readonly what: 'serving' }
  | { readonly what: 'died'; readonly how: string }
  | { readonly what: 'hung'; readonly seen: string; readonly since: Micros }
  | { readonly what: 'sick'; readonly seen: string }
  | { readonly what: 'stopped'; readonly why: string }
  /** The next start waits: the budget is used up, or the one before failed. */
  | { readonly what: 'start-waits'; readonly wait: Micros }
  | { readonly what: 'start-failed'; readonly why: string }
  /** It answers again. `away`: for how long it was not there. `handed`: the address had gone. */
  | { readonly what: 'revived'; readonly away: Micros; readonly handed: boolean }
  | { readonly what: 'handed-over'; readonly away: Micros }
  /** It flaps, and is held down though it answers. */
  | { readonly what: 'held'; readonly until: Micros }
  | { readonly what: 'rejoined' };

export type WatchdogAction =
  | { readonly do: 'ask' }
  /** A look now, whatever the pace. */
  | { readonly do: 'look' }
  | { readonly do: 'start' }
  /** Find out why it does not start: its test. */
  | { readonly do: 'explain' }
  | ({ readonly do: 'report' } & WatchdogReport);

export type WatchdogStep = readonly [WatchdogState, readonly WatchdogAction[]];

export function initial(now: Micros): WatchdogState {
  return { phase: { name: 'unknown', since: now, running: false, bad: 0 }, starts: NO_STARTS, falls: [], last: null };
}

/** @param fresh the daemon has just begun: a service that only we start is to be started */
export function watchdogStep(spec: WatchdogSpec, state: WatchdogState, event: WatchdogEvent, now: Micros, fresh: boolean): WatchdogStep {
  switch (event.type) {
    case 'ended':
      // While we start it, it is we who end what is left of it.
      return [state, isStarting(state.phase) ? [] : [{ do: 'ask' }]];
    case 'told':
      return told(spec, state, event.state, now, fresh);
    case 'look': {
      // What was asked before things changed says nothing about now.
      if (event.look.began < state.phase.since || isStarting(state.phase)) return [state, []];
      return looked(spec, { ...state, last: event.look }, event.look, now);
    }
    case 'started':
      return startEnded(state, event.failure, now);
    case 'time':
      return timePassed(spec, state, now);
  }
}

/** Whether a router may count on it. */
export function countsAsUp(spec: WatchdogSpec, { phase }: WatchdogState): boolean {
  switch (phase.name) {
    case 'unknown':
      return spec.timing.start === 'up' || spec.handOver === 'never';
    case 'up':
      return true;
    case 'away':
      return !phase.handed;
    case 'sick':
    case 'stopped':
    case 'returning':
      return spec.handOver === 'never';
  }
}

/** How long from the beginning of one look to that of the next; null: no looks now. */
export function lookEvery(spec: WatchdogSpec, { phase }: WatchdogState): Micros | null {
  switch (phase.name) {
    case 'away':
      return phase.revival.step === 'proving' ? EAGER : null;
    case 'stopped':
      return null;
    case 'unknown':
    case 'up':
    case 'sick':
    case 'returning':
      return spec.timing.interval;
  }
}

/** How often the machine is asked for the state of the service; null: only when something happens. */
export function askEvery({ phase }: WatchdogState): Micros | null {
  if (phase.name === 'stopped') return AWAY;
  if (phase.name !== 'away') return null;
  switch (phase.revival.step) {
    case 'asking':
      return CHANGING;
    case 'waiting':
      return AWAY;
    case 'starting':
    case 'proving':
      return null;
  }
}

/** When a `time` event is wanted; null: never. */
export function watchdogDeadline(spec: WatchdogSpec, { phase }: WatchdogState): Micros | null {
  if (phase.name === 'returning') return phase.heldUntil;
  if (phase.name !== 'away') return null;
  const { revival } = phase;
  const own = revival.step === 'waiting' ? revival.startAt : revival.step === 'proving' ? after(revival.since, START_PATIENCE) : null;
  return earliest(own, handOverAt(spec, phase));
}

type Away = Extract<Phase, { name: 'away' }>;

function handOverAt(spec: WatchdogSpec, { handed, noticed }: Away): Micros | null {
  return handed || spec.handOver === 'never' ? null : after(noticed, spec.reviveWithin);
}

function isStarting(phase: Phase): boolean {
  return phase.name === 'away' && phase.revival.step === 'starting';
}

// ---- what the machine says about the service ---------------------------------------------------------------------

function told(spec: WatchdogSpec, state: WatchdogState, service: ServiceState, now: Micros, fresh: boolean): WatchdogStep {
  const { phase } = state;
  if (isStarting(phase)) return [state, []];
  switch (service.name) {
    case 'running':
      return runs(state, now);
    case 'changing':
      return changes(spec, state, now);
    case 'dead':
      return died(spec, state, service.how, now);
    case 'missing':
      return stopped(state, service.why, now);
    case 'stopped':
      if (spec.service.by === 'unit') return stopped(state, 'stopped by somebody', now);
      // Nobody else starts it, so at our own start it is not there yet; and a pid file that a failed start left says nothing.
      if (phase.name === 'unknown' && fresh) return died(spec, state, 'not started yet', now);
      return phase.name === 'away' ? [state, []] : stopped(state, 'stopped by somebody', now);
  }
}

function runs(state: WatchdogState, now: Micros): WatchdogStep {
  const { phase } = state;
  switch (phase.name) {
    case 'unknown':
      return [{ ...state, phase: { ...phase, running: true } }, phase.running ? [] : [{ do: 'look' }]];
    case 'away': {
      if (phase.revival.step === 'proving') return [state, []];
      return [{ ...state, phase: { ...phase, since: now, revival: { step: 'proving', since: now } } }, [{ do: 'look' }]];
    }
    case 'stopped':
      return [
        {
          ...state,
          phase: {
            name: 'away',
            since: now,
            lost: phase.since,
            noticed: now,
            how: phase.why,
            handed: true,
            revival: { step: 'proving', since: now },
          },
        },
        [{ do: 'look' }],
      ];
    case 'up':
    case 'sick':
    case 'returning':
      // Another process in its place (a binary upgrade), and the next look tells how it serves.
      return [state, [{ do: 'look' }]];
  }
}

function changes(spec: WatchdogSpec, state: WatchdogState, now: Micros): WatchdogStep {
  const { phase } = state;
  if (phase.name === 'away') return [{ ...state, phase: { ...phase, revival: { step: 'asking' } } }, []];
  if (phase.name === 'stopped') return [state, []];
  return [{ ...state, phase: lose(spec, state, now, 'being restarted', { step: 'asking' }, now) }, []];
}

function died(spec: WatchdogSpec, state: WatchdogState, how: string, now: Micros): WatchdogStep {
  const { phase } = state;
  if (phase.name === 'away') {
    switch (phase.revival.step) {
      case 'waiting':
      case 'starting':
        return [state, []];
      case 'asking':
        return restart(spec, { ...state, phase: { ...phase, how } }, phase, null, [{ do: 'report', what: 'died', how }], now);
      case 'proving':
        return fails(state, phase, how, now);
    }
  }
  const away = lose(spec, state, now, how, { step: 'asking' }, now);
  return restart(spec, state, away, phase.name === 'up' ? phase.since : null, [{ do: 'report', what: 'died', how }], now);
}

function stopped(state: WatchdogState, why: string, now: Micros): WatchdogStep {
  const { phase } = state;
  if (phase.name === 'stopped') return [state, []];
  return [{ ...state, phase: { name: 'stopped', since: now, why } }, [{ do: 'report', what: 'stopped', why }]];
}

// ---- losing it, and starting it -----------------------------------------------------------------------------------

/** @param lost since when it is away */
function lose(spec: WatchdogSpec, state: WatchdogState, lost: Micros, how: string, revival: Revival, now: Micros): Away {
  const handed = !countsAsUp(spec, state) || spec.handOver === 'immediately';
  return { name: 'away', since: now, lost, noticed: now, how, handed, revival };
}

function restart(
  spec: WatchdogSpec,
  state: WatchdogState,
  away: Away,
  upSince: Micros | null,
  reports: readonly WatchdogAction[],
  now: Micros,
): WatchdogStep {
  const falls = countsAsUp(spec, state) && away.handed ? fell(state.falls, now) : state.falls;
  const [starts, startAt] = afterDeath(state.starts, spec, upSince, now);
  const next = { ...state, falls, starts, phase: { ...away, revival: { step: 'waiting' as const, startAt } } };
  if (startAt <= now) return start(next, next.phase, reports, now);
  return [next, [...reports, { do: 'report', what: 'start-waits', wait: between(now, startAt) }]];
}

function start(state: WatchdogState, away: Away, before: readonly WatchdogAction[], now: Micros): WatchdogStep {
  return [
    { ...state, starts: started(state.starts, now), phase: { ...away, since: now, revival: { step: 'starting' } } },
    [...before, { do: 'start' }],
  ];
}

function startEnded(state: WatchdogState, failure: string | null, now: Micros): WatchdogStep {
  const { phase } = state;
  if (phase.name !== 'away' || phase.revival.step !== 'starting') return [state, []];
  if (failure !== null) return fails(state, phase, failure, now);
  return [{ ...state, phase: { ...phase, since: now, revival: { step: 'proving', since: now } } }, [{ do: 'look' }]];
}

function fails(state: WatchdogState, away: Away, why: string, now: Micros): WatchdogStep {
  const [starts, startAt] = afterFailure(state.starts, now);
  return [
    { ...state, starts, phase: { ...away, since: now, revival: { step: 'waiting', startAt } } },
    [{ do: 'report', what: 'start-failed', why }, { do: 'explain' }, { do: 'report', what: 'start-waits', wait: between(now, startAt) }],
  ];
}

// ---- looks --------------------------------------------------------------------------------------------------------

function looked(spec: WatchdogSpec, state: WatchdogState, look: Look, now: Micros): WatchdogStep {
  const { phase } = state;
  const { trouble, seen } = look.seen;
  switch (phase.name) {
    case 'unknown': {
      if (!phase.running) return [state, []];
      if (trouble === null) return [up(state, now), [{ do: 'report', what: 'serving' }]];
      const bad = phase.bad + 1;
      return bad < spec.timing.fall ? [{ ...state, phase: { ...phase, bad } }, []] : ails(spec, state, trouble, seen, phase.since, now);
    }
    case 'up': {
      if (trouble === null) return [phase.bad === 0 ? state : { ...state, phase: { ...phase, bad: 0 } }, []];
      const bad = phase.bad + 1;
      const badSince = phase.bad === 0 ? look.began : phase.badSince;
      if (bad < spec.timing.fall) return [{ ...state, phase: { ...phase, bad, badSince } }, []];
      return ails(spec, state, trouble, seen, badSince, now);
    }
    case 'away':
      return proved(spec, state, phase, look.seen, now);
    case 'sick': {
      if (trouble === null) return comes(spec, state, phase.good + 1, now);
      const bad = phase.bad + 1;
      const next = { ...state, phase: { ...phase, seen, good: 0, bad } };
      return isMute(trouble) && bad >= spec.timing.fall ? ails(spec, next, trouble, seen, now, now) : [next, []];
    }
    case 'returning': {
      if (trouble === null) return comes(spec, state, phase.good + 1, now);
      const bad = phase.bad + 1;
      const next = { ...state, phase: { ...phase, good: 0, bad, heldUntil: null } };
      return bad >= spec.timing.fall ? ails(spec, next, trouble, seen, now, now) : [next, []];
    }
    case 'stopped':
      return [state, []];
  }
}

/** Nothing answers, so that a start may help; whoever gives a wrong answer is alive. */
function isMute(trouble: Trouble): boolean {
  return trouble === 'timeout' || trouble === 'refused' || trouble === 'protocol';
}

function ails(spec: WatchdogSpec, state: WatchdogState, trouble: Trouble, seen: string, since: Micros, now: Micros): WatchdogStep {
  const upSince = state.phase.name === 'up' ? state.phase.since : null;
  if (isMute(trouble)) {
    const away = lose(spec, state, since, seen, { step: 'asking' }, now);
    return restart(spec, state, away, upSince, [{ do: 'report', what: 'hung', seen, since }], now);
  }
  const falls = countsAsUp(spec, state) ? fell(state.falls, now) : state.falls;
  return [{ ...state, falls, phase: { name: 'sick', since: now, seen, good: 0, bad: 0 } }, [{ do: 'report', what: 'sick', seen }]];
}

function proved(spec: WatchdogSpec, state: WatchdogState, away: Away, { trouble, seen }: Seen, now: Micros): WatchdogStep {
  if (away.revival.step !== 'proving') return [state, []];
  if (trouble === null) {
    const report: WatchdogAction = { do: 'report', what: 'revived', away: between(away.lost, now), handed: away.handed };
    if (!away.handed) return [up(state, now), [report]];
    const [next, actions] = comes(spec, state, 1, now);
    return [next, [report, ...actions]];
  }
  // It answers wrongly: that is no start that failed.
  if (!isMute(trouble) && trouble !== 'unreachable') return ails(spec, state, trouble, seen, now, now);
  return [state, []];
}

/** It answers, the `good`th time in a row, after the address had gone. */
function comes(spec: WatchdogSpec, state: WatchdogState, good: number, now: Micros): WatchdogStep {
  const { phase } = state;
  const known = phase.name === 'returning' ? phase : null;
  const since = known?.since ?? now;
  const held = known?.heldUntil ?? null;
  if (good < spec.timing.rise) {
    if (phase.name === 'sick') return [{ ...state, phase: { ...phase, good, bad: 0 } }, []];
    return [{ ...state, phase: { name: 'returning', since, good, bad: 0, heldUntil: held } }, []];
  }
  const until = held ?? heldUntil(state.falls, spec.timing.hold, now);
  if (until === null || now >= until) return [up(state, now), [{ do: 'report', what: 'rejoined' }]];
  const next: WatchdogState = { ...state, phase: { name: 'returning', since, good, bad: 0, heldUntil: until } };
  return [next, held === null ? [{ do: 'report', what: 'held', until }] : []];
}

function up(state: WatchdogState, now: Micros): WatchdogState {
  return { ...state, phase: { name: 'up', since: now, bad: 0, badSince: now } };
}

// ---- time ---------------------------------------------------------------------------------------------------------

function timePassed(spec: WatchdogSpec, state: WatchdogState, now: Micros): WatchdogStep {
  const { phase } = state;
  if (phase.name === 'returning') {
    if (phase.heldUntil === null || now < phase.heldUntil) return [state, []];
    return [up(state, now), [{ do: 'report', what: 'rejoined' }]];
  }
  if (phase.name !== 'away') return [state, []];
  const due = handOverAt(spec, phase);
  const leaves = due !== null && now >= due;
  const away = leaves ? { ...phase, handed: true } : phase;
  const next = leaves ? { ...state, falls: fell(state.falls, now), phase: away } : state;
  const reports: readonly WatchdogAction[] = leaves ? [{ do: 'report', what: 'handed-over', away: between(phase.lost, now) }] : [];
  const { revival } = away;
  if (revival.step === 'waiting' && now >= revival.startAt) return start(next, away, reports, now);
  if (revival.step === 'proving' && now >= after(revival.since, START_PATIENCE)) {
    const [later, actions] = fails(next, away, `started, but it has not answered for ${START_PATIENCE / 1_000_000} s`, now);
    return [later, [...reports, ...actions]];
  }
  return [next, reports];
}
