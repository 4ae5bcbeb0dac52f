// The laboratory as a plan: nodes, switches and a client, who is plugged in where, and with which addresses. Pure.
// Must not know configurations (adopt.ts), nor how any of it is made.
import {
  type Address,
  addressBytes,
  addressFromBytes,
  contains,
  type Family,
  familyOf,
  formatPrefix,
  isLinkLocal,
  type Prefix,
} from '../vrrp/address.ts';

/** Every namespace of the laboratory begins so; what does is ours to remove. */
export const PREFIX = 'hf-lab-';
export const SWITCH = `${PREFIX}switch`;
export const CLIENT = `${PREFIX}client`;

export const MOST_NODES = 8;
/** An address that the client asks costs it a hundred connections a second. */
const MOST_TARGETS = 4;

/** One virtual router in one family, as far as the network around it is concerned. */
export interface WishedRouter {
  readonly name: string;
  readonly family: Family;
  readonly vrid: number;
  /** The interface of its advertisements, as the configuration calls it. */
  readonly device: string;
  readonly addresses: readonly (Prefix & { readonly device: string })[];
  readonly peers: readonly Address[];
  readonly source: Address | null;
  /** Whether the machine itself answers on the addresses. */
  readonly accept: boolean;
  readonly intervalMs: number;
}

/** What a node's configuration needs. */
export interface Wish {
  readonly name: string;
  /** Interfaces, as the configuration calls them; the first one is first in the node too. */
  readonly devices: readonly string[];
  readonly routers: readonly WishedRouter[];
  /** Addresses that must answer to a ping, on which interface if it says so. */
  readonly pinged: readonly { readonly address: Address; readonly device: string | null }[];
}

/** One end of a cable; the other one is a port of a switch. */
export interface Plug {
  /** In the namespace: `hf0`, `hf1`, ... */
  readonly name: string;
  /** What the configuration calls it. */
  readonly device: string;
  /** Number of the switch: bridge `br0`, `br1`, ... */
  readonly bridge: number;
  readonly port: string;
  readonly addresses: readonly string[];
  /** Addresses of others that no own network contains. */
  readonly routes: readonly string[];
}

export interface Machine {
  readonly name: string;
  readonly namespace: string;
  readonly plugs: readonly Plug[];
}

/** An address that the client asks for a page. */
export interface Target {
  readonly router: string;
  readonly address: string;
  readonly intervalMs: number;
}

export interface Topology {
  /** How many switches there are. */
  readonly bridges: number;
  readonly nodes: readonly Machine[];
  readonly client: Machine;
  readonly targets: readonly Target[];
  /** What could not be had, in words. */
  readonly notes: readonly string[];
}

/** Names are typed again and again, and are parts of names of interfaces, which have 15 bytes. */
export function isNodeName(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,11}$/.test(name) && name !== 'client' && name !== 'switch';
}

/** `edge-a`, `edge-b`, ... */
export function nodeNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `edge-${String.fromCharCode(97 + i)}`);
}

export function layOut(wishes: readonly Wish[]): Topology {
  const bridgeOf = joinDevices(wishes);
  const bridges = Math.max(-1, ...wishes.flatMap(wish => wish.devices.map(device => bridgeOf(wish, device)))) + 1;
  const segments = Array.from({ length: bridges }, (_, number) => segmentOf(wishes, number, bridgeOf));
  const notes: string[] = [];
  const nodes = wishes.map(
    (wish, index): Machine => ({
      name: wish.name,
      namespace: `${PREFIX}${wish.name}`,
      plugs: wish.devices.map((device, position) => {
        const bridge = bridgeOf(wish, device);
        const segment = segments[bridge];
        const own = segment?.ownOf(index) ?? [];
        if (own.length === 0 && segment?.networks.length !== 0) notes.push(`${wish.name}: no free address is left for ${device}`);
        const far = wish.routers
          .filter(router => router.device === device)
          .flatMap(router => router.peers.filter(peer => !isLinkLocal(peer) && !own.some(prefix => contains(prefix, peer))));
        return {
          name: `hf${position}`,
          device,
          bridge,
          port: `${wish.name}-${position}`,
          addresses: own.map(formatPrefix),
          routes: [...new Set(far)].map(peer => `${peer}/${bits(familyOf(peer))}`),
        };
      }),
    }),
  );
  const client: Machine = {
    name: 'client',
    namespace: CLIENT,
    plugs: segments.map(({ client: addresses }, bridge) => ({
      name: `hf${bridge}`,
      device: `hf${bridge}`,
      bridge,
      port: `client-${bridge}`,
      addresses: addresses.map(formatPrefix),
      routes: [],
    })),
  };
  return { bridges, nodes, client, targets: targetsOf(wishes), notes };
}

