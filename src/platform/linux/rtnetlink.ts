// Interfaces and addresses of this network namespace: a mirror of the kernel's tables, and requests to change them.
// Must not know which addresses are virtual.
import { type Address, familyOf, type Prefix } from '../../vrrp/address.ts';
import type { HeldAddress, Link, Network, SystemError } from '../ports.ts';
import { createArrivals, LATE } from './arrivals.ts';
import { openFrames } from './frames.ts';
import { NETLINK_ROUTE, type NetlinkEvents, NOTHING_REPORTED, openNetlink } from './netlink.ts';
import { type Message, NLM } from './netlink-codec.ts';
import { createDeny } from './nftables.ts';
import {
  type AddressMessage,
  formatDeleteAddress,
  formatNewAddress,
  formatPromoteSecondaries,
  type LinkMessage,
  parseAddressMessage,
  parseLink,
  RTM,
  RTNLGRP,
} from './rtnetlink-codec.ts';
import { errnoName } from './sysnet.ts';

/** Between two attempts to read the tables, when they change faster than they can be read; in ms. */
const REFILL = 10;

interface Tables {
  readonly links: Map<number, LinkMessage>;
  readonly addresses: Map<number, Map<string, HeldAddress>>;
}

/** Opens the mirror and fills it.
 *  @param changed is called after each change, never from inside a call to the returned object
 *  @throws Error when the kernel gives no netlink or packet socket: nothing can run then */
