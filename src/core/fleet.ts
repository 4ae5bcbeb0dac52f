// The virtual routers that run, those that leave, and those that wait for their place; each with its claim, on its port.
// Must not decide when anything happens: the engine's turn calls.
import type { Plan } from '../config/plan.ts';
import type { Log } from '../lib/log.ts';
import type { AdvertLinks, Claim, Claims, Clock, Link, Network } from '../platform/ports.ts';
import { type Address, formatPrefix } from '../vrrp/address.ts';
import { placeOf, type RouterSpec, routerKey, type VirtualAddress } from '../vrrp/router.ts';
import { after, earliest, type Micros, seconds } from '../vrrp/units.ts';
import type { Announcer } from './announcer.ts';
import { createInstance, type Instance } from './instance.ts';
import { type Footing, footing, interfaceOf, interfacesOf } from './interface.ts';
import { LOST } from './judgement.ts';
import { sweepFilters } from './leftovers.ts';
import type { Health, Learned, Refused, Transition } from './messages.ts';
import { createPort, type Port } from './port.ts';
import type { Neighbour, RouterStatus } from './status.ts';

/** A place that another daemon has is tried again so often. */
const RECLAIM = seconds(1);

/** What a set of virtual routers needs of its machine, and whom it tells. */
export interface Machine {
  readonly clock: Clock;
  readonly network: Network;
  readonly adverts: AdvertLinks;
  readonly claims: Claims;
  readonly log: Log;
  readonly transition: (change: Transition) => void;
  readonly learned: (learned: Learned) => void;
}

export interface FleetSurroundings extends Machine {
  readonly announcer: Announcer;
  turn(): void;
  soon(): void;
}

export interface Fleet {
  drain(): void;
  /** Tells the routers what became of their interfaces. */
  observe(): void;
  /** Lets every timer fire that is due. */
  tick(): void;
  /** Forgets routers that have left, and starts those that waited for their place. */
  reap(): void;
  /** @param due see `Port.sample` */
  sample(due: Micros | null): void;
  deadline(): Micros | null;
  /** Makes the plan true. What is not in it leaves; what is there under any name with the same VRID on the same interface
   *  in the same family is changed in place; the rest starts, or waits for its place.
   *  @returns the routers that another daemon keeps from starting */
  change(plan: Plan, learned: readonly Learned[]): readonly Refused[];
  health(all: readonly Health[]): void;
  announce(names: readonly string[]): void;
  /** Nobody knows how the services are any more. */
  forget(): void;
  stop(): void;
  abandon(): void;
  empty(): boolean;
  status(): readonly RouterStatus[];
  neighbours(): readonly Neighbour[];
}

interface Member {
  readonly instance: Instance;
  readonly port: Port;
  readonly claim: Claim;
  /** Told to leave; gone once it is in Initialize. */
  leaving: boolean;
}

interface Waiting {
  readonly spec: RouterSpec;
  readonly remembered: Learned['checksums'];
  /** It was said that another daemon has its place. */
  readonly told: boolean;
  /** Its place, once we have it; null: not yet. */
  readonly claim: Claim | null;
}

