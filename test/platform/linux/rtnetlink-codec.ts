// rtnetlink bytes: what a real kernel sent, what it was seen to take, and what no kernel would send.
// Must not open sockets: whether the kernel still agrees is for rtnetlink.ts to find out.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { type Message, parseMessages } from '../../../src/platform/linux/netlink-codec.ts';
import {
  formatDeleteAddress,
  formatNewAddress,
  formatPromoteSecondaries,
  parseAddressMessage,
  parseLink,
} from '../../../src/platform/linux/rtnetlink-codec.ts';
import type { AddressRequest } from '../../../src/platform/ports.ts';
import { familyOf, formatMac } from '../../../src/vrrp/address.ts';
import fc from '../../fixtures/property.ts';
import { prefix } from '../../fixtures/virtual-router.ts';

const datagrams = new Map(
  readFileSync(new URL('fixtures/rtnetlink.hex', import.meta.url), 'utf8')
    .split('\n= ')
    .slice(1)
    .map(text => {
      const [title = '', ...lines] = text.split('\n');
      return [title, new Uint8Array(Buffer.from(lines.join(''), 'hex'))] as const;
    }),
);

/** The only message of a captured datagram. */
function captured(title: string): Message {
  const [message, ...more] = parseMessages(datagrams.get(title) ?? new Uint8Array());
  if (message === undefined || more.length > 0) throw new Error(`${title} does not hold one message`);
  return message;
}

const hex = (parts: Uint8Array | readonly Uint8Array[]): string =>
  Buffer.concat(parts instanceof Uint8Array ? [parts] : parts).toString('hex');

t.test('links', async t => {
  const seen = (title: string) => {
    const link = parseLink(captured(title).data);
    return link === null ? null : { ...link, mac: formatMac(link.mac) };
  };
  const hf0 = { index: 3, name: 'hf0', mac: '02:23:6e:e6:3b:63' };
  t.same(seen('newlink-down'), { ...hf0, up: false, running: false });
  t.same(seen('newlink-no-carrier'), { ...hf0, up: true, running: false });
  t.same(seen('newlink-running'), { ...hf0, up: true, running: true });
  t.same(seen('dellink'), { ...hf0, name: 'hf9', up: false, running: false });
  t.equal(seen('dellink-bridge-port'), null, 'a port that leaves its bridge still exists');
  t.equal(seen('newlink-bridge-port'), null, 'nor does what the bridge says of its port tell all about it');
});

t.test('a link without a link-layer address has an empty one', async t => {
  const head = new Uint8Array(16);
  const name = Buffer.from('0800030061620000', 'hex');
  t.same(parseLink(Buffer.concat([head, name]))?.mac, new Uint8Array(0));
  t.equal(parseLink(head), null, 'and one without a name is nothing that a configuration could mean');
});

t.test('a name is text, with what letters it may have', async t => {
  const name = Buffer.from('bücherei\0');
  const length = Buffer.alloc(4);
  length.writeUInt16LE(4 + name.length, 0);
  length.writeUInt16LE(3, 2);
  t.equal(parseLink(Buffer.concat([new Uint8Array(16), length, name]))?.name, 'bücherei');
});

t.test('addresses', async t => {
  const seen = (title: string) => parseAddressMessage(captured(title).data);
  const plain = { index: 3, length: 24, validFor: null, marked: false, secondary: false, tentative: false };
  t.same(seen('newaddr-own'), { ...plain, address: '192.0.2.10' });
  t.same(seen('newaddr-secondary'), { ...plain, address: '192.0.2.11', secondary: true });
  t.same(seen('deladdr'), { ...plain, address: '192.0.2.11', secondary: true });
  t.same(seen('newaddr-ours'), { ...plain, address: '192.0.2.200', validFor: 60, marked: true, secondary: true });
  t.same(
    seen('newaddr-lifetime'),
    { ...plain, address: '192.0.2.201', validFor: 60, secondary: true },
    'valid for, not preferred for; no mark of ours',
  );
  t.same(seen('newaddr-peer'), { ...plain, address: '198.51.100.1', length: 32 }, 'our end, not the other');
  t.same(seen('newaddr-ipv6'), { ...plain, address: '2001:db8::10', length: 64 });
  t.same(seen('newaddr-ours-ipv6'), { ...plain, address: '2001:db8::200', length: 64, validFor: 60, marked: true, secondary: true });
});

