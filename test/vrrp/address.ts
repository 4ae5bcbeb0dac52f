// Tests src/vrrp/address.ts. Node's own parsers (node:net, URL) are the independent second opinion.
import { isIPv4, isIPv6 } from 'node:net';
import t from 'tap';
import {
  type Address,
  addressBytes,
  addressFromBytes,
  compareAddresses,
  contains,
  type Family,
  familyOf,
  formatMac,
  formatPrefix,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnicast,
  isUnspecified,
  type Prefix,
  parseAddress,
  parsePrefix,
  sizeOf,
  virtualMac,
  writeAddress,
} from '../../src/vrrp/address.ts';
import { vrid } from '../../src/vrrp/units.ts';
import fc from '../fixtures/property.ts';

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === null) throw new Error(`the test's own address ${text} is none`);
  return parsed;
}

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === null) throw new Error(`the test's own prefix ${text} is none`);
  return parsed;
}

function integer(value: Address): bigint {
  return addressBytes(value).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

const ipv4Bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });
// Mostly zero groups: runs of zeros are what IPv6 text is about.
const ipv6Bytes = fc
  .array(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map(groups => Uint8Array.from(groups.flatMap(group => [group >>> 8, group & 0xff])));
const anyAddress = fc.oneof(
  ipv4Bytes.map(bytes => addressFromBytes(bytes, 0, 'ipv4')),
  ipv6Bytes.map(bytes => addressFromBytes(bytes, 0, 'ipv6')),
);

t.test('text becomes its canonical form', async t => {
  const rows: readonly (readonly [string, string])[] = [
    ['0.0.0.0', '0.0.0.0'],
    ['192.0.2.1', '192.0.2.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['0::0:1', '::1'],
    ['2001:DB8::00Ab', '2001:db8::ab'],
    // RFC 5952 §4.2.2: one zero group stays; §4.2.3: the longest run, the first of equals.
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4:5:6:c000:201'],
    ['::192.0.2.1', '::c000:201'],
  ];
  for (const [text, canonical] of rows) t.equal(parseAddress(text), canonical, text);
});

t.test('everything else is no address', async t => {
  const rows = [
    ...[
      '',
      '1',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.4.',
      '.1.2.3.4',
      '1..2.3',
      '256.0.0.1',
      '1.2.3.999',
      '01.2.3.4',
      '1.2.3.00',
      '1.2.3.4 ',
      ' 1.2.3.4',
    ],
    ...[
      '0x1.2.3.4',
      '+1.2.3.4',
      '1.2.3.4/24',
      'localhost',
      ':',
      ':::',
      '1:',
      ':1',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4::5:6:7:8',
    ],
    ...[
      '12345::',
      'g::',
      '::1%hf0',
      '[::1]',
      '::1.2.3',
      '1.2.3.4::',
      '::1.2.3.4:5',
      '1:2:3:4:5:6:7:1.2.3.4',
      '::256.0.0.1',
      '::1/64',
      '-1::',
    ],
  ];
  for (const text of rows) t.equal(parseAddress(text), null, text);
});

t.test('property: accepts exactly the text that Node accepts', async () => {
  const piece = fc.constantFrom('0', '1', '9', '25', '256', '00', 'a', 'FFFF', 'g', '.', ':', '::', ' ', '1.2.3.4');
  const text = fc.array(piece, { maxLength: 16 }).map(pieces => pieces.join(''));
  fc.assert(
    fc.property(text, text => (parseAddress(text) !== null) === (isIPv4(text) || isIPv6(text))),
    { numRuns: 2000 },
  );
});

t.test('property: IPv6 text is what a URL makes of it, but for IPv4-mapped ones', async () => {
  const unmapped = ipv6Bytes.filter(bytes => !/^::ffff:\d+\./.test(addressFromBytes(bytes, 0, 'ipv6')));
  fc.assert(
    fc.property(unmapped, bytes => {
      const long = Array.from({ length: 8 }, (_, group) =>
        Buffer.from(bytes)
          .readUInt16BE(2 * group)
          .toString(16),
      ).join(':');
      return new URL(`http://[${long}]/`).hostname === `[${addressFromBytes(bytes, 0, 'ipv6')}]`;
    }),
  );
});

t.test('property: bytes and text lead back to each other', async () => {
  fc.assert(
    fc.property(anyAddress, value => {
      const bytes = addressBytes(value);
      return parseAddress(value) === value && addressFromBytes(bytes, 0, familyOf(value)) === value;
    }),
  );
});

t.test('bytes are read and written at their offset, also in a part of a buffer', async t => {
  const families: readonly (readonly [Family, string])[] = [
    ['ipv4', '192.0.2.1'],
    ['ipv6', '2001:db8::1'],
  ];
  for (const [family, text] of families) {
    const size = sizeOf(family);
    const buffer = new Uint8Array(size + 8);
    const part = buffer.subarray(3);
    writeAddress(address(text), part, 2);
    t.same([...buffer], [0, 0, 0, 0, 0, ...addressBytes(address(text)), 0, 0, 0], `${text} written`);
    t.equal(addressFromBytes(part, 2, family), text, `${text} read`);
    t.equal(addressBytes(address(text)).length, size, `${text} has ${size} bytes`);
  }
  t.same([...addressBytes(address('192.0.2.1'))], [192, 0, 2, 1]);
  t.same([...addressBytes(address('::ffff:192.0.2.1'))], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1]);
});

t.test('a prefix is an address and a length', async t => {
  const rows: readonly (readonly [string, string | null])[] = [
    ['192.0.2.1/24', '192.0.2.1/24'],
    ['192.0.2.1', '192.0.2.1/32'],
    ['192.0.2.1/0', '192.0.2.1/0'],
    ['192.0.2.1/32', '192.0.2.1/32'],
    ['2001:DB8::1/64', '2001:db8::1/64'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['::/0', '::/0'],
    ['::1/128', '::1/128'],
    ['192.0.2.1/33', null],
    ['2001:db8::1/129', null],
    ['192.0.2.1/', null],
    ['192.0.2.1/024', null],
    ['192.0.2.1/-1', null],
    ['192.0.2.1/2.4', null],
    ['192.0.2.1/24/24', null],
    ['192.0.2.1/1e1', null],
    ['192.0.2.1/ 24', null],
    ['192.0.2.1/255.255.255.0', null],
    ['192.0.2/24', null],
    ['/24', null],
    ['', null],
  ];
  for (const [text, expected] of rows) {
    const parsed = parsePrefix(text);
    t.equal(parsed === null ? null : formatPrefix(parsed), expected, text);
  }
  t.same(parsePrefix('192.0.2.1/24'), { address: '192.0.2.1', length: 24 });
});

t.test('addresses are ordered as unsigned integers in network order, RFC 9568 §6.4.3', async t => {
  const ascending = [
    '0.0.0.0',
    '9.0.0.1',
    '10.0.0.1',
    '10.0.0.2',
    '127.255.255.255',
    '128.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    '::1:0:0',
    '2::',
    '10::',
    '8000::',
    'ffff::',
  ];
  t.same(ascending.map(address).sort(compareAddresses), ascending, 'already in order');
  t.same(ascending.toReversed().map(address).sort(compareAddresses), ascending, 'put in order');
  t.equal(compareAddresses(address('192.0.2.1'), address('192.0.2.1')), 0);
  t.equal(compareAddresses(address('2001:db8::1'), address('2001:db8::1')), 0);
});

t.test('property: the order is that of the integers', async () => {
  const pair = fc.oneof(
    fc.tuple(ipv4Bytes, ipv4Bytes, fc.constant<Family>('ipv4')),
    fc.tuple(ipv6Bytes, ipv6Bytes, fc.constant<Family>('ipv6')),
  );
  fc.assert(
    fc.property(pair, ([left, right, family]) => {
      const a = addressFromBytes(left, 0, family);
      const b = addressFromBytes(right, 0, family);
      const difference = integer(a) - integer(b);
      return Math.sign(compareAddresses(a, b)) === (difference > 0n ? 1 : difference < 0n ? -1 : 0);
    }),
  );
});

t.test('a network contains the addresses that share its bits', async t => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['192.0.2.1/24', '192.0.2.200', true],
    ['192.0.2.1/24', '192.0.3.200', false],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.128/25', '192.0.2.255', true],
    ['192.0.2.1/32', '192.0.2.1', true],
    ['192.0.2.1/32', '192.0.2.0', false],
    ['192.0.2.0/31', '192.0.2.1', true],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['128.0.0.0/1', '127.255.255.255', false],
    ['2001:db8::1/64', '2001:db8::ffff:0:0:1', true],
    ['2001:db8::/64', '2001:db8:0:1::', false],
    ['2001:db8::/65', '2001:db8::8000:0:0:0', false],
    ['2001:db8::1/128', '2001:db8::1', true],
    ['2001:db8::1/127', '2001:db8::2', false],
    ['::/0', 'ffff::', true],
    ['::/0', '192.0.2.1', false],
    ['0.0.0.0/0', '::', false],
  ];
  for (const [network, inside, expected] of rows) t.equal(contains(prefix(network), address(inside)), expected, `${inside} in ${network}`);
});

