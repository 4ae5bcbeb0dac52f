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
  = hint: it is inside a network of eth0: \`interface = "eth0"\``,
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