t.test('an IPv6 address is tentative while it is checked, and for good when it is a duplicate', async t => {
  const seen = (title: string) => parseAddressMessage(captured(title).data);
  t.match(seen('newaddr-tentative'), { address: '2001:db8::11', tentative: true });
  t.match(seen('newaddr-checked'), { address: '2001:db8::11', tentative: false });
  t.match(seen('newaddr-duplicate'), { address: '2001:db8::12', tentative: true });
});

t.test('the flags of an address, one by one', async t => {
  const { data } = captured('newaddr-tentative');
  const offset = hex(data).indexOf('08000800c0000000') / 2 + 4;
  const flagged = (flags: number) => {
    const bytes = Buffer.from(data);
    bytes.writeUInt32LE(flags, offset);
    const { secondary, tentative } = parseAddressMessage(bytes) ?? {};
    return { secondary, tentative };
  };
  const [PERMANENT, TENTATIVE, DEPRECATED, DADFAILED, OPTIMISTIC, TEMPORARY] = [0x80, 0x40, 0x20, 0x8, 0x4, 0x1];
  const none = { secondary: false, tentative: false };
  t.same(flagged(0), none);
  t.same(flagged(PERMANENT | OPTIMISTIC), none);
  t.same(flagged(PERMANENT | DEPRECATED), { ...none, secondary: true }, 'not one to speak from');
  t.same(flagged(TENTATIVE), { ...none, tentative: true });
  t.same(flagged(TENTATIVE | OPTIMISTIC), none, 'RFC 4429: it may be spoken from');
  t.same(flagged(DADFAILED), { ...none, tentative: true });
  t.same(flagged(DADFAILED | TENTATIVE | OPTIMISTIC), { ...none, tentative: true }, 'but not when it is somebody else’s');
  t.same(flagged(TEMPORARY), { ...none, secondary: true });
  const ipv4 = Buffer.from('0218 ff 00 03000000 08000100c000020b'.replaceAll(' ', ''), 'hex');
  t.equal(parseAddressMessage(ipv4)?.tentative, false, 'over IPv4 nothing is checked, whatever the flags say');
});

t.test('the lifetime is unsigned, and its largest value means for ever', async t => {
  const { data } = captured('newaddr-lifetime');
  const offset = hex(data).indexOf('140006001e0000003c000000') / 2 + 8;
  const lasting = (seconds: number) => {
    const bytes = Buffer.from(data);
    bytes.writeUInt32LE(seconds, offset);
    return parseAddressMessage(bytes)?.validFor;
  };
  t.equal(lasting(0xffffffff), null);
  t.equal(lasting(0xfffffffe), 0xfffffffe);
  t.equal(lasting(0), 0);
});

t.test('an address without IFA_FLAGS, IFA_CACHEINFO and IFA_PROTO, as old kernels say it', async t => {
  const message = Buffer.from('0218 01 00 03000000 08000100c000020b'.replaceAll(' ', ''), 'hex');
  t.same(parseAddressMessage(message), {
    index: 3,
    address: '192.0.2.11',
    length: 24,
    validFor: null,
    marked: false,
    secondary: true,
    tentative: false,
  });
});

t.test('what is no IPv4 or IPv6 address is none', async t => {
  t.equal(parseAddressMessage(Buffer.from('2d18000003000000 08000100c000020b'.replaceAll(' ', ''), 'hex')), null, 'another family');
  t.equal(parseAddressMessage(Buffer.from('0218000003000000', 'hex')), null, 'no address at all');
  t.equal(parseAddressMessage(Buffer.from('0218000003000000 07000100c0000200'.replaceAll(' ', ''), 'hex')), null, 'too short a one');
});

const request = (text: string, settings: Partial<AddressRequest> = {}): AddressRequest => {
  const parsed = prefix(text);
  return { ...parsed, family: familyOf(parsed.address), validFor: null, ...settings };
};
const MARK = '05000b0070000000';

