// Keeps the virtual addresses of one router on their interfaces, or off them: wish compared with what the kernel shows.
// Must not know why they are wished for: no states, no adverts, no log.
import type { HeldAddress, Link, Network, SystemError } from '../platform/ports.ts';
import { formatPrefix } from '../vrrp/address.ts';
import { isOwner, placeOf, type RouterSpec, type VirtualAddress } from '../vrrp/router.ts';
import { after, type Micros, micros, seconds } from '../vrrp/units.ts';
import { heldOn, interfaceOf, type Links } from './interface.ts';
import type { RouterStatus } from './status.ts';

/** `foreign`: it was there before us and is not ours, so it is never leased, changed or removed. Decision 0007. */
type Holding = 'pending' | 'held' | 'foreign';

/** Renewals between two writings of the filter: each waits for the lock that other people's rules take too. */
const REWRITE = 9;
/** What the kernel has taken off and still shows after so long, somebody put back in that moment. */
const LINGER = seconds(1);

interface Entry {
  readonly address: VirtualAddress;
  readonly link: Link;
  holding: Holding;
  /** The kernel has shown it since we put it there; only then can it be missed. */
  seen: boolean;
}

export interface HolderEvents {
  /** Everything wished for is there, or the first thing that went wrong. */
  settled(error: SystemError | null): void;
  /** This address is somebody else's; said once per wish. */
  foreign(address: VirtualAddress, on: Link): void;
  /** Another router of this process serves it there, so it stays when we let go. */
  shared(address: VirtualAddress, on: Link): boolean;
  /** Another router of this process is about to start with it, and takes it over as it is. */
  inherited(address: VirtualAddress, on: Link): boolean;
  /** The kernel has taken one off: `deadline` may be another. Between two turns. */
  removed(): void;
}

export interface Holder {
  /** All addresses on their interfaces, for another lease; what is no longer configured goes. */
  acquire(spec: RouterSpec, links: Links): void;
  /** All of ours off the interfaces.
   *  @param orphaned nobody else answers for them: what a router of ours needs next stays as it is */
  release(orphaned: boolean): void;
  /** What a former life left off its interfaces: nobody here will keep it. */
  discard(spec: RouterSpec, links: Links): void;
  /** What we took off is still shown: the kernel's word is on its way. */
  lingers(look: (name: string) => Link | undefined): boolean;
  /** When nothing lingers any more, whatever is shown: `forget` is due. null: nothing to wait for. */
  deadline(): Micros | null;
  /** What we took off is none of our business any more. */
  forget(): void;
  /** Compares with what the kernel shows now. @returns the wished-for addresses that somebody took away */
  observe(look: (name: string) => Link | undefined): readonly VirtualAddress[];
  /** All of these addresses are there as far as we know. */
  complete(spec: RouterSpec): boolean;
  /** Addresses are wished for, so leases must be renewed. */
  wanted(): boolean;
  state(spec: RouterSpec, address: VirtualAddress): Holding | null;
  status(spec: RouterSpec): RouterStatus['addresses'];
  /** On the interface, and put there by somebody else. */
  isForeign(spec: RouterSpec, address: VirtualAddress, on: Link): boolean;
}

