// Which virtual routers of several machines are one: those that serve the same addresses, or that hear each other.
// Must not know how an election goes (network.ts), nor files.
import type { Track } from '../check/duties.ts';
import type { Plan } from '../config/plan.ts';
import { type Address, addressBytes, addressFromBytes, type Family } from '../vrrp/address.ts';
import { placeOf, type RouterSpec, routerKey } from '../vrrp/router.ts';

/** A machine with all that it is to do. */
export interface Machine {
  readonly name: string;
  readonly plan: Plan;
}

/** One machine's part in a virtual router. */
export interface Member {
  readonly machine: string;
  readonly spec: RouterSpec;
  readonly tracks: readonly Track[];
  /** Its own address: as configured, as its peers call it, or made up where neither says. */
  readonly primary: Address;
  /** Whether that address is made up, so that it may not break ties. */
  readonly guessed: boolean;
}

/** Members in the order of the machines; at least one. */
export type Group = readonly Member[];

/** All virtual routers of all machines. */
export function groupsOf(machines: readonly Machine[]): readonly Group[] {
  const candidates = machines.flatMap(({ name: machine, plan: { routers, duties } }) =>
    routers.map(spec => ({ machine, spec, tracks: duties.tracks.filter(({ router }) => router === spec.name) })),
  );
  const groups: Candidate[][] = [];
  const known = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const marks = marksOf(candidate.spec);
    const joined = new Set(marks.flatMap(mark => known.get(mark) ?? []));
    const old = [...new Set(groups.filter(group => group.some(member => joined.has(member))))];
    const group = [...old.flat(), candidate];
    for (const each of old) groups.splice(groups.indexOf(each), 1);
    groups.push(group);
    for (const member of group) for (const mark of marksOf(member.spec)) known.set(mark, group);
  }
  return groups.map(withAddresses);
}

type Candidate = Omit<Member, 'primary' | 'guessed'>;

/** What routers have in common when they are one: an address, a name, or a place in the network. */
function marksOf(spec: RouterSpec): readonly string[] {
  const addresses = spec.addresses.flatMap(({ address, derived }) => (derived === true ? [] : [`address ${address}`]));
  return [...addresses, `name ${routerKey(spec)}`, `place ${placeOf(spec)}`];
}

/** Our own address is what the others call us and we do not call anybody, unless all have the same list. */
function withAddresses(candidates: readonly Candidate[]): Group {
  const taken = new Set(candidates.flatMap(({ spec }) => spec.source ?? []));
  return candidates.map((candidate, index): Member => {
    const { spec } = candidate;
    if (spec.source !== null) return { ...candidate, primary: spec.source, guessed: false };
    const own = new Set(spec.peers.map(({ address }) => address));
    const named = candidates.filter(other => other !== candidate).flatMap(other => other.spec.peers.map(({ address }) => address));
    const free = named.filter(address => !taken.has(address));
    const called = free.find(address => !own.has(address));
    const primary = called ?? free[0] ?? madeUp(spec.family, index);
    taken.add(primary);
    return { ...candidate, primary, guessed: called === undefined };
  });
}

/** RFC 5737 and RFC 4291: addresses that nobody has. */
function madeUp(family: Family, index: number): Address {
  const [bytes, last] = family === 'ipv4' ? [addressBytes('198.51.100.0' as Address), 3] : [addressBytes('fe80::' as Address), 15];
  const own = Uint8Array.from(bytes);
  own[last] = index + 1;
  return addressFromBytes(own, 0, family);
}
