// nf_tables messages that make one table: packets to some addresses are dropped. linux/netfilter/nf_tables.h
// Pure; must not know sockets or why. Numbers are in network byte order here, other than in the rest of netlink.
//
//   nfgenmsg  family:u8 version:u8 resource:be16, between nlmsghdr and attributes
//
//   table inet holdfast-KEY {
//     set addresses { type ipv4_addr; elements = { ... } }            or ipv6_addr
//     chain input {
//       type filter hook input priority -150; policy accept;
//       icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept      IPv6 only
//       ip daddr @addresses drop                                            or ip6
//     }
//   }
import { type Address, addressBytes, type Family, sizeOf } from '../../vrrp/address.ts';
import { attribute, attributes, type Message, NLM, nest, type Request, text } from './netlink-codec.ts';

/** linux/netfilter/nfnetlink.h */
const NFNL = { BATCH_BEGIN: 16, BATCH_END: 17, SUBSYS_NFTABLES: 10 } as const;
const NFT_MSG = { NEWTABLE: 0, GETTABLE: 1, DELTABLE: 2, NEWCHAIN: 3, NEWRULE: 6, NEWSET: 9, NEWSETELEM: 12 } as const;
const NFPROTO = { UNSPEC: 0, INET: 1, IPV4: 2, IPV6: 10 } as const;
/** Bytes of nfgenmsg. */
const HEAD = 4;
const PREFIX = 'holdfast-';
const TABLE_NAME = 1;
const CHAIN = { TABLE: 1, NAME: 3, HOOK: 4, POLICY: 5, TYPE: 7 } as const;
const HOOK = { NUMBER: 1, PRIORITY: 2 } as const;
const RULE = { TABLE: 1, CHAIN: 2, EXPRESSIONS: 4 } as const;
const SET = { TABLE: 1, NAME: 2, KEY_TYPE: 4, KEY_LENGTH: 5, ID: 10 } as const;
const ELEMENTS = { TABLE: 1, SET: 2, LIST: 3 } as const;
const ELEMENT_KEY = 1;
const LIST_ELEMENT = 1;
const EXPRESSION = { NAME: 1, DATA: 2 } as const;
const DATA = { VALUE: 1, VERDICT: 2 } as const;
const VERDICT_CODE = 1;
const META = { DESTINATION: 1, KEY: 2, NFPROTO: 15, L4PROTO: 16 } as const;
const COMPARE = { SOURCE: 1, OPERATION: 2, DATA: 3, EQUAL: 0, AT_MOST: 3, AT_LEAST: 5 } as const;
const PAYLOAD = { DESTINATION: 1, BASE: 2, OFFSET: 3, LENGTH: 4, NETWORK: 1, TRANSPORT: 2 } as const;
const LOOKUP = { SET: 1, SOURCE: 2 } as const;
const IMMEDIATE = { DESTINATION: 1, DATA: 2 } as const;
const REGISTER = { VERDICT: 0, ONE: 1 } as const;
/** linux/netfilter.h */
const NF_INET_LOCAL_IN = 1;
const NF_DROP = 0;
const NF_ACCEPT = 1;

/** Before filters at their usual 0, so that what they accept or log is what really comes in. */
const PRIORITY = -150;
const IPPROTO_ICMPV6 = 58;
/** RFC 4861: solicitation and advertisement have neighbouring numbers. */
const ND_SOLICITATION = 135;
const ND_ADVERTISEMENT = 136;
const SET_NAME = 'addresses';
const CHAIN_NAME = 'input';
/** For the eyes of `nft` only: its numbers of the types ipv4_addr and ipv6_addr. Then where the destination lies. */
const KEY: Readonly<Record<Family, { readonly nfproto: number; readonly type: number; readonly offset: number }>> = {
  ipv4: { nfproto: NFPROTO.IPV4, type: 7, offset: 16 },
  ipv6: { nfproto: NFPROTO.IPV6, type: 8, offset: 24 },
};
/** Elements in one message: an attribute holds less than 64 KiB, and 28 bytes are the most an element takes. */
const LOT = 1024;

/** The name of the table that a key stands for: any text without NUL, which `nft` can read if it is letters, digits, `._/-`.
 *  The kernel takes 255 bytes. */
export function tableName(key: string): string {
  return `${PREFIX}${key}`;
}

/** To dump the tables that are there. */
export const LIST_TABLES = { type: (NFNL.SUBSYS_NFTABLES << 8) | NFT_MSG.GETTABLE, data: [head(NFPROTO.INET, 0)] } as const;

/** The key that a table of the dump was made for; null: it is none of ours. */
export function keyOfTable({ data }: Message): string | null {
  const name = Buffer.from(attributes(data, HEAD).get(TABLE_NAME)?.subarray(0, -1) ?? []).toString();
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : null;
}

/** One transaction: whatever the table was, it is made anew, or goes where there is nothing to deny. The last step asks for
 *  an acknowledgement. */
export function formatDeny(key: string, family: Family, addresses: readonly Address[]): readonly Request[] {
  const name = text(tableName(key));
  const table = attribute(TABLE_NAME, name);
  const steps = [
    // What is not there cannot be deleted; so it is made first.
    step(NFT_MSG.NEWTABLE, NLM.CREATE, [table]),
    step(NFT_MSG.DELTABLE, 0, [table]),
    ...(addresses.length === 0 ? [] : [step(NFT_MSG.NEWTABLE, NLM.CREATE, [table]), ...contents(name, family, addresses)]),
  ];
  return [
    { type: NFNL.BATCH_BEGIN, flags: 0, data: [head(NFPROTO.UNSPEC, NFNL.SUBSYS_NFTABLES)] },
    ...steps.map((each, i) => (i === steps.length - 1 ? { ...each, flags: each.flags | NLM.ACK } : each)),
    { type: NFNL.BATCH_END, flags: 0, data: [head(NFPROTO.UNSPEC, NFNL.SUBSYS_NFTABLES)] },
  ];
}

