// Runs one virtual router: feeds `step`, does what it asks for, and keeps count.
// Must not decide anything about roles: that is `vrrp`. Knows no sockets but the ports it is given.
import type { Level, Log } from '../lib/log.ts';
import { unreachable } from '../lib/unreachable.ts';
import type { AdvertLink, Link, Network, SystemError } from '../platform/ports.ts';
import type { Action, Note, Reason } from '../vrrp/action.ts';
import type { Address } from '../vrrp/address.ts';
import { type Admitted, examine, type Reception, type Rejected, type RejectReason } from '../vrrp/admit.ts';
import { announcement } from '../vrrp/announce.ts';
import type { Event, Unusable } from '../vrrp/event.ts';
import {
  type ChecksumForm,
  effectivePriority,
  isOwner,
  placeOf,
  type RouterSpec,
  routerKey,
  type VirtualAddress,
  type VirtualRouter,
} from '../vrrp/router.ts';
import { deadline, type Heard, type State } from '../vrrp/state.ts';
import { step } from '../vrrp/step.ts';
import { after, between, earliest, type Micros, micros, millis, type Priority, seconds } from '../vrrp/units.ts';
import type { Announcer } from './announcer.ts';
import {
  explain,
  explainDeafness,
  explainDifference,
  explainForeign,
  explainLoss,
  explainNote,
  explainRefusal,
  explainRejection,
  explainShorterList,
  explainUnusable,
} from './explain.ts';
import { adoptable, createHolder, renewInterval } from './holder.ts';
import { type Footing, interfaceOf } from './interface.ts';
import { GOOD, type Judgement, UNKNOWN } from './judgement.ts';
import type { Learned, Transition } from './messages.ts';
import { createRemarks } from './remarks.ts';
import { createRival } from './rival.ts';
import { createSpeaker, lacksOnlyDerived } from './speaker.ts';
import type { RouterStatus } from './status.ts';

/** A failed address is tried again this often, and given up after this long. Decision 0012. */
const RETRY = millis(100);
const GIVE_UP = seconds(1);
/** So many losses in so short a time are somebody's intent. Decision 0012. */
const LOSSES = 5;
const LOSS_WINDOW = seconds(10);
const FOUGHT_OVER = `taken away ${LOSSES} times in ${LOSS_WINDOW / 1_000_000} s; find who does it: ip monitor address`;
const ADOPTED = 'addresses of an earlier run or router are still here; keeping them until another Active router is heard';
const FIRST_FAULT = seconds(1);
const LAST_FAULT = seconds(60);

/** What an instance is given to work with. */
export interface Surroundings {
  readonly network: Network;
  readonly announcer: Announcer;
  readonly log: Log;
  /** The sockets of this instance's interface while they are open. */
  socket(): AdvertLink | null;
  now(): Micros;
  transition(change: Transition): void;
  learned(learned: Learned): void;
  /** errno of what keeps packets of this instance's interface from arriving there; null: nothing known. */
  trouble(destination: Address): string | null;
  /** Another router of this process serves that address there. */
  serves(address: VirtualAddress, on: Link): boolean;
  /** A router of this process that waits for our place needs it there. */
  inherits(address: VirtualAddress, on: Link): boolean;
  /** Something changed between two turns, such as a deadline: have one soon. */
  soon(): void;
}

export interface Instance {
  readonly spec: RouterSpec;
  readonly state: State;
  /** The address we speak from; null while there is none. */
  readonly primary: Address | null;
  /** When `tick` wants to be called. */
  deadline(): Micros | null;
  tick(now: Micros): void;
  /** @returns what became of it; null while we take no part */
  receive(message: Uint8Array, reception: Reception, now: Micros): Admitted | Rejected | null;
  /** An interface or an address on one changed. */
  observe(footing: Footing, now: Micros): void;
  /** New settings for the same VRID on the same interface, maybe under another name. `reconfigured` must follow at once. */
  rewrite(spec: RouterSpec): void;
  /** Applies what was rewritten, in place. */
  reconfigured(footing: Footing, now: Micros): void;
  setHealth(health: Judgement, now: Micros): void;
  announceAgain(now: Micros): void;
  stop(now: Micros): void;
  /** In Initialize, and what it held is gone as far as the kernel has told. */
  gone(): boolean;
  /** Lets go of everything at once; nobody is waited for. */
  abandon(now: Micros): void;
  /** The address is to be there now: we are Active, or have not let go of it yet. */
  serves(address: VirtualAddress, on: Link): boolean;
  status(): RouterStatus;
}

