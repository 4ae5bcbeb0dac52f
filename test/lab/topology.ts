// src/lab/topology.ts: who is plugged in where, and with which addresses.
import t from 'tap';
import { isNodeName, layOut, nodeNames, type Wish, type WishedRouter } from '../../src/lab/topology.ts';
import { usualWish } from '../../src/lab/usual.ts';
import { parsePrefix } from '../../src/vrrp/address.ts';
import { ip } from '../fixtures/virtual-router.ts';

function router(more: Partial<Omit<WishedRouter, 'addresses'>> & { readonly on?: readonly string[] } = {}): WishedRouter {
  const { on = ['192.0.2.200/24'], ...rest } = more;
  const device = rest.device ?? 'eth0';
  const addresses = on.map(text => {
    const [prefix = '', other] = text.split(' ');
    const parsed = parsePrefix(prefix);
    if (parsed === null) throw new Error(`${prefix} is no prefix`);
    return { ...parsed, device: other ?? device };
  });
  const family = addresses[0]?.address.includes(':') ? 'ipv6' : 'ipv4';
  return { name: 'web', family, vrid: 51, device, addresses, peers: [], source: null, accept: true, intervalMs: 100, ...rest };
}

function wish(name: string, routers: readonly WishedRouter[], more: Partial<Wish> = {}): Wish {
  const devices = routers.flatMap(each => [each.device, ...each.addresses.map(({ device }) => device)]);
  return { name, devices: [...new Set(devices)], routers, pinged: [], ...more };
}

const addresses = (topology: ReturnType<typeof layOut>) => topology.nodes.map(({ plugs }) => plugs.map(plug => plug.addresses));

t.test('the usual laboratory', async t => {
  const { bridges, nodes, client, targets } = layOut(nodeNames(3).map(usualWish));
  t.equal(bridges, 1);
  t.same(
    nodes.map(({ name, namespace, plugs }) => [name, namespace, plugs]),
    ['a', 'b', 'c'].map((letter, i) => [
      `edge-${letter}`,
      `hf-lab-edge-${letter}`,
      [{ name: 'hf0', device: 'hf0', bridge: 0, port: `edge-${letter}-0`, addresses: [`10.77.0.${11 + i}/24`], routes: [] }],
    ]),
  );
  t.same(client.plugs, [{ name: 'hf0', device: 'hf0', bridge: 0, port: 'client-0', addresses: ['10.77.0.100/24'], routes: [] }]);
  t.same(targets, [{ router: 'web', address: '10.77.0.200', intervalMs: 100 }]);
});

t.test('names of nodes are parts of names of interfaces', async t => {
  for (const name of ['a', 'edge-a', 'fw1', 'abcdefghijkl']) t.ok(isNodeName(name), name);
  for (const name of ['', 'A', '1a', 'abcdefghijklm', 'a.b', 'a b', 'client', 'switch', 'a_b']) t.notOk(isNodeName(name), name);
  for (const { port } of layOut([wish('abcdefghijkl', [router()])]).nodes.flatMap(({ plugs }) => plugs)) t.ok(port.length <= 15, port);
});

t.test('interfaces of one virtual router are on one switch, whatever each machine calls them', async t => {
  const { bridges, nodes } = layOut([wish('a', [router({ device: 'enp1s0' })]), wish('b', [router({ device: 'ens3' })])]);
  t.equal(bridges, 1);
  t.same(
    nodes.map(({ plugs }) => plugs[0]?.name),
    ['hf0', 'hf0'],
  );
});

t.test('each interface on its own switch', async t => {
  const both = ['192.0.2.200/24', '198.51.100.9/24 eth1'];
  const topology = layOut([wish('a', [router({ on: both })]), wish('b', [router({ on: both })])]);
  t.equal(topology.bridges, 2);
  t.same(addresses(topology), [
    [['192.0.2.11/24'], ['198.51.100.11/24']],
    [['192.0.2.12/24'], ['198.51.100.12/24']],
  ]);
  t.same(
    topology.nodes[0]?.plugs.map(({ name, bridge }) => [name, bridge]),
    [
      ['hf0', 0],
      ['hf1', 1],
    ],
  );
  t.same(
    topology.client.plugs.map(plug => plug.addresses),
    [['192.0.2.100/24'], ['198.51.100.100/24']],
  );
});