/** The first address of each virtual router that a client can ask. */
function targetsOf(wishes: readonly Wish[]): readonly Target[] {
  const found = new Map<string, Target>();
  for (const { name, accept, addresses, intervalMs } of wishes.flatMap(({ routers }) => routers)) {
    const first = accept ? addresses.find(({ address }) => !isLinkLocal(address)) : undefined;
    if (first === undefined) continue;
    const before = found.get(first.address);
    found.set(first.address, {
      router: name,
      address: first.address,
      intervalMs: Math.max(intervalMs, before?.intervalMs ?? 0),
    });
  }
  return [...found.values()].slice(0, MOST_TARGETS);
}

/** Which interfaces are on one switch: those of the same name, and those that share a virtual router, whatever each machine calls them. */
function joinDevices(wishes: readonly Wish[]): (wish: Wish, device: string) => number {
  const parent = new Map<string, string>();
  const root = (key: string): string => {
    const above = parent.get(key) ?? key;
    return above === key ? key : root(above);
  };
  const join = (a: string, b: string): void => {
    const [first, second] = [root(a), root(b)];
    if (first !== second) parent.set(second, first);
  };
  for (const wish of wishes) {
    for (const device of wish.devices) join(`name ${device}`, `${wish.name} ${device}`);
    for (const router of wish.routers) {
      const home = `${wish.name} ${router.device}`;
      for (const { address } of router.addresses.filter(each => each.device === router.device && !isLinkLocal(each.address)))
        join(`router ${router.vrid} ${router.family} ${address}`, home);
    }
  }
  const numbers = new Map<string, number>();
  for (const wish of wishes) {
    for (const device of wish.devices) {
      const at = root(`${wish.name} ${device}`);
      if (!numbers.has(at)) numbers.set(at, numbers.size);
    }
  }
  return (wish, device) => numbers.get(root(`${wish.name} ${device}`)) ?? 0;
}

interface Segment {
  readonly networks: readonly Prefix[];
  readonly client: readonly Prefix[];
  ownOf(node: number): readonly Prefix[];
}

/** Where nodes and client begin to look for a free address. */
const NODES_FROM = 11;
const CLIENT_FROM = 100;

function segmentOf(wishes: readonly Wish[], bridge: number, bridgeOf: (wish: Wish, device: string) => number): Segment {
  const here = (wish: Wish, device: string): boolean => wish.devices.includes(device) && bridgeOf(wish, device) === bridge;
  const virtual = wishes.flatMap(wish =>
    wish.routers.flatMap(({ addresses }) => addresses.filter(({ device, address }) => here(wish, device) && !isLinkLocal(address))),
  );
  const networks = unique(virtual.map(({ address, length }) => networkOf({ address, length: usable(address, length) })));
  const lengthFor = (address: Address): number =>
    networks.find(network => contains(network, address))?.length ?? usable(address, bits(familyOf(address)));
  const pinged = wishes.flatMap(wish =>
    wish.pinged
      .filter(({ address, device }) => (device === null ? networks.some(network => contains(network, address)) : here(wish, device)))
      .map(({ address }) => address),
  );
  const spoken = wishes.map(wish => spokenOf(wishes, wish, router => router.device !== '' && here(wish, router.device)));
  const fixed = spoken.map(addresses => addresses.map(address => ({ address, length: lengthFor(address) })));
  const taken = new Set<string>([...virtual.map(({ address }) => address), ...pinged, ...spoken.flat()]);
  for (const wish of wishes)
    for (const { device, peers } of wish.routers) if (here(wish, device)) for (const peer of peers) taken.add(peer);
  const take = (network: Prefix, from: number): readonly Prefix[] => {
    const address = freeIn(network, from, taken);
    if (address === null) return [];
    taken.add(address);
    return [{ address, length: network.length }];
  };
  const own = wishes.map((wish, index) => {
    const first = fixed[index] ?? [];
    if (!wish.devices.some(device => here(wish, device))) return [];
    const missing = networks.filter(network => !first.some(({ address }) => contains(network, address)));
    // Those that peers know come first: the first one is what a node speaks from unless its file says otherwise.
    return [...first, ...missing.flatMap(network => take(network, NODES_FROM + index))];
  });
  const unowned = [...new Set(pinged)].filter(address => !own.flat().some(prefix => prefix.address === address));
  return {
    networks,
    client: [
      ...networks.flatMap(network => take(network, CLIENT_FROM)),
      ...unowned.map(address => ({ address, length: lengthFor(address) })),
    ],
    ownOf: index => own[index] ?? [],
  };
}