export async function openNetwork(changed: () => void): Promise<Network> {
  let tables: Tables = { links: new Map(), addresses: new Map() };
  /** The merged view, made when somebody looks; the same object until something about that interface changes. */
  const views = new Map<string, Link>();
  /** Interfaces where the kernel would not promote secondaries. */
  const unprotected = new Set<number>();
  /** Reports that came while the tables are being read: they count afterwards. null: nothing is being read. */
  let early: Message[] | null = null;
  /** Reports were lost meanwhile. */
  let spoiled = false;
  /** Something was reported that a view shows. */
  let news = false;
  const arrivals = createArrivals();

  // Two sockets, so that a storm of reports takes no answer with it.
  const requests = must('netlink socket', openNetlink(NETLINK_ROUTE, [], NOTHING_REPORTED));
  const groups = [RTNLGRP.LINK, RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV6_IFADDR];
  const heard: NetlinkEvents = {
    reported(messages) {
      if (early !== null) {
        for (const message of messages) early.push({ ...message, data: message.data.slice() });
        return;
      }
      for (const message of messages) news = apply(message) || news;
    },
    caughtUp() {
      const something = news;
      news = false;
      if (something) changed();
      arrivals.tell();
    },
    lost() {
      if (early === null) refill(changed);
      else spoiled = true;
    },
  };
  const events = must('netlink socket', openNetlink(NETLINK_ROUTE, groups, heard));
  const sendFrame = must('packet socket', openFrames());

  /** @returns whether anything changed that a view shows */
  function apply({ type, data }: Message): boolean {
    if (type === RTM.NEWLINK || type === RTM.DELLINK) return applyLink(type, parseLink(data));
    if (type === RTM.NEWADDR || type === RTM.DELADDR) return applyAddress(type, parseAddressMessage(data));
    return false;
  }

  function applyLink(type: number, link: LinkMessage | null): boolean {
    if (link === null) return false;
    forgetView(link.index);
    views.delete(link.name);
    if (type === RTM.NEWLINK) tables.links.set(link.index, link);
    else {
      tables.links.delete(link.index);
      tables.addresses.delete(link.index);
      for (const { index, address } of arrivals.expected()) if (index === link.index) arrivals.went(index, address);
      unprotected.delete(link.index);
    }
    return true;
  }

  function applyAddress(type: number, held: AddressMessage | null): boolean {
    if (held === null) return false;
    const known = tables.addresses.get(held.index) ?? new Map<string, HeldAddress>();
    tables.addresses.set(held.index, known);
    const key = keyOf(held);
    const before = known.get(key);
    if (type === RTM.DELADDR) arrivals.went(held.index, held.address);
    else if (!held.tentative) arrivals.came(held.index, held.address);
    if (type === RTM.DELADDR) known.delete(key);
    // Renewing a lease is reported too, hundreds of times a second on a large machine, and changes nothing for anyone.
    else if (before !== undefined && sameHolding(before, held)) return false;
    else known.set(key, held);
    forgetView(held.index);
    return true;
  }

  function forgetView(index: number): void {
    const name = tables.links.get(index)?.name;
    if (name !== undefined) views.delete(name);
  }

  /** Until the new tables are whole, the old ones stand: an interface must not seem to vanish. */
  function refill(done: () => void): void {
    early = [];
    spoiled = false;
    requests.dump(RTM.GETLINK, [new Uint8Array(16)], links =>
      requests.dump(RTM.GETADDR, [new Uint8Array(8)], addresses => {
        // What happened before the dump is in it; what the socket still holds must not undo that one by one.
        events.read();
        if (links === null || addresses === null || spoiled) {
          setTimeout(refill, REFILL, done);
          return;
        }
        tables = { links: new Map(), addresses: new Map() };
        for (const message of [...links, ...addresses, ...(early ?? [])]) apply(message);
        early = null;
        views.clear();
        done();
        arrivals.tell();
      }),
    );
  }

  function look(name: string): Link | undefined {
    const known = views.get(name);
    if (known !== undefined) return known;
    for (const { index, name: has, up, running, mac } of tables.links.values()) {
      if (has !== name) continue;
      const unusable = up ? (running ? null : 'no-carrier') : 'interface-down';
      const view: Link = { name, index, unusable, mac, addresses: [...(tables.addresses.get(index)?.values() ?? [])] };
      views.set(name, view);
      return view;
    }
    return undefined;
  }

  /** Says what became of an IPv6 address that the kernel has taken: see arrivals.ts. */
  function settle(index: number, address: Address, told: (result: number) => void): void {
    // What was there before may be gone: that was reported before the answer, on the other socket.
    events.read();
    if (tables.addresses.get(index)?.has(address)) told(0);
    // While the tables cannot be read, that nothing was reported means nothing: the kernel's answer has to do.
    else arrivals.expect(index, address, result => told(result === LATE && early !== null ? 0 : result));
  }

  function ask(
    op: string,
    target: string,
    type: number,
    flags: number,
    data: readonly Uint8Array[],
    done: (error: SystemError | null) => void,
  ): void {
    requests.request(type, flags, data, result => done(problem(op, target, result)));
  }

  function width(link: Link, prefix: Prefix): Prefix {
    return unprotected.has(link.index) && familyOf(prefix.address) === 'ipv4' ? { address: prefix.address, length: 32 } : prefix;
  }

  await new Promise<void>(resolve => refill(resolve));

  return {
    link: look,
    ...createDeny(),
    sendFrame: ({ index }, frame) => sendFrame(index, frame),
    put(link, request, done) {
      const { address, length } = width(link, request);
      const data = formatNewAddress(link.index, { ...request, length });
      const told = (result: number): void => done(problem('add address', `${address}/${length} on ${link.name}`, result));
      requests.request(RTM.NEWADDR, NLM.CREATE | NLM.REPLACE, data, result => {
        if (result === 0 && familyOf(address) === 'ipv6') settle(link.index, address, told);
        else told(result);
      });
    },
    remove(link, prefix, done) {
      const { address, length } = width(link, prefix);
      const data = formatDeleteAddress(link.index, { address, length });
      ask('remove address', `${address}/${length} on ${link.name}`, RTM.DELADDR, 0, data, error => {
        // Its report may have been read before anybody waited.
        if (error === null) arrivals.went(link.index, address);
        done(error);
        arrivals.tell();
      });
    },
    protect(link, done) {
      ask('set promote_secondaries', link.name, RTM.SETLINK, 0, formatPromoteSecondaries(link.index), error => {
        // No IPv4 on this interface at all (as with an MTU below 68): there is nothing to lose, and none can be put.
        const absent = error?.code === 'EAFNOSUPPORT';
        if (error !== null && !absent) unprotected.add(link.index);
        done(absent ? null : error);
      });
    },
  };
}

/** What the kernel tells addresses of an interface apart by. */
function keyOf({ address, length }: Prefix): string {
  return familyOf(address) === 'ipv6' ? address : `${address}/${length}`;
}

function problem(op: string, target: string, result: number): SystemError | null {
  return result === 0 ? null : { kind: 'system-error', op, code: errnoName(result), target };
}

/** Whether nothing has changed but how long it still has. */
function sameHolding(a: HeldAddress, b: HeldAddress): boolean {
  const finite = (a.validFor === null) === (b.validFor === null);
  return finite && a.marked === b.marked && a.secondary === b.secondary && a.tentative === b.tentative;
}

function must<T>(what: string, opened: T | number): T {
  if (typeof opened === 'number') throw new Error(`${what}: ${errnoName(opened)}`);
  return opened;
}
