// Keeps the virtual addresses of one router on their interface, or off it: wish compared with what the kernel shows.
// Must not know why they are wished for: no states, no adverts, no log.
import type { HeldAddress, Link, Network, SystemError } from '../platform/ports.ts';
import type { Address, Prefix } from '../vrrp/address.ts';
import { isOwner, type RouterSpec } from '../vrrp/router.ts';
import { type Micros, micros } from '../vrrp/units.ts';

/** `foreign`: it was there before us and is not ours, so it is never leased, changed or removed. Decision 0007. */
type Holding = 'pending' | 'held' | 'foreign';

interface Entry {
  readonly prefix: Prefix;
  holding: Holding;
  /** The kernel has shown it since we put it there; only then can it be missed. */
  seen: boolean;
}

export interface HolderEvents {
  /** Everything wished for is there, or the first thing that went wrong. */
  settled(error: SystemError | null): void;
  /** This address is somebody else's; said once per wish. */
  foreign(prefix: Prefix): void;
}

export interface Holder {
  /** All addresses on the interface, for another lease; what is no longer configured goes. */
  acquire(spec: RouterSpec, link: Link): void;
  /** All of ours off the interface. */
  release(): void;
  /** Compares with what the kernel shows now. @returns the wished-for addresses that somebody took away */
  observe(link: Link | undefined): readonly Address[];
  /** All of these addresses are there as far as we know. */
  complete(spec: RouterSpec): boolean;
  /** Addresses are wished for, so leases must be renewed. */
  wanted(): boolean;
  state(address: Address): Holding | null;
  /** On the interface, and put there by somebody else. */
  isForeign(spec: RouterSpec, prefix: Prefix, on: Link): boolean;
}

export function createHolder(network: Network, events: HolderEvents): Holder {
  const entries = new Map<Address, Entry>();
  /** Put by us in this life and not yet seen to be gone: ours even where the kernel keeps no mark. */
  const recorded = new Set<Address>();
  let link: Link | null = null;
  let wish = 0;

  function isForeign(spec: RouterSpec, prefix: Prefix, on: Link): boolean {
    if (recorded.has(prefix.address)) return false;
    return on.addresses.some(held => held.address === prefix.address) && !on.addresses.some(held => isRemnant(spec, held, prefix));
  }

  /** A former life had this address with another prefix length: the kernel takes that for another address. */
  function dropOtherLengths(spec: RouterSpec, prefix: Prefix, on: Link): void {
    for (const held of on.addresses) {
      if (held.length !== prefix.length && isRemnant(spec, held, prefix) && !recorded.has(prefix.address))
        network.remove(on, held, () => {});
    }
  }

  function drop(entry: Entry): void {
    entries.delete(entry.prefix.address);
    // It may be gone already, with its interface or by somebody's hand: that is what we want.
    if (entry.holding !== 'foreign' && link !== null) network.remove(link, entry.prefix, () => {});
  }

  function put(spec: RouterSpec, on: Link, entry: Entry, done: (error: SystemError | null) => void): void {
    recorded.add(entry.prefix.address);
    const validFor = spec.lease === null ? null : spec.lease / 1_000_000;
    network.put(on, { ...entry.prefix, family: spec.family, validFor }, done);
  }

  return {
    acquire(spec, on) {
      link = on;
      wish += 1;
      const mine = wish;
      for (const entry of [...entries.values()]) {
        const stays = spec.addresses.some(({ address, length }) => address === entry.prefix.address && length === entry.prefix.length);
        if (!stays) drop(entry);
      }
      let waiting = 0;
      let problem: SystemError | null = null;
      let told = false;
      const settle = (): void => {
        if (waiting > 0 || told || mine !== wish) return;
        told = true;
        events.settled(problem);
      };
      for (const prefix of spec.addresses) {
        const known = entries.get(prefix.address);
        // Adopted ones are there already, and that they are renewed is not reported.
        const seen = on.addresses.some(held => held.address === prefix.address);
        const entry: Entry = known ?? { prefix, holding: 'pending', seen };
        entries.set(prefix.address, entry);
        if (isForeign(spec, prefix, on)) {
          entry.holding = 'foreign';
          entry.seen = true;
          if (known?.holding !== 'foreign') events.foreign(prefix);
          continue;
        }
        if (entry.holding === 'foreign') entry.holding = 'pending';
        waiting += 1;
        dropOtherLengths(spec, prefix, on);
        put(spec, on, entry, error => {
          waiting -= 1;
          if (entries.get(prefix.address) === entry) entry.holding = error === null ? 'held' : 'pending';
          problem ??= error;
          settle();
        });
      }
      settle();
    },
    release() {
      wish += 1;
      for (const entry of [...entries.values()]) drop(entry);
    },
    observe(now) {
      const lost: Address[] = [];
      const present = new Set(now?.addresses.map(held => held.address));
      for (const entry of entries.values()) {
        if (present.has(entry.prefix.address)) entry.seen = true;
        else if (entry.seen) {
          entry.seen = false;
          entry.holding = 'pending';
          lost.push(entry.prefix.address);
        }
      }
      for (const address of recorded) if (!entries.has(address) && !present.has(address)) recorded.delete(address);
      if (now !== undefined) link = now;
      return lost;
    },
    complete(spec) {
      return spec.addresses.every(({ address }) => (entries.get(address)?.holding ?? 'pending') !== 'pending');
    },
    wanted() {
      return entries.size > 0;
    },
    state(address) {
      return entries.get(address)?.holding ?? null;
    },
    isForeign,
  };
}

/** The addresses of a former life that are still on the interface. Decision 0007.
 *  @returns those of the plan, with the plan's prefix length */
export function adoptable(spec: RouterSpec, link: Link): readonly Prefix[] {
  return spec.addresses.filter(prefix => link.addresses.some(held => isRemnant(spec, held, prefix)));
}

/** Ours by its mark; or, where the kernel keeps none, by a lifetime that this lease can have given. A longer one is DHCP's
 *  or a cloud's, and an owner's addresses are its machine's own. */
function isRemnant(spec: RouterSpec, held: HeldAddress, { address }: Prefix): boolean {
  if (held.address !== address) return false;
  if (held.marked) return true;
  return !isOwner(spec) && held.validFor !== null && spec.lease !== null && held.validFor <= spec.lease / 1_000_000;
}

/** A third of the lease, so that four advertisement intervals are always left of it.
 *  @returns µs, or null where nothing has to be renewed */
export function renewInterval(spec: RouterSpec): Micros | null {
  return spec.lease === null ? null : micros(spec.lease / 3);
}
