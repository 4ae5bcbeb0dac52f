// The state machine of one virtual router: RFC 9568 §6.4.1 to §6.4.3 in their order, then `leaving` and `fault`. Version 2
// is the same machine with the timers of RFC 3768 §6.1; where that RFC is silent (a lower one claims), RFC 9568 holds.
// Pure: what happened and when comes in, the next state and what to do comes out. Must not know clocks or sockets.
import { unreachable } from '../lib/unreachable.ts';
import type { Action, Reason } from './action.ts';
import { compareAddresses } from './address.ts';
import type { Event } from './event.ts';
import { effectivePriority, servesByRight, type VirtualRouter } from './router.ts';
import { announceWait, offerWait } from './schedule.ts';
import type { Active, Backup, Fault, Heard, Initialize, Leaving, State } from './state.ts';
import { activeDownInterval, lateTolerance, leaveWait, skewTime } from './timers.ts';
import { after, between, type Micros, micros, millis } from './units.ts';

export type Step = readonly [State, readonly Action[]];

type Advert = Extract<Event, { type: 'advert' }>;
type Claim = Advert & { readonly priority: Exclude<Advert['priority'], 0> };

const INITIALIZE: Initialize = { name: 'initialize' };

/** A successor answers about 2 ms after its first advertisement; until then the leaver still does. Decision 0005. */
const RELEASE_DELAY = millis(10);

/** What becomes of a virtual router when something happens to it.
 *  @param now the monotonic instant of the event, never before that of an earlier one
 *  @returns the next state and the actions in the order in which they must be done; nothing at all for what is ignored */
export function step(self: VirtualRouter, state: State, event: Event, now: Micros): Step {
  switch (state.name) {
    case 'initialize':
      return initialize(self, state, event, now);
    case 'backup':
      return backup(self, state, event, now);
    case 'active':
      return active(self, state, event, now);
    case 'leaving':
      return leaving(self, state, event, now);
    case 'fault':
      return fault(self, state, event, now);
  }
}

/** §6.4.1 */
function initialize(self: VirtualRouter, state: Initialize, event: Event, now: Micros): Step {
  if (event.type !== 'startup') return [state, []];
  return start(self, state, event.adopted, 'startup', now);
}

function start(self: VirtualRouter, from: State, adopted: boolean, reason: Reason, now: Micros): Step {
  if (self.standing === 'released') return stayOut(from, adopted ? [{ do: 'release' }] : []);
  if (servesByRight(self)) return becomeActive(self, from, 'address-owner', now);
  const interval = self.advertInterval;
  const next: Backup = {
    name: 'backup',
    downAt: after(now, activeDownInterval(effectivePriority(self), interval, self.version)),
    activeInterval: interval,
    heard: null,
    preemptAt: null,
    preempting: false,
    holding: adopted,
    resigned: false,
    graced: false,
  };
  return [next, [report(from, next, reason)]];
}

/** §6.4.2 */
function backup(self: VirtualRouter, state: Backup, event: Event, now: Micros): Step {
  switch (event.type) {
    case 'shutdown':
      return [INITIALIZE, [...letGo(state), report(state, INITIALIZE, 'shutdown')]];
    case 'link-down':
      return [INITIALIZE, [...letGo(state), report(state, INITIALIZE, event.reason)]];
    case 'time':
      return now < state.downAt ? [state, []] : activeDownTimerFired(self, state, now);
    case 'advert':
      return backupHears(self, state, event, now);
    case 'reconfigured':
      return backupReconfigured(self, state, event.previous, now);
    case 'address-lost':
      return [{ ...state, holding: false }, letGo(state)];
    case 'startup':
    case 'link-up':
    case 'fault':
      return [state, []];
    default:
      return unreachable(event);
  }
}

function activeDownTimerFired(self: VirtualRouter, state: Backup, now: Micros): Step {
  const late = between(state.downAt, now);
  if (late >= lateTolerance(state.activeInterval) && !state.graced) {
    // Late is not dead: this machine slept, and the advertisements of that time may be lost. Decision 0009.
    const wait = micros(state.activeInterval + skewTime(effectivePriority(self), state.activeInterval, self.version));
    return [{ ...state, downAt: after(now, wait), graced: true }, [{ do: 'note', what: 'woke-late', late }]];
  }
  return becomeActive(self, state, state.resigned ? 'priority-zero' : state.preempting ? 'preempt' : 'active-down-expired', now);
}