t.test('what a file names is kept: source, peers, and what a ping asks', async t => {
  const source = layOut([wish('a', [router({ source: ip('192.0.2.7') })]), wish('b', [router({ source: ip('192.0.2.8') })])]);
  t.same(addresses(source), [[['192.0.2.7/24']], [['192.0.2.8/24']]]);
  const paired = layOut([wish('a', [router({ peers: [ip('192.0.2.12')] })]), wish('b', [router({ peers: [ip('192.0.2.11')] })])]);
  t.same(addresses(paired), [[['192.0.2.11/24']], [['192.0.2.12/24']]]);
  const list = [ip('192.0.2.30'), ip('192.0.2.40')];
  const shared = layOut([wish('a', [router({ peers: list })]), wish('b', [router({ peers: list })])]);
  t.same(addresses(shared), [[['192.0.2.30/24']], [['192.0.2.40/24']]]);
  const lonely = layOut([wish('a', [router({ peers: [ip('192.0.2.30')] })]), wish('b', [router()])]);
  t.same(addresses(lonely), [[['192.0.2.11/24']], [['192.0.2.30/24']]], 'only one of them has a list');
  const pinged = layOut([wish('a', [router()], { pinged: [{ address: ip('192.0.2.11'), device: null }] }), wish('b', [router()])]);
  t.same(addresses(pinged), [[['192.0.2.12/24']], [['192.0.2.13/24']]], 'is nobody’s own address');
  t.same(pinged.client.plugs[0]?.addresses, ['192.0.2.100/24', '192.0.2.11/24'], 'but the client’s');
});

t.test('peers in other networks are reached all the same', async t => {
  const peers = [ip('192.0.2.11'), ip('203.0.113.12')];
  const { nodes } = layOut([wish('a', [router({ peers })]), wish('b', [router({ peers })])]);
  t.same(nodes[0]?.plugs[0], {
    name: 'hf0',
    device: 'eth0',
    bridge: 0,
    port: 'a-0',
    addresses: ['192.0.2.11/24'],
    routes: ['203.0.113.12/32'],
  });
  t.same(nodes[1]?.plugs[0]?.addresses, ['203.0.113.12/24', '192.0.2.12/24'], 'what the other one expects comes first');
});

t.test('IPv6, lone addresses, and networks with hardly any room', async t => {
  const six = layOut([wish('a', [router({ on: ['fe80::1/64', '2001:db8::200/64'] })])]);
  t.same(addresses(six), [[['2001:db8::b/64']]]);
  t.same(
    six.targets.map(({ address }) => address),
    ['2001:db8::200'],
    'a link-local address cannot be asked without its interface',
  );
  t.same(addresses(layOut([wish('a', [router({ on: ['192.0.2.200/32'] })])])), [[['192.0.2.11/24']]]);
  const small = layOut([wish('a', [router({ on: ['192.0.2.1/30'] })]), wish('b', [router({ on: ['192.0.2.1/30'] })])]);
  t.same(addresses(small), [[['192.0.2.2/30']], [[]]]);
  t.match(small.notes, ['b: no free address is left for eth0']);
  const taken = layOut([wish('a', [router({ on: ['192.0.2.11/24', '192.0.2.12/24'] })])]);
  t.same(addresses(taken), [[['192.0.2.13/24']]]);
});

t.test('the client asks what answers', async t => {
  const silent = router({ accept: false });
  t.same(layOut([wish('a', [silent])]).targets, []);
  t.same(layOut([wish('a', [router({ on: [] })])]).targets, []);
  const many = Array.from({ length: 6 }, (_, i) => router({ name: `r${i}`, vrid: i + 1, on: [`192.0.2.${200 + i}/24`] }));
  t.equal(layOut([wish('a', many)]).targets.length, 4);
  const slow = layOut([wish('a', [router()]), wish('b', [router({ intervalMs: 1000 })])]).targets;
  t.same(
    slow.map(({ intervalMs }) => intervalMs),
    [1000],
    'the longer interval is what must be waited for',
  );
});
