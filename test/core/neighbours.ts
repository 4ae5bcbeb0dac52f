// Tests src/core/neighbours.ts: who speaks VRRP on an interface, ours or not, and why it is not believed.
import t from 'tap';
import { createNeighbours, type Neighbours } from '../../src/core/neighbours.ts';
import { type Admitted, examine, type Reception, type Rejected } from '../../src/vrrp/admit.ts';
import { type Advertisement, authenticate, encode, VRRP_GROUP } from '../../src/vrrp/packet.ts';
import { after, micros, millis, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { ip, virtualRouter } from '../fixtures/virtual-router.ts';

const PEER = ip('192.0.2.66');
const T = seconds(100);

const PLAIN: Advertisement = {
  kind: 'advertisement',
  version: 3,
  vrid: vrid(51),
  priority: priority(150),
  interval: millis(500),
  addresses: [ip('192.0.2.200')],
  checksum: 'rfc9568',
  authentication: null,
};

function message(change: Partial<Advertisement> = {}): Uint8Array {
  return encode({ ...PLAIN, ...change }, PEER, VRRP_GROUP.ipv4);
}

function reception(change: Partial<Reception> = {}): Reception {
  return { source: PEER, destination: VRRP_GROUP.ipv4, ttl: 255, ...change };
}

/** Heard by the router that has the VRID, with its own verdict. */
function judged(neighbours: Neighbours, bytes: Uint8Array, rx: Reception, self = virtualRouter()): Admitted | Rejected {
  const verdict = examine(bytes, rx, self);
  neighbours.heard(bytes, rx, self.name, verdict, T);
  return verdict;
}

t.test('one of ours: all that it says, and the router here that it speaks to', async t => {
  const neighbours = createNeighbours('hf0', 'ipv4');
  t.strictSame(neighbours.list(), []);
  judged(neighbours, message({ checksum: 'rfc5798' }), reception());
  t.strictSame(neighbours.list(), [
    {
      interface: 'hf0',
      family: 'ipv4',
      address: PEER,
      version: 3,
      vrid: 51,
      priority: 150,
      interval: 500_000,
      checksum: 'rfc5798',
      lastHeard: T,
      router: 'web',
      rejected: null,
    },
  ]);
});

t.test('a form of the checksum only where there are two', async t => {
  const v2 = createNeighbours('hf0', 'ipv4');
  v2.heard(message({ version: 2, interval: seconds(1), authentication: authenticate(null) }), reception(), null, null, T);
  t.match(v2.list(), [{ version: 2, interval: 1_000_000, checksum: null }]);
  const v6 = createNeighbours('hf0', 'ipv6');
  const rx = { source: ip('fe80::66'), destination: VRRP_GROUP.ipv6, ttl: 255 };
  v6.heard(encode({ ...PLAIN, addresses: [ip('fe80::112:51')] }, rx.source, rx.destination), rx, null, null, T);
  t.match(v6.list(), [{ family: 'ipv6', version: 3, address: 'fe80::66', checksum: null }]);
});

t.test('not ours: nobody here has its VRID', async t => {
  const neighbours = createNeighbours('hf0', 'ipv4');
  neighbours.heard(message({ vrid: vrid(77) }), reception(), null, null, T);
  t.match(neighbours.list(), [{ vrid: 77, router: null, rejected: { reason: 'unknown-vrid', detail: 'VRID 77' } }]);
});

t.test('why its last advertisement was not accepted, with the evidence', async t => {
  const cases = [
    [message(), reception({ ttl: 64 }), virtualRouter(), { reason: 'ttl-not-255', detail: 'TTL 64' }],
    [
      message({ version: 2, interval: seconds(1), authentication: authenticate(null) }),
      reception(),
      virtualRouter(),
      { reason: 'wrong-version', detail: 'version 2' },
    ],
    [message().with(6, 0), reception(), virtualRouter(), { reason: 'wrong-checksum' }],
    [
      message(),
      reception({ destination: ip('192.0.2.11') }),
      virtualRouter({ peers: [{ address: ip('192.0.2.12'), minTtl: 255, maxTtl: 255 }] }),
      { reason: 'not-a-peer', detail: 'from 192.0.2.66' },
    ],
    [
      message({ version: 2, interval: seconds(1), authentication: authenticate('theirs') }),
      reception(),
      virtualRouter({ version: 2, password: 'ours' }),
      { reason: 'wrong-password', detail: 'another password' },
    ],
  ] as const;
  for (const [bytes, rx, self, rejected] of cases) {
    const neighbours = createNeighbours('hf0', 'ipv4');
    judged(neighbours, bytes, rx, self);
    t.match(neighbours.list(), [{ router: 'web', rejected }], rejected.reason);
    t.notMatch(JSON.stringify(neighbours.list()), /ours|theirs/, 'no password');
  }
});

t.test('what cannot be read is listed with what can', async t => {
  const neighbours = createNeighbours('hf0', 'ipv4');
  neighbours.heard(Uint8Array.of(0x41, 9), reception(), null, null, T);
  t.match(neighbours.list(), [{ version: 4, vrid: 9, priority: null, interval: null, checksum: null }]);
  for (const bytes of [new Uint8Array(0), Uint8Array.of(0x31)]) neighbours.heard(bytes, reception(), null, null, T);
  t.equal(neighbours.list().length, 1, 'without a VRID it is nobody');
});

t.test('nobody judged it: no reason to show', async t => {
  const neighbours = createNeighbours('hf0', 'ipv4');
  neighbours.heard(message(), reception(), 'web', null, T);
  t.match(neighbours.list(), [{ router: 'web', rejected: { reason: 'not-running' } }]);
});

t.test('one for each address and VRID, as it was heard last', async t => {
  const neighbours = createNeighbours('hf0', 'ipv4');
  judged(neighbours, message(), reception({ ttl: 64 }));
  neighbours.heard(message({ vrid: vrid(52) }), reception(), null, null, T);
  neighbours.heard(message(), reception({ source: ip('192.0.2.67') }), null, null, T);
  t.equal(neighbours.list().length, 3);
  judged(neighbours, message({ priority: 0 }), reception());
  t.equal(neighbours.list().length, 3);
  t.match(neighbours.list().at(-1), { address: PEER, vrid: 51, priority: 0, rejected: null }, 'the reason of before is over');
});

t.test('256 at most: of a flood from invented addresses the latest are kept, and whoever goes on speaking', async t => {
  const neighbours = createNeighbours('hf0', 'ipv4');
  judged(neighbours, message(), reception());
  const quiet = ip('192.0.2.67');
  neighbours.heard(message(), reception({ source: quiet }), null, null, T);
  for (let number = 0; number < 1_000; number += 1) {
    const source = ip(`198.51.${Math.floor(number / 250)}.${number % 250}`);
    neighbours.heard(message(), reception({ source }), null, null, after(T, micros(number)));
    if (number === 200) t.equal(neighbours.list().length, 203);
    if (number % 100 === 0) judged(neighbours, message(), reception());
  }
  const addresses = neighbours.list().map(({ address }) => address);
  t.equal(addresses.length, 256);
  t.ok(addresses.includes(PEER));
  t.notOk(addresses.includes(quiet));
  t.equal(addresses.at(-1), '198.51.3.249');
});
