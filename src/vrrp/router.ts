// What one virtual router is: the settings that the operator chose, and the two facts of this machine that the
// protocol needs beside them. Immutable; must not know in which state the router is.
import type { Address, Family, Prefix } from './address.ts';
import { DEMOTED, HIGHEST, LOWEST, type Micros, OWNER, type Priority, priority, type Vrid } from './units.ts';

export type Version = 2 | 3;

/** Which checksum an IPv4 version 3 advertisement carries. RFC 9568 §5.2.8 is without, RFC 5798 was with pseudo-header. */
export type ChecksumForm = 'rfc9568' | 'rfc5798';

/** RFC 4291 and ip-address(8): how far an address is valid. */
export type Scope = 'global' | 'link' | 'host';

/** A virtual address and how it is put on an interface. What is absent is the default. */
export interface VirtualAddress extends Prefix {
  /** Where it lives, when that is not the interface of the advertisements. */
  readonly interface?: string;
  /** IPv4 only: the name by which old tools show it, such as `eth0:web`. 15 bytes at most. */
  readonly label?: string;
  /** `global` unless the address itself says otherwise. */
  readonly scope?: Scope;
  /** Put first by us, as RFC 9568 §5.2.9 wants a link-local address and the file has none. */
  readonly derived?: true;
}

/** A router that unicast advertisements go to and are taken from. */
export interface Peer {
  readonly address: Address;
  /** TTL or hop limit that its advertisements may arrive with, 1..255; both 255 unless routers lie in between. */
  readonly minTtl: number;
  readonly maxTtl: number;
}

/** One virtual router in one address family as it is configured. Plain data: it crosses from agent to engine as JSON. */
export interface RouterSpec {
  /** The operator's name; one name may stand for two routers, one in each family. */
  readonly name: string;
  readonly family: Family;
  /** The interface that the advertisements use, and that the addresses live on unless they name another. */
  readonly interface: string;
  readonly vrid: Vrid;
  readonly version: Version;
  /** As configured; see `effectivePriority`. */
  readonly priority: Priority;
  /** Virtual addresses in the order of the advertisement; over IPv6 the first is link-local. Empty where hooks move them. */
  readonly addresses: readonly VirtualAddress[];
  /** Advertisement_Interval, 10 ms..40.95 s in steps of 10 ms; in version 2 whole seconds. */
  readonly advertInterval: Micros;
  /** Preempt_Mode. */
  readonly preempt: boolean;
  /** How long a lower-priority Active is still respected once heard; never delays an answer to silence or priority 0. */
  readonly preemptDelay: Micros;
  /** Accept_Mode. */
  readonly accept: boolean;
  readonly checksum: 'auto' | ChecksumForm;
  /** Unicast to these; empty: multicast. Our own address among them is left out. */
  readonly peers: readonly Peer[];
  /** The own address to speak from; null: the interface's first. */
  readonly source: Address | null;
  /** Version 2: plain-text password, 1..8 bytes of UTF-8; null: none. Never logged, never in a status. */
  readonly password: string | null;
  /** Kernel lifetime of the addresses, whole seconds; null leaves them permanent (decision 0007). */
  readonly lease: Micros | null;
  /** Whether checks decide about this router; if so, health that nobody renews counts as lost. */
  readonly tracked: boolean;
  /** Whether loss of carrier on `interface` takes the router down; false: a cable whose other end is the peer. */
  readonly trackInterface: boolean;
}

/** A virtual router on this machine, now. */
export interface VirtualRouter extends RouterSpec {
  readonly standing: Standing;
  /** What weights add to the priority, or take from it. */
  readonly adjustment: number;
  /** The sender's own address, RFC 9568 §1.7 "primary IPv4 address"; breaks ties. */
  readonly primary: Address;
}

/** What health says of a router. `well`: it takes part. `demoted`: it serves only if nobody else can. `released`: it does not
 *  serve, even if nobody else does. */
export type Standing = 'well' | 'demoted' | 'released';

/** The one name by which engine, agent and logs tell routers apart. */
export function routerKey(spec: Pick<RouterSpec, 'name' | 'family'>): string {
  return `${spec.name}/${spec.family}`;
}

/** What other machines know a router by, and other daemons on this one: two of the same place cannot be. */
export function placeOf({ interface: name, family, vrid }: Pick<RouterSpec, 'interface' | 'family' | 'vrid'>): string {
  return `${name}/${family}/${vrid}`;
}

/** RFC 9568 §1.7: the router whose own addresses the virtual addresses are. */
export function isOwner(self: RouterSpec): boolean {
  return self.priority === OWNER;
}

/** The priority that elections and advertisements use: 1 unless it stands well; with weights never the owner's, nor that of
 *  the demoted. */
export function effectivePriority({ standing, priority: configured, adjustment }: VirtualRouter): Priority {
  if (standing !== 'well') return DEMOTED;
  if (configured === OWNER || adjustment === 0) return configured;
  return priority(Math.max(LOWEST, Math.min(HIGHEST, configured + adjustment)));
}

/** Whether it serves by right: the owner of the addresses, in good health. */
export function servesByRight(self: VirtualRouter): boolean {
  return isOwner(self) && self.standing === 'well';
}

/** Where the advertisements go: to the group of the family, or to each peer. */
export function isUnicastRouter(self: RouterSpec): boolean {
  return self.peers.length > 0;
}
