// Tests src/vrrp/admit.ts: each step of the ladder, and that the first failing step is the one that is named.
import t from 'tap';
import type { Address, Prefix } from '../../src/vrrp/address.ts';
import { examine, overheard, peekVrid, type Reception, type RejectReason } from '../../src/vrrp/admit.ts';
import { complement, sumPseudoHeader, sumWords } from '../../src/vrrp/checksum.ts';
import { type Advertisement, authenticate, encode, VRRP_GROUP } from '../../src/vrrp/packet.ts';
import type { Peer, VirtualRouter } from '../../src/vrrp/router.ts';
import { priority, seconds } from '../../src/vrrp/units.ts';
import fc from '../fixtures/property.ts';
import { virtualRouter } from '../fixtures/virtual-router.ts';

const SELF = virtualRouter({ addresses: prefixes('192.0.2.200', '192.0.2.201') });
const SELF6: VirtualRouter = { ...SELF, family: 'ipv6', addresses: prefixes('fe80::200'), primary: 'fe80::b' as Address };
const SELF2: VirtualRouter = { ...SELF, version: 2, password: 'opensesa' };
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
      authentication: null,
    },
    rx.source,
    rx.destination,
  );
}

/** The same in version 2, with the password of `SELF2`. */
function advert2(settings: Partial<Advertisement> = {}): Uint8Array {
  const advertisement: Advertisement = {
    kind: 'advertisement',
    version: 2,
    vrid: SELF.vrid,
    priority: priority(150),
    interval: seconds(1),
    addresses: SELF.addresses.map(({ address }) => address),
    checksum: 'rfc9568',
    authentication: authenticate('opensesa'),
  };
  return encode({ ...advertisement, ...settings }, RX.source, RX.destination);
}

function peer(address: string, minTtl = 255, maxTtl = 255): Peer {
  return { address: address as Address, minTtl, maxTtl };
}

/** Header bytes and what follows them as given, with the right checksum or one that is wrong by 1. */
function raw(rx: Reception, header: readonly number[], rest: Uint8Array, rightChecksum: boolean): Uint8Array {
  const message = Uint8Array.of(...header, 0, 0, ...rest);
  const pseudoHeader = header[0] === 0x21 ? 0 : sumPseudoHeader(rx.source, rx.destination, 112, message.length);
  const checksum = complement(sumWords(message) + pseudoHeader);
  message.set([checksum >>> 8, (checksum & 0xff) ^ (rightChecksum ? 0 : 1)], 6);
  return message;
}

