// Tests src/config/environment.ts: what a machine's interfaces say about a plan.
import t from 'tap';
import { render } from '../../src/config/diagnostic.ts';
import { environment, type Interfaces } from '../../src/config/environment.ts';
import { parsePrefix } from '../../src/vrrp/address.ts';
import { brief, loadText, router } from '../fixtures/diagnose.ts';

function machine(interfaces: Readonly<Record<string, readonly string[]>>): Interfaces {
  return new Map(Object.entries(interfaces).map(([name, list]) => [name, list.flatMap(text => parsePrefix(text) ?? [])]));
}

const TWO = machine({ eth0: ['192.0.2.10/24', 'fe80::1/64'], eth1: ['198.51.100.10/24'] });

async function look(text: string, here: Interfaces, absent: 'warn' | 'ignore' = 'warn'): Promise<readonly string[]> {
  return (await environment(await loadText(text), here, absent)).map(brief);
}

t.test('an address inside a network of its interface is fine', async t => {
  t.strictSame(await look(router('web'), TWO), []);
  t.strictSame(await look(router('web', { addresses: '["192.0.2.200"]' }), TWO), []);
});

t.test('an address outside is a warning that names the interface that fits', async t => {
  const text = router('web', { interface: '"eth1"', addresses: '["198.51.100.1", "192.0.2.200/24"]' });
  const [warning] = await environment(await loadText(text), TWO, 'ignore');
  t.ok(warning);
  t.equal(
    warning && render(warning, text),
    `warning[address-outside-networks]: 192.0.2.200 is not inside any network of eth1
 --> holdfast.toml:4:30
4 | addresses = ["198.51.100.1", "192.0.2.200/24"]
  |                              ^^^^^^^^^^^^^^^^ eth1 has 198.51.100.10/24
  = hint: it is inside a network of eth0: \`{ address = "192.0.2.200/24", interface = "eth0" }\``,
  );
});

t.test('where all addresses are outside, the router is on the wrong interface', async t => {
  const [warning] = await environment(await loadText(router('web', { interface: '"eth1"' })), TWO, 'ignore');
  t.match(warning, { hint: 'it is inside a network of eth0: `interface = "eth0"`' });
  const own = '["198.51.100.1", { address = "192.0.2.200", interface = "eth1" }]';
  const [other] = await environment(await loadText(router('web', { interface: '"eth1"', addresses: own })), TWO, 'ignore');
  t.match(other, { hint: 'it is inside a network of eth0: `interface = "eth0"`' }, 'or the address is, which names one');
});

t.test('an address on another interface is compared with that one', async t => {
  const on = (device: string) => router('web', { addresses: `["192.0.2.200", { address = "198.51.100.1/24", interface = "${device}" }]` });
  t.strictSame(await look(on('eth1'), TWO), []);
  t.strictSame(await look(on('eth0'), TWO), ['address-outside-networks 4:29 198.51.100.1 is not inside any network of eth0']);
  t.strictSame(await look(on('eth7'), TWO), ['interface-missing 4:72 there is no interface `eth7` on this machine']);
  t.strictSame(await look(on('eth7'), TWO, 'ignore'), []);
});

const SIX = machine({ eth0: ['192.0.2.10/24', 'fe80::1/64', '2001:db8::10/64'], eth1: ['fe80::2/64'], eth2: ['192.0.2.11/24'] });

t.test('IPv6 addresses too, but link-local ones are at home everywhere', async t => {
  const both = '["192.0.2.200", "2001:db8::200", "fe80::200"]';
  t.strictSame(await look(router('web', { addresses: both }), SIX), []);
  t.strictSame(await look(router('web', { interface: '"eth2"', addresses: '["fe80::200"]' }), SIX), []);
  for (const [device, label] of [
    ['eth1', 'eth1 has no IPv6 address but its link-local one'],
    ['eth2', 'eth2 has no IPv6 address'],
  ]) {
    const loaded = await loadText(router('web', { interface: `"${device}"`, addresses: '["fe80::200", "2001:db8::200"]' }));
    t.match(await environment(loaded, SIX, 'warn'), [
      {
        code: 'address-outside-networks',
        label,
        hint: 'it is inside a network of eth0: `interface = "eth0"`',
        span: { line: 4, column: 27 },
      },
    ]);
  }
  const strange = await environment(await loadText(router('web', { addresses: '["fe80::200", "2001:db8:9::1"]' })), SIX, 'warn');
  t.match(strange, [{ label: 'eth0 has 2001:db8::10/64', hint: /only if they have a route/ }]);
  const held = machine({ eth0: ['fe80::112:51/64', '2001:db8::200/64'] });
  t.match(await look(router('web', { addresses: '["2001:db8::200/64"]' }), held), [/^address-outside-networks/], 'our own prove nothing');
});

