// Tests src/vrrp/admit.ts: each step of the ladder, and that the first failing step is the one that is named.
import t from 'tap';
import type { Address, Prefix } from '../../src/vrrp/address.ts';
import { examine, peekVrid, type Reception, type RejectReason } from '../../src/vrrp/admit.ts';
import { complement, sumPseudoHeader, sumWords } from '../../src/vrrp/checksum.ts';
import { encode, VRRP_GROUP } from '../../src/vrrp/packet.ts';
import type { VirtualRouter } from '../../src/vrrp/router.ts';
import { priority, seconds } from '../../src/vrrp/units.ts';
import fc from '../fixtures/property.ts';
import { virtualRouter } from '../fixtures/virtual-router.ts';

const SELF = virtualRouter({ addresses: prefixes('192.0.2.200', '192.0.2.201') });
const SELF6: VirtualRouter = { ...SELF, family: 'ipv6', addresses: prefixes('fe80::200'), primary: 'fe80::b' as Address };
const RX: Reception = { source: '192.0.2.10' as Address, destination: VRRP_GROUP.ipv4, ttl: 255 };
const RX6: Reception = { source: 'fe80::a' as Address, destination: VRRP_GROUP.ipv6, ttl: 255 };

function prefixes(...addresses: readonly string[]): readonly Prefix[] {
  return addresses.map(address => ({ address: address as Address, length: 24 }));
}

/** A message from a healthy peer of ours that lists these addresses. */
function advert(rx: Reception, addresses: readonly string[], level = 150): Uint8Array {
  return encode(
    {
      kind: 'advertisement',
      version: 3,
      vrid: SELF.vrid,
      priority: level === 0 ? 0 : priority(level),
      interval: seconds(1),
      addresses: addresses.map(address => address as Address),
      checksum: 'rfc5798',
    },
    rx.source,
    rx.destination,
  );
}

/** Header bytes and addresses as given, with the right checksum or one that is wrong by 1. */
function raw(rx: Reception, header: readonly number[], rest: Uint8Array, wrongChecksum: boolean): Uint8Array {
  const message = Uint8Array.of(...header, 0, 0, ...rest);
  const checksum = complement(sumWords(message) + sumPseudoHeader(rx.source, rx.destination, 112, message.length));
  message.set([checksum >>> 8, (checksum & 0xff) ^ (wrongChecksum ? 1 : 0)], 6);
  return message;
}

t.test('a good packet is admitted, with what it says', async t => {
  t.match(examine(advert(RX, ['192.0.2.200', '192.0.2.201']), RX, SELF), {
    kind: 'admitted',
    advertisement: { vrid: 51, priority: 150, interval: 1_000_000, checksum: 'rfc5798' },
    differs: null,
  });
  t.match(examine(advert(RX6, ['fe80::200']), RX6, SELF6), { kind: 'admitted', advertisement: { checksum: 'rfc9568' }, differs: null });
});

t.test('priorities 0, 1, 254 and 255 are all admitted, also by the owner (erratum 8298)', async t => {
  const owner = { ...SELF, priority: priority(255) };
  for (const level of [0, 1, 254, 255]) {
    const message = advert(RX, ['192.0.2.200'], level);
    t.match(examine(message, RX, SELF), { kind: 'admitted', advertisement: { priority: level } }, `priority ${level}`);
    t.match(examine(message, RX, owner), { kind: 'admitted', advertisement: { priority: level } }, `priority ${level} at the owner`);
  }
});