function backupHears(self: VirtualRouter, state: Backup, event: Advert, now: Micros): Step {
  const own = effectivePriority(self);
  if (!isClaim(event)) {
    // The first of a row counts: whoever repeats it must not keep us from taking over. A demoted router gives every
    // healthy one the first chance. Decisions 0011 and 0024.
    const wait =
      self.standing !== 'well'
        ? activeDownInterval(own, state.activeInterval, self.version)
        : skewTime(own, state.activeInterval, self.version);
    const downAt = state.resigned ? state.downAt : after(now, wait);
    return [{ ...state, downAt, resigned: true, holding: false }, letGo(state)];
  }
  const heard = { address: event.from, priority: event.priority };
  const preemptAt = mayPreempt(self, heard) ? (state.preemptAt ?? after(now, self.preemptDelay)) : null;
  if (preemptAt !== null && now >= preemptAt) {
    // §6.4.2: the advertisement is discarded, the timer runs on; only what status shows is kept.
    return [{ ...state, heard, preemptAt, preempting: true, holding: false }, letGo(state)];
  }
  const next: Backup = {
    name: 'backup',
    downAt: after(now, activeDownInterval(own, event.interval, self.version)),
    activeInterval: event.interval,
    heard,
    preemptAt,
    preempting: false,
    holding: false,
    resigned: false,
    graced: false,
  };
  const differs = event.interval !== self.advertInterval;
  return [
    next,
    differs ? [...letGo(state), { do: 'note', what: 'interval-differs', from: event.from, interval: event.interval }] : letGo(state),
  ];
}

function backupReconfigured(self: VirtualRouter, state: Backup, previous: VirtualRouter, now: Micros): Step {
  if (self.standing === 'released') return stayOut(state, letGo(state));
  if (servesByRight(self)) return becomeActive(self, state, 'address-owner', now);
  // Version 2 learns no interval: whoever has another is not heard, RFC 3768 §7.1.
  const interval = state.heard === null || self.version === 2 ? self.advertInterval : state.activeInterval;
  if (state.preempting && !state.resigned && state.heard !== null && !mayPreempt(self, state.heard)) {
    // Not lower any more, so it is respected again. When it spoke last is not known: it was not listened to.
    return [
      { ...state, activeInterval: interval, downAt: after(now, wait(self, state, interval)), preemptAt: null, preempting: false },
      [],
    ];
  }
  const remaining = between(now, state.downAt);
  const before = wait(previous, state, state.activeInterval);
  const downAt = after(now, micros(Math.max(0, remaining - before + wait(self, state, interval))));
  return [{ ...state, activeInterval: interval, downAt }, []];

  /** How long the running timer was, or would have been, set. */
  function wait(router: VirtualRouter, { resigned }: Backup, of: Micros): Micros {
    const own = effectivePriority(router);
    return resigned && router.standing === 'well' ? skewTime(own, of, router.version) : activeDownInterval(own, of, router.version);
  }
}

/** A lower Active is not respected, at least not for long. */
function mayPreempt(self: VirtualRouter, { priority }: Heard): boolean {
  return self.preempt && priority < effectivePriority(self);
}

/** Addresses of a former life are ours only as long as nobody else speaks for them. Decision 0007. */
function letGo(state: Backup): readonly Action[] {
  return state.holding ? [{ do: 'release' }] : [];
}

/** §6.4.1 (115) to (135) and §6.4.2: the addresses come first, so that nothing is claimed that is not served. */
function becomeActive(self: VirtualRouter, from: State, reason: Reason, now: Micros, backoff = offerWait(null)): Step {
  const next: Active = {
    name: 'active',
    advertAt: after(now, self.advertInterval),
    announceAt: after(now, announceWait(1, self.vrid)),
    announced: 1,
    answeredAt: null,
    offer: self.standing === 'demoted' ? { at: after(now, backoff), backoff: offerWait(backoff) } : null,
    cutOff: null,
  };
  return [next, [{ do: 'acquire' }, advertise(self), { do: 'announce' }, report(from, next, reason)]];
}

