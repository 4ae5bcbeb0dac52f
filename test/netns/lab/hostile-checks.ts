// For every receive check of RFC 9568 §7.1 and RFC 3768 §7.1 a packet that fails only that one; and the routers to send it to,
// four ways to speak VRRP side by side. Must not know daemons: what comes of a packet is a matter of the drills.
import { type Envelope, type Home, homeOf, hostileFrame, type Message } from './hostile-frames.ts';
import type { Network, Node } from './network.ts';
import { linkLocal, type RouterSettings } from './router.ts';

/** One way to speak VRRP: a pair of routers, Active on `a` and Backup on `b`, and an owner on `c`. */
export interface Manner {
  readonly name: string;
  readonly version: 2 | 3;
  readonly family: 'ipv4' | 'ipv6';
  readonly unicast: boolean;
  readonly intervalMs: number;
  /** Of the pair; the owner has the next one. */
  readonly vrid: number;
}

export const MULTICAST: Manner = { name: 'ipv4', version: 3, family: 'ipv4', unicast: false, intervalMs: 100, vrid: 51 };
export const IPV6: Manner = { name: 'ipv6', version: 3, family: 'ipv6', unicast: false, intervalMs: 100, vrid: 61 };
const VERSION_2: Manner = { name: 'version2', version: 2, family: 'ipv4', unicast: false, intervalMs: 1000, vrid: 71 };
const UNICAST: Manner = { name: 'unicast', version: 3, family: 'ipv4', unicast: true, intervalMs: 100, vrid: 81 };
export const MANNERS: readonly Manner[] = [MULTICAST, IPV6, VERSION_2, UNICAST];

const PASSWORD = 'sesame';
const PRIORITY = { a: 200, b: 100, c: 255 } as const;
export const STRANGER = { ipv4: '10.77.0.99', ipv6: 'fe80::99' } as const;
export type Name = 'a' | 'b' | 'c';
export const NAMES: readonly Name[] = ['a', 'b', 'c'];

/** The address that clients use. */
export function addressOf({ family }: Manner, vrid: number): string {
  return family === 'ipv4' ? `10.77.0.${100 + vrid}` : `2001:db8:77::${vrid}`;
}

export function vridOn(manner: Manner, name: Name): number {
  return name === 'c' ? manner.vrid + 1 : manner.vrid;
}

export function settingsOn(network: Network, manner: Manner, name: Name): RouterSettings {
  const vrid = vridOn(manner, name);
  const { version, intervalMs, unicast } = manner;
  const peer = network.node(name === 'a' ? 'b' : 'a').address;
  return {
    name: `${manner.name}${name === 'c' ? '-owner' : ''}`,
    vrid,
    priority: PRIORITY[name],
    intervalMs,
    version,
    addresses: addressesOf(manner, vrid),
    ...(version === 2 ? { password: PASSWORD } : {}),
    ...(unicast ? { source: network.node(name).address, peers: [peer] } : {}),
  };
}

/** A node as its attackers know it. */
export interface Place {
  readonly name: Name;
  readonly node: Node;
  readonly home: Home;
  /** The peer that its unicast routers listen to. */
  readonly peer: string;
}

/** To be asked before daemons run: later a virtual link-local address may come first. */
export async function placesOf(network: Network): Promise<readonly Place[]> {
  return Promise.all(
    NAMES.filter(name => network.nodes.some(node => node.name === name)).map(async name => {
      const node = network.node(name);
      return { name, node, home: await homeOf(node), peer: network.node(name === 'a' ? 'b' : 'a').address };
    }),
  );
}

interface Packet {
  readonly message: Message;
  readonly envelope: Envelope;
}

/** What the router of this manner on this node believes. */
export function goodPacket(manner: Manner, place: Place, priority: number): Packet {
  const { version, intervalMs, family, unicast } = manner;
  const vrid = vridOn(manner, place.name);
  const message: Message = { version, vrid, priority, intervalMs, addresses: addressesOf(manner, vrid) };
  const envelope: Envelope = unicast
    ? { source: place.peer, destination: place.node.address, mac: place.home.mac }
    : { source: STRANGER[family] };
  return { message: version === 2 ? { ...message, password: PASSWORD } : message, envelope };
}

function addressesOf(manner: Manner, vrid: number): readonly string[] {
  const address = addressOf(manner, vrid);
  return manner.family === 'ipv6' ? [linkLocal(vrid), address] : [address];
}

export interface Check {
  /** The word for it in `status --json`. */
  readonly reason: string;
  /** Whether this manner has the check. */
  readonly applies: (manner: Manner) => boolean;
  /** `counted`: by the router. `sampled`: none of our VRIDs, so it is only overheard. `kernel`: never comes up. */
  readonly fate: (manner: Manner) => 'counted' | 'sampled' | 'kernel';
  readonly spoil: (good: Packet, manner: Manner, place: Place, turn: number) => Packet;
}