/** The addresses that a node must have since its own file, or the others' lists of peers, name them. */
function spokenOf(wishes: readonly Wish[], wish: Wish, here: (router: WishedRouter) => boolean): readonly Address[] {
  const index = wishes.indexOf(wish);
  return [
    ...new Set(
      wish.routers.filter(here).flatMap((router): Address[] => {
        const same = wishes.map(each => each.routers.find(({ name, family }) => name === router.name && family === router.family));
        if (router.source !== null) return [router.source];
        const lists = same.map(each => each?.peers ?? []);
        const all = [...new Set(lists.flat())];
        const sources = same.map(each => each?.source ?? null);
        // What the others list and it does not; the same list everywhere is taken in its order.
        const others = lists.filter((list, i) => i !== index && list.length > 0);
        const mine = all.filter(peer => !lists[index]?.includes(peer) && others.every(list => list.includes(peer)));
        const shared = all.length >= wishes.length && lists.every(list => list.length === all.length);
        const own = mine.find(peer => !sources.includes(peer)) ?? (shared ? all[index] : undefined);
        return own === undefined ? [] : [own];
      }),
    ),
  ];
}

function bits(family: Family): number {
  return family === 'ipv4' ? 32 : 128;
}

/** A prefix that has room for nodes: a lone address stands for the usual network around it. */
function usable(address: Address, length: number): number {
  const usual = familyOf(address) === 'ipv4' ? 24 : 64;
  return length > bits(familyOf(address)) - 2 ? usual : length;
}

function networkOf({ address, length }: Prefix): Prefix {
  const bytes = addressBytes(address).map((byte, i) => byte & (0xff << Math.max(0, Math.min(8, 8 - (length - i * 8)))));
  return { address: addressFromBytes(bytes, 0, familyOf(address)), length };
}

/** Without those that lie inside another one. */
function unique(networks: readonly Prefix[]): readonly Prefix[] {
  const different = [...new Map(networks.map(network => [formatPrefix(network), network])).values()];
  return different.filter(({ address, length }) => !different.some(other => other.length < length && contains(other, address)));
}

/** @returns the first free host from number `from` on, all of them in turn; null when there is none */
function freeIn(network: Prefix, from: number, taken: ReadonlySet<string>): Address | null {
  const family = familyOf(network.address);
  const base = toNumber(addressBytes(network.address));
  const size = 1n << BigInt(bits(family) - network.length);
  // Neither the network itself nor its broadcast address.
  const hosts = size - 2n;
  for (let tried = 0n; tried < hosts && tried < 1024n; tried += 1n) {
    const number = ((BigInt(from) - 1n + tried) % hosts) + 1n;
    const address = addressFromBytes(toBytes(base + number, bits(family) / 8), 0, family);
    if (!taken.has(address)) return address;
  }
  return null;
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

function toBytes(number: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Number((number >> BigInt(8 * (length - 1 - i))) & 255n));
}
