// One network interface of a fake machine: its addresses, how long they last, and which of them depend on another.
// Must not know processes, machines or the wire. What is modelled is what Linux was seen to do.
import { contains, type Family, familyOf, type Prefix } from '../../vrrp/address.ts';
import type { Scope } from '../../vrrp/router.ts';
import { after, between, type Micros, micros } from '../../vrrp/units.ts';
import type { HeldAddress, Link } from '../ports.ts';
import { later, type Timeline } from './clock.ts';

/** The kernel looks for expired addresses a little after the second (measured: 20 to 100 ms). */
const EXPIRY_DELAY = micros(50_000);

/** How an address is added. What is absent: for ever, without mark, label, scope or duplicate address detection. */
export interface Adding {
  readonly expires?: Micros | null;
  readonly marked?: boolean;
  readonly label?: string | undefined;
  readonly scope?: Scope | undefined;
  /** IPv6: how long the kernel checks for duplicates; nobody speaks from it or hears of it until then. */
  readonly tentativeFor?: Micros | null;
}

interface Held {
  readonly prefix: Prefix;
  /** null: permanent. */
  expires: Micros | null;
  marked: boolean;
  secondary: boolean;
  tentative: boolean;
  readonly label: string | null;
  readonly scope: Scope | null;
  cancel: () => void;
}

/** As `ip address show` has it. */
export interface ShownAddress extends HeldAddress {
  readonly label: string | null;
  /** As asked for; null: the kernel's own choice. */
  readonly scope: Scope | null;
}

export interface Device {
  readonly name: string;
  readonly index: number;
  readonly mac: Uint8Array;
  readonly up: boolean;
  readonly carrier: boolean;
  promoteSecondaries: boolean;
  /** Down, an interface loses its IPv6 addresses and keeps those of IPv4. */
  setUp(up: boolean): void;
  setCarrier(carrier: boolean): void;
  view(): Link;
  addresses(): readonly ShownAddress[];
  find(prefix: Partial<Prefix>): Prefix | undefined;
  /** `ip address replace`: what is there already is renewed. */
  add(prefix: Prefix, how: Adding): void;
  /** @param prefix as `find` gave it */
  drop(prefix: Prefix): void;
  /** The interface is gone, and its addresses with it. */
  destroy(): void;
}

/** @param changed is called after each change that rtnetlink reports */
export function createDevice(timeline: Timeline, name: string, index: number, mac: Uint8Array, changed: () => void): Device {
  let held: Held[] = [];
  let up = true;
  let carrier = true;

  function shown({ prefix, expires, marked, secondary, tentative, label, scope }: Held): ShownAddress {
    const validFor = expires === null ? null : Math.ceil(between(timeline.now(), expires) / 1_000_000);
    return { ...prefix, validFor, marked, secondary, tentative, label, scope };
  }

  function expiry(of: Held): () => void {
    return of.expires === null ? () => {} : timeline.at(after(of.expires, EXPIRY_DELAY), () => drop(of));
  }

  /** An IPv4 primary takes the secondaries of its network with it, unless they are promoted. IPv6 knows no such thing. */
  function drop(gone: Held): void {
    gone.cancel();
    held = held.filter(each => each !== gone);
    const dependants = gone.secondary ? [] : held.filter(each => each.secondary && sameNetwork(gone.prefix, each.prefix));
    const [first] = dependants;
    if (first !== undefined && device.promoteSecondaries) first.secondary = false;
    else {
      for (const each of dependants) each.cancel();
      held = held.filter(each => !dependants.includes(each));
    }
    changed();
  }

  function renew(known: Held, expires: Micros | null, marked: boolean): void {
    const silent = known.expires !== null && expires !== null && known.marked === (known.marked || marked);
    known.cancel();
    known.expires = expires;
    known.marked ||= marked;
    known.cancel = expiry(known);
    if (!silent) changed();
  }

  const device: Device = {
    name,
    index,
    mac,
    promoteSecondaries: false,
    get up() {
      return up;
    },
    get carrier() {
      return carrier;
    },
    setUp(next) {
      up = next;
      if (!up) {
        for (const each of held) if (family(each.prefix) === 'ipv6') each.cancel();
        held = held.filter(each => family(each.prefix) === 'ipv4');
      }
      changed();
    },
    setCarrier(next) {
      carrier = next;
      changed();
    },
    view() {
      const unusable = up ? (carrier ? null : 'no-carrier') : 'interface-down';
      const addresses = held.map((each): HeldAddress => {
        const { label, scope, ...address } = shown(each);
        return address;
      });
      return { name, index, mac, unusable, addresses };
    },
    addresses: () => held.map(shown),
    find({ address, length }) {
      return held.find(({ prefix }) => prefix.address === address && (length === undefined || prefix.length === length))?.prefix;
    },
    add({ address, length }, { expires = null, marked = false, label, scope, tentativeFor = null }) {
      const known = held.find(({ prefix }) => prefix.address === address && prefix.length === length);
      if (known !== undefined) {
        renew(known, expires, marked);
        return;
      }
      const prefix = { address, length };
      const fresh: Held = {
        prefix,
        expires,
        marked,
        secondary: held.some(each => !each.secondary && sameNetwork(each.prefix, prefix)),
        tentative: tentativeFor !== null,
        label: label ?? null,
        scope: scope ?? null,
        cancel: () => {},
      };
      fresh.cancel = expiry(fresh);
      held.push(fresh);
      if (tentativeFor !== null) {
        later(timeline, tentativeFor, () => {
          if (!held.includes(fresh)) return;
          fresh.tentative = false;
          changed();
        });
      }
      changed();
    },
    drop(prefix) {
      const gone = held.find(each => each.prefix === prefix);
      if (gone !== undefined) drop(gone);
    },
    destroy() {
      for (const each of held) each.cancel();
      held = [];
    },
  };
  return device;
}

function family({ address }: Prefix): Family {
  return familyOf(address);
}

/** As the kernel sees it for IPv4: same length, same network. */
function sameNetwork(a: Prefix, b: Prefix): boolean {
  return family(a) === 'ipv4' && family(b) === 'ipv4' && a.length === b.length && contains(a, b.address);
}
