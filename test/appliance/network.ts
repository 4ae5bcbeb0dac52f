// src/appliance/network.ts and networkd.ts: network.toml to files of systemd-networkd, and what is said about a bad one.
import t from 'tap';
import { readNetwork } from '../../src/appliance/network.ts';
import { networkdFiles } from '../../src/appliance/networkd.ts';
import { render } from '../../src/config/diagnostic.ts';
import { decode } from '../../src/config/source.ts';

async function files(text: string): Promise<Record<string, string>> {
  const { interfaces, diagnostics } = await readNetwork({ file: 'network.toml', text });
  t.strictSame(diagnostics, []);
  return Object.fromEntries(networkdFiles(interfaces));
}

async function said(text: string): Promise<readonly string[]> {
  const { interfaces, diagnostics } = await readNetwork({ file: 'network.toml', text });
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  t.equal(failed, interfaces.length === 0, 'with an error nothing is made');
  return diagnostics.map(
    ({ code, message, span, hint }) => `${code} ${span?.line ?? '-'} ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
}

t.test('an address of its own, with everything around it', async t => {
  const text = `[interface.ens3]
addresses = ["10.77.0.11/24", "2001:db8::11/64"]
gateway = ["10.77.0.1", "2001:db8::1"]
dns = ["10.77.0.1"]
mtu = 1400
`;
  t.strictSame(await files(text), {
    '10-ens3.network': `[Match]
Name=ens3

[Link]
MTUBytes=1400

[Network]
Address=10.77.0.11/24
Address=2001:db8::11/64
Gateway=10.77.0.1
Gateway=2001:db8::1
DNS=10.77.0.1
ConfigureWithoutCarrier=yes
IgnoreCarrierLoss=yes

`,
  });
  t.match(await files('[interface.ens3]\naddresses = ["10.77.0.11/24"]\ngateway = "10.77.0.1"\n'), {
    '10-ens3.network': /Gateway=10\.77\.0\.1\n/,
  });
});

t.test('DHCP where no address is given, or beside one', async t => {
  t.match(await files('[interface.ens3]\n'), { '10-ens3.network': /DHCP=yes/ });
  t.match(await files('[interface.ens3]\naddresses = ["10.77.0.11/24"]\ndhcp = true\n'), { '10-ens3.network': /Address=[\s\S]*DHCP=yes/ });
  const { '10-ens3.network': off } = await files('[interface.ens3]\ndhcp = false\n');
  t.notMatch(off, /DHCP/);
  t.match(off, /LinkLocalAddressing=no/);
});

t.test('VLANs and what carries them', async t => {
  const made = await files('[interface.office]\nvlan = { id = 10, on = "ens3" }\naddresses = ["10.10.0.11/24"]\n');
  t.strictSame(Object.keys(made).sort(), ['10-ens3.network', '10-office.netdev', '10-office.network']);
  t.equal(made['10-office.netdev'], '[NetDev]\nName=office\nKind=vlan\n\n[VLAN]\nId=10\n\n');
  t.match(made['10-ens3.network'], /VLAN=office\nLinkLocalAddressing=no/, 'the carrier has nothing to say itself');
  t.notMatch(made['10-ens3.network'], /DHCP/);
  const native = await files('[interface.office]\nvlan = { id = 10, on = "ens3" }\n[interface.ens3]\n');
  t.match(native['10-ens3.network'], /VLAN=office\nDHCP=yes/, 'unless it has a table of its own');
});

t.test('bonds and bridges and their members', async t => {
  const bond = await files('[interface.bond0]\nbond = { members = ["ens3", "ens4"] }\naddresses = ["10.77.0.11/24"]\n');
  t.equal(bond['10-bond0.netdev'], '[NetDev]\nName=bond0\nKind=bond\n\n[Bond]\nMode=active-backup\nMIIMonitorSec=100ms\n\n');
  for (const member of ['ens3', 'ens4']) t.equal(bond[`10-${member}.network`], `[Match]\nName=${member}\n\n[Network]\nBond=bond0\n\n`);
  const bridge = await files('[interface.br0]\nbridge = { members = ["ens3"] }\nmtu = 9000\n');
  t.equal(bridge['10-br0.netdev'], '[NetDev]\nName=br0\nKind=bridge\nMTUBytes=9000\n\n[Bridge]\nSTP=no\n\n');
  t.match(bridge['10-ens3.network'], /Bridge=br0/);
  t.match(await files('[interface.b]\nbond = { members = ["ens3"], mode = "802.3ad" }\n'), { '10-b.netdev': /Mode=802\.3ad/ });
});

t.test('an empty file is the default of the image', async t => {
  for (const text of ['', '\ufeff', '\r\n# nothing\r\n', '[interface]\n']) t.strictSame(await files(text), {});
});

t.test('mistakes, all at once, with their lines and what to do', async t => {
  const text = `[interface.ens3]
adresses = ["10.77.0.11/24"]
gateway = "10.77.0.0/24"
mtu = 100
dns = "10.77.0.1"
[interface.office]
vlan = { id = 4095 }
[interface.bond0]
bond = { members = ["a", "b"], mode = "fast" }
[intrface.x]
`;
  t.strictSame([...(await said(text))].sort(), [
    'bad-address 3 `10.77.0.0/24` is more than an address (write "10.77.0.0" alone)',
    'missing-key 7 `interface.office.vlan.on` is missing',
    'out-of-range 4 `mtu` must be a whole number from 576 to 65535, not 100',
    'out-of-range 7 `id` must be a whole number from 1 to 4094, not 4095',
    'unknown-key 10 `intrface` is not a setting here (did you mean `interface`?)',
    'unknown-key 2 `adresses` is not a setting here (did you mean `addresses`?)',
    'wrong-type 5 `interface.ens3.dns` must be a list',
    'wrong-type 9 `interface.bond0.bond.mode` must be one of "active-backup", "802.3ad", "balance-rr", "balance-xor", "broadcast", "balance-tlb", "balance-alb"',
  ]);
  t.match(await said('[interface.ens3\naddresses = []\n[interface.x]\nfoo = 1'), [/^syntax 1 /, /^unknown-key 4 /]);
  t.match(await said('interface = 3'), ['wrong-type 1 `interface` must be a table']);
});

t.test('what cannot be together', async t => {
  t.match(await said('[interface."a/b"]\n'), [/^bad-interface 1 .*cannot be the name/]);
  t.match(await said('[interface."éééééééé"]\n'), [/^bad-interface 1 .*longer than 15 bytes/]);
  t.match(await said('[interface.x]\nvlan = { id = 1, on = "a" }\nbridge = { members = [] }\n'), [
    /^either-or 3 .*`vlan` and `bridge` at once/,
  ]);
  t.match(await said('[interface.x]\ngateway = ["10.0.0.1", "10.0.0.2"]\n'), [/^either-or 2 there can be one IPv4 gateway only/]);
  t.match(await said('[interface.x]\ngateway = ["2001:db8::1", "2001:db8::2"]\n'), [/one IPv6 gateway only/]);
  t.match(await said('[interface.x]\nvlan = { id = 1, on = "x" }\n'), [/^name-clash 2 `x` cannot be a VLAN on itself/]);
  t.match(await said('[interface.x]\nbond = { members = ["x"] }\n'), [/^name-clash 2 `x` cannot be a member of itself/]);
  t.match(await said('[interface.x]\nbond = { members = ["a"] }\n[interface.y]\nbridge = { members = ["a"] }\n'), [
    /^name-clash 4 `a` belongs to `x` already/,
  ]);
  t.match(await said('[interface.x]\nbond = { members = ["a"] }\n[interface.a]\naddresses = ["10.0.0.1/24"]\n'), [
    /^setting-without-effect 4 .*belongs to `x`.*\(write them in `\[interface\.x\]`\)/,
  ]);
});

t.test('what is no text is refused as everywhere', async t => {
  const source = decode('network.toml', Buffer.from([0x5b, 0xff, 0xfe]));
  t.match((await readNetwork(source)).diagnostics, [{ code: 'not-utf8', severity: 'error' }]);
});

t.test('a mistake is shown with its line', async t => {
  const text = '[interface.ens3]\ngatway = "10.77.0.1"\n';
  const { diagnostics } = await readNetwork({ file: 'network.toml', text });
  const [first] = diagnostics;
  if (first === undefined) throw new Error('no diagnostic');
  t.equal(
    render(first, text),
    'error[unknown-key]: `gatway` is not a setting here\n --> network.toml:2:1\n2 | gatway = "10.77.0.1"\n  | ^^^^^^\n  = hint: did you mean `gateway`?',
  );
});
