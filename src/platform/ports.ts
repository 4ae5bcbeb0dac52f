// What the rest of holdfast needs of a machine, as interfaces. `linux` gives it for real, `fake` in tests.
// Must not know how any of it is done. No call here waits for the world, and none throws
// for what it does: see SystemError. A change of addresses waits for the kernel's own lock, 0.1 ms as a rule (decision 0007).
import type { Address, Family, Prefix } from '../vrrp/address.ts';
import type { Reception } from '../vrrp/admit.ts';
import type { Unusable } from '../vrrp/event.ts';
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
  /** IFA_F_SECONDARY: goes away with its primary unless promote_secondaries is set. */
  readonly secondary: boolean;
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

/** How an address is put on an interface. */
export interface AddressRequest extends Prefix {
  readonly family: Family;
  /** Seconds until the kernel removes it; null: never. */
  readonly validFor: number | null;
}

/** Interfaces and addresses of this network namespace: rtnetlink. */
export interface Network {
  /** The interface as last reported, undefined while it does not exist. Never asks the kernel, so it is cheap; the same
   *  object until something about the interface changes. */
  link(name: string): Link | undefined;
  /** Adds or renews. The kernel acts before this returns; what it thinks of it arrives at `done`. */
  put(link: Link, address: AddressRequest, done: (error: SystemError | null) => void): void;
  remove(link: Link, address: Prefix, done: (error: SystemError | null) => void): void;
  /** Keeps the host's own addresses when one of ours, added before them in the same network, goes (promote_secondaries).
   *  Where the kernel refuses, addresses are put as /32 from then on, which nothing depends on. */
  protect(link: Link, done: (error: SystemError | null) => void): void;
}

/** The sockets of one interface: adverts in and out, announcements out. */
export interface AdvertLink {
  /** The next waiting datagram, or null when none waits. Buffers are the receiver's until the next call. */
  receive(): { readonly message: Uint8Array; readonly reception: Reception } | null;
  /** Multicasts one VRRP message from `source`. Failure is reported once per cause through `failed`. */
  send(message: Uint8Array, source: Address): void;
  /** Sends one whole link-layer frame. */
  sendFrame(frame: Uint8Array): void;
  /** The kernel passes only these VRIDs up. */
  listenFor(vrids: readonly number[]): void;
  close(): void;
}

export interface AdvertLinks {
  /** @param ready is called when something may wait at `receive`
   *  @param failed is told why adverts cannot be sent, once per cause until one goes out again */
  open(link: Link, family: Family, ready: () => void, failed: (error: SystemError) => void): AdvertLink | SystemError;
}

/** One virtual router per interface, VRID and family in a network namespace; the claim ends with the process. */
export interface Claims {
  claim(name: string): Claim | SystemError;
}
export interface Claim {
  release(): void;
}