function contents(table: Uint8Array, family: Family, addresses: readonly Address[]): readonly Request[] {
  const { nfproto, type, offset } = KEY[family];
  const size = sizeOf(family);
  const set = step(NFT_MSG.NEWSET, NLM.CREATE, [
    attribute(SET.TABLE, table),
    attribute(SET.NAME, text(SET_NAME)),
    attribute(SET.KEY_TYPE, number(type)),
    attribute(SET.KEY_LENGTH, number(size)),
    attribute(SET.ID, number(1)),
  ]);
  const chain = step(NFT_MSG.NEWCHAIN, NLM.CREATE, [
    attribute(CHAIN.TABLE, table),
    attribute(CHAIN.NAME, text(CHAIN_NAME)),
    nest(CHAIN.HOOK, attribute(HOOK.NUMBER, number(NF_INET_LOCAL_IN)), attribute(HOOK.PRIORITY, number(PRIORITY))),
    attribute(CHAIN.POLICY, number(NF_ACCEPT)),
    attribute(CHAIN.TYPE, text('filter')),
  ]);
  const lots = Array.from({ length: Math.ceil(addresses.length / LOT) }, (_, i) => addresses.slice(i * LOT, (i + 1) * LOT));
  const elements = lots.map(lot =>
    step(NFT_MSG.NEWSETELEM, NLM.CREATE, [
      attribute(ELEMENTS.TABLE, table),
      attribute(ELEMENTS.SET, text(SET_NAME)),
      nest(ELEMENTS.LIST, ...lot.map(address => nest(LIST_ELEMENT, nest(ELEMENT_KEY, value(addressBytes(address)))))),
    ]),
  );
  const ours = [meta(META.NFPROTO), compare(COMPARE.EQUAL, nfproto)];
  const drop = rule(table, [
    ...ours,
    payload(PAYLOAD.NETWORK, offset, size),
    expression('lookup', attribute(LOOKUP.SET, text(SET_NAME)), attribute(LOOKUP.SOURCE, number(REGISTER.ONE))),
    verdict(NF_DROP),
  ]);
  // RFC 9568 §6.1, Accept_Mode: these must not be dropped. Without them nobody could find out that the addresses are here.
  const discovery = rule(table, [
    ...ours,
    meta(META.L4PROTO),
    compare(COMPARE.EQUAL, IPPROTO_ICMPV6),
    payload(PAYLOAD.TRANSPORT, 0, 1),
    compare(COMPARE.AT_LEAST, ND_SOLICITATION),
    compare(COMPARE.AT_MOST, ND_ADVERTISEMENT),
    verdict(NF_ACCEPT),
  ]);
  return [set, ...elements, chain, ...(family === 'ipv6' ? [discovery] : []), drop];
}

function rule(table: Uint8Array, expressions: readonly Uint8Array[]): Request {
  return step(NFT_MSG.NEWRULE, NLM.CREATE | NLM.APPEND, [
    attribute(RULE.TABLE, table),
    attribute(RULE.CHAIN, text(CHAIN_NAME)),
    nest(RULE.EXPRESSIONS, ...expressions),
  ]);
}

function meta(key: number): Uint8Array {
  return expression('meta', attribute(META.KEY, number(key)), attribute(META.DESTINATION, number(REGISTER.ONE)));
}

function compare(operation: number, byte: number): Uint8Array {
  return expression(
    'cmp',
    attribute(COMPARE.SOURCE, number(REGISTER.ONE)),
    attribute(COMPARE.OPERATION, number(operation)),
    nest(COMPARE.DATA, value(Uint8Array.of(byte))),
  );
}

function payload(base: number, offset: number, length: number): Uint8Array {
  return expression(
    'payload',
    attribute(PAYLOAD.DESTINATION, number(REGISTER.ONE)),
    attribute(PAYLOAD.BASE, number(base)),
    attribute(PAYLOAD.OFFSET, number(offset)),
    attribute(PAYLOAD.LENGTH, number(length)),
  );
}

function verdict(code: number): Uint8Array {
  return expression(
    'immediate',
    attribute(IMMEDIATE.DESTINATION, number(REGISTER.VERDICT)),
    nest(IMMEDIATE.DATA, nest(DATA.VERDICT, attribute(VERDICT_CODE, number(code)))),
  );
}

function expression(name: string, ...data: readonly Uint8Array[]): Uint8Array {
  return nest(LIST_ELEMENT, attribute(EXPRESSION.NAME, text(name)), nest(EXPRESSION.DATA, ...data));
}

function value(bytes: Uint8Array): Uint8Array {
  return attribute(DATA.VALUE, bytes);
}

function step(message: number, flags: number, attributes: readonly Uint8Array[]): Request {
  return { type: (NFNL.SUBSYS_NFTABLES << 8) | message, flags, data: [head(NFPROTO.INET, 0), ...attributes] };
}

/** struct nfgenmsg */
function head(family: number, resource: number): Uint8Array {
  return Uint8Array.of(family, 0, resource >> 8, resource);
}

/** 32 bits in network byte order, signed or not. */
function number(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
}