const always = () => true;
const counted = () => 'counted' as const;
const sampled = () => 'sampled' as const;
const version2 = ({ version }: Manner) => version === 2;
const message =
  (change: (message: Message, manner: Manner, turn: number) => Partial<Message>): Check['spoil'] =>
  (good, manner, _place, turn) => ({ ...good, message: { ...good.message, ...change(good.message, manner, turn) } });
const envelope =
  (change: (manner: Manner, place: Place) => Partial<Envelope>): Check['spoil'] =>
  (good, manner, place) => ({ ...good, envelope: { ...good.envelope, ...change(manner, place) } });

const ownAddress = ({ family }: Manner, { node, home }: Place) => (family === 'ipv4' ? node.address : home.linkLocal);

/** In the order of the ladder. */
export const CHECKS: readonly Check[] = [
  { reason: 'ttl-not-255', applies: always, fate: counted, spoil: envelope(() => ({ ttl: 254 })) },
  {
    reason: 'not-multicast',
    applies: ({ unicast }) => !unicast,
    fate: counted,
    spoil: envelope((manner, place) => ({ destination: ownAddress(manner, place), mac: place.home.mac })),
  },
  {
    reason: 'not-unicast',
    applies: ({ unicast }) => unicast,
    fate: counted,
    spoil: envelope(() => ({ destination: '224.0.0.18' })),
  },
  {
    reason: 'wrong-version',
    applies: always,
    fate: counted,
    spoil: message((_good, { version }) => ({ version: version === 2 ? 3 : 2, intervalMs: 1000 })),
  },
  { reason: 'wrong-type', applies: always, fate: counted, spoil: message((_good, _manner, turn) => ({ type: turn % 2 === 0 ? 2 : 0 })) },
  {
    reason: 'wrong-length',
    applies: always,
    fate: counted,
    spoil: message(({ addresses }, _manner, turn) => {
      const ways: readonly Partial<Message>[] = [{ count: addresses.length + 1 }, { extra: [0, 0, 0, 0] }, { cutTo: 7 }, { cutTo: 10 }];
      return ways[turn % ways.length] ?? {};
    }),
  },
  { reason: 'wrong-checksum', applies: always, fate: counted, spoil: message(() => ({ damage: 1 })) },
  { reason: 'zero-vrid', applies: always, fate: sampled, spoil: message(() => ({ vrid: 0 })) },
  { reason: 'zero-interval', applies: always, fate: counted, spoil: message(() => ({ intervalMs: 0 })) },
  { reason: 'no-addresses', applies: always, fate: counted, spoil: message(() => ({ addresses: [] })) },
  { reason: 'unknown-vrid', applies: always, fate: sampled, spoil: message(() => ({ vrid: 99 })) },
  {
    reason: 'own-packet',
    applies: always,
    fate: ({ family }) => (family === 'ipv4' ? 'kernel' : 'counted'),
    spoil(good, manner, place) {
      const priority = PRIORITY[place.name];
      const source = ownAddress(manner, place);
      return { message: { ...good.message, priority }, envelope: { ...good.envelope, source, mac: place.home.mac } };
    },
  },
  {
    reason: 'not-a-peer',
    applies: ({ unicast }) => unicast,
    fate: counted,
    spoil: envelope(() => ({ source: STRANGER.ipv4 })),
  },
  {
    reason: 'wrong-password',
    applies: version2,
    fate: counted,
    spoil: (good, _manner, _place, turn) => {
      const { password: _right, ...open } = good.message;
      return { ...good, message: turn % 2 === 0 ? open : { ...open, password: 'tahini' } };
    },
  },
  { reason: 'wrong-interval', applies: version2, fate: counted, spoil: message(() => ({ intervalMs: 2000 })) },
];

/** Frames that fail one check only: by turns a claim that would win and a resignation, the worst that could be believed.
 *  @param count how many */
export function badFramesFor(check: Check, manner: Manner, place: Place, count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, turn) => {
    const bad = check.spoil(goodPacket(manner, place, Math.floor(turn / 4) % 2 === 0 ? 254 : 0), manner, place, turn);
    return hostileFrame(bad.message, bad.envelope);
  });
}

/** The address that such a frame comes from. */
export function sourceOf(check: Check, manner: Manner, place: Place): string {
  return check.spoil(goodPacket(manner, place, 254), manner, place, 0).envelope.source;
}

/** Whether each node needs a frame of its own; else one to the group reaches both of the pair. */
export function isForOne(check: Check, manner: Manner): boolean {
  return manner.unicast || check.reason === 'not-multicast' || check.reason === 'own-packet';
}