/** §6.4.3 */
function active(self: VirtualRouter, state: Active, event: Event, now: Micros): Step {
  switch (event.type) {
    case 'shutdown':
      if (state.cutOff !== null) return [INITIALIZE, [{ do: 'release' }, report(state, INITIALIZE, 'shutdown')]];
      return leave(self, state, 'shutdown', 'shutdown', offerWait(null), now);
    case 'time':
      return activeTimers(self, state, now);
    case 'advert':
      return isClaim(event) ? activeHearsClaim(self, state, event, now) : activeHearsResignation(self, state, now);
    case 'reconfigured':
      return activeReconfigured(self, state, event.previous, now);
    case 'link-down': {
      if (event.speaks && state.cutOff === null) return leave(self, state, 'interface', event.reason, offerWait(null), now);
      if (event.reason === 'interface-missing') return [INITIALIZE, [{ do: 'release' }, report(state, INITIALIZE, event.reason)]];
      if (state.cutOff !== null) return [{ ...state, cutOff: { ...state.cutOff, reason: event.reason } }, []];
      // No role change without need: a short loss of carrier is over before anyone could have taken over.
      const until = after(now, activeDownInterval(effectivePriority(self), self.advertInterval, self.version));
      return [{ ...state, cutOff: { until, reason: event.reason } }, []];
    }
    case 'link-up':
      return state.cutOff === null ? [state, []] : reassert(self, { ...state, cutOff: null }, now);
    case 'address-lost':
      return state.cutOff === null ? reassert(self, state, now) : [state, [{ do: 'acquire' }]];
    case 'fault':
      // Whoever is in fault takes part again by itself; without an interface it must not.
      if (state.cutOff !== null) return [INITIALIZE, [{ do: 'release' }, report(state, INITIALIZE, 'address-fault')]];
      return fail(state, event.wait, now);
    case 'startup':
      return [state, []];
    default:
      return unreachable(event);
  }
}

function activeTimers(self: VirtualRouter, state: Active, now: Micros): Step {
  if (state.cutOff !== null) {
    if (now < state.cutOff.until) return [state, []];
    return [INITIALIZE, [{ do: 'release' }, report(state, INITIALIZE, state.cutOff.reason)]];
  }
  if (state.offer !== null && now >= state.offer.at) return leave(self, state, 'demoted', 'demoted', state.offer.backoff, now);
  const actions: Action[] = [];
  let { advertAt, announceAt, announced } = state;
  if (now >= advertAt) {
    actions.push(advertise(self));
    // On the grid while we keep up, from now after a stall: never two at once to make up for it.
    const next = after(advertAt, self.advertInterval);
    advertAt = next > now ? next : after(now, self.advertInterval);
  }
  if (now >= announceAt) {
    actions.push({ do: 'announce' });
    announced += 1;
    announceAt = after(now, announceWait(announced, self.vrid));
  }
  return actions.length === 0 ? [state, []] : [{ ...state, advertAt, announceAt, announced }, actions];
}

/** Another router said that it stops, and the Backups may believe that it was the only one. */
function activeHearsResignation(self: VirtualRouter, state: Active, now: Micros): Step {
  if (state.cutOff !== null) return [state, []];
  const { answeredAt } = state;
  if (answeredAt === null || between(answeredAt, now) >= quarter(self)) return reassert(self, state, now);
  // Of a flood only the first is answered at once.
  const soon = after(answeredAt, quarter(self));
  return [soon < state.advertAt ? { ...state, advertAt: soon, answeredAt: soon } : state, []];
}

function activeHearsClaim(self: VirtualRouter, state: Active, event: Claim, now: Micros): Step {
  const own = effectivePriority(self);
  const owner = servesByRight(self);
  if (state.cutOff !== null) {
    if (owner) return [state, []];
    // Who cannot speak cannot dispute a claim, whatever its priority: another has the role, and we are no Backup either.
    return [INITIALIZE, [{ do: 'release' }, report(state, INITIALIZE, state.cutOff.reason)]];
  }
  if (!owner && (event.priority > own || (event.priority === own && compareAddresses(event.from, self.primary) > 0))) {
    const next = backupOf(self, event, now);
    // The parting advertisement tells the winner that there was a second one, so that it announces again. Decision 0006.
    return [next, [advertise(self), { do: 'release' }, report(state, next, event.priority > own ? 'higher-priority' : 'tie-break-lost')]];
  }
  if (state.answeredAt !== null && between(state.answeredAt, now) < quarter(self)) return [state, []];
  const [again, actions] = reannounce(self, state, now);
  if (event.priority === own && owner) {
    // Two owners: both are deaf to each other's claim, so an answer would only be answered.
    return [again, [...actions, { do: 'note', what: 'second-owner', from: event.from }]];
  }
  // The one we just took over from says goodbye like this; only a later claim is worth a line.
  const expected = state.announced === 1 && state.answeredAt === null;
  const notes: readonly Action[] = expected ? [] : [{ do: 'note', what: 'second-active', from: event.from, priority: event.priority }];
  return [again, [{ do: 'acquire' }, advertise(self), ...actions, ...notes]];
}