export function createHolder(network: Network, now: () => Micros, events: HolderEvents): Holder {
  const entries = new Map<string, Entry>();
  /** Put by us in this life and not yet seen to be gone: ours even where the kernel keeps no mark. */
  const recorded = new Map<string, { readonly address: VirtualAddress; readonly on: string }>();
  /** Of what we took off last, as far as the kernel has said so. */
  let lingersUntil: Micros | null = null;
  let denied: { readonly key: string; readonly family: RouterSpec['family']; readonly list: string; stands: boolean; age: number } | null =
    null;
  let wish = 0;

  function state(spec: RouterSpec, address: VirtualAddress): Holding | null {
    return entries.get(keyOf(address, interfaceOf(spec, address)))?.holding ?? null;
  }

  function isForeign(spec: RouterSpec, address: VirtualAddress, on: Link): boolean {
    if (recorded.has(keyOf(address, on.name))) return false;
    const here = heldOn(on, address.address);
    return here.length > 0 && !here.some(held => isRemnant(spec, held));
  }

  /** A former life had this address with another prefix length: the kernel takes that for another address. */
  function dropOtherLengths(spec: RouterSpec, address: VirtualAddress, on: Link): void {
    for (const held of heldOn(on, address.address)) {
      if (held.length !== address.length && isRemnant(spec, held) && !recorded.has(keyOf(address, on.name)))
        network.remove(on, held, () => {});
    }
  }

  function drop({ address, link, holding }: Entry, inheritable: boolean): void {
    const key = keyOf(address, link.name);
    entries.delete(key);
    if (holding === 'foreign' || events.shared(address, link) || (inheritable && events.inherited(address, link))) {
      recorded.delete(key);
      return;
    }
    // It may be gone already, with its interface or by somebody's hand: that is what we want.
    network.remove(link, address, error => {
      if (entries.has(key)) return;
      if (error !== null) recorded.delete(key);
      else if (recorded.has(key)) {
        lingersUntil = after(now(), LINGER);
        events.removed();
      }
    });
  }

  function discard(spec: RouterSpec, links: Links): void {
    for (const address of adoptable(spec, links)) {
      const link = links.get(interfaceOf(spec, address));
      if (link === undefined) continue;
      dropOtherLengths(spec, address, link);
      recorded.set(keyOf(address, link.name), { address, on: link.name });
      drop({ address, link, holding: 'held', seen: true }, false);
    }
  }

  /** Accept_Mode, RFC 9568 §6.1: the filter stands before the addresses come, and until they are gone. */
  function denyPackets(spec: RouterSpec, done: (error: SystemError | null) => void): void {
    const addresses = spec.addresses.map(({ address }) => address);
    const next = { key: placeOf(spec), family: spec.family, list: addresses.join(), stands: false, age: 0 };
    if (denied !== null && denied.key !== next.key) allowPackets();
    const stood = denied?.list === next.list && denied.stands;
    if (denied !== null && stood && denied.age < REWRITE) {
      denied.age += 1;
      done(null);
      return;
    }
    // Written again now and then, as somebody may have emptied the tables; nobody has to wait for that.
    denied = next;
    network.deny(next.key, next.family, addresses, error => {
      next.stands = error === null;
      if (!stood) done(error);
    });
    if (stood) done(null);
  }

  function allowPackets(): void {
    if (denied !== null) network.deny(denied.key, denied.family, [], () => {});
    denied = null;
  }

  function putAll(spec: RouterSpec, links: Links, mine: number): void {
    const dropped = new Set<string>();
    for (const [key, entry] of [...entries]) {
      if (spec.addresses.some(address => sameWish(spec, address, entry))) continue;
      drop(entry, true);
      dropped.add(key);
    }
    let waiting = 0;
    let problem: SystemError | null = null;
    let told = false;
    const settle = (): void => {
      if (waiting > 0 || told || mine !== wish) return;
      told = true;
      events.settled(problem);
    };
    for (const address of spec.addresses) {
      const on = links.get(interfaceOf(spec, address));
      // The footing has every interface of the router; without one nothing settles, and nothing is claimed.
      if (on === undefined) return;
      const key = keyOf(address, on.name);
      const known = entries.get(key);
      // Adopted ones are there already, and that they are renewed is not reported. What we took off this moment is no more.
      const seen = !dropped.has(key) && heldOn(on, address.address).length > 0;
      const entry: Entry = known?.link.index === on.index ? known : { address, link: on, holding: 'pending', seen };
      entries.set(key, entry);
      if (isForeign(spec, address, on)) {
        if (known?.holding !== 'foreign') events.foreign(address, on);
        entry.holding = 'foreign';
        entry.seen = true;
        continue;
      }
      if (entry.holding === 'foreign') entry.holding = 'pending';
      waiting += 1;
      dropOtherLengths(spec, address, on);
      recorded.set(key, { address, on: on.name });
      const validFor = spec.lease === null ? null : spec.lease / 1_000_000;
      network.put(on, { ...address, family: spec.family, validFor }, error => {
        if (entries.get(key) === entry) entry.holding = error === null ? 'held' : 'pending';
        waiting -= 1;
        problem ??= error;
        settle();
      });
    }
    settle();
  }

  return {
    acquire(spec, links) {
      wish += 1;
      const mine = wish;
      if (spec.accept || isOwner(spec)) {
        allowPackets();
        putAll(spec, links, mine);
        return;
      }
      denyPackets(spec, error => {
        if (mine !== wish) return;
        if (error === null) putAll(spec, links, mine);
        else events.settled(error);
      });
    },
    release(orphaned) {
      wish += 1;
      for (const entry of [...entries.values()]) drop(entry, orphaned);
      allowPackets();
    },
    discard,
    lingers(look) {
      return [...recorded].some(([key, { address, on }]) => {
        const link = look(on);
        // The cheap questions first: hundreds of routers may leave at once.
        return !entries.has(key) && link !== undefined && showsOurs(link, address) && !events.shared(address, link);
      });
    },
    observe(look) {
      const lost: VirtualAddress[] = [];
      for (const entry of entries.values()) {
        if (shows(look(entry.link.name), entry.address)) entry.seen = true;
        else if (entry.seen) {
          entry.seen = false;
          entry.holding = 'pending';
          lost.push(entry.address);
        }
      }
      let lingers = false;
      for (const [key, { address, on }] of recorded) {
        if (entries.has(key)) continue;
        if (shows(look(on), address)) lingers = true;
        else recorded.delete(key);
      }
      if (!lingers) lingersUntil = null;
      return lost;
    },
    deadline: () => lingersUntil,
    forget() {
      lingersUntil = null;
      for (const key of recorded.keys()) if (!entries.has(key)) recorded.delete(key);
    },
    complete(spec) {
      return spec.addresses.every(address => (entries.get(keyOf(address, interfaceOf(spec, address)))?.holding ?? 'pending') !== 'pending');
    },
    wanted() {
      return entries.size > 0;
    },
    state,
    status: spec =>
      spec.addresses.map(address => {
        const holding = state(spec, address);
        return {
          address: formatPrefix(address),
          interface: interfaceOf(spec, address),
          held: holding === 'held' || holding === 'foreign',
          ours: holding !== 'foreign',
        };
      }),
    isForeign,
  };
}

