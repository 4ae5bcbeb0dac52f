// Tests src/config/addresses.ts: how many addresses fit, what is put first, labels and scopes, and that each has one place.
import t from 'tap';
import { diagnose, loadText, router } from '../fixtures/diagnose.ts';

function list(count: number, name: (index: number) => string): string {
  return JSON.stringify(Array.from({ length: count }, (_, index) => name(index)));
}

const four = (index: number): string => `10.0.${index >> 7}.${(index & 127) + 1}`;
const six = (index: number): string => `2001:db8::${index + 1}`;
const local = (index: number): string => (index === 0 ? 'fe80::1' : six(index));

t.test('as many as one advertisement has room for', async t => {
  for (const [addresses, message, hint] of [
    [list(255, four), null],
    [list(256, four), '256 IPv4 addresses do not fit into an advertisement', 'at most 255 do; '],
    [list(90, local), null],
    [list(91, local), '91 IPv6 addresses do not fit into an advertisement', 'at most 90 do; '],
    [list(89, six), null],
    [list(90, six), '90 IPv6 addresses do not fit into an advertisement', 'at most 89 do beside fe80::112:51, which is put first; '],
  ] as const) {
    const { diagnostics } = await loadText(router('web', { addresses }));
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    t.strictSame(
      errors.map(({ code, message, hint }) => [code, message, hint]),
      message === null ? [] : [['too-many-addresses', message, `${hint}share them out over several virtual routers`]],
      addresses.slice(0, 40),
    );
  }
  const both = JSON.stringify([...JSON.parse(list(255, four)), ...JSON.parse(list(90, local))]);
  t.strictSame(await diagnose(router('web', { addresses: both })), [], 'each family has an advertisement of its own');
  t.strictSame(await diagnose(router('web', { addresses: list(255, four), version: '2' })), [], 'version 2 has room for as many');
});

t.test('a link-local address that is put first is said', async t => {
  const text = router('web', { addresses: '["192.0.2.200", "2001:db8::200/64"]', vrid: '255' });
  const { diagnostics, plan } = await loadText(text);
  t.match(diagnostics, [
    {
      code: 'link-local-added',
      severity: 'note',
      message: /^fe80::112:255\/64 is put before the IPv6 addresses/,
      span: { line: 4, column: 13 },
      hint: /`fe80::112:255\/64` first/,
    },
  ]);
  t.equal(plan?.routers.length, 2, 'and does not stop the plan');
  for (const addresses of ['["fe80::1"]', '["2001:db8::200", "fe80::1/64"]', '["192.0.2.200"]', '[]'])
    t.strictSame(await diagnose(router('web', { addresses })), [], addresses);
  t.strictSame(
    (await diagnose(router('web', { addresses: '["fe80::1"]', version: '2' }))).filter(line => line.startsWith('link-local')),
    [],
    'not where there can be no IPv6',
  );
});

t.test('labels fit the interface', async t => {
  const labelled = (label: string, more = '') =>
    router('web', { addresses: `[{ address = "192.0.2.200/24", label = "${label}"${more} }]` });
  for (const text of [labelled('eth0'), labelled('eth0:web'), labelled('eth1:0', ', interface = "eth1"')])
    t.strictSame(await diagnose(text), []);
  for (const label of ['web', 'eth0:', 'eth01', 'eth1:web', ''])
    t.strictSame(await diagnose(labelled(label)), [`bad-label 4:52 the label \`${label}\` does not fit the interface eth0`]);
  t.strictSame(await diagnose(labelled('eth0:1', ', interface = "eth1"')), [
    'bad-label 4:52 the label `eth0:1` does not fit the interface eth1',
  ]);
  t.strictSame(await diagnose(router('web', { addresses: '[{ address = "fe80::1", label = "eth0:x" }]' })), [
    'bad-label 4:45 an IPv6 address has no label',
  ]);
  t.strictSame(await diagnose(labelled('eth5:x').replace('interface = "eth0"', 'interface = 7')), [
    'wrong-type 2:13 `interface` must be the name of an interface in quotes, not a number',
  ]);
});

t.test('a scope is for IPv4', async t => {
  t.strictSame(await diagnose(router('web', { addresses: '[{ address = "192.0.2.200", scope = "link" }]' })), []);
  t.strictSame(await diagnose(router('web', { addresses: '[{ address = "fe80::1", scope = "link" }]' })), [
    'setting-without-effect 4:37 `scope` has no effect on an IPv6 address: it follows from the address',
  ]);
});

t.test('an address has one place', async t => {
  t.strictSame(await diagnose(router('web', { addresses: '["192.0.2.1/24", "192.0.2.1", "192.0.2.2"]' })), [
    'duplicate-address 4:30 192.0.2.1/32 is listed twice',
  ]);
  t.strictSame(await diagnose(router('web') + router('db', { interface: '"eth1"', addresses: '["192.0.2.200/25"]' })), [
    'duplicate-address 8:14 192.0.2.200/25 belongs to `web` already',
  ]);
  const twice = '[{ address = "192.0.2.1", interface = "eth1" }, "192.0.2.1"]';
  t.strictSame(await diagnose(router('web', { addresses: twice })), ['duplicate-address 4:61 192.0.2.1/32 is listed twice']);
});

t.test('a link-local address has one on each interface', async t => {
  const addresses = '["fe80::1/64", "2001:db8::1"]';
  t.strictSame(await diagnose(router('web', { addresses: '["fe80::1/64"]' }) + router('db', { addresses, interface: '"eth1"' })), []);
  t.strictSame(await diagnose(router('web', { addresses: '["fe80::1/64", { address = "fe80::1/64", interface = "eth1" }]' })), []);
  t.strictSame(await diagnose(router('web', { addresses: '["fe80::1/64"]' }) + router('db', { addresses, vrid: '52' })), [
    'duplicate-address 8:14 fe80::1/64 belongs to `web` already',
  ]);
  const derived = await diagnose(
    router('web', { addresses: '["fe80::112:52/64"]' }) + router('db', { addresses: '["2001:db8::1"]', vrid: '52' }),
  );
  t.match(
    derived,
    [/^link-local-added/, 'duplicate-address 8:13 fe80::112:52/64 belongs to `web` already'],
    'the one that is put first too',
  );
});