/** However many packets come in, one answer in such a time says the same. */
function quarter({ advertInterval }: VirtualRouter): Micros {
  return micros(advertInterval / 4);
}

/** Say at once that we are Active, and where the addresses are: another resigned, or we were away for a moment. */
function reassert(self: VirtualRouter, state: Active, now: Micros): Step {
  const [again, actions] = reannounce(self, { ...state, advertAt: after(now, self.advertInterval) }, now);
  return [again, [{ do: 'acquire' }, advertise(self), ...actions]];
}

/** Announce now and begin the burst again; within a burst that a conflict began the next round says it soon enough. */
function reannounce(self: VirtualRouter, state: Active, now: Micros): readonly [Active, readonly Action[]] {
  const wait = announceWait(1, self.vrid);
  const recent = state.answeredAt !== null && between(state.answeredAt, now) < wait;
  const next = { ...state, answeredAt: now };
  return recent && state.announced === 1 ? [next, []] : [{ ...next, announced: 1, announceAt: after(now, wait) }, [{ do: 'announce' }]];
}

function activeReconfigured(self: VirtualRouter, state: Active, previous: VirtualRouter, now: Micros): Step {
  const demoted = self.standing === 'demoted';
  const demotion = demoted && previous.standing === 'well';
  if (state.cutOff !== null) {
    // Nobody would hear it. What is to be said is due when the interface is back.
    if (self.standing === 'released') return [INITIALIZE, [{ do: 'release' }, report(state, INITIALIZE, 'released')]];
    const offer = demotion ? { at: now, backoff: offerWait(null) } : demoted ? state.offer : null;
    return [{ ...state, offer }, []];
  }
  if (self.standing === 'released') return leave(self, state, 'released', 'released', offerWait(null), now);
  if (demotion) return leave(self, state, 'demoted', 'demoted', offerWait(null), now);
  if (self.standing === previous.standing && self.adjustment !== previous.adjustment) return reweigh(self, state, previous, now);
  return reassert(self, { ...state, offer: demoted ? state.offer : null }, now);
}

/** Backups are told at once whom they listen to. Where the addresses are is no news. */
function reweigh(self: VirtualRouter, state: Active, previous: VirtualRouter, now: Micros): Step {
  if (effectivePriority(self) === effectivePriority(previous)) return [state, []];
  return [{ ...state, advertAt: after(now, self.advertInterval) }, [advertise(self)]];
}

function backupOf(
  self: VirtualRouter,
  successor: { from: Claim['from']; priority: Claim['priority']; interval: Micros },
  now: Micros,
): Backup {
  return {
    name: 'backup',
    downAt: after(now, activeDownInterval(effectivePriority(self), successor.interval, self.version)),
    activeInterval: successor.interval,
    heard: { address: successor.from, priority: successor.priority },
    preemptAt: null,
    preempting: false,
    holding: false,
    resigned: false,
    graced: false,
  };
}

/** Make before break, decision 0005: resign, and go on answering until the successor does. */
function leave(self: VirtualRouter, from: Active, cause: Leaving['cause'], reason: Reason, backoff: Micros, now: Micros): Step {
  const next: Leaving = {
    name: 'leaving',
    cause,
    attempt: 1,
    until: after(now, leaveWait(self.advertInterval, self.version)),
    successor: null,
    backoff,
  };
  return [next, [{ do: 'advertise', priority: 0 }, report(from, next, reason)]];
}

