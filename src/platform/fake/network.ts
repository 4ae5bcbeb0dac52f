// A machine's kernel as far as addresses go: links, addresses with lifetimes, and what a process gets to see of them.
// Must not know which addresses are virtual. The machine outlives its processes, as kernels do.
import { type Address, contains, familyOf, formatPrefix, type Prefix } from '../../vrrp/address.ts';
import { after, between, type Micros, micros, seconds } from '../../vrrp/units.ts';
import type { Claims, HeldAddress, Link, Network, SystemError } from '../ports.ts';
import { type Loop, later, type Timeline } from './clock.ts';

/** From the change to the process that reads of it, and from a request to its acknowledgement: as measured, rounded. */
const REPORT_DELAY = micros(80);
const ANSWER_DELAY = micros(100);
/** The kernel looks for expired addresses a little after the second (measured: 20 to 100 ms). */
const EXPIRY_DELAY = micros(50_000);

interface Held {
  readonly prefix: Prefix;
  /** null: permanent. */
  expires: Micros | null;
  marked: boolean;
  secondary: boolean;
  cancel: () => void;
}

interface Device {
  readonly name: string;
  readonly index: number;
  readonly mac: Uint8Array;
  up: boolean;
  carrier: boolean;
  promoteSecondaries: boolean;
  held: Held[];
}

/** What to answer instead of doing it. */
export interface Refusal {
  readonly op: 'put' | 'remove' | 'protect' | 'open';
  /** errno name */
  readonly code: string;
  /** Only this address; null: any. */
  readonly address: Address | null;
  /** How many times; Infinity for ever. */
  readonly times: number;
}

export interface Machine {
  readonly name: string;
  /** @returns its MAC */
  addLink(name: string): Uint8Array;
  deleteLink(name: string): void;
  setUp(name: string, up: boolean): void;
  setCarrier(name: string, carrier: boolean): void;
  /** `ip address add`. @param validFor seconds, null for ever */
  addAddress(link: string, prefix: Prefix, validFor?: number | null): void;
  /** `ip address del`. @returns whether it was there */
  deleteAddress(link: string, address: Address): boolean;
  /** The address is on an interface that is up and has carrier, so it is answered for. */
  answersFor(address: Address): boolean;
  /** Whatever the interface can do at the moment. */
  holds(address: Address): boolean;
  addresses(link: string): readonly HeldAddress[];
  /** Up, with carrier, and there. */
  carries(link: string): boolean;
  /** The very interface, not a later one of the same name. */
  has(link: Link): boolean;
  mac(link: string): Uint8Array | null;
  refuse(refusal: Refusal): void;
  /** What the kernel says to that; null: nothing against it. Counts as one of the times. */
  refusal(op: Refusal['op'], address: Address | null): string | null;
  /** Refuses nothing any more. */
  allow(): void;
  /** What a process sees and may do. @param changed is called when the process has read of a change */
  network(loop: Loop, changed: () => void): Network;
  claims(loop: Loop): Claims;
}

/** @param number 1..254, makes MAC addresses differ
 *  @param marks whether this kernel keeps the mark on addresses (IFA_PROTO, Linux 5.18) */