function keyOf({ address }: VirtualAddress, on: string): string {
  return `${address}%${on}`;
}

/** The kernel changes lifetimes in place; anything else makes it another address. */
function sameWish(spec: RouterSpec, wished: VirtualAddress, { address, link }: Entry): boolean {
  return (
    wished.address === address.address &&
    wished.length === address.length &&
    wished.label === address.label &&
    wished.scope === address.scope &&
    interfaceOf(spec, wished) === link.name
  );
}

function shows(link: Link | undefined, { address }: VirtualAddress): boolean {
  return link !== undefined && heldOn(link, address).length > 0;
}

/** The same address with another length may be somebody else's, and stays. */
function showsOurs(link: Link, { address, length }: VirtualAddress): boolean {
  return heldOn(link, address).some(held => held.marked || held.length === length);
}

/** The addresses of a former life that are still on their interfaces. Decision 0007.
 *  @returns those of the plan, with the plan's prefix length */
export function adoptable(spec: RouterSpec, links: Links): readonly VirtualAddress[] {
  return spec.addresses.filter(address => {
    const on = links.get(interfaceOf(spec, address));
    return on !== undefined && heldOn(on, address.address).some(held => isRemnant(spec, held));
  });
}

/** Ours by its mark; or, where the kernel keeps none, by a lifetime that this lease can have given. A longer one is DHCP's
 *  or a cloud's, and an owner's addresses are its machine's own. */
function isRemnant(spec: RouterSpec, held: HeldAddress): boolean {
  if (held.marked) return true;
  return !isOwner(spec) && held.validFor !== null && spec.lease !== null && held.validFor <= spec.lease / 1_000_000;
}

/** A third of the lease, so that four advertisement intervals are always left of it.
 *  @returns µs, or null where nothing has to be renewed */
export function renewInterval(spec: RouterSpec): Micros | null {
  return spec.lease === null ? null : micros(spec.lease / 3);
}
