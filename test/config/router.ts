// Tests src/config/router.ts: the routers of the protocol that come out of one virtual router of the file.
import t from 'tap';
import { isComplete, specsOf } from '../../src/config/router.ts';
import type { RouterSpec } from '../../src/vrrp/router.ts';
import { loadText, router } from '../fixtures/diagnose.ts';

async function specs(settings: Readonly<Record<string, string>>): Promise<readonly RouterSpec[]> {
  return (await loadText(router('web', settings))).plan?.routers ?? [];
}

/** Family and addresses of each. */
async function advertised(settings: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return (await specs(settings)).map(({ family, addresses }) =>
    [family, ...addresses.map(({ address, length }) => `${address}/${length}`)].join(' '),
  );
}

t.test('one router for each family, IPv4 first', async t => {
  for (const [addresses, ...expected] of [
    ['["192.0.2.200/24", "192.0.2.201"]', 'ipv4 192.0.2.200/24 192.0.2.201/32'],
    ['["fe80::1", "2001:db8::1/64"]', 'ipv6 fe80::1/128 2001:db8::1/64'],
    ['["fe80::1/64", "192.0.2.200/24", "2001:db8::1"]', 'ipv4 192.0.2.200/24', 'ipv6 fe80::1/64 2001:db8::1/128'],
  ] as const)
    t.strictSame(await advertised({ addresses }), expected, addresses);
});

t.test('over IPv6 a link-local address is first', async t => {
  for (const [addresses, expected] of [
    ['["2001:db8::2", "2001:db8::1"]', 'fe80::112:51/64 2001:db8::2/128 2001:db8::1/128'],
    ['["2001:db8::1", "fe80::9/64", "fe80::8/64"]', 'fe80::9/64 2001:db8::1/128 fe80::8/64'],
    ['["fe80::9", "fe80::8"]', 'fe80::9/128 fe80::8/128'],
    ['[{ address = "fe80::9", interface = "eth1" }]', 'fe80::112:51/64 fe80::9/128'],
    ['["2001:db8::1", { address = "fe80::9", interface = "eth0" }]', 'fe80::9/128 2001:db8::1/128'],
  ] as const)
    t.strictSame(await advertised({ addresses }), [`ipv6 ${expected}`], addresses);
  for (const [vrid, first] of [
    ['1', 'fe80::112:1/64'],
    ['99', 'fe80::112:99/64'],
    ['255', 'fe80::112:255/64'],
  ] as const)
    t.strictSame(await advertised({ vrid, addresses: '["2001:db8::1"]' }), [`ipv6 ${first} 2001:db8::1/128`]);
});

t.test('without addresses, peers and source tell the family', async t => {
  for (const [settings, ...expected] of [
    [{}, 'ipv4'],
    [{ source: '"192.0.2.10"' }, 'ipv4'],
    [{ source: '"fe80::1"' }, 'ipv6'],
    [{ peers: '["fe80::1"]' }, 'ipv6'],
    [{ peers: '["fe80::1", "192.0.2.11"]', source: '"192.0.2.10"' }, 'ipv4', 'ipv6'],
  ] as const)
    t.strictSame(await advertised({ addresses: '[]', ...settings }), expected, JSON.stringify(settings));
});

t.test('each router has what is of its family', async t => {
  const both = await specs({
    addresses: '["192.0.2.200/24", "fe80::1/64"]',
    peers: '["fe80::11", "192.0.2.11", { address = "fe80::12", min_ttl = 250, max_ttl = 254 }]',
    source: '"192.0.2.10"',
  });
  t.match(both, [
    { family: 'ipv4', peers: [{ address: '192.0.2.11', minTtl: 255, maxTtl: 255 }], source: '192.0.2.10' },
    {
      family: 'ipv6',
      peers: [
        { address: 'fe80::11', minTtl: 255, maxTtl: 255 },
        { address: 'fe80::12', minTtl: 250, maxTtl: 254 },
      ],
      source: null,
    },
  ]);
});

t.test('an address says only what differs', async t => {
  const addresses = `[
    { address = "192.0.2.200/24" },
    { address = "192.0.2.201/24", interface = "eth0", scope = "host" },
    { address = "192.0.2.202/24", interface = "eth1", label = "eth1:x" }
  ]`;
  t.strictSame((await specs({ addresses }))[0]?.addresses, [
    { address: '192.0.2.200', length: 24 },
    { address: '192.0.2.201', length: 24, scope: 'host' },
    { address: '192.0.2.202', length: 24, label: 'eth1:x', interface: 'eth1' },
  ]);
});

t.test('settings become the words of the protocol', async t => {
  t.match(await specs({ accept: 'false', lease: '"off"' }), [{ accept: false, lease: null, password: null }]);
  t.match(await specs({ lease: '"9s"', advert_interval: '"1.5s"' }), [{ lease: 9_000_000, advertInterval: 1_500_000 }]);
  t.match(await specs({ advert_interval: '"1.5s"' }), [{ lease: 9_000_000 }]);
  t.match(await specs({ version: '2', password: '"secret12"' }), [{ version: 2, password: 'secret12' }]);
  t.match(await specs({ version: '2', password: '{ file = "/x" }' }), [{ password: null }], 'to be fetched');
});

t.test('a router that misses a key is none', async t => {
  for (const key of ['interface', 'vrid', 'addresses']) {
    const { machine } = await loadText(router('web', { [key]: '' }));
    t.strictSame(machine.routers.filter(isComplete), [], key);
  }
  const { machine } = await loadText(router('web'));
  t.equal(machine.routers.filter(isComplete).flatMap(specsOf).length, 1);
});

t.test('points into the table that has the setting, and knows what was broken there', async t => {
  const text = `${router('web', { priority: '7' })}[node.here.vrrp.web]\nvrid = "x"\nsource = "192.0.2.10"\n[node.here.vrrp.own]\n`;
  const [web, own] = (await loadText(text)).machine.routers;
  t.strictSame(web?.placeOf(['priority']).path, ['vrrp', 'web', 'priority']);
  t.strictSame(web?.placeOf(['source']).path, ['node', 'here', 'vrrp', 'web', 'source']);
  t.strictSame(web?.placeOf(['peers', 1, 'address']).path, ['vrrp', 'web', 'peers', 1, 'address']);
  t.strictSame(web?.placeOf([]).path, ['vrrp', 'web']);
  t.strictSame(own?.placeOf(['vrid']).path, ['node', 'here', 'vrrp', 'own', 'vrid']);
  t.equal(web?.isBroken('vrid'), true);
  t.equal(web?.isBroken('priority'), false);
});