export function createFleet(around: FleetSurroundings): Fleet {
  const { clock, network, claims, log } = around;
  /** By `placeOf`, like those that wait. */
  const members = new Map<string, Member>();
  /** Wished for, and their place is not free yet: taken by one of ours that leaves, or by another daemon. */
  const waiting = new Map<string, Waiting>();
  /** What the agent said last of each router's health: whoever has waited for its place starts with it. */
  const judged = new Map<string, Health>();
  let reclaimAt: Micros | null = null;
  let swept = false;
  const ports = new Map<string, Port>();
  /** Every interface that a router needs, as the routers were told of it last; null: tell them. */
  const watched = new Map<string, { told: { readonly link: Link | undefined } | null }>();

  function routersOn(name: string): readonly Member[] {
    return [...members.values()].filter(({ instance }) => interfacesOf(instance.spec).includes(name));
  }

  function observe(): void {
    for (const port of ports.values()) {
      const before = port.socket();
      port.reopen(clock.now());
      if (port.socket() !== before) watch(port.interface);
    }
    const news = new Set<Member>();
    for (const [name, seen] of watched) {
      const link = network.link(name);
      // Links keep their identity until something about them changes, so a turn without news costs nothing here.
      if (seen.told !== null && seen.told.link === link) continue;
      const routers = routersOn(name);
      if (link !== undefined && link.index !== seen.told?.link?.index && routers.some(({ instance }) => instance.spec.family === 'ipv4'))
        protect(link);
      seen.told = { link };
      for (const member of routers) news.add(member);
      if (routers.length === 0) watched.delete(name);
    }
    if (news.size === 0) return;
    const virtual = virtualAddresses();
    for (const { instance, port } of news) instance.observe(groundOf(instance, port, virtual), clock.now());
  }

  function groundOf({ spec, primary }: Instance, port: Port, virtual: ReadonlyMap<string, ReadonlySet<Address>>): Footing {
    const look = (name: string): Link | undefined => (name === spec.interface && port.socket() === null ? undefined : network.link(name));
    return footing(spec, look, virtual.get(spec.interface) ?? new Set(), primary);
  }

  function protect(link: Link): void {
    network.protect(link, error => {
      if (error === null) return;
      const message = `promote_secondaries could not be set on ${link.name}: addresses are added as /32 there`;
      log.write('warn', 'address.unprotected', { interface: link.name, code: error.code }, message);
    });
  }

  /** Every virtual address of this machine, by interface: none of them is our own. */
  function virtualAddresses(): ReadonlyMap<string, ReadonlySet<Address>> {
    const found = new Map<string, Set<Address>>();
    for (const { instance } of members.values()) {
      for (const address of instance.spec.addresses) {
        const on = interfaceOf(instance.spec, address);
        const here = found.get(on) ?? new Set();
        found.set(on, here.add(address.address));
      }
    }
    return found;
  }

  function watch(name: string): void {
    watched.set(name, { told: null });
  }

  function watchAll(spec: RouterSpec): void {
    for (const name of interfacesOf(spec)) watch(name);
  }

  function portOf({ interface: name, family }: RouterSpec): Port {
    const key = `${name}/${family}`;
    const port = ports.get(key) ?? createPort(name, family, around);
    ports.set(key, port);
    return port;
  }

  /** Tries to have its place. @returns it with its claim where that is free */
  function claim(next: Waiting): Waiting {
    const { spec } = next;
    // What is ours need not be claimed again: it passes on when the router that leaves is gone.
    if (next.claim !== null || members.has(placeOf(spec))) return next;
    const claimed = claims.claim(placeOf(spec));
    if (!('kind' in claimed)) return { ...next, claim: claimed };
    reclaimAt = after(clock.now(), RECLAIM);
    const message = `another daemon in this network namespace runs VRID ${spec.vrid} on ${spec.interface}; stop it or choose another VRID`;
    if (!next.told) log.write('error', 'vrrp.refused', { router: spec.name, interface: spec.interface, vrid: spec.vrid }, message);
    return { ...next, told: true };
  }

  /** Whether it will run: whatever needs it may rely on that. */
  function isHeir({ spec, claim: claimed }: Waiting): boolean {
    return claimed !== null || members.has(placeOf(spec));
  }

  function isOurs(place: string): boolean {
    return members.has(place) || (waiting.get(place)?.claim ?? null) !== null;
  }

  function forsake(place: string): void {
    waiting.get(place)?.claim?.release();
    waiting.delete(place);
  }

  /** @returns null when it runs, or when it waits for one of ours */
  function start(candidate: Waiting): Refused | null {
    const next = claim(candidate);
    const { spec, remembered } = next;
    const place = placeOf(spec);
    waiting.set(place, next);
    if ([...members.values()].some(member => member.leaving && isInTheWay(member.instance.spec, spec))) return null;
    if (next.claim === null) return { router: routerKey(spec), reason: 'already-running' };
    waiting.delete(place);
    const port = portOf(spec);
    const instance = createInstance(spec, remembered, {
      ...around,
      socket: port.socket,
      now: () => clock.now(),
      trouble: port.trouble,
      serves: (address, on) => serves(instance, address, on),
      inherits: (address, on) => [...waiting.values()].some(other => isHeir(other) && wishes(other.spec, address, on)),
    });
    const health = judged.get(routerKey(spec));
    if (spec.tracked && health !== undefined) instance.setHealth(health, clock.now());
    members.set(place, { instance, port, claim: next.claim, leaving: false });
    port.routers.set(spec.vrid, instance);
    port.listen();
    watchAll(spec);
    return null;
  }

  function serves(asking: Instance, address: VirtualAddress, on: Link): boolean {
    for (const { instance } of members.values()) if (instance !== asking && instance.serves(address, on)) return true;
    return false;
  }

  function startWaiting(): void {
    reclaimAt = null;
    for (const next of [...waiting.values()]) start(next);
  }

  return {
    drain() {
      for (const port of ports.values()) port.drain();
    },
    observe,
    tick() {
      let now = clock.now();
      for (const { instance } of members.values()) {
        const due = instance.deadline();
        if (due === null || now < due) continue;
        instance.tick(now);
        now = clock.now();
      }
    },
    reap() {
      let left = false;
      for (const [place, { instance, port, claim: held, leaving }] of members) {
        if (!leaving || !instance.gone()) continue;
        left = true;
        members.delete(place);
        held.release();
        watchAll(instance.spec);
        port.routers.delete(instance.spec.vrid);
        port.listen();
        if (port.routers.size > 0) continue;
        port.close();
        ports.delete(`${instance.spec.interface}/${instance.spec.family}`);
      }
      if (left || (reclaimAt !== null && clock.now() >= reclaimAt)) startWaiting();
    },
    sample(due) {
      for (const port of ports.values()) port.sample(due);
    },
    deadline() {
      // Whoever was started between two turns is to hear of its interfaces at once.
      for (const { told } of watched.values()) if (told === null) return clock.now();
      let next = reclaimAt;
      for (const { instance } of members.values()) next = earliest(next, instance.deadline());
      for (const port of ports.values()) next = earliest(next, port.deadline());
      return next;
    },
    change({ routers }, learned) {
      const now = clock.now();
      const wished = new Map(routers.map(spec => [placeOf(spec), spec]));
      const keys = new Set(routers.map(routerKey));
      for (const router of judged.keys()) if (!keys.has(router)) judged.delete(router);
      for (const place of [...waiting.keys()]) if (!wished.has(place)) forsake(place);
      // All of them know their new settings, and who comes, before the first one acts: an address that moves is not let go.
      const amended: Member[] = [];
      const removed: Member[] = [];
      for (const [place, member] of members) {
        const next = wished.get(place);
        if (member.leaving || same(next, member.instance.spec)) continue;
        if (next === undefined) {
          removed.push(member);
          continue;
        }
        watchAll(member.instance.spec);
        watchAll(next);
        member.instance.rewrite(next);
        amended.push(member);
      }
      for (const spec of routers) {
        const member = members.get(placeOf(spec));
        if (member !== undefined && !member.leaving) continue;
        const remembered = learned.find(({ router }) => router === routerKey(spec))?.checksums ?? [];
        waiting.set(placeOf(spec), claim({ remembered, told: false, claim: null, ...waiting.get(placeOf(spec)), spec }));
      }
      for (const member of removed) {
        member.leaving = true;
        member.instance.stop(now);
      }
      const virtual = virtualAddresses();
      for (const { instance, port } of amended) instance.reconfigured(groundOf(instance, port, virtual), now);
      const refused = [...waiting.values()].flatMap(next => start(next) ?? []);
      // Once, and not before our own routers have claimed their places.
      if (!swept) sweepFilters(network, claims, isOurs);
      swept = true;
      return refused;
    },
    announce(names) {
      const now = clock.now();
      for (const { instance } of members.values()) if (names.includes(instance.spec.name)) instance.announceAgain(now);
    },
    health(all) {
      const now = clock.now();
      const byRouter = new Map(all.map(health => [health.router, health]));
      for (const [router, health] of byRouter) judged.set(router, health);
      for (const { instance } of members.values()) {
        const health = byRouter.get(routerKey(instance.spec));
        if (health !== undefined) instance.setHealth(health, now);
      }
    },
    forget() {
      const now = clock.now();
      // Not to know is no reason to serve again: what was released stays out until somebody says otherwise.
      for (const [router, { standing }] of judged) if (standing !== 'released') judged.delete(router);
      for (const { instance } of members.values())
        if (instance.spec.tracked && !judged.has(routerKey(instance.spec))) instance.setHealth(LOST, now);
    },
    stop() {
      for (const place of [...waiting.keys()]) forsake(place);
      reclaimAt = null;
      const now = clock.now();
      for (const member of members.values()) {
        member.leaving = true;
        member.instance.stop(now);
      }
    },
    abandon() {
      const now = clock.now();
      for (const { instance } of members.values()) instance.abandon(now);
    },
    empty: () => members.size === 0,
    status: () => [
      ...[...members.values()].map(({ instance }) => instance.status()),
      ...[...waiting.values()].map(({ spec }) => idle(spec, clock.now())),
    ],
    neighbours: () => [...ports.values()].flatMap(({ neighbours }) => neighbours.list()),
  };
}