export function createMachine(timeline: Timeline, name: string, number: number, marks = true): Machine {
  const devices = new Map<string, Device>();
  const processes = new Set<(link: string) => void>();
  const claimed = new Set<string>();
  let refusals: Refusal[] = [];
  let indexes = 1;

  function view(device: Device): Link {
    return {
      name: device.name,
      index: device.index,
      unusable: device.up ? (device.carrier ? null : 'no-carrier') : 'interface-down',
      mac: device.mac,
      addresses: device.held.map(({ prefix, expires, marked, secondary }) => ({
        ...prefix,
        validFor: expires === null ? null : Math.ceil(between(timeline.now(), expires) / 1_000_000),
        marked,
        secondary,
      })),
    };
  }

  function changed(link: string): void {
    for (const tell of processes) tell(link);
  }

  function device(link: string): Device {
    const found = devices.get(link);
    if (found === undefined) throw new Error(`${name} has no ${link}`);
    return found;
  }

  function withIndex(link: Link): Device | null {
    const found = devices.get(link.name);
    return found === undefined || found.index !== link.index ? null : found;
  }

  function add(on: Device, prefix: Prefix, expires: Micros | null, marked: boolean): void {
    const known = on.held.find(held => held.prefix.address === prefix.address && held.prefix.length === prefix.length);
    if (known !== undefined) {
      const renewed = known.expires !== null && expires !== null && known.marked === (known.marked || marked);
      known.cancel();
      known.expires = expires;
      known.marked ||= marked;
      known.cancel = expiry(on, known);
      if (renewed) return;
    } else {
      const secondary = on.held.some(held => !held.secondary && sameNetwork(held.prefix, prefix));
      const fresh: Held = { prefix: { address: prefix.address, length: prefix.length }, expires, marked, secondary, cancel: () => {} };
      fresh.cancel = expiry(on, fresh);
      on.held.push(fresh);
    }
    changed(on.name);
  }

  function expiry(on: Device, held: Held): () => void {
    if (held.expires === null) return () => {};
    return timeline.at(after(held.expires, EXPIRY_DELAY), () => drop(on, held));
  }

  /** A primary takes the secondaries of its network with it, unless they are promoted. */
  function drop(on: Device, gone: Held): void {
    gone.cancel();
    on.held = on.held.filter(held => held !== gone);
    const dependants = gone.secondary ? [] : on.held.filter(held => held.secondary && sameNetwork(gone.prefix, held.prefix));
    const [first, ...others] = dependants;
    if (first !== undefined && on.promoteSecondaries) first.secondary = false;
    else {
      for (const held of dependants) held.cancel();
      on.held = on.held.filter(held => held !== first && !others.includes(held));
    }
    changed(on.name);
  }

  function refused(op: Refusal['op'], address: Address | null): string | null {
    const refusal = refusals.find(each => each.op === op && (each.address === null || each.address === address));
    if (refusal === undefined) return null;
    refusals = refusals.flatMap(each => (each !== refusal ? [each] : each.times > 1 ? [{ ...each, times: each.times - 1 }] : []));
    return refusal.code;
  }

  return {
    name,
    addLink(link) {
      const mac = Uint8Array.of(2, 0, 0, 0, number, devices.size + 1);
      indexes += 1;
      devices.set(link, { name: link, index: indexes, mac, up: true, carrier: true, promoteSecondaries: false, held: [] });
      changed(link);
      return mac;
    },
    deleteLink(link) {
      for (const held of device(link).held) held.cancel();
      devices.delete(link);
      changed(link);
    },
    setUp(link, up) {
      device(link).up = up;
      changed(link);
    },
    setCarrier(link, carrier) {
      device(link).carrier = carrier;
      changed(link);
    },
    addAddress(link, prefix, validFor = null) {
      add(device(link), prefix, validFor === null ? null : after(timeline.now(), seconds(validFor)), false);
    },
    deleteAddress(link, address) {
      const on = device(link);
      const held = on.held.find(each => each.prefix.address === address);
      if (held !== undefined) drop(on, held);
      return held !== undefined;
    },
    answersFor(address) {
      return [...devices.values()].some(({ up, carrier, held }) => up && carrier && held.some(each => each.prefix.address === address));
    },
    holds(address) {
      return [...devices.values()].some(({ held }) => held.some(each => each.prefix.address === address));
    },
    addresses(link) {
      const found = devices.get(link);
      return found === undefined ? [] : view(found).addresses;
    },
    carries(link) {
      const found = devices.get(link);
      return found?.up === true && found.carrier;
    },
    has: link => withIndex(link) !== null,
    mac(link) {
      return devices.get(link)?.mac ?? null;
    },
    refuse(refusal) {
      refusals.push(refusal);
    },
    refusal: refused,
    allow() {
      refusals = [];
    },
    network(loop, tell) {
      const mirror = new Map([...devices.values()].map(each => [each.name, view(each)]));
      const unprotected = new Set<number>();
      // What has been reported by the time the process reads is read in one go.
      const reports: (() => void)[] = [];
      const hear = (link: string): void => {
        const found = devices.get(link);
        const now = found === undefined ? undefined : view(found);
        later(timeline, REPORT_DELAY, () => {
          reports.push(() => (now === undefined ? mirror.delete(link) : mirror.set(link, now)));
          if (reports.length === 1) later(timeline, micros(0), () => loop.call(read));
        });
      };
      function read(): void {
        for (const report of reports.splice(0)) report();
        tell();
      }
      processes.add(hear);
      loop.onEnd(() => processes.delete(hear));
      const answer = (op: string, code: string | null, target: string, done: (error: SystemError | null) => void): void => {
        const error: SystemError | null = code === null ? null : { kind: 'system-error', op, code, target };
        later(timeline, ANSWER_DELAY, () => loop.call(() => done(error)));
      };
      const width = (link: Link, { address, length }: Prefix): Prefix => ({ address, length: unprotected.has(link.index) ? 32 : length });
      return {
        link: each => mirror.get(each),
        put(link, request, done) {
          const prefix = width(link, request);
          const on = withIndex(link);
          const code = on === null ? 'ENODEV' : refused('put', prefix.address);
          if (on !== null && code === null) {
            add(on, prefix, request.validFor === null ? null : after(timeline.now(), seconds(request.validFor)), marks);
          }
          answer('add address', code, `${formatPrefix(prefix)} on ${link.name}`, done);
        },
        remove(link, which, done) {
          const { address, length } = width(link, which);
          const on = withIndex(link);
          const held = on?.held.find(each => each.prefix.address === address && each.prefix.length === length);
          const code = on === null ? 'ENODEV' : (refused('remove', address) ?? (held === undefined ? 'EADDRNOTAVAIL' : null));
          if (on !== null && held !== undefined && code === null) drop(on, held);
          answer('remove address', code, `${address}/${length} on ${link.name}`, done);
        },
        protect(link, done) {
          const on = withIndex(link);
          const code = on === null ? 'ENODEV' : refused('protect', null);
          if (on !== null && code === null) on.promoteSecondaries = true;
          answer('set promote_secondaries', code, link.name, error => {
            if (error !== null) unprotected.add(link.index);
            done(error);
          });
        },
      };
    },
    claims(loop) {
      return {
        claim(wanted) {
          if (claimed.has(wanted)) return { kind: 'system-error', op: 'claim', code: 'EADDRINUSE', target: wanted };
          claimed.add(wanted);
          loop.onEnd(() => claimed.delete(wanted));
          return { release: () => claimed.delete(wanted) };
        },
      };
    },
  };
}

/** As the kernel sees it: same family, same length, same network. */
function sameNetwork(a: Prefix, b: Prefix): boolean {
  return a.length === b.length && familyOf(a.address) === familyOf(b.address) && contains(a, b.address);
}
