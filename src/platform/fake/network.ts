// A machine's kernel as far as addresses go: links, addresses, packet filter, and what a process gets to see of them.
// Must not know which addresses are virtual. The machine outlives its processes, as kernels do.
import { type Address, familyOf, formatPrefix, type Prefix } from '../../vrrp/address.ts';
import { after, type Micros, micros, seconds } from '../../vrrp/units.ts';
import type { Claims, Link, Network, SystemError } from '../ports.ts';
import { type Loop, later, type Timeline } from './clock.ts';
import { createDevice, type Device, type ShownAddress } from './device.ts';

/** From the change to the process that reads of it, and from a request to its acknowledgement: as measured, rounded. */
const REPORT_DELAY = micros(80);
const ANSWER_DELAY = micros(100);

/** What to answer instead of doing it. */
export interface Refusal {
  readonly op: 'put' | 'remove' | 'protect' | 'deny' | 'open';
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
  /** `ip address add`. @param validFor seconds, null for ever
   *  @param tentativeFor IPv6: how long duplicate address detection takes; null: there is none */
  addAddress(link: string, prefix: Prefix, validFor?: number | null, tentativeFor?: Micros | null): void;
  /** `ip address del`. @returns whether it was there */
  deleteAddress(link: string, address: Address): boolean;
  /** ARP or neighbour discovery is answered: the address is on an interface that is up and has carrier.
   *  @param link only on that one */
  answersFor(address: Address, link?: string): boolean;
  /** The same, and packets to it are accepted. */
  accepts(address: Address): boolean;
  /** A process wished that no packet to it is accepted. */
  denied(address: Address): boolean;
  /** Whatever the interface can do at the moment. */
  holds(address: Address): boolean;
  addresses(link: string): readonly ShownAddress[];
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
  /** Where the frames go that leave it; until then nowhere. */
  connect(transmit: (link: string, frame: Uint8Array) => void): void;
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
  /** By the key of the wish: rules outlive the process that made them. */
  const denials = new Map<string, readonly Address[]>();
  let refusals: Refusal[] = [];
  let indexes = 1;
  let transmit: (link: string, frame: Uint8Array) => void = () => {};

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

  function refused(op: Refusal['op'], address: Address | null): string | null {
    const refusal = refusals.find(each => each.op === op && (each.address === null || each.address === address));
    if (refusal === undefined) return null;
    refusals = refusals.flatMap(each => (each !== refusal ? [each] : each.times > 1 ? [{ ...each, times: each.times - 1 }] : []));
    return refusal.code;
  }

  function carries(on: Device | undefined | null): boolean {
    return on?.up === true && on.carrier;
  }

  function denied(address: Address): boolean {
    return [...denials.values()].some(addresses => addresses.includes(address));
  }

  function answersFor(address: Address, link?: string): boolean {
    const on = link === undefined ? [...devices.values()] : [...devices.values()].filter(each => each.name === link);
    return on.some(each => carries(each) && each.addresses().some(held => held.address === address && !held.tentative));
  }

  return {
    name,
    addLink(link) {
      const mac = Uint8Array.of(2, 0, 0, 0, number, devices.size + 1);
      indexes += 1;
      devices.set(
        link,
        createDevice(timeline, link, indexes, mac, () => changed(link)),
      );
      changed(link);
      return mac;
    },
    deleteLink(link) {
      device(link).destroy();
      devices.delete(link);
      changed(link);
    },
    setUp: (link, up) => device(link).setUp(up),
    setCarrier: (link, carrier) => device(link).setCarrier(carrier),
    addAddress(link, prefix, validFor = null, tentativeFor = null) {
      device(link).add(prefix, { expires: validFor === null ? null : after(timeline.now(), seconds(validFor)), tentativeFor });
    },
    deleteAddress(link, address) {
      const on = device(link);
      const held = on.find({ address });
      if (held !== undefined) on.drop(held);
      return held !== undefined;
    },
    answersFor,
    accepts: address => answersFor(address) && !denied(address),
    denied,
    holds: address => [...devices.values()].some(each => each.find({ address }) !== undefined),
    addresses: link => devices.get(link)?.addresses() ?? [],
    carries: link => carries(devices.get(link)),
    has: link => withIndex(link) !== null,
    mac: link => devices.get(link)?.mac ?? null,
    refuse(refusal) {
      refusals.push(refusal);
    },
    refusal: refused,
    allow() {
      refusals = [];
    },
    connect(wire) {
      transmit = wire;
    },
    network(loop, tell) {
      const mirror = new Map([...devices.values()].map(each => [each.name, each.view()]));
      const unprotected = new Set<number>();
      const denying = new Set<string>();
      // What has been reported by the time the process reads is read in one go.
      const reports: (() => void)[] = [];
      const hear = (link: string): void => {
        const now = devices.get(link)?.view();
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
      const width = (link: Link, { address, length }: Prefix): Prefix => ({
        address,
        length: unprotected.has(link.index) && familyOf(address) === 'ipv4' ? 32 : length,
      });
      return {
        link: each => mirror.get(each),
        put(link, request, done) {
          const prefix = width(link, request);
          const on = withIndex(link);
          const code = on === null ? 'ENODEV' : refused('put', prefix.address);
          if (on !== null && code === null) {
            const expires = request.validFor === null ? null : after(timeline.now(), seconds(request.validFor));
            on.add(prefix, { expires, marked: marks, label: request.label, scope: request.scope });
          }
          answer('add address', code, `${formatPrefix(prefix)} on ${link.name}`, done);
        },
        remove(link, which, done) {
          const prefix = width(link, which);
          const on = withIndex(link);
          const held = on?.find(prefix);
          const code = on === null ? 'ENODEV' : (refused('remove', prefix.address) ?? (held === undefined ? 'EADDRNOTAVAIL' : null));
          if (on !== null && held !== undefined && code === null) on.drop(held);
          answer('remove address', code, `${formatPrefix(prefix)} on ${link.name}`, done);
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
        deny(key, _family, addresses, done) {
          const code = refused('deny', null);
          if (code === null) {
            if (addresses.length === 0) denials.delete(key);
            else denials.set(key, [...addresses]);
          }
          if (addresses.length === 0) denying.delete(key);
          else denying.add(key);
          answer('deny packets', code, key, done);
        },
        deniedByOthers(done) {
          const keys = refused('deny', null) === null ? [...denials.keys()] : [];
          later(timeline, ANSWER_DELAY, () => loop.call(() => done(keys.filter(key => !denying.has(key)))));
        },
        sendFrame(link, frame) {
          const on = withIndex(link);
          if (on !== null && carries(on)) transmit(on.name, frame.slice());
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
