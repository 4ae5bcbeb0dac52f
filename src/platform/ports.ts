// What the rest of holdfast needs of a machine, as interfaces. `linux` gives it for real, `fake` in tests.
// Must not know how any of it is done. No call here waits for the world, and none throws
// for what it does: see SystemError. A change of addresses waits for the kernel's own lock, 0.1 ms as a rule (decision 0007).
import type { Address, Family, Prefix } from '../vrrp/address.ts';
import type { Reception } from '../vrrp/admit.ts';
import type { Unusable } from '../vrrp/event.ts';
import type { VirtualAddress } from '../vrrp/router.ts';
import type { Micros } from '../vrrp/units.ts';

/** The world said no. `code` is an errno name (`EPERM`), `op` what was tried, `target` on what. */
export interface SystemError {
  readonly kind: 'system-error';
  readonly op: string;
  readonly code: string;
  readonly target: string;
}

/** The monotonic clock, and the one alarm that wakes the engine. */
export interface Clock {
  now(): Micros;
  /** Call `turn` at or soon after `at`; replaces the alarm set before. null: no alarm. */
  wakeAt(at: Micros | null): void;
}

/** An address that is on an interface now. */
export interface HeldAddress extends Prefix {
  /** null: permanent. Else seconds that were left when it was first reported with a lifetime; renewals are not told. */
  readonly validFor: number | null;
  /** Marked by us when it was added (IFA_PROTO, Linux 5.18 and later). */
  readonly marked: boolean;
  /** Not one to speak from while there is another: IFA_F_SECONDARY of IPv4, which goes away with its primary unless
   *  promote_secondaries is set; the same bit of IPv6, IFA_F_TEMPORARY; and IFA_F_DEPRECATED, as virtual addresses are. */
  readonly secondary: boolean;
  /** IPv6: nobody may speak from it, as it is still being checked for duplicates (RFC 4862 §5.4), or is one. */
  readonly tentative: boolean;
}

/** An interface as the kernel shows it. */
export interface Link {
  readonly name: string;
  readonly index: number;
  /** null: it can carry a virtual router as far as the link goes. */
  readonly unusable: Exclude<Unusable, 'no-address' | 'interface-missing'> | null;
  /** 6 bytes; for interfaces without a link-layer address, empty. */
  readonly mac: Uint8Array;
  readonly addresses: readonly HeldAddress[];
}

/** How an address is put on an interface. IPv6: without duplicate address detection, without a route to its network, and
 *  deprecated, so that nothing speaks from it unasked. */
export interface AddressRequest extends VirtualAddress {
  readonly family: Family;
  /** Seconds until the kernel removes it; null: never. */
  readonly validFor: number | null;
}

/** Interfaces and addresses of this network namespace: rtnetlink. */
export interface Network {
  /** The interface as last reported, undefined while it does not exist. Never asks the kernel, so it is cheap; the same
   *  object until something about the interface changes. */
  link(name: string): Link | undefined;
  /** Adds or renews. The kernel acts before this returns; what it thinks of it arrives at `done`. Over IPv6 it goes on acting for
   *  a moment, and `done` comes once the address can be reached. */
  put(link: Link, address: AddressRequest, done: (error: SystemError | null) => void): void;
  remove(link: Link, address: Prefix, done: (error: SystemError | null) => void): void;
  /** Keeps the host's own addresses when one of ours, added before them in the same network, goes (promote_secondaries).
   *  Where the kernel refuses, addresses are put as /32 from then on, which nothing depends on. */
  protect(link: Link, done: (error: SystemError | null) => void): void;
  /** Accept_Mode false: from now on no packet to one of these addresses is accepted, neighbour discovery excepted.
   *  Replaces what `key` denied before; an empty list denies nothing any more, of either family. The kernel acts before this
   *  returns.
   *  @param key names the wish, 1..64 letters, digits and `._/-` */
  deny(key: string, family: Family, addresses: readonly Address[], done: (error: SystemError | null) => void): void;
  /** What another process denies, which may be dead: that does not end with it.
   *  @param done gets its keys when the kernel has answered; what this process has denied by then is not among them. None where
   *  the kernel cannot deny anything */
  deniedByOthers(done: (keys: readonly string[]) => void): void;
  /** Sends one whole link-layer frame. What cannot leave is lost: announcements are repeated. */
  sendFrame(link: Link, frame: Uint8Array): void;
}

/** One datagram. Its bytes are the receiver's until the next call to the link that gave it. */
export interface Datagram {
  readonly message: Uint8Array;
  readonly reception: Reception;
}

/** The VRRP sockets of one interface in one family. */
export interface AdvertLink {
  /** The next waiting datagram for a VRID that is listened for: to the group, or to an address of ours. null: none waits. */
  receive(): Datagram | null;
  /** The same for all other VRIDs, as a sample: the kernel keeps some and drops the rest, and nobody is woken. */
  overhear(): Datagram | null;
  /** Sends one VRRP message from an address of ours to the group or to one peer. See `failed`. */
  send(message: Uint8Array, source: Address, destination: Address): void;
  /** The kernel passes only these VRIDs up to `receive`. */
  listenFor(vrids: readonly number[]): void;
  close(): void;
}

export interface AdvertLinkEvents {
  /** Something may wait at `receive`. */
  ready(): void;
  /** Advertisements do not leave for this destination, or did not arrive as far as this machine is told (ICMP); once per
   *  cause and destination until `reached`. */
  failed(error: SystemError, destination: Address): void;
  /** The first one that left without an error after that; when the error was the network's, which may come late, only after
   *  some quiet seconds. */
  reached(destination: Address): void;
}

export interface AdvertLinks {
  open(link: Link, family: Family, events: AdvertLinkEvents): AdvertLink | SystemError;
}

/** One virtual router per interface, VRID and family in a network namespace; the claim ends with the process. */
export interface Claims {
  claim(name: string): Claim | SystemError;
}
export interface Claim {
  release(): void;
}