t.test('a good packet is admitted, with what it says', async t => {
  t.match(examine(advert(RX, ['192.0.2.200', '192.0.2.201']), RX, SELF), {
    kind: 'admitted',
    advertisement: { vrid: 51, priority: 150, interval: 1_000_000, checksum: 'rfc5798' },
    differs: null,
  });
  t.match(examine(advert2(), RX, SELF2), {
    kind: 'admitted',
    advertisement: { version: 2, vrid: 51, priority: 150, interval: 1_000_000, checksum: 'rfc9568' },
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
    const old = advert2({ priority: level === 0 ? 0 : priority(level) });
    t.equal(examine(old, RX, SELF2).kind, 'admitted', `priority ${level} in version 2`);
    t.equal(examine(old, RX, { ...SELF2, priority: priority(255) }).kind, 'admitted', `priority ${level} at the owner in version 2`);
  }
});

/** What a packet and its receiver are made of; at first everything about them is wrong. */
interface Draft {
  readonly ttl: number;
  readonly destination: Address;
  readonly version: number;
  readonly type: number;
  readonly trailing: number;
  readonly checksum: boolean;
  readonly vrid: number;
  readonly interval: number;
  readonly count: number;
  readonly primary: Address;
  readonly peers: readonly Peer[];
  readonly authentication: number;
  readonly password: string;
}

type Rung = readonly [reason: RejectReason, detail: string, repair: Partial<Draft>];

const LADDERS: readonly (readonly [string, Reception, VirtualRouter])[] = [
  ['IPv4', RX, SELF],
  ['IPv6', RX6, SELF6],
  ['version 2', RX, SELF2],
  ['IPv4 unicast', { ...RX, destination: SELF.primary }, { ...SELF, peers: [peer('192.0.2.10')] }],
  ['IPv6 unicast', { ...RX6, destination: SELF6.primary }, { ...SELF6, peers: [peer('fe80::a')] }],
  ['version 2 unicast', { ...RX, destination: SELF.primary }, { ...SELF2, peers: [peer('192.0.2.10')] }],
];

for (const [name, rx, self] of LADDERS) {
  t.test(`the ladder: of everything that is wrong, the first step is named: ${name}`, async t => {
    const { family } = self;
    const old = self.version === 2;
    const unicast = self.peers.length > 0;
    const away = unicast ? VRRP_GROUP[family] : self.primary;
    const wrong: Draft = {
      ttl: 254,
      destination: away,
      version: old ? 3 : 2,
      type: 2,
      trailing: 1,
      checksum: false,
      vrid: 0,
      interval: 0,
      count: 0,
      primary: rx.source,
      peers: unicast ? [peer('192.0.2.99')] : [],
      authentication: 0,
      password: '',
    };
    // Each row says what the packet is rejected for, and then repairs that one thing.
    const rungs: readonly Rung[] = [
      ['ttl-not-255', family === 'ipv4' ? 'TTL 254' : 'hop limit 254', { ttl: 255 }],
      [unicast ? 'not-unicast' : 'not-multicast', `sent to ${away}`, { destination: rx.destination }],
      ['wrong-version', old ? 'version 3' : 'version 2', { version: self.version }],
      ['wrong-type', 'type 2', { type: 1 }],
      ['wrong-length', old ? '17 bytes, 16 for 0 addresses' : '9 bytes, 8 for 0 addresses', { trailing: 0 }],
      ['wrong-checksum', '', { checksum: true }],
      ['zero-vrid', 'VRID 0', { vrid: 52 }],
      ['zero-interval', 'interval 0', { interval: 2 }],
      ['no-addresses', 'count 0', { count: 1 }],
      ['unknown-vrid', 'VRID 52', { vrid: 51 }],
      ['own-packet', `from ${rx.source}`, { primary: self.primary }],
      ...(unicast ? ([['not-a-peer', `from ${rx.source}`, { peers: self.peers }]] satisfies Rung[]) : []),
      ...(old
        ? ([
            ['wrong-password', 'no password', { authentication: 1 }],
            ['wrong-password', 'another password', { password: 'opensesa' }],
            ['wrong-interval', 'interval 2 s, 1 s here', { interval: 1 }],
          ] satisfies Rung[])
        : []),
    ];
    let now = wrong;
    const verdict = () => {
      const reception = { source: rx.source, destination: now.destination, ttl: now.ttl };
      const header = [(now.version << 4) | now.type, now.vrid, 100, now.count, now.authentication, now.interval];
      const rest = new Uint8Array(now.count * (family === 'ipv4' ? 4 : 16) + (old ? 8 : 0) + now.trailing);
      rest.set(new TextEncoder().encode(now.password), now.count * 4);
      return examine(raw(reception, header, rest, now.checksum), reception, { ...self, primary: now.primary, peers: now.peers });
    };
    for (const [reason, detail, repair] of rungs) {
      const rejected = verdict();
      t.match(rejected, { kind: 'rejected', reason }, reason);
      if (detail !== '' && rejected.kind === 'rejected') t.equal(rejected.detail, detail, 'evidence');
      now = { ...now, ...repair };
    }
    t.match(verdict(), { kind: 'admitted' }, 'nothing wrong is left');
  });
}

t.test('§7.1: the other version is named, however broken the packet is otherwise', async t => {
  for (const [first, self, detail] of [
    [0x21, SELF, 'version 2'],
    [0x2f, SELF, 'version 2'],
    [0x31, SELF2, 'version 3'],
    [0x01, SELF2, 'version 0'],
    [0xf1, SELF, 'version 15'],
  ] as const) {
    for (const message of [Uint8Array.of(first), Uint8Array.of(first, 51, 100, 9, 9)]) {
      t.same(examine(message, RX, self), { kind: 'rejected', reason: 'wrong-version', detail });
    }
  }
  const misconfigured = { ...SELF6, version: 2 as const };
  t.match(examine(Uint8Array.of(0x21, 51), RX6, misconfigured), { reason: 'wrong-version', detail: 'version 2 over IPv6' });
});

t.test('RFC 3768 §7.1: what version 2 says to prove itself must be what is set here', async t => {
  const rows: readonly (readonly [ours: string | null, type: number, theirs: string, detail: string | null])[] = [
    [null, 0, '', null],
    [null, 0, 'whatever', null],
    [null, 1, 'opensesa', 'a password, none is set here'],
    [null, 2, '', 'authentication type 2'],
    [null, 255, '', 'authentication type 255'],
    ['opensesa', 0, '', 'no password'],
    ['opensesa', 0, 'opensesa', 'no password'],
    ['opensesa', 1, 'opensesa', null],
    ['opensesa', 1, 'opensess', 'another password'],
    ['opensesa', 1, 'Opensesa', 'another password'],
    ['opensesa', 1, '', 'another password'],
    ['opensesa', 2, 'opensesa', 'authentication type 2'],
    ['open', 1, 'open', null],
    ['open', 1, 'opens', 'another password'],
    ['open', 1, 'ope', 'another password'],
  ];
  for (const [password, type, theirs, detail] of rows) {
    const data = new Uint8Array(8);
    data.set(new TextEncoder().encode(theirs));
    const message = advert2({ authentication: { type, data } });
    const verdict = examine(message, RX, { ...SELF2, password });
    const title = `${password} here, type ${type} "${theirs}"`;
    if (detail === null) t.equal(verdict.kind, 'admitted', title);
    else t.same(verdict, { kind: 'rejected', reason: 'wrong-password', detail }, title);
  }
});

t.test('RFC 3768 §7.1: version 2 discards another interval, version 3 adopts it', async t => {
  for (const [theirs, ours] of [
    [1, 2],
    [2, 1],
    [255, 1],
  ] as const) {
    const message = advert2({ interval: seconds(theirs) });
    t.same(examine(message, RX, { ...SELF2, advertInterval: seconds(ours) }), {
      kind: 'rejected',
      reason: 'wrong-interval',
      detail: `interval ${theirs} s, ${ours} s here`,
    });
    t.equal(examine(message, RX, { ...SELF2, advertInterval: seconds(theirs) }).kind, 'admitted');
  }
  t.equal(examine(advert(RX, ['192.0.2.200']), RX, { ...SELF, advertInterval: seconds(7) }).kind, 'admitted');
});

t.test('erratum 8299: no address is nothing, unless we have none either', async t => {
  for (const [message, rx, self] of [
    [advert(RX, []), RX, SELF],
    [advert(RX6, []), RX6, SELF6],
    [advert2({ addresses: [] }), RX, SELF2],
  ] as const) {
    t.same(examine(message, rx, self), { kind: 'rejected', reason: 'no-addresses', detail: 'count 0' });
    t.match(examine(message, rx, { ...self, addresses: [] }), { kind: 'admitted', differs: null });
  }
  t.match(examine(advert(RX, ['192.0.2.200']), RX, { ...SELF, addresses: [] }), {
    kind: 'admitted',
    differs: { missing: [], extra: ['192.0.2.200'], more: 0 },
  });
});

t.test('unicast: each peer may have a range of TTLs of its own', async t => {
  const self: VirtualRouter = { ...SELF, peers: [peer('192.0.2.10', 250, 255), peer('192.0.2.20'), peer('192.0.2.30', 63, 63)] };
  const self6: VirtualRouter = { ...SELF6, peers: [peer('fe80::a', 1, 64)] };
  const rows: readonly (readonly [VirtualRouter, string, number, string | null])[] = [
    [self, '192.0.2.10', 249, 'TTL 249, 250 to 255 expected of this peer'],
    [self, '192.0.2.10', 64, 'TTL 64, 250 to 255 expected of this peer'],
    [self, '192.0.2.10', 250, null],
    [self, '192.0.2.10', 255, null],
    [self, '192.0.2.20', 254, 'TTL 254'],
    [self, '192.0.2.20', 255, null],
    [self, '192.0.2.30', 62, 'TTL 62, 63 expected of this peer'],
    [self, '192.0.2.30', 63, null],
    [self, '192.0.2.30', 255, 'TTL 255, 63 expected of this peer'],
    [self, '192.0.2.40', 254, 'TTL 254'],
    [self6, 'fe80::a', 65, 'hop limit 65, 1 to 64 expected of this peer'],
    [self6, 'fe80::a', 0, 'hop limit 0, 1 to 64 expected of this peer'],
    [self6, 'fe80::a', 1, null],
    [self6, 'fe80::a', 64, null],
  ];
  for (const [router, from, ttl, detail] of rows) {
    const rx: Reception = { source: from as Address, destination: router.primary, ttl };
    const addresses = router.addresses.map(({ address }) => address);
    const verdict = examine(advert(rx, addresses), rx, router);
    if (detail === null) t.match(verdict, { kind: 'admitted', differs: null }, `${from} with ${ttl}`);
    else t.same(verdict, { kind: 'rejected', reason: 'ttl-not-255', detail }, `${from} with ${ttl}`);
  }
});

t.test('unicast: a stranger is nobody, whatever it claims', async t => {
  const self: VirtualRouter = { ...SELF, peers: [peer('192.0.2.20')] };
  const rx = { ...RX, destination: self.primary };
  for (const level of [0, 1, 255]) {
    t.same(examine(advert(rx, ['192.0.2.200'], level), rx, self), { kind: 'rejected', reason: 'not-a-peer', detail: 'from 192.0.2.10' });
  }
  t.match(examine(advert(RX, ['192.0.2.200']), RX, self), { reason: 'not-unicast' }, 'nor is a peer that speaks to the group');
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
    if (verdict.kind === 'admitted') t.strictSame(verdict.differs, differs && { ...differs, more: 0 }, addresses.join(' '));
  }
});

