// Tests src/core/speaker.ts: to whom an advertisement goes, from which address and in which form.
import t from 'tap';
import { createSpeaker } from '../../src/core/speaker.ts';
import type { AdvertLink, Link } from '../../src/platform/ports.ts';
import type { Address } from '../../src/vrrp/address.ts';
import type { Admitted } from '../../src/vrrp/admit.ts';
import { type Advertisement, authenticate, decode, VRRP_GROUP } from '../../src/vrrp/packet.ts';
import type { ChecksumForm, VirtualRouter } from '../../src/vrrp/router.ts';
import { after, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { ip, prefix, virtualRouter } from '../fixtures/virtual-router.ts';

const OLD = ip('192.0.2.66');
const NEW = ip('192.0.2.67');
const OURS = ip('192.0.2.11');
const PEERS = ['192.0.2.12', '192.0.2.11', '192.0.2.13'].map(text => ({ address: ip(text), minTtl: 255, maxTtl: 255 }));
const T = seconds(100);

interface Sent {
  readonly source: Address;
  readonly destination: Address;
  readonly said: Advertisement;
}

interface Recorder extends AdvertLink {
  readonly sent: readonly Sent[];
}

function recorder(): Recorder {
  const sent: Sent[] = [];
  return {
    sent,
    receive: () => null,
    overhear: () => null,
    listenFor: () => {},
    close: () => {},
    send(message, source, destination) {
      const said = decode(message, { source, destination });
      if (said.kind === 'malformed') throw new Error(said.detail);
      sent.push({ source, destination, said });
    },
  };
}

function link(...own: readonly string[]): Link {
  const addresses = own.map(text => ({ ...prefix(text), validFor: null, marked: false, secondary: false, tentative: false }));
  return { name: 'hf0', index: 2, unusable: null, mac: Uint8Array.of(2, 0, 0, 0, 0, 1), addresses };
}

const HF0 = link('192.0.2.11/24');

function heard(from: Address, checksum: ChecksumForm, differs: Admitted['differs'] = null): [Admitted, Address] {
  const advertisement: Advertisement = {
    kind: 'advertisement',
    version: 3,
    vrid: vrid(51),
    priority: priority(50),
    interval: seconds(1),
    addresses: [],
    checksum,
    authentication: null,
  };
  return [{ kind: 'admitted', advertisement, differs }, from];
}

function advertised(router: VirtualRouter, remembered: readonly ChecksumForm[] = [], on = HF0): readonly Sent[] {
  const over = recorder();
  createSpeaker(remembered).advertise(over, on, router, router.priority);
  return over.sent;
}

function forms(sent: readonly Sent[]): readonly ChecksumForm[] {
  return sent.map(({ said }) => said.checksum);
}

t.test('to the group, from our own address, what is configured', async t => {
  const addresses = [prefix('192.0.2.200/24'), prefix('192.0.2.201/32')];
  t.strictSame(advertised(virtualRouter({ addresses })), [
    {
      source: OURS,
      destination: VRRP_GROUP.ipv4,
      said: {
        kind: 'advertisement',
        version: 3,
        vrid: 51,
        priority: 100,
        interval: 1_000_000,
        addresses: ['192.0.2.200', '192.0.2.201'],
        checksum: 'rfc9568',
        authentication: null,
      },
    },
  ]);
});

t.test('the priority is what it is told: 0 resigns', async t => {
  const over = recorder();
  createSpeaker([]).advertise(over, HF0, virtualRouter(), 0);
  t.match(over.sent, [{ said: { priority: 0 } }]);
});

t.test('IPv6: to ff02::12 from the link-local address', async t => {
  const v6 = virtualRouter({ family: 'ipv6', addresses: [prefix('fe80::112:51/64'), prefix('2001:db8::200/64')], primary: ip('fe80::11') });
  t.match(advertised(v6, ['rfc5798']), [
    { source: 'fe80::11', destination: 'ff02::12', said: { addresses: ['fe80::112:51', '2001:db8::200'], checksum: 'rfc9568' } },
  ]);
});

t.test('version 2: in seconds, with the password or without, in one form whatever was remembered', async t => {
  const v2 = virtualRouter({ version: 2, advertInterval: seconds(3) });
  const [none] = advertised(v2, ['rfc5798', 'rfc9568']);
  t.match(none, { said: { version: 2, interval: 3_000_000, addresses: ['192.0.2.200'], checksum: 'rfc9568' } });
  t.strictSame(none?.said.authentication, authenticate(null));
  const sent = advertised({ ...v2, password: 'geheim' }, ['rfc5798', 'rfc9568']);
  t.equal(sent.length, 1);
  t.strictSame(sent[0]?.said.authentication, { type: 1, data: Uint8Array.of(...Buffer.from('geheim'), 0, 0) });
});

t.test('version 3 says no password, also where one is left in the file', async t => {
  t.strictSame(advertised(virtualRouter({ password: 'geheim' }))[0]?.said.authentication, null);
});

t.test('no addresses: a count of 0', async t => {
  t.match(advertised(virtualRouter({ addresses: [] })), [{ said: { addresses: [] } }]);
});

t.test('unicast: to each peer but ourselves, in the order of the file; not to the group', async t => {
  const sent = advertised(virtualRouter({ peers: PEERS }));
  t.strictSame(
    sent.map(({ source, destination }) => `${source} ${destination}`),
    ['192.0.2.11 192.0.2.12', '192.0.2.11 192.0.2.13'],
  );
  const second = advertised(virtualRouter({ peers: PEERS, primary: ip('192.0.2.99') }), [], link('192.0.2.99/24', '192.0.2.11/24'));
  t.equal(second.length, 2, 'ourselves is every address of this interface, not only the one to speak from');
});

t.test('unicast with nobody but ourselves: silence, and not the group', async t => {
  t.strictSame(advertised(virtualRouter({ peers: PEERS.slice(1, 2) })), []);
});

t.test('unicast in the form of RFC 5798: the pseudo-header has the peer, not the group', async t => {
  t.strictSame(forms(advertised(virtualRouter({ peers: PEERS, checksum: 'rfc5798' }))), ['rfc5798', 'rfc5798']);
});

t.test('peers that differ get each advertisement in both forms', async t => {
  const speaker = createSpeaker([]);
  const router = virtualRouter();
  t.equal(speaker.heard(...heard(OLD, 'rfc5798'), router, T), true);
  t.equal(speaker.heard(...heard(NEW, 'rfc9568'), router, T), true);
  const over = recorder();
  speaker.advertise(over, HF0, router, router.priority);
  t.strictSame(forms(over.sent), ['rfc5798', 'rfc9568']);
  t.strictSame(
    [speaker.forms(router), speaker.learned()],
    [
      ['rfc5798', 'rfc9568'],
      ['rfc5798', 'rfc9568'],
    ],
  );
  const [first, second] = over.sent;
  t.strictSame(first, { ...second, said: { ...second?.said, checksum: 'rfc5798' } }, 'that is all in which they differ');
  const unicast = recorder();
  speaker.advertise(unicast, HF0, { ...router, peers: PEERS }, router.priority);
  t.equal(unicast.sent.length, 4, 'each to each peer');
});

t.test('decision 0025: the list without what we put first goes to whom wants it so; a peer with the whole list has it whole', async t => {
  const speaker = createSpeaker([]);
  const derived = { ...prefix('fe80::112:51/64'), derived: true } as const;
  const router = virtualRouter({ family: 'ipv6', addresses: [derived, prefix('2001:db8::200/64')], primary: ip('fe80::11') });
  const lists = (): readonly (readonly string[])[] => {
    const over = recorder();
    speaker.advertise(over, link('fe80::11/64'), router, router.priority);
    return over.sent.map(({ said }) => said.addresses);
  };
  const [whole, short] = [['fe80::112:51', '2001:db8::200'], ['2001:db8::200']];
  const lacks = { missing: [derived.address], extra: [], more: 0 };
  t.strictSame(lists(), [whole]);
  t.equal(
    speaker.heard(...heard(ip('fe80::66'), 'rfc9568', { missing: [ip('2001:db8::200')], extra: [], more: 0 }), router, T),
    false,
    'another difference',
  );
  t.equal(speaker.heard(...heard(ip('fe80::67'), 'rfc9568', lacks), router, T), true);
  t.strictSame([lists(), speaker.shortens(router)], [[whole, short], true], 'one of each kind');
  t.equal(speaker.heard(...heard(ip('fe80::66'), 'rfc9568', lacks), router, after(T, seconds(10))), true);
  t.strictSame(lists(), [short], 'all of them');
  t.equal(speaker.heard(...heard(ip('fe80::66'), 'rfc9568'), router, after(T, seconds(20))), true);
  t.equal(speaker.heard(...heard(ip('fe80::67'), 'rfc9568'), router, after(T, seconds(20))), true);
  t.strictSame([lists(), speaker.shortens(router)], [[whole], false], 'and back');
  t.strictSame([speaker.learned(), speaker.forms(router)], [[], ['rfc9568']]);
});

t.test('the form that an earlier life remembered is the first one spoken', async t => {
  t.strictSame(forms(advertised(virtualRouter(), ['rfc5798'])), ['rfc5798']);
});

t.test('status of the peers: ourselves, when last heard, and what the network says of the way there', async t => {
  const speaker = createSpeaker([]);
  const router = virtualRouter({ peers: PEERS });
  const trouble = (peer: Address): string | null => (peer === '192.0.2.12' ? null : 'EHOSTUNREACH');
  t.strictSame(speaker.peers(router, HF0, trouble), [
    { address: '192.0.2.12', self: false, lastHeard: null, trouble: null },
    { address: '192.0.2.11', self: true, lastHeard: null, trouble: null },
    { address: '192.0.2.13', self: false, lastHeard: null, trouble: 'EHOSTUNREACH' },
  ]);
  speaker.heard(...heard(ip('192.0.2.12'), 'rfc9568'), router, T);
  t.match(speaker.peers(router, HF0, trouble), [{ address: '192.0.2.12', lastHeard: T }, {}, { lastHeard: null }]);
  t.match(speaker.peers(router, null, trouble), [{}, { self: false }, {}], 'without an interface nobody is ourselves');
  t.strictSame(speaker.peers(virtualRouter(), HF0, trouble), []);
});

t.test('multicast keeps no list of who was heard', async t => {
  const speaker = createSpeaker([]);
  speaker.heard(...heard(ip('192.0.2.12'), 'rfc9568'), virtualRouter(), T);
  t.match(
    speaker.peers(virtualRouter({ peers: PEERS }), HF0, () => null),
    [{ lastHeard: null }, {}, {}],
  );
});