function leaving(self: VirtualRouter, state: Leaving, event: Event, now: Micros): Step {
  switch (event.type) {
    case 'shutdown':
      return [{ ...state, cause: 'shutdown' }, []];
    case 'time':
      return now < state.until ? [state, []] : leavingTimerFired(self, state, now);
    case 'advert':
      if (!isClaim(event) || state.successor !== null) return [state, []];
      return [
        {
          ...state,
          until: after(now, RELEASE_DELAY),
          successor: { address: event.from, priority: event.priority, interval: event.interval },
        },
        [],
      ];
    case 'reconfigured':
      return leavingReconfigured(self, state, now);
    case 'link-down':
      if (event.speaks) return [{ ...state, cause: state.cause === 'shutdown' ? 'shutdown' : 'interface' }, []];
      return [INITIALIZE, [{ do: 'release' }, report(state, INITIALIZE, event.reason)]];
    case 'address-lost':
      return [state, [{ do: 'acquire' }, { do: 'announce' }]];
    case 'fault':
      if (state.cause === 'shutdown' || state.cause === 'interface')
        return [INITIALIZE, [{ do: 'release' }, report(state, INITIALIZE, 'address-fault')]];
      return fail(state, event.wait, now);
    case 'link-up':
      if (state.cause !== 'interface' || state.successor !== null) return [state, []];
      // It leaves all the same, only for another reason.
      if (self.standing !== 'well') return [{ ...state, cause: self.standing }, []];
      return becomeActive(self, state, 'recovered', now);
    case 'startup':
      return [state, []];
    default:
      return unreachable(event);
  }
}

/** Health changed while we leave because of it. */
function leavingReconfigured(self: VirtualRouter, state: Leaving, now: Micros): Step {
  if (state.cause !== 'demoted' && state.cause !== 'released') return [state, []];
  if (self.standing !== 'well') return [state.cause === self.standing ? state : { ...state, cause: self.standing }, []];
  // Who found a successor follows it, and takes part again from there; not so the owner, whom nobody succeeds.
  if (state.successor === null) return becomeActive(self, state, 'recovered', now);
  if (servesByRight(self)) return becomeActive(self, state, 'address-owner', now);
  return [state.cause === 'demoted' ? state : { ...state, cause: 'demoted' }, []];
}

function leavingTimerFired(self: VirtualRouter, state: Leaving, now: Micros): Step {
  if (state.successor === null && state.attempt === 1) {
    // The one advertisement with priority 0 may have been lost.
    return [{ ...state, attempt: 2, until: after(now, leaveWait(self.advertInterval, self.version)) }, [{ do: 'advertise', priority: 0 }]];
  }
  const reason = state.successor === null ? 'nobody-took-over' : 'handed-over';
  if (state.cause === 'released') return stayOut(state, [{ do: 'release' }], reason);
  if (state.cause !== 'demoted') return [INITIALIZE, [{ do: 'release' }, report(state, INITIALIZE, reason)]];
  if (state.successor !== null) {
    const next = backupOf(self, { ...state.successor, from: state.successor.address }, now);
    return [next, [{ do: 'release' }, report(state, next, reason)]];
  }
  return becomeActive(self, state, reason, now, state.backoff);
}

/** Cannot serve, does not claim. Decision 0012. */
function fail(from: State, wait: Micros, now: Micros): Step {
  const next: Fault = { name: 'fault', retryAt: after(now, wait) };
  return [next, [{ do: 'advertise', priority: 0 }, { do: 'release' }, report(from, next, 'address-fault')]];
}

/** Released: takes no part until health is back. */
function stayOut(from: State, actions: readonly Action[], reason: Reason = 'released'): Step {
  const next: Fault = { name: 'fault', retryAt: null };
  return [next, [...actions, report(from, next, reason)]];
}

function fault(self: VirtualRouter, state: Fault, event: Event, now: Micros): Step {
  switch (event.type) {
    case 'shutdown':
      return [INITIALIZE, [report(state, INITIALIZE, 'shutdown')]];
    case 'link-down':
      return [INITIALIZE, [report(state, INITIALIZE, event.reason)]];
    case 'time':
      return state.retryAt === null || now < state.retryAt ? [state, []] : start(self, state, false, 'retry', now);
    case 'reconfigured':
      return state.retryAt === null && self.standing !== 'released' ? start(self, state, false, 'restored', now) : [state, []];
    case 'advert':
    case 'startup':
    case 'link-up':
    case 'address-lost':
    case 'fault':
      return [state, []];
    default:
      return unreachable(event);
  }
}

function isClaim(event: Advert): event is Claim {
  return event.priority !== 0;
}

function advertise(self: VirtualRouter): Action {
  return { do: 'advertise', priority: effectivePriority(self) };
}

function report(from: State, to: State, reason: Reason): Action {
  return { do: 'report', from: from.name, to: to.name, reason };
}