t.test('§7.1: of lists that have little in common the first 8 of each kind are named, and the others counted', async t => {
  const ours = Array.from({ length: 9 }, (_, i) => `10.1.0.${i}`);
  const theirs = Array.from({ length: 255 }, (_, i) => `10.2.0.${i}`);
  const verdict = examine(advert(RX, theirs), RX, { ...SELF, addresses: prefixes(...ours) });
  t.equal(verdict.kind, 'admitted');
  if (verdict.kind === 'admitted') t.strictSame(verdict.differs, { missing: ours.slice(0, 8), extra: theirs.slice(0, 8), more: 1 + 247 });
});

t.test('the VRID is found without decoding', async t => {
  t.equal(peekVrid(new Uint8Array(0)), null);
  t.equal(peekVrid(Uint8Array.of(0x31)), null);
  for (const id of [0, 1, 254, 255]) t.equal(peekVrid(Uint8Array.of(0x31, id)), id);
});

t.test('overheard: what any VRRP packet says about its sender, believing nothing', async t => {
  const V3 = { version: 3, vrid: 51, priority: 150, interval: 1_000_000 };
  const good = advert(RX, ['192.0.2.200']);
  t.same(overheard(good, RX), { ...V3, checksum: 'rfc5798' });
  t.same(overheard(advert(RX6, ['fe80::200']), RX6), { ...V3, checksum: 'rfc9568' });
  t.same(overheard(advert2(), RX), { ...V3, version: 2, checksum: 'rfc9568' });
  t.same(overheard(advert(RX, [], 0), RX), { ...V3, priority: 0, checksum: 'rfc5798' }, 'who resigns');
  t.same(overheard(advert(RX, []), { ...RX, source: '192.0.2.77' as Address }), { ...V3, checksum: null }, 'with a wrong checksum');
  t.same(overheard(good.subarray(0, 8), RX), { ...V3, checksum: null }, 'a header alone');
  t.same(overheard(Uint8Array.of(0x21, 7, 9, 0, 1, 0, 0, 0), RX), { version: 2, vrid: 7, priority: 9, interval: 0, checksum: null });
  const unread = { priority: null, interval: null, checksum: null };
  t.same(overheard(good.subarray(0, 7), RX), { version: 3, vrid: 51, ...unread }, 'a part of a header');
  t.same(overheard(Uint8Array.of(0x41, 0, ...good.subarray(2)), RX), { version: 4, vrid: 0, ...unread }, 'another version');
  t.same(overheard(Uint8Array.of(0x32, 51, ...good.subarray(2)), RX), { version: 3, vrid: 51, ...unread }, 'another type');
  t.same(overheard(Uint8Array.of(0x22, 51, ...good.subarray(2)), RX), { version: 2, vrid: 51, ...unread }, 'another type of version 2');
  t.same(overheard(good.subarray(0, 2), RX), { version: 3, vrid: 51, ...unread }, 'version and VRID');
  t.equal(overheard(good.subarray(0, 1), RX), null);
  t.equal(overheard(new Uint8Array(0), RX), null);
  const inside = Uint8Array.of(0xaa, ...good, 0xbb);
  t.same(overheard(inside.subarray(1, 13), RX), { ...V3, checksum: 'rfc5798' }, 'wherever in a buffer it lies');
});

t.test('property: noise never throws', async () => {
  const reception = fc.record({
    source: fc.constantFrom(RX.source, RX6.source, SELF.primary),
    destination: fc.constantFrom(RX.destination, RX6.destination, '192.0.2.1' as Address),
    ttl: fc.constantFrom(255, 254, 0),
  });
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.tuple(fc.constantFrom(0x21, 0x31), fc.uint8Array({ maxLength: 20 })).map(([first, rest]) => Uint8Array.of(first, 51, ...rest)),
  );
  const routers = fc.constantFrom(SELF, SELF6, SELF2, { ...SELF, peers: [peer('192.0.2.10', 0, 255)] }, { ...SELF2, addresses: [] });
  fc.assert(
    fc.property(noise, reception, routers, (message, rx, self) => {
      const heard = overheard(message, rx);
      return ['admitted', 'rejected'].includes(examine(message, rx, self).kind) && (heard === null) === message.length < 2;
    }),
    { numRuns: 2000 },
  );
});