t.test('the ladder: of everything that is wrong, the first step is named', async t => {
  const cases: readonly (readonly [string, Reception, VirtualRouter, string, string])[] = [
    ['IPv4', RX, SELF, '192.0.2.1', 'TTL 254'],
    ['IPv6', RX6, SELF6, 'fe80::c', 'hop limit 254'],
  ];
  for (const [family, rx, self, unicast, ttlDetail] of cases) {
    const size = family === 'IPv4' ? 4 : 16;
    // Everything is wrong at first; each row says what the packet is rejected for, and then repairs that one thing.
    const wrong = {
      ttl: 254,
      destination: unicast,
      version: 2,
      type: 2,
      trailing: 1,
      checksum: true,
      count: 0,
      vrid: 0,
      interval: 0,
      self: rx.source,
    };
    const rows: readonly (readonly [RejectReason, string, Partial<typeof wrong>])[] = [
      ['ttl-not-255', ttlDetail, { ttl: 255 }],
      ['not-multicast', `sent to ${unicast}`, { destination: rx.destination }],
      ['wrong-version', 'version 2', { version: 3 }],
      ['wrong-type', 'type 2', { type: 1 }],
      ['wrong-length', '9 bytes, 8 for 0 addresses', { trailing: 0 }],
      ['wrong-checksum', '', { checksum: false }],
      ['no-addresses', 'count 0', { count: 1 }],
      ['zero-vrid', 'VRID 0', { vrid: 52 }],
      ['zero-interval', 'interval 0', { interval: 1 }],
      ['unknown-vrid', 'VRID 52', { vrid: 51 }],
      ['own-packet', `from ${rx.source}`, { self: self.primary }],
    ];
    let now = wrong;
    const verdict = () => {
      const reception = { source: rx.source, destination: now.destination as Address, ttl: now.ttl };
      const header = [(now.version << 4) | now.type, now.vrid, 100, now.count, 0, now.interval];
      const message = raw(reception, header, new Uint8Array(now.count * size + now.trailing), now.checksum);
      return examine(message, reception, { ...self, primary: now.self as Address });
    };
    for (const [reason, detail, repair] of rows) {
      const rejected = verdict();
      t.match(rejected, { kind: 'rejected', reason }, `${family}: ${reason}`);
      if (detail !== '' && rejected.kind === 'rejected') t.equal(rejected.detail, detail, `${family}: evidence`);
      now = { ...now, ...repair };
    }
    t.match(verdict(), { kind: 'admitted' }, `${family}: nothing wrong is left`);
  }
});

t.test('a TTL of anything but 255 is the first thing seen', async t => {
  for (const ttl of [0, 1, 64, 254]) {
    t.same(examine(new Uint8Array(0), { ...RX, ttl }, SELF), { kind: 'rejected', reason: 'ttl-not-255', detail: `TTL ${ttl}` });
  }
  t.same(examine(new Uint8Array(0), RX, SELF), { kind: 'rejected', reason: 'wrong-length', detail: 'empty' }, 'with 255 it is the next');
});

t.test('the group of the other family is not ours', async t => {
  const elsewhere = { ...RX, destination: VRRP_GROUP.ipv6 };
  t.match(examine(advert(RX, ['192.0.2.200']), elsewhere, SELF), { kind: 'rejected', reason: 'not-multicast', detail: 'sent to ff02::12' });
});

t.test('§7.1: a different address list is noted and admitted', async t => {
  const rows: readonly (readonly [readonly string[], { missing: string[]; extra: string[] } | null])[] = [
    [['192.0.2.200', '192.0.2.201'], null],
    [['192.0.2.201', '192.0.2.200'], null],
    [['192.0.2.200', '192.0.2.201', '192.0.2.200'], null],
    [['192.0.2.200'], { missing: ['192.0.2.201'], extra: [] }],
    [['192.0.2.200', '192.0.2.201', '192.0.2.202'], { missing: [], extra: ['192.0.2.202'] }],
    [['192.0.2.200', '192.0.2.202'], { missing: ['192.0.2.201'], extra: ['192.0.2.202'] }],
    [['192.0.2.202'], { missing: ['192.0.2.200', '192.0.2.201'], extra: ['192.0.2.202'] }],
  ];
  for (const [addresses, differs] of rows) {
    const verdict = examine(advert(RX, addresses), RX, SELF);
    t.equal(verdict.kind, 'admitted');
    if (verdict.kind === 'admitted') t.same(verdict.differs, differs, addresses.join(' '));
  }
});

t.test('the VRID is found without decoding', async t => {
  t.equal(peekVrid(new Uint8Array(0)), null);
  t.equal(peekVrid(Uint8Array.of(0x31)), null);
  for (const id of [0, 1, 254, 255]) t.equal(peekVrid(Uint8Array.of(0x31, id)), id);
});

t.test('property: noise never throws', async () => {
  const reception = fc.record({
    source: fc.constantFrom(RX.source, RX6.source, SELF.primary),
    destination: fc.constantFrom(RX.destination, RX6.destination, '192.0.2.1' as Address),
    ttl: fc.constantFrom(255, 254, 0),
  });
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.uint8Array({ maxLength: 20 }).map(rest => Uint8Array.of(0x31, 51, ...rest)),
  );
  fc.assert(
    fc.property(noise, reception, (message, rx) => ['admitted', 'rejected'].includes(examine(message, rx, SELF).kind)),
    { numRuns: 1000 },
  );
});