t.test('an IPv4 address is asked for with its lifetime and our mark', async t => {
  const vip = '192.0.2.200/24';
  const common = '0218 0000 03000000 08000200c00002c8 08000100c00002c8'.replaceAll(' ', '');
  const lasting = (seconds: string) => `14000600${seconds}${seconds}0000000000000000`;
  t.equal(hex(formatNewAddress(3, request(vip, { validFor: 60 }))), common + lasting('3c000000') + MARK);
  t.equal(hex(formatNewAddress(3, request(vip))), common + lasting('ffffffff') + MARK);
  t.equal(hex(formatDeleteAddress(3, prefix(vip))), common);
});

t.test('a label and a scope are asked for where they are wanted', async t => {
  const label = '0c0003006866303a77656200';
  t.ok(hex(formatNewAddress(3, request('192.0.2.200/24', { label: 'hf0:web' }))).endsWith(MARK + label), 'with its NUL');
  const scope = (text: string, wanted?: AddressRequest['scope']) =>
    formatNewAddress(3, request(text, wanted === undefined ? {} : { scope: wanted }))[0]?.[3];
  t.equal(scope('192.0.2.200/24'), 0);
  t.equal(scope('192.0.2.200/24', 'global'), 0);
  t.equal(scope('192.0.2.200/24', 'link'), 253);
  t.equal(scope('192.0.2.200/24', 'host'), 254);
  t.equal(scope('169.254.1.1/16'), 0, 'as `ip` does');
  t.equal(scope('2001:db8::1/64'), 0);
  t.equal(scope('fe80::1/64'), 253);
});

t.test('an IPv6 address is asked for unchecked, without a route, deprecated at once', async t => {
  const address = '20010db8000000000000000000000001';
  const common = `0a40000003000000 14000200${address} 14000100${address}`.replaceAll(' ', '');
  const flags = '0800080002020000';
  const lasting = (seconds: string) => `1400060000000000${seconds}0000000000000000`;
  t.equal(hex(formatNewAddress(3, request('2001:db8::1/64', { validFor: 60 }))), common + lasting('3c000000') + MARK + flags);
  t.equal(hex(formatNewAddress(3, request('2001:db8::1/64'))), common + lasting('ffffffff') + MARK + flags);
  t.equal(hex(formatNewAddress(3, request('2001:db8::1/64', { label: 'hf0:web' }))), common + lasting('ffffffff') + MARK + flags);
  t.equal(hex(formatDeleteAddress(3, prefix('2001:db8::1/64'))), common);
});

t.test('promote_secondaries is three nests deep', async t => {
  t.equal(
    hex(formatPromoteSecondaries(3)),
    // AF_SPEC, AF_INET, IFLA_INET_CONF, IPV4_DEVCONF_PROMOTE_SECONDARIES = 1; linux/if_link.h, linux/ip.h
    '00000000030000000000000000000000 14001a80 10000280 0c000180 0800140001000000'.replaceAll(' ', ''),
  );
});

t.test('no bytes are too strange', async () => {
  const survive = (bytes: Uint8Array): void => {
    for (const { data } of parseMessages(bytes)) {
      parseLink(data);
      parseAddressMessage(data);
    }
    parseLink(bytes);
    parseAddressMessage(bytes);
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survive));
  const real = fc.constantFrom(...datagrams.values());
  fc.assert(fc.property(real, fc.nat(2000), (bytes, cut) => survive(bytes.slice(0, cut))));
  fc.assert(
    fc.property(real, fc.array(fc.tuple(fc.nat(2000), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }), (bytes, changes) => {
      const changed = bytes.slice();
      for (const [at, value] of changes) changed[at % changed.length] = value;
      survive(changed);
    }),
  );
});

t.test('an attribute that is cut off is not there, and those before it are', async t => {
  const { data } = captured('newaddr-ours');
  const mark = hex(data).indexOf('05000b0070') / 2;
  t.same(parseAddressMessage(data.slice(0, mark + 4)), {
    index: 3,
    address: '192.0.2.200',
    length: 24,
    validFor: null,
    marked: false,
    secondary: true,
    tentative: false,
  });
  const link = captured('newlink-running').data;
  const name = hex(link).indexOf('0800030068663000') / 2;
  t.equal(parseLink(link.slice(0, name + 8))?.name, 'hf0');
  t.equal(parseLink(link.slice(0, name + 7)), null, 'half a name is none');
});
