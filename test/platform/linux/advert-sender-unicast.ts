// What is sent to single peers. What comes back when they do not take it: advert-sender-unicast-errors.ts.
// Must not know what advertisements mean.
import t from 'tap';
import { MOST_SOCKETS } from '../../../src/platform/linux/advert-sender-unicast.ts';
import { addressBytes, type Family } from '../../../src/vrrp/address.ts';
import { type Namespace, needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { ip } from '../../fixtures/virtual-router.ts';
import { until } from '../../netns/lab/clock.ts';
import { advert, another, BOUND, begin, FAR, macOf, NEAR } from './fixtures/cable.ts';

const FAMILIES = ['ipv4', 'ipv6'] as const;

const message = advert(51);

/** All raw sockets as the kernel lists them. */
const sockets = (space: Namespace, family: Family) => space.run('cat', `/proc/net/${family === 'ipv4' ? 'raw' : 'raw6'}`);

/** The far end of a connected socket as it stands there: words in host byte order, and a port that is 0. */
function remote(address: string): string {
  const bytes = Buffer.from(addressBytes(ip(address)));
  return ` ${bytes.swap32().toString('hex').toUpperCase()}:0000`;
}

for (const family of FAMILIES) {
  t.test(`${family}: what is sent arrives: at the peer, TTL 255, network control, from the address that was chosen`, needs, async t => {
    const { far, link, listen, arrived } = await begin(t, family);
    await listen(51);
    const { call: peer } = await another(t, far, family);
    await peer.listenFor([51]);
    const destination = family === 'ipv4' ? FAR.ipv4 : '2001:db8::20';
    const sources = [...NEAR[family], ...NEAR[family]].filter(address => !address.startsWith('fe80'));
    t.equal(await link.send(sources.map(source => ({ message, source, destination }))), 0);
    const expected = { mac: await macOf(far), tos: 0xc0, ttl: 255, destination, message };
    t.same(
      await arrived(sources.length),
      sources.map(source => ({ ...expected, source })),
    );
    await until('the peer to hear it', BOUND, async () => (await peer.heard()).length >= sources.length);
    t.same(
      await peer.heard(),
      sources.map(source => ({ message, source, destination, ttl: 255 })),
    );
    t.same(await link.told(), []);
  });

  t.test(`${family}: a socket that sends keeps nothing of what it gets`, needs, async t => {
    const { near, far, link, listen, tell } = await begin(t, family);
    await listen(51, 200);
    const { call: peer } = await another(t, far, family);
    const [source] = NEAR[family];
    await peer.listenFor([51]);
    await link.send([{ message, source, destination: FAR[family] }]);
    await until('the peer to hear it', BOUND, async () => (await peer.heard()).length > 0);
    const mac = await macOf(near);
    t.equal((await tell(...Array.from({ length: 20 }, () => ({ message, mac, destination: source })))).length, 20);
    const table = await sockets(near, family);
    const connected = table.split('\n').filter(line => line.includes(remote(FAR[family])));
    t.equal(connected.length, 1, table);
    t.match(connected[0], /:00000000 00:/, 'an empty receive queue');
  });

  t.test(`${family}: from an address that is gone nothing leaves, and when it is back it does`, needs, async t => {
    const { near, far, link, listen, arrived, told } = await begin(t, family);
    await listen(51);
    const { call: peer } = await another(t, far, family);
    await peer.listenFor([51]);
    const destination = family === 'ipv4' ? FAR.ipv4 : '2001:db8::20';
    // The last one: others stay in its network, so that the way there stays too.
    const source = NEAR[family].at(-1) ?? '';
    const address = `${source}/${family === 'ipv4' ? 24 : 64} dev hf0`;
    await link.send([{ message, source, destination }]);
    await arrived(1);
    await near.ip(`address delete ${address}`);
    await link.send([{ message, source, destination }]);
    const [gone] = await told(1);
    t.match(gone, { destination, error: { op: 'send advertisement', code: /^E(INVAL|NETUNREACH|ADDRNOTAVAIL)$/ } });
    await near.ip(`address add ${address}${family === 'ipv6' ? ' nodad' : ''}`);
    await link.send([{ message, source, destination }]);
    t.same(await told(2), [gone, { destination, error: null }]);
    t.equal((await arrived(2)).length, 2);
  });

  t.test(`${family}: an interface that is down is told at once`, needs, async t => {
    const { near, link, listen, told } = await begin(t, family);
    await listen(51);
    await near.ip('link set hf0 down');
    t.equal(await link.send([{ message, source: NEAR[family][0], destination: FAR[family] }]), 0, 'but not before send has returned');
    t.match(await told(1), [
      { destination: FAR[family], error: { op: 'send advertisement', code: /^E(NETUNREACH|NETDOWN|ADDRNOTAVAIL)$/ } },
    ]);
  });

  t.test(`${family}: so many peers that the oldest sockets have to go`, needs, async t => {
    const { near, far, link, listen, arrived } = await begin(t, family);
    await listen(51);
    const before = await link.descriptors();
    const peers = Array.from({ length: MOST_SOCKETS + 6 }, (_, i) => (family === 'ipv4' ? `192.0.2.${100 + i}` : `fe80::1:${100 + i}`));
    await far.ip(...peers.map(peer => `address add ${peer}/${family === 'ipv4' ? 24 : '64 nodad'} dev hf0`));
    const [source] = NEAR[family];
    const to = (destination: string) => ({ message, source, destination });
    await link.send(peers.slice(0, MOST_SOCKETS).map(to));
    t.equal(await link.descriptors(), before + MOST_SOCKETS);
    await link.send(peers.map(to));
    t.equal(await link.descriptors(), before + MOST_SOCKETS);
    const found = await arrived(MOST_SOCKETS + peers.length);
    t.same(new Set(found.map(({ destination }) => destination)), new Set(peers));
    // The last MOST_SOCKETS are there now, and the longest unused is the first of them.
    const [oldest = '', next = ''] = peers.slice(-MOST_SOCKETS);
    await link.send([oldest, peers[0] ?? ''].map(to));
    const table = await sockets(near, family);
    t.ok(table.includes(remote(oldest)), 'used again');
    t.notOk(table.includes(remote(next)), 'gone');
  });
}
