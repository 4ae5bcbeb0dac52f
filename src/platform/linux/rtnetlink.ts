// Interfaces and addresses of this network namespace: a mirror of the kernel's tables, and requests to change them.
// Must not know which addresses are virtual.
import { familyOf, type Prefix } from '../../vrrp/address.ts';
import type { HeldAddress, Link, Network, SystemError } from '../ports.ts';
import { openNetlink } from './netlink.ts';
import {
  type AddressMessage,
  formatDeleteAddress,
  formatNewAddress,
  formatPromoteSecondaries,
  type LinkMessage,
  type Message,
  NLM,
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
 *  @throws Error when the kernel gives no netlink socket */
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

  // Two sockets, so that a storm of reports takes no answer with it.
  const requests = openNetlink([], { reported: () => {}, lost: () => {} });
  const events = openNetlink([RTNLGRP.LINK, RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV6_IFADDR], {
    reported(messages) {
      if (early !== null) {
        for (const message of messages) early.push({ ...message, data: message.data.slice() });
        return;
      }
      let news = false;
      for (const message of messages) news = apply(message) || news;
      if (news) changed();
    },
    lost() {
      if (early === null) refill(changed);
      else spoiled = true;
    },
  });

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
      unprotected.delete(link.index);
    }
    return true;
  }

  function applyAddress(type: number, held: AddressMessage | null): boolean {
    if (held === null) return false;
    const known = tables.addresses.get(held.index) ?? new Map<string, HeldAddress>();
    tables.addresses.set(held.index, known);
    const key = `${held.address}/${held.length}`;
    const before = known.get(key);
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

  function ask(
    op: string,
    target: string,
    type: number,
    flags: number,
    data: readonly Uint8Array[],
    done: (error: SystemError | null) => void,
  ): void {
    requests.request(type, flags, data, result =>
      done(result === 0 ? null : { kind: 'system-error', op, code: errnoName(result), target }),
    );
  }

  function width(link: Link, prefix: Prefix): Prefix {
    return unprotected.has(link.index) && familyOf(prefix.address) === 'ipv4' ? { address: prefix.address, length: 32 } : prefix;
  }

  await new Promise<void>(resolve => refill(resolve));

  return {
    link: look,
    put(link, request, done) {
      const prefix = width(link, request);
      const data = formatNewAddress(link.index, prefix, request.validFor);
      ask('add address', `${prefix.address}/${prefix.length} on ${link.name}`, RTM.NEWADDR, NLM.CREATE | NLM.REPLACE, data, done);
    },
    remove(link, prefix, done) {
      const { address, length } = width(link, prefix);
      const data = formatDeleteAddress(link.index, { address, length });
      ask('remove address', `${address}/${length} on ${link.name}`, RTM.DELADDR, 0, data, done);
    },
    protect(link, done) {
      ask('set promote_secondaries', link.name, RTM.SETLINK, 0, formatPromoteSecondaries(link.index), error => {
        if (error !== null) unprotected.add(link.index);
        done(error);
      });
    },
  };
}

function sameHolding(a: HeldAddress, b: HeldAddress): boolean {
  return (a.validFor === null) === (b.validFor === null) && a.marked === b.marked && a.secondary === b.secondary;
}
