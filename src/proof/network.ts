// A network with the members of one group on it, run by the state machine and the packets that also run for real, in a time
// that passes at once. Must not know which failures there are, nor what is thought of the outcome.

import type { Address } from '../vrrp/address.ts';
import { examine, type Rejected } from '../vrrp/admit.ts';
import type { Event } from '../vrrp/event.ts';
import { authenticate, encode, VRRP_GROUP, VRRP_TTL } from '../vrrp/packet.ts';
import { isUnicastRouter, type Standing, type VirtualRouter } from '../vrrp/router.ts';
import { deadline, type State } from '../vrrp/state.ts';
import { step } from '../vrrp/step.ts';
import { activeDownInterval } from '../vrrp/timers.ts';
import { after, DEMOTED, type Micros, micros, type Priority } from '../vrrp/units.ts';
import type { Group } from './group.ts';

/** How a member is; `off`: without power, or without its cable. */
export type Condition = 'off' | { readonly standing: Standing; readonly adjustment: number };

/** A network at one moment. */
export interface Moment {
  readonly now: Micros;
  readonly nodes: readonly Node[];
}

interface Node {
  readonly condition: Condition;
  readonly state: State;
}

export interface Settled {
  readonly moment: Moment;
  /** Members that hold the addresses, by their place in the group. */
  readonly holders: readonly number[];
  /** Why one does not believe another, each once. */
  readonly rejects: readonly Reject[];
}

export interface Reject extends Rejected {
  readonly by: number;
  readonly from: number;
}

/** From a sender to a receiver. µs. */
const TRANSIT = micros(100);

/** Waiting for that many down intervals at the lowest priority, nothing changes any more. */
const PATIENCE = 4;

/** More than any network needs; beyond it the state machine would go round in circles, which is our bug. */
const MOST_EVENTS = 200_000;

/** Nothing has started yet. */
export function switchedOff(group: Group): Moment {
  return { now: micros(0), nodes: group.map(() => ({ condition: 'off', state: { name: 'initialize' } })) };
}

/** What becomes of a network whose members are from now on in these conditions, when it has come to rest.
 *  @param conditions one for each member */
export function settle(group: Group, from: Moment, conditions: readonly Condition[]): Settled {
  const delay = micros(2 * Math.max(...group.map(({ spec }) => spec.advertInterval)));
  const nodes = group.map(({ spec, primary }, index) => {
    const { condition, state } = from.nodes[index] ?? { condition: 'off', state: INITIALIZE };
    // However long a delay is, what follows is the same.
    const router = { ...spec, primary, preemptDelay: spec.preemptDelay > delay ? delay : spec.preemptDelay };
    return { router, condition, state };
  });
  const packets: Packet[] = [];
  const rejects = new Map<string, Reject>();
  let now = from.now;

  function self(index: number): VirtualRouter | null {
    const node = nodes[index];
    return node === undefined || node.condition === 'off' ? null : { ...node.router, ...node.condition };
  }

  function deliver(index: number, event: Event): void {
    const [node, router] = [nodes[index], self(index)];
    if (node === undefined || router === null) return;
    const [state, actions] = step(router, node.state, event, now);
    node.state = state;
    for (const action of actions) if (action.do === 'advertise') send(index, router, action.priority);
  }

  function send(from: number, router: VirtualRouter, priority: Priority | 0): void {
    const { version, vrid, advertInterval: interval, addresses: list, primary } = router;
    const authentication = version === 2 ? authenticate(router.password) : null;
    const addresses = list.map(({ address }) => address);
    const said = { kind: 'advertisement', version, vrid, priority, interval, authentication, addresses, checksum: 'rfc9568' } as const;
    const others = router.peers.flatMap(({ address }) => (address === primary ? [] : [address]));
    for (const destination of isUnicastRouter(router) ? others : [VRRP_GROUP[router.family]])
      packets.push({ at: after(now, TRANSIT), from, source: primary, destination, bytes: encode(said, primary, destination) });
  }

  function receive({ from, source, destination, bytes }: Packet): void {
    for (const index of nodes.keys()) {
      const router = self(index);
      const concerned = destination === VRRP_GROUP[group[0]?.spec.family ?? 'ipv4'] || destination === router?.primary;
      if (router === null || index === from || !concerned) continue;
      // Whoever says how far away a peer is knows it.
      const far = router.peers.find(({ address }) => address === source)?.maxTtl ?? VRRP_TTL;
      const verdict = examine(bytes, { source, destination, ttl: far }, router);
      if (verdict.kind === 'rejected') {
        const reject = { ...verdict, by: index, from };
        rejects.set(JSON.stringify(reject), reject);
        continue;
      }
      deliver(index, { type: 'advert', from: source, priority: verdict.advertisement.priority, interval: verdict.advertisement.interval });
    }
  }

  for (const [index, node] of nodes.entries()) {
    const [condition, previous] = [conditions[index] ?? 'off', self(index)];
    node.condition = condition;
    if (condition === 'off') node.state = INITIALIZE;
    else if (previous === null) deliver(index, { type: 'startup', adopted: false });
    else deliver(index, { type: 'reconfigured', previous });
  }

  const end = after(now, restOf(group));
  for (let events = 0; ; events += 1) {
    if (events > MOST_EVENTS) throw new Error('a simulated network does not come to rest');
    const due = nodes.flatMap(({ condition, state }, index) => (condition === 'off' ? [] : { index, at: deadline(state) ?? end }));
    const timer = due.reduce((first, each) => (each.at < first.at ? each : first), { index: -1, at: end });
    const packet = packets[0];
    // What has arrived is read before a timer fires, as in the engine.
    if (packet !== undefined && packet.at <= timer.at) {
      now = packet.at;
      packets.shift();
      receive(packet);
    } else if (timer.at < end) {
      now = timer.at > now ? timer.at : now;
      deliver(timer.index, { type: 'time' });
    } else break;
  }
  return {
    moment: { now: end, nodes: nodes.map(({ condition, state }) => ({ condition, state })) },
    holders: [...nodes.entries()].flatMap(([index, { condition, state }]) => (condition !== 'off' && holds(state) ? [index] : [])),
    rejects: [...rejects.values()],
  };
}

const INITIALIZE: State = { name: 'initialize' };

interface Packet {
  readonly at: Micros;
  readonly from: number;
  readonly source: Address;
  readonly destination: Address;
  readonly bytes: Uint8Array;
}

/** Who leaves answers until somebody else does. */
function holds({ name }: State): boolean {
  return name === 'active' || name === 'leaving';
}

function restOf(group: Group): Micros {
  return micros(PATIENCE * Math.max(...group.map(({ spec }) => activeDownInterval(DEMOTED, spec.advertInterval, spec.version))));
}