function same(a: RouterSpec | undefined, b: RouterSpec): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether a router that leaves keeps another from starting: it has its name, its place, or an address that it still answers for. */
function isInTheWay(leaving: RouterSpec, next: RouterSpec): boolean {
  if (routerKey(leaving) === routerKey(next) || placeOf(leaving) === placeOf(next)) return true;
  return leaving.addresses.some(address =>
    next.addresses.some(other => other.address === address.address && interfaceOf(next, other) === interfaceOf(leaving, address)),
  );
}

function wishes(spec: RouterSpec, { address }: VirtualAddress, on: Link): boolean {
  return spec.addresses.some(other => other.address === address && interfaceOf(spec, other) === on.name);
}

/** A router that is wished for and has no place yet. */
function idle({ password: _secret, addresses, ...spec }: RouterSpec, now: Micros): RouterStatus {
  return {
    spec,
    state: 'initialize',
    since: now,
    reason: 'starting',
    waiting: `VRID ${spec.vrid} on ${spec.interface} is taken, by a router here that leaves or by another daemon`,
    priority: { configured: spec.priority, effective: spec.priority },
    standing: 'well',
    adjustment: 0,
    active: null,
    conflict: null,
    primary: null,
    checksums: [],
    peers: [],
    addresses: addresses.map(address => ({
      address: formatPrefix(address),
      interface: address.interface ?? spec.interface,
      held: false,
      ours: true,
    })),
    counters: { advertsSent: 0, advertsReceived: 0, becameActive: 0, announcements: 0, addressesPutBack: 0, rejected: {} },
  };
}