t.test('property: contains is equality of the first bits', async () => {
  fc.assert(
    fc.property(anyAddress, fc.nat({ max: 128 }), fc.nat({ max: 127 }), (base, anyLength, anyFlip) => {
      const bits = sizeOf(familyOf(base)) * 8;
      const length = anyLength % (bits + 1);
      const flip = anyFlip % bits;
      const bytes = addressBytes(base).map((byte, index) => (index === flip >>> 3 ? byte ^ (0x80 >>> (flip & 7)) : byte));
      return contains({ address: base, length }, addressFromBytes(bytes, 0, familyOf(base))) === flip >= length;
    }),
  );
});

t.test('kinds of addresses', async t => {
  // unicast, link-local, multicast, loopback, unspecified
  const rows: readonly (readonly [string, string])[] = [
    ['192.0.2.1', 'u----'],
    ['1.0.0.0', 'u----'],
    ['126.255.255.255', 'u----'],
    ['128.0.0.0', 'u----'],
    ['223.255.255.255', 'u----'],
    ['240.0.0.1', 'u----'],
    ['255.255.255.254', 'u----'],
    ['255.255.255.255', '-----'],
    ['0.0.0.0', '----0'],
    ['0.255.255.255', '-----'],
    ['127.0.0.1', '---o-'],
    ['127.255.255.255', '---o-'],
    ['169.254.0.1', 'ul---'],
    ['169.254.255.255', 'ul---'],
    ['169.253.255.255', 'u----'],
    ['169.255.0.0', 'u----'],
    ['224.0.0.18', '--m--'],
    ['239.255.255.255', '--m--'],
    ['2001:db8::1', 'u----'],
    ['fd00::1', 'u----'],
    ['fe80::1', 'ul---'],
    ['febf::1', 'ul---'],
    ['fec0::1', 'u----'],
    ['ff02::12', '--m--'],
    ['feff::1', 'u----'],
    ['::', '----0'],
    ['::1', '---o-'],
    ['::2', 'u----'],
    ['::ffff:192.0.2.1', '-----'],
  ];
  for (const [text, expected] of rows) {
    const value = address(text);
    const kinds = [
      isUnicast(value) ? 'u' : '-',
      isLinkLocal(value) ? 'l' : '-',
      isMulticast(value) ? 'm' : '-',
      isLoopback(value) ? 'o' : '-',
      isUnspecified(value) ? '0' : '-',
    ];
    t.equal(kinds.join(''), expected, text);
  }
});

t.test('the virtual MAC, RFC 9568 §7.3', async t => {
  t.equal(formatMac(virtualMac('ipv4', vrid(1))), '00:00:5e:00:01:01');
  t.equal(formatMac(virtualMac('ipv4', vrid(254))), '00:00:5e:00:01:fe');
  t.equal(formatMac(virtualMac('ipv4', vrid(255))), '00:00:5e:00:01:ff');
  t.equal(formatMac(virtualMac('ipv6', vrid(51))), '00:00:5e:00:02:33');
  t.equal(formatMac(new Uint8Array(0)), '', 'an interface without link-layer address');
});