t.test('a source that the interface does not have is a warning', async t => {
  const from = (source: string, more = {}) => router('web', { source: `"${source}"`, ...more });
  t.strictSame(await look(from('192.0.2.10'), TWO), []);
  t.strictSame(await look(from('192.0.2.11'), TWO), ['source-missing 5:10 eth0 does not have the address 192.0.2.11 to send from']);
  t.strictSame(await look(from('198.51.100.10'), TWO), ['source-missing 5:10 eth0 does not have the address 198.51.100.10 to send from']);
  t.strictSame(await look(from('192.0.2.11', { interface: '"eth7"' }), TWO, 'ignore'), []);
  t.strictSame(await look(from('fe80::9', { addresses: '["fe80::200"]' }), TWO), [
    'source-missing 5:10 eth0 does not have the address fe80::9 to send from',
  ]);
});

t.test('one list of peers serves all machines', async t => {
  const peered = (peers: string, more = {}) => router('web', { peers, ...more });
  t.strictSame(await look(peered('["192.0.2.11", "192.0.2.12"]'), TWO), []);
  const text = peered('["192.0.2.11", "192.0.2.10", "198.51.100.10"]');
  const notes = await environment(await loadText(text), TWO, 'warn');
  t.equal(notes.length, 1, 'the engine leaves out what is on the interface that speaks');
  t.match(notes, [{ code: 'own-address-among-peers', severity: 'note', message: '192.0.2.10 is this machine itself, and left out' }]);
  t.strictSame(await look(peered('["192.0.2.10"]'), TWO), [
    'no-other-peer 5:1 no other machine is among the peers',
    'own-address-among-peers 5:10 192.0.2.10 is this machine itself, and left out',
  ]);
  const both = { addresses: '["192.0.2.200", "fe80::200"]' };
  t.strictSame(await look(peered('["192.0.2.11", "fe80::1"]', both), TWO), [
    'no-other-peer 5:1 no other machine is among the peers over IPv6',
    'own-address-among-peers 5:24 fe80::1 is this machine itself, and left out',
  ]);
  t.match(await look(peered('["192.0.2.10", "fe80::11"]', both), TWO), [/^no-other-peer 5:1 .* over IPv4$/, /^own-address/]);
  t.strictSame(
    await look(peered('["192.0.2.12", "fe80::2"]', both), SIX),
    [],
    'a link-local address of another interface is another address',
  );
});

t.test('or says that none does', async t => {
  const many = machine({ eth0: ['10.0.0.1/24', '10.0.1.1/24', '10.0.2.1/24', '10.0.3.1/24', '10.0.4.1/24', '10.0.5.1/24'] });
  const [warning] = await environment(await loadText(router('web')), many, 'ignore');
  t.match(warning, {
    label: 'eth0 has 10.0.0.1/24, 10.0.1.1/24, 10.0.2.1/24, 10.0.3.1/24 and 2 more',
    hint: 'other machines reach it only if they have a route to it',
  });
  const [bare] = await environment(await loadText(router('web')), machine({ eth0: ['fe80::1/64'] }), 'ignore');
  t.match(bare, { label: 'eth0 has no IPv4 address' });
});

t.test('our own virtual addresses on the interface prove nothing, those of an owner do', async t => {
  const held = machine({ eth0: ['10.0.0.1/24', '192.0.2.200/24'] });
  t.strictSame(await look(router('web'), held), ['address-outside-networks 4:14 192.0.2.200 is not inside any network of eth0']);
  t.strictSame(await look(router('web', { priority: '255' }), held), []);
});

t.test('a missing interface is a warning where it is asked for', async t => {
  const text = router('web', { interface: '"eth7"' }) + router('db', { vrid: '52', addresses: '["192.0.2.1"]' });
  t.strictSame(await look(text, TWO), ['interface-missing 2:13 there is no interface `eth7` on this machine']);
  t.strictSame(await look(text, TWO, 'ignore'), []);
  t.match((await environment(await loadText(text), TWO, 'warn'))[0], { label: 'this machine has eth0, eth1' });
});

t.test('looks at this machine’s settings, and at none while there are errors', async t => {
  const text = `${router('web', { interface: '' })}[node.here.vrrp.web]\ninterface = "eth1"\n`;
  t.strictSame(await look(text, TWO), ['address-outside-networks 4:14 192.0.2.200 is not inside any network of eth1']);
  t.strictSame(await look('vrrp = 1', TWO), []);
});

t.test('an interface that a check is about may come later too', async t => {
  const text = `${router('web', { track: '["uplink", "gateway"]' })}
[check.uplink]
type = "interface"
interface = "eth9"
[check.gateway]
type = "ping"
target = "192.0.2.1"
`;
  t.strictSame(await look(text, TWO), ['interface-missing 9:13 there is no interface `eth9` on this machine']);
  t.strictSame(await look(text, TWO, 'ignore'), []);
});
