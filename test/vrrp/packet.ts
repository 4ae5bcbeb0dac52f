// Tests src/vrrp/packet.ts by bytes written down by hand; test/vrrp/captures.ts does it with those of other daemons.
import { deepStrictEqual } from 'node:assert/strict';
import t from 'tap';
import { type Address, addressFromBytes, type Family } from '../../src/vrrp/address.ts';
import { complement, sumPseudoHeader, sumWords } from '../../src/vrrp/checksum.ts';
import {
  type Advertisement,
  authenticate,
  checksumForm,
  decode,
  type Endpoints,
  encode,
  type MalformedReason,
  maxAddresses,
  readInterval,
  VRRP_GROUP,
  VRRP_PROTOCOL,
  VRRP_TTL,
} from '../../src/vrrp/packet.ts';
import type { ChecksumForm } from '../../src/vrrp/router.ts';
import { micros, millis, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import fc from '../fixtures/property.ts';

const IPV4: Endpoints = { source: '192.0.2.10' as Address, destination: VRRP_GROUP.ipv4 };
const IPV6: Endpoints = { source: 'fe80::a' as Address, destination: VRRP_GROUP.ipv6 };

const ADVERTISEMENT: Advertisement = {
  kind: 'advertisement',
  version: 3,
  vrid: vrid(51),
  priority: priority(150),
  interval: seconds(1),
  addresses: ['192.0.2.200' as Address],
  checksum: 'rfc9568',
  authentication: null,
};
const V2: Advertisement = { ...ADVERTISEMENT, version: 2, authentication: authenticate(null) };
const V2_PASSWORD: Advertisement = { ...V2, authentication: authenticate('opensesa') };

// Checksums worked out by hand: 3133 + 9601 + 0064 + c000 + 02c8 = 18a60, folded 8a61, complement 759e; the pseudo-header
// c000 + 020a + e000 + 0012 + 0070 + 000c adds 1a298, folded a299: 8a61 + a299 = 12cfa, folded 2cfb, complement d304.
const PLAIN = '3133 9601 0064 759e c000 02c8';
const WITH_PSEUDO_HEADER = '3133 9601 0064 d304 c000 02c8';
// Version 2: 2133 + 9601 + 0001 + c000 + 02c8 = 179fd, folded 79fe, complement 8601. With type 1 and "opensesa":
// 17afd + 6f70 + 656e + 7365 + 7361 = 336a1, folded 36a4, complement c95b.
const PLAIN_V2 = '2133 9601 0001 8601 c000 02c8 0000 0000 0000 0000';
const WITH_PASSWORD = '2133 9601 0101 c95b c000 02c8 6f70 656e 7365 7361';

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

/** A copy with some bytes replaced, and the checksum put right again unless that is what was replaced. */
function changed(message: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array {
  const copy = Uint8Array.from(message);
  for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value;
  if (6 in changes || 7 in changes) return copy;
  copy.fill(0, 6, 8);
  const checksum = complement(sumWords(copy));
  copy.set([checksum >>> 8, checksum & 0xff], 6);
  return copy;
}

t.test('RFC 9568 §5.1: constants', async t => {
  t.equal(VRRP_PROTOCOL, 112);
  t.equal(VRRP_TTL, 255);
  t.same(VRRP_GROUP, { ipv4: '224.0.0.18', ipv6: 'ff02::12' });
});

t.test('§5.2.8: the IPv4 checksum covers the message, and in the form of RFC 5798 the pseudo-header too', async t => {
  const forms: readonly (readonly [ChecksumForm, string])[] = [
    ['rfc9568', PLAIN],
    ['rfc5798', WITH_PSEUDO_HEADER],
  ];
  for (const [checksum, hex] of forms) {
    const advertisement = { ...ADVERTISEMENT, checksum };
    t.same(encode(advertisement, IPV4.source, IPV4.destination), bytes(hex), `${checksum} is written`);
    t.same(decode(bytes(hex), IPV4), advertisement, `${checksum} is read and named`);
  }
});

t.test('§5.2.8: over IPv6 the pseudo-header is always part of it', async t => {
  const advertisement = { ...ADVERTISEMENT, addresses: ['fe80::200' as Address, '2001:db8::200' as Address] };
  const expected = bytes('3133 9602 0064 0000 fe80 0000 0000 0000 0000 0000 0000 0200 2001 0db8 0000 0000 0000 0000 0000 0200');
  const checksum = complement(sumWords(expected) + sumPseudoHeader(IPV6.source, IPV6.destination, 112, 40));
  expected.set([checksum >>> 8, checksum & 0xff], 6);
  for (const form of ['rfc9568', 'rfc5798'] as const) {
    t.same(encode({ ...advertisement, checksum: form }, IPV6.source, IPV6.destination), expected, `whatever the form says: ${form}`);
  }
  t.same(decode(expected, IPV6), advertisement, 'there is one form');
  const without = changed(expected, {});
  t.match(decode(without, IPV6), { kind: 'malformed', reason: 'wrong-checksum' }, 'without pseudo-header');
  const elsewhere = { ...IPV6, source: 'fe80::b' as Address };
  t.match(decode(expected, elsewhere), { kind: 'malformed', reason: 'wrong-checksum' }, 'from somebody else');
});

t.test('RFC 3768 §5.3: version 2, with and without a password', async t => {
  const rows: readonly (readonly [Advertisement, string])[] = [
    [V2, PLAIN_V2],
    [V2_PASSWORD, WITH_PASSWORD],
  ];
  for (const [advertisement, hex] of rows) {
    t.same(encode(advertisement, IPV4.source, IPV4.destination), bytes(hex), 'written');
    t.same(decode(bytes(hex), IPV4), advertisement, 'read');
    const other = { ...advertisement, checksum: 'rfc5798' as const };
    t.same(encode(other, IPV4.source, IPV4.destination), bytes(hex), 'there is one form of checksum');
  }
});

t.test('RFC 3768 §5.3.8: in version 2 no pseudo-header is right', async t => {
  const message = changed(bytes(PLAIN_V2), {});
  const sum = sumPseudoHeader(IPV4.source, IPV4.destination, 112, message.length);
  const checksum = complement(sumWords(message) - 0x8601 + sum);
  message.set([checksum >>> 8, checksum & 0xff], 6);
  t.match(decode(message, IPV4), { kind: 'malformed', reason: 'wrong-checksum' });
  t.equal(checksumForm(message, IPV4, 2), null);
  t.equal(checksumForm(message, IPV4, 3), 'rfc5798', 'which in version 3 it would be');
});

t.test('RFC 2338 §5.3.10: a password has 8 bytes at most and is padded with zeros', async t => {
  t.same(authenticate(null), { type: 0, data: new Uint8Array(8) });
  const rows: readonly (readonly [string, string])[] = [
    ['a', '61 00 00 00 00 00 00 00'],
    ['opensesa', '6f 70 65 6e 73 65 73 61'],
    ['käse', '6b c3 a4 73 65 00 00 00'],
    ['😀😀', 'f0 9f 98 80 f0 9f 98 80'],
  ];
  for (const [password, hex] of rows) t.same(authenticate(password), { type: 1, data: bytes(hex) }, password);
  for (const password of ['opensesam', 'ääääa']) {
    t.throws(() => authenticate(password), { name: 'RangeError', message: 'a password of 9 bytes, 8 at most' }, 'without quoting it');
  }
});

t.test('what the header says about the interval, at its bounds', async t => {
  const header = (high: number, low: number) => new DataView(Uint8Array.of(0, 0, 0, 0, high, low, 0, 0).buffer);
  for (const [high, low, v2, v3] of [
    [0, 0, 0, 0],
    [0, 1, seconds(1), millis(10)],
    [1, 255, seconds(255), millis(5110)],
    [0xff, 0xff, seconds(255), millis(40_950)],
  ] as const) {
    t.equal(readInterval(header(high, low), 2), v2);
    t.equal(readInterval(header(high, low), 3), v3);
  }
});

t.test('a sender whose pseudo-header sums up to nothing is taken for RFC 9568', async t => {
  // e000 + 0012 + 0070 + 000c + 1f6f + 0002 = ffff
  const source = '31.111.0.2' as Address;
  const other = encode({ ...ADVERTISEMENT, checksum: 'rfc5798' }, source, IPV4.destination);
  t.same(other, encode(ADVERTISEMENT, source, IPV4.destination), 'the same bytes');
  t.match(decode(other, { ...IPV4, source }), { checksum: 'rfc9568' });
});

t.test('every field at its bounds, there and back', async t => {
  const rows: readonly Partial<Advertisement>[] = [
    ...[0 as const, priority(1), priority(254), priority(255)].map(priority => ({ priority })),
    ...[vrid(1), vrid(254), vrid(255)].map(vrid => ({ vrid })),
    ...[millis(10), millis(20), millis(100), seconds(40), millis(40_940), millis(40_950)].map(interval => ({ interval })),
    ...[0, 1, 2, 254, 255].map(count => ({ addresses: Array.from({ length: count }, (_, host) => `192.0.2.${host}` as Address) })),
  ];
  for (const row of rows) {
    const advertisement = { ...ADVERTISEMENT, ...row };
    t.same(decode(encode(advertisement, IPV4.source, IPV4.destination), IPV4), advertisement, JSON.stringify(row).slice(0, 60));
    if ('interval' in row) continue;
    const old = { ...V2_PASSWORD, ...row };
    t.same(decode(encode(old, IPV4.source, IPV4.destination), IPV4), old, `version 2: ${JSON.stringify(row).slice(0, 60)}`);
  }
  for (const interval of [seconds(1), seconds(2), seconds(254), seconds(255)]) {
    const old = { ...V2, interval };
    t.same(decode(encode(old, IPV4.source, IPV4.destination), IPV4), old, `version 2: ${interval} µs`);
  }
  for (const [at, version] of [
    [IPV4, 2],
    [IPV4, 3],
    [IPV6, 3],
  ] as const) {
    const empty: Advertisement = { ...(version === 2 ? V2 : ADVERTISEMENT), addresses: [] };
    t.same(decode(encode(empty, at.source, at.destination), at), empty, `no address at all, version ${version} from ${at.source}`);
  }
});

t.test('how many addresses fit', async t => {
  t.equal(maxAddresses('ipv4'), 255);
  t.equal(maxAddresses('ipv6'), 90);
  const most = { ...ADVERTISEMENT, addresses: Array.from({ length: 90 }, (_, host) => `2001:db8::${(host + 1).toString(16)}` as Address) };
  const message = encode(most, IPV6.source, IPV6.destination);
  t.equal(message.length, 1448, 'and 40 bytes of IPv6 header: one more address would not fit 1500');
  t.same(decode(message, IPV6), most);
});

t.test('what encode refuses is our own bug', async t => {
  const rows: readonly (readonly [string, Partial<Advertisement>, Endpoints])[] = [
    ['version 2 over IPv6', { ...V2, addresses: [] }, IPV6],
    ['version 2 without authentication', { version: 2 }, IPV4],
    ['version 2 with 7 bytes of it', { ...V2, authentication: { type: 1, data: new Uint8Array(7) } }, IPV4],
    ['version 3 with authentication', { authentication: authenticate(null) }, IPV4],
    ['version 2, interval 0', { ...V2, interval: micros(0) }, IPV4],
    ['version 2, interval 100 ms', { ...V2, interval: millis(100) }, IPV4],
    ['version 2, interval 1.01 s', { ...V2, interval: millis(1010) }, IPV4],
    ['version 2, interval 256 s', { ...V2, interval: seconds(256) }, IPV4],
    ['version 2, 256 addresses', { ...V2, addresses: new Array<Address>(256).fill('192.0.2.1' as Address) }, IPV4],
    ['version 2, an IPv6 address', { ...V2, addresses: ['::1' as Address] }, IPV4],
    ['256 IPv4 addresses', { addresses: new Array<Address>(256).fill('192.0.2.1' as Address) }, IPV4],
    ['91 IPv6 addresses', { addresses: new Array<Address>(91).fill('2001:db8::1' as Address) }, IPV6],
    ['an IPv4 address over IPv6', {}, IPV6],
    ['an IPv6 address over IPv4', { addresses: ['192.0.2.1' as Address, '::1' as Address] }, IPV4],
    ['interval 0', { interval: micros(0) }, IPV4],
    ['interval 5 ms', { interval: millis(5) }, IPV4],
    ['interval 40.96 s', { interval: millis(40_960) }, IPV4],
  ];
  for (const [name, row, at] of rows) {
    t.throws(() => encode({ ...ADVERTISEMENT, ...row }, at.source, at.destination), RangeError, name);
  }
});

t.test('malformed messages, each with its reason and evidence', async t => {
  const good = bytes(PLAIN);
  const old = bytes(WITH_PASSWORD);
  const rows: readonly (readonly [Uint8Array, MalformedReason, string])[] = [
    [new Uint8Array(0), 'wrong-length', 'empty'],
    [changed(good, { 0: 0x11 }), 'wrong-version', 'version 1'],
    [changed(good, { 0: 0x41 }), 'wrong-version', 'version 4'],
    [changed(good, { 0: 0x01 }), 'wrong-version', 'version 0'],
    [changed(good, { 0: 0x30 }), 'wrong-type', 'type 0'],
    [changed(good, { 0: 0x32 }), 'wrong-type', 'type 2'],
    [changed(good, { 0: 0x3f }), 'wrong-type', 'type 15'],
    [good.subarray(0, 1), 'wrong-length', '1 bytes, the header alone has 8'],
    [good.subarray(0, 7), 'wrong-length', '7 bytes, the header alone has 8'],
    [good.subarray(0, 8), 'wrong-length', '8 bytes, 12 for 1 addresses'],
    [good.subarray(0, 11), 'wrong-length', '11 bytes, 12 for 1 addresses'],
    [Uint8Array.of(...good, 0), 'wrong-length', '13 bytes, 12 for 1 addresses'],
    [changed(good, { 3: 2 }), 'wrong-length', '12 bytes, 16 for 2 addresses'],
    [changed(good, { 3: 0 }), 'wrong-length', '12 bytes, 8 for 0 addresses'],
    [changed(good, { 7: 0x9f }), 'wrong-checksum', '0x759f'],
    [changed(good, { 6: 0, 7: 0 }), 'wrong-checksum', '0x0000'],
    [changed(good, { 1: 0 }), 'zero-vrid', 'VRID 0'],
    [changed(good, { 4: 0, 5: 0 }), 'zero-interval', 'interval 0'],
    [changed(good, { 4: 0xf0, 5: 0 }), 'zero-interval', 'interval 0'],
    [changed(old, { 0: 0x20 }), 'wrong-type', 'type 0'],
    [changed(old, { 0: 0x22 }), 'wrong-type', 'type 2'],
    [old.subarray(0, 7), 'wrong-length', '7 bytes, the header alone has 8'],
    [old.subarray(0, 12), 'wrong-length', '12 bytes, 20 for 1 addresses'],
    [old.subarray(0, 19), 'wrong-length', '19 bytes, 20 for 1 addresses'],
    [Uint8Array.of(...old, 0), 'wrong-length', '21 bytes, 20 for 1 addresses'],
    [changed(old, { 3: 0 }), 'wrong-length', '20 bytes, 16 for 0 addresses'],
    [changed(old, { 3: 2 }), 'wrong-length', '20 bytes, 24 for 2 addresses'],
    [changed(old, { 7: 0x5a }), 'wrong-checksum', '0xc95a'],
    [changed(old, { 1: 0 }), 'zero-vrid', 'VRID 0'],
    [changed(old, { 5: 0 }), 'zero-interval', 'interval 0'],
  ];
  t.same(decode(old, IPV6), { kind: 'malformed', reason: 'wrong-version', detail: 'version 2 over IPv6' });
  for (const [message, reason, detail] of rows)
    t.same(decode(message, IPV4), { kind: 'malformed', reason, detail }, `${reason}: ${detail}`);
});

t.test('§5.2.6: the reserved bits are sent as 0 and ignored when received', async t => {
  for (const reserve of [0x10, 0x80, 0xf0]) t.same(decode(changed(bytes(PLAIN), { 4: reserve }), IPV4), ADVERTISEMENT);
  t.equal(encode({ ...ADVERTISEMENT, interval: millis(40_950) }, IPV4.source, IPV4.destination)[4], 0x0f);
});

t.test('a message is read wherever in a buffer it lies, and not kept', async t => {
  const buffer = Uint8Array.of(0xaa, 0xbb, 0xcc, ...bytes(PLAIN), 0xdd);
  const read = decode(buffer.subarray(3, 15), IPV4);
  const second = Uint8Array.of(0xaa, ...bytes(WITH_PASSWORD), 0xdd);
  const old = decode(second.subarray(1, 21), IPV4);
  buffer.fill(0);
  second.fill(0);
  t.same(read, ADVERTISEMENT);
  t.same(old, V2_PASSWORD);
});

t.test('no single flipped bit goes unnoticed', async t => {
  for (const hex of [PLAIN, WITH_PSEUDO_HEADER, PLAIN_V2, WITH_PASSWORD]) {
    const good = bytes(hex);
    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const flipped = good.map((byte, index) => (index === bit >>> 3 ? byte ^ (0x80 >>> (bit & 7)) : byte));
      if (decode(flipped, IPV4).kind !== 'malformed') t.fail(`bit ${bit} of ${hex}`);
    }
  }
});

const addressOf = (family: Family) => {
  const size = family === 'ipv4' ? 4 : 16;
  return fc.uint8Array({ minLength: size, maxLength: size }).map(bytes => addressFromBytes(bytes, 0, family));
};

const anyVrid = fc.integer({ min: 1, max: 255 }).map(vrid);
const anyPriority = fc.integer({ min: 0, max: 255 }).map(value => (value === 0 ? 0 : priority(value)));

const version3 = fc.constantFrom<Family>('ipv4', 'ipv6').chain(family =>
  fc.record({
    at: fc.record({ source: addressOf(family), destination: fc.constant(VRRP_GROUP[family]) }),
    advertisement: fc.record<Advertisement>({
      kind: fc.constant('advertisement'),
      version: fc.constant(3),
      vrid: anyVrid,
      priority: anyPriority,
      interval: fc.integer({ min: 1, max: 4095 }).map(value => millis(10 * value)),
      addresses: fc.array(addressOf(family), { maxLength: maxAddresses(family), size: 'medium' }),
      checksum: family === 'ipv4' ? fc.constantFrom<ChecksumForm>('rfc9568', 'rfc5798') : fc.constant('rfc9568'),
      authentication: fc.constant(null),
    }),
  }),
);

const version2 = fc.record({
  at: fc.record({ source: addressOf('ipv4'), destination: fc.constant(VRRP_GROUP.ipv4) }),
  advertisement: fc.record<Advertisement>({
    kind: fc.constant('advertisement'),
    version: fc.constant(2),
    vrid: anyVrid,
    priority: anyPriority,
    interval: fc.integer({ min: 1, max: 255 }).map(seconds),
    addresses: fc.array(addressOf('ipv4'), { maxLength: 255, size: 'medium' }),
    checksum: fc.constant('rfc9568'),
    authentication: fc.tuple(fc.nat({ max: 255 }), fc.uint8Array({ minLength: 8, maxLength: 8 })).map(([type, data]) => ({ type, data })),
  }),
});

const sending = fc.oneof(version3, version2);

t.test('property: what is encoded is decoded', async () => {
  fc.assert(
    fc.property(sending, ({ at, advertisement }) => {
      const read = decode(encode(advertisement, at.source, at.destination), at);
      // Where the pseudo-header sums up to nothing both forms are the same bytes.
      const ambiguous = complement(sumPseudoHeader(at.source, at.destination, 112, 8 + 4 * advertisement.addresses.length)) === 0;
      deepStrictEqual(read, { ...advertisement, checksum: ambiguous ? 'rfc9568' : advertisement.checksum });
    }),
  );
});

t.test('property: a flipped bit is never taken for another message of the same form', async () => {
  // It can turn one IPv4 form into the other, for the rare sender whose pseudo-header sums up to a power of two. More bits can
  // always cancel out: a one's complement sum does not see two words exchanged.
  fc.assert(
    fc.property(sending, fc.nat(), ({ at, advertisement }, anyBit) => {
      const message = encode(advertisement, at.source, at.destination);
      const bit = anyBit % (message.length * 8);
      const read = decode(
        message.map((byte, index) => (index === bit >>> 3 ? byte ^ (0x80 >>> (bit & 7)) : byte)),
        at,
      );
      return read.kind === 'malformed' || read.checksum !== advertisement.checksum;
    }),
  );
});

t.test('property: noise is never anything but an advertisement or malformed', async () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 1500 }),
    // Long enough and with the right first byte, so that more than the first step is reached.
    fc
      .tuple(
        fc.constantFrom(0x21, 0x31),
        fc.uint8Array({ minLength: 2, maxLength: 2 }),
        fc.nat({ max: 5 }),
        fc.uint8Array({ maxLength: 40 }),
      )
      .map(([first, head, count, rest]) => {
        const message = Uint8Array.of(first, ...head, count, ...rest);
        return message.length < 8 ? message : changed(message, {});
      }),
  );
  fc.assert(
    fc.property(noise, fc.constantFrom(IPV4, IPV6), (message, at) => ['advertisement', 'malformed'].includes(decode(message, at).kind)),
    { numRuns: 1000 },
  );
});