/** @param remembered see `Learned` */
export function createInstance(initial: RouterSpec, remembered: readonly ChecksumForm[], around: Surroundings): Instance {
  const { log, network, announcer } = around;
  const speaker = createSpeaker(remembered);
  const rival = createRival();
  const isNews = createRemarks();
  let spec = initial;
  let health = initial.tracked ? UNKNOWN : GOOD;
  let self: VirtualRouter | null = null;
  let ground: Footing = { usable: false, reason: 'interface-missing', interface: initial.interface, link: null };
  let state: State = { name: 'initialize' };
  let reason: Reason | 'starting' = 'starting';
  let since = around.now();
  let lastHeard: { readonly heard: Heard; readonly at: Micros } | null = null;
  let waitingFor: { readonly reason: Unusable; readonly interface: string } | null = null;
  let stopping = false;
  const told = new Set<Address>();
  let serving = false;
  /** Actions of a step are being done: what it wants said follows by itself. */
  let stepping = false;
  let failingSince: Micros | null = null;
  let retryAt: Micros | null = null;
  let renewAt: Micros | null = null;
  let renewedAt: Micros | null = null;
  /** When a renewal came too late; the kernel's report of it may be read after that. */
  let lapsedAt: Micros | null = null;
  let losses: Micros[] = [];
  let faultWait = FIRST_FAULT;
  let faultAt: Micros | null = null;
  const counters = { advertsSent: 0, advertsReceived: 0, becameActive: 0, announcements: 0, addressesPutBack: 0 };
  const rejected: Partial<Record<RejectReason, number>> = {};

  const holder = createHolder(network, around.now, {
    settled: error => settled(error, around.now()),
    foreign: notOurs,
    shared: around.serves,
    inherited: around.inherits,
    removed: around.soon,
  });

  function say(level: Level, event: string, fields: Readonly<Record<string, string | number>>, message: string): void {
    log.write(level, event, { router: spec.name, vrid: spec.vrid, family: spec.family, ...fields }, message);
  }

  function judged(): Pick<VirtualRouter, 'standing' | 'adjustment'> {
    return { standing: health.standing, adjustment: health.adjustment };
  }

  function notOurs(prefix: VirtualAddress, { name }: Link): void {
    // An owner's addresses are its machine's own: that is what an owner is.
    if (isOwner(spec) || told.has(prefix.address)) return;
    told.add(prefix.address);
    say('warn', 'address.not-ours', { address: prefix.address }, explainForeign(prefix, name));
  }

  function deliver(event: Event, now: Micros): void {
    if (self === null) return;
    const [next, actions] = step(self, state, event, now);
    const before = state;
    state = next;
    stepping = true;
    for (const action of actions) perform(self, before, action, now);
    stepping = false;
  }

  function perform(router: VirtualRouter, before: State, action: Action, now: Micros): void {
    switch (action.do) {
      case 'advertise':
        // Nothing is claimed before it is served: the first advertisement waits for the kernel's word. Decision 0012.
        if (action.priority === 0 || serving) advertise(router, action.priority);
        return;
      case 'acquire':
        acquire(now);
        return;
      case 'announce':
        if (serving) announce(now);
        return;
      case 'release':
        if (before.name === 'initialize' && ground.usable) holder.discard(spec, ground.links);
        release(before.name === 'leaving' && before.successor === null);
        return;
      case 'report':
        report(before, action.to, action.reason, now);
        return;
      case 'note':
        // Who does not serve has no claim that another could dispute.
        if (action.what !== 'second-active' || serving) note(action, now);
        return;
      default:
        unreachable(action);
    }
  }

  /** @param orphaned nobody has taken over: what a router of ours needs next stays as it is */
  function release(orphaned: boolean): void {
    serving = false;
    announcer.withdraw(placeOf(spec));
    failingSince = null;
    retryAt = null;
    renewAt = null;
    renewedAt = null;
    // Again, since somebody may have switched it off: the host's own addresses must outlive ours.
    if (ground.usable && spec.family === 'ipv4') for (const link of ground.links.values()) network.protect(link, () => {});
    holder.release(orphaned);
  }

  function note(what: Note, now: Micros): void {
    const [event, message] = explainNote(what, spec);
    say('warn', event, 'from' in what ? { from: what.from } : {}, message);
    if (what.what !== 'second-active' && what.what !== 'second-owner') return;
    const deaf = rival.claims(what, spec, now);
    if (deaf === null) return;
    const since = between(deaf.since, now);
    say('error', 'vrrp.peer-does-not-hear-us', { from: what.from }, explainDeafness(what.from, since, spec, speaker.forms(spec)));
  }

  function report(before: State, to: State['name'], why: Reason, now: Micros): void {
    reason = why;
    since = now;
    if (to === 'active') counters.becameActive += 1;
    const heard = before.name === 'leaving' ? before.successor : (lastHeard?.heard ?? null);
    const silence = why === 'active-down-expired' && lastHeard !== null ? between(lastHeard.at, now) : null;
    const priority = self === null ? spec.priority : effectivePriority(self);
    const blamed = waitingFor?.interface ?? spec.interface;
    const sentence = explain({ ...spec, priority }, to, why, { heard, silence, blamed, ill: health.why });
    const change = { from: before.name, to, reason: why, why: sentence, priority, active: whoServes(priority), stopping, at: now };
    around.transition({ router: routerKey(spec), ...change });
    say(to === 'fault' ? 'error' : 'info', 'vrrp.transition', { from: before.name, to, reason: why }, sentence);
  }

  function acquire(now: Micros): void {
    const interval = renewInterval(spec);
    renewAt = interval === null ? null : after(now, interval);
    retryAt = null;
    if (!ground.usable) return;
    // A Backup keeps what a former life left, and adds nothing to it.
    const wanted = state.name === 'backup' ? { ...spec, addresses: adoptable(spec, ground.links) } : spec;
    if (!holder.complete(wanted)) serving = false;
    if (overdue(now)) lapsedAt = now;
    renewedAt = now;
    holder.acquire(wanted, ground.links);
  }

  function settled(error: SystemError | null, now: Micros): void {
    if (error === null) {
      failingSince = null;
      if (serving) return;
      around.soon();
      serving = true;
      if (self === null || stepping) return;
      if (state.name === 'active') advertise(self, effectivePriority(self));
      if (state.name === 'active' || state.name === 'leaving') announce(now);
      return;
    }
    const message = explainRefusal(error, spec);
    if (isNews(message, now)) say('error', 'address.failed', { code: error.code }, message);
    failingSince ??= now;
    around.soon();
    if (between(failingSince, now) >= GIVE_UP) fault(now);
    else retryAt = after(now, RETRY);
  }

  function fault(now: Micros): void {
    if (faultAt !== null && between(faultAt, now) > faultWait + LAST_FAULT) faultWait = FIRST_FAULT;
    faultAt = now;
    deliver({ type: 'fault', wait: faultWait }, now);
    faultWait = micros(Math.min(faultWait * 2, LAST_FAULT));
    losses = [];
  }

  function advertise(router: VirtualRouter, priority: Priority | 0): void {
    const socket = around.socket();
    if (socket === null || ground.link === null) return;
    speaker.advertise(socket, ground.link, router, priority);
    counters.advertsSent += 1;
  }

  function announce(now: Micros): void {
    if (!ground.usable) return;
    for (const link of ground.links.values()) {
      const here = spec.addresses.filter(address => interfaceOf(spec, address) === link.name);
      if (here.length === 0 || link.mac.length !== 6) continue;
      const frames = here.map(({ address }) => announcement(address, link.mac));
      // The first form of every address before the second of any: most hosts need only one.
      announcer.add(placeOf(spec), link, [...frames.flatMap(([first]) => first ?? []), ...frames.flatMap(([, ...others]) => others)], now);
    }
    if (spec.addresses.length > 0) counters.announcements += 1;
  }

  function lost(gone: readonly VirtualAddress[], now: Micros): void {
    const addresses = gone.map(({ address }) => address);
    const from = [...new Set(gone.map(address => interfaceOf(spec, address)))].join(', ');
    const adopted = state.name === 'backup';
    const lapsed = leaseLapsed(now);
    const [event, message] = explainLoss(`${addresses.join(', ')} is gone from ${from}`, lapsed, adopted);
    say('warn', event, { address: addresses.join(',') }, message);
    if (!adopted) counters.addressesPutBack += addresses.length;
    if (!adopted && !lapsed) losses = [...losses.filter(at => between(at, now) < LOSS_WINDOW), now];
    if (losses.length >= LOSSES) {
      say('error', 'address.fought-over', {}, FOUGHT_OVER);
      fault(now);
    } else deliver({ type: 'address-lost' }, now);
  }

  function overdue(now: Micros): boolean {
    return spec.lease !== null && renewedAt !== null && between(renewedAt, now) >= spec.lease;
  }

  /** The kernel took it, not a person: it was not renewed for as long as the lease lasts. */
  function leaseLapsed(now: Micros): boolean {
    return overdue(now) || (lapsedAt !== null && between(lapsedAt, now) < RETRY);
  }

  function ready(primary: Address, now: Micros): void {
    const previous = self;
    self = { ...spec, ...judged(), primary };
    if (state.name === 'initialize') {
      // What we took off ourselves is no remnant of a former life; the kernel's report of it brings us here again.
      if (stopping || holder.lingers(network.link)) return;
      const adopted = ground.usable && adoptable(spec, ground.links).length > 0;
      waitingFor = null;
      for (const address of spec.addresses) {
        const on = ground.usable ? ground.links.get(interfaceOf(spec, address)) : undefined;
        if (on !== undefined && holder.isForeign(spec, address, on)) notOurs(address, on);
      }
      deliver({ type: 'startup', adopted }, now);
      if (adopted && role() === 'backup') {
        say('info', 'address.adopted', {}, ADOPTED);
        acquire(now);
      }
      return;
    }
    if (previous !== null && previous.primary !== primary) deliver({ type: 'reconfigured', previous }, now);
    if (waitingFor !== null) {
      waitingFor = null;
      deliver({ type: 'link-up' }, now);
    }
  }

  /** Only who sends learns what becomes of it. */
  function speaks(): boolean {
    return state.name === 'active' || state.name === 'leaving';
  }

  /** The state now: a call that may have changed it came in between. */
  function role(): State['name'] {
    return state.name;
  }

  function unready(why: Unusable, on: string, now: Micros): void {
    if (waitingFor?.reason === why && waitingFor.interface === on) return;
    waitingFor = { reason: why, interface: on };
    const before = role();
    deliver({ type: 'link-down', reason: why, speaks: ground.link !== null }, now);
    if (state.name === 'initialize') reason = why;
    // A change of role tells the reason itself.
    if (state.name === before) say('warn', 'vrrp.waiting', { reason: why }, `waiting: ${explainUnusable(why, spec, on)}`);
  }

  function refuse({ reason: why, detail }: Rejected, source: Address): void {
    rejected[why] = (rejected[why] ?? 0) + 1;
    if (!isNews(`${why} ${detail} ${source}`, around.now())) return;
    say('warn', 'vrrp.rejected', { reason: why, source }, explainRejection(why, detail, source, spec));
  }

  /** @param source whom we learned it from */
  function speakOtherwise(source: Address): void {
    if (spec.family === 'ipv4') around.learned({ router: routerKey(spec), checksums: speaker.learned() });
    else if (speaker.shortens(spec)) say('info', 'vrrp.shorter-list', { source }, explainShorterList(spec, source));
  }

  function admit(router: VirtualRouter, verdict: Admitted, source: Address, now: Micros): void {
    const { advertisement, differs } = verdict;
    counters.advertsReceived += 1;
    if (differs !== null && !lacksOnlyDerived(differs, spec)) {
      const message = explainDifference(differs, source);
      if (isNews(message, now)) say('warn', 'vrrp.addresses-differ', { source }, message);
    }
    const sentBefore = counters.advertsSent;
    const otherwise = speaker.heard(verdict, source, spec, now);
    if (otherwise) speakOtherwise(source);
    const { priority } = advertisement;
    if (priority !== 0) lastHeard = { heard: { address: source, priority }, at: now };
    deliver({ type: 'advert', from: source, priority, interval: advertisement.interval }, now);
    // A peer that cannot read our form believes that nobody is Active: tell it at once in its own.
    if (otherwise && counters.advertsSent === sentBefore && state.name === 'active' && serving) {
      advertise(router, effectivePriority(router));
    }
  }

  return {
    get spec() {
      return spec;
    },
    get state() {
      return state;
    },
    get primary() {
      return ground.usable ? ground.primary : null;
    },
    deadline: () => earliest(earliest(earliest(deadline(state), retryAt), renewAt), holder.deadline()),
    tick(now) {
      // Addresses before adverts: after a long stall the lease may be gone.
      if ((retryAt !== null && now >= retryAt) || (renewAt !== null && now >= renewAt)) acquire(now);
      const gone = holder.deadline();
      if (gone !== null && now >= gone) holder.forget();
      const due = deadline(state);
      if (due !== null && now >= due) deliver({ type: 'time' }, now);
      // It had left because an interface was gone, and that came back meanwhile.
      if (state.name === 'initialize' && ground.usable && !stopping) ready(ground.primary, now);
    },
    receive(message, reception, now) {
      if (self === null) return null;
      const verdict = examine(message, reception, self);
      if (verdict.kind === 'rejected') refuse(verdict, reception.source);
      else admit(self, verdict, reception.source, now);
      return verdict;
    },
    observe(next, now) {
      ground = next;
      const gone = holder.observe(network.link);
      if (next.usable) ready(next.primary, now);
      else unready(next.reason, next.interface, now);
      if (gone.length > 0 && holder.wanted() && next.usable) lost(gone, now);
    },
    rewrite(next) {
      // Nobody judges it any more.
      if (spec.tracked && !next.tracked) health = GOOD;
      spec = next;
    },
    reconfigured(next, now) {
      ground = next;
      if (self === null) return;
      const previous = self;
      self = { ...spec, ...judged(), primary: next.usable ? next.primary : previous.primary };
      deliver({ type: 'reconfigured', previous }, now);
    },
    setHealth(next, now) {
      const same = next.standing === health.standing && next.adjustment === health.adjustment;
      health = next;
      if (same || self === null) return;
      const previous = self;
      self = { ...previous, ...judged() };
      deliver({ type: 'reconfigured', previous }, now);
    },
    announceAgain: now => void (state.name === 'active' && announce(now)),
    stop(now) {
      stopping = true;
      deliver({ type: 'shutdown' }, now);
    },
    abandon(now) {
      stopping = true;
      if (self !== null && (state.name === 'active' || state.name === 'leaving')) advertise(self, 0);
      if (state.name !== 'initialize')
        say('warn', 'vrrp.abandoned', { from: state.name }, 'told twice to stop: letting go without waiting for a successor');
      state = { name: 'initialize' };
      since = now;
      reason = 'shutdown';
      release(false);
      // Nobody is waited for, the kernel neither.
      holder.forget();
    },
    gone: () => state.name === 'initialize' && !holder.lingers(network.link),
    serves({ address }, on) {
      const ours = spec.addresses.find(other => other.address === address && interfaceOf(spec, other) === on.name);
      return ours !== undefined && (speaks() || holder.state(spec, ours) !== null);
    },
    status() {
      const effective = self === null ? spec.priority : effectivePriority(self);
      const { password: _secret, addresses: _below, ...open } = spec;
      return {
        spec: open,
        state: state.name,
        since,
        reason,
        waiting: waitingFor === null ? null : explainUnusable(waitingFor.reason, spec, waitingFor.interface),
        priority: { configured: spec.priority, effective },
        standing: health.standing,
        adjustment: health.adjustment,
        active: whoServes(effective),
        conflict: state.name === 'active' ? rival.current(spec, around.now()) : null,
        primary: ground.usable ? ground.primary : null,
        checksums: speaker.forms(spec),
        peers: speaker.peers(spec, ground.link, peer => (speaks() ? around.trouble(peer) : null)),
        addresses: holder.status(spec),
        counters: { ...counters, rejected: { ...rejected } },
      };
    },
  };

  function whoServes(effective: number): RouterStatus['active'] {
    if (speaks()) return self === null ? null : { address: self.primary, priority: effective, self: true };
    return state.name === 'backup' && state.heard !== null ? { ...state.heard, self: false } : null;
  }
}
