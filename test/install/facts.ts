// src/install/facts.ts: what the texts say that a machine keeps about itself.
import t from 'tap';
import { closedChains, cloudOf, distributionOf, networkFileOf, networkSetting, parseShow, runOptionsOf } from '../../src/install/facts.ts';

t.test('os-release', async t => {
  t.equal(distributionOf('NAME="CentOS Stream"\nPRETTY_NAME="CentOS Stream 9"\nID="centos"\n'), 'CentOS Stream 9');
  t.equal(distributionOf("ID=rocky\nPRETTY_NAME='Rocky Linux 8.10 (Green Obsidian)'\n"), 'Rocky Linux 8.10 (Green Obsidian)');
  t.equal(distributionOf('ID=debian\n'), 'debian');
  t.equal(distributionOf(''), 'an unknown distribution');
});

t.test('clouds, by what their firmware says', async t => {
  const dmi = (fields: object) => cloudOf({ sys_vendor: '', product_name: '', chassis_asset_tag: '', bios_vendor: '', ...fields });
  t.equal(dmi({ sys_vendor: 'Amazon EC2' }), 'Amazon EC2');
  t.equal(dmi({ sys_vendor: 'Xen', bios_vendor: 'Amazon EC2' }), 'Amazon EC2');
  t.equal(dmi({ sys_vendor: 'Google', product_name: 'Google Compute Engine' }), 'Google Compute Engine');
  t.equal(dmi({ sys_vendor: 'Microsoft Corporation', chassis_asset_tag: '7783-7084-3265-9085-8269-3286-77' }), 'Azure');
  t.equal(dmi({ sys_vendor: 'Microsoft Corporation', product_name: 'Virtual Machine' }), null, 'a Hyper-V of one’s own is none');
  t.equal(dmi({ sys_vendor: 'OpenStack Foundation' }), 'OpenStack');
  t.equal(dmi({ sys_vendor: 'Hetzner' }), 'Hetzner Cloud');
  t.equal(dmi({ sys_vendor: 'QEMU' }), null);
});

t.test('systemctl show', async t => {
  const [ours, other, ...rest] = parseShow(
    'Id=holdfast.service\nExecStart={ path=/a ; argv[]=/a run --node=x }\n\nId=b.service\nMainPID=0\n',
  );
  t.equal(ours?.get('ExecStart'), '{ path=/a ; argv[]=/a run --node=x }');
  t.equal(other?.get('MainPID'), '0');
  t.same(rest, []);
});

t.test('how the unit starts holdfast', async t => {
  const exec = (path: string, argv: string) => `{ path=${path} ; argv[]=${argv} ; ignore_errors=no ; start_time=[n/a] ; pid=0 }`;
  const none = { config: null, socket: null, node: null };
  const bin = '/usr/local/bin/holdfast';
  t.same(runOptionsOf(exec(bin, `${bin} run`)), { program: bin, ...none });
  t.same(runOptionsOf(exec(bin, `${bin} run --config /srv/h.toml --node=edge-a`)), {
    program: bin,
    ...none,
    config: '/srv/h.toml',
    node: 'edge-a',
  });
  t.same(runOptionsOf(exec('/opt/h', '/opt/h run --socket=/run/b.sock')), { program: '/opt/h', ...none, socket: '/run/b.sock' });
  for (const text of ['', exec('/bin/sleep', '/bin/sleep infinity')]) t.equal(runOptionsOf(text), null);
});

t.test('systemd-networkd: the file of an interface, and what is set in it', async t => {
  const link =
    '# This is private data. Do not parse.\nADMIN_STATE=configured\nNETWORK_FILE=/run/systemd/network/10-netplan-eth0.network\nDNS=\n';
  t.equal(networkFileOf(link), '/run/systemd/network/10-netplan-eth0.network');
  t.equal(networkFileOf('ADMIN_STATE=unmanaged\n'), null);
  const file =
    '[Match]\nName=eth0\nKeepConfiguration=no\n[Network]\nKeepConfiguration = static \n# KeepConfiguration=no\n[Address]\nKeepConfiguration=no\n';
  t.equal(networkSetting('KeepConfiguration', [file]), 'static');
  t.equal(networkSetting('KeepConfiguration', [file, '[Network]\nKeepConfiguration=yes\n']), 'yes', 'the last one counts');
  t.equal(networkSetting('KeepConfiguration', [file, '[Network]\nKeepConfiguration=\n']), null, 'an empty one takes back');
  t.equal(networkSetting('KeepConfiguration', ['[Network]\n', 'KeepConfiguration=yes\n']), null, 'a section ends with its file');
  t.equal(networkSetting('DHCP', [file]), null);
});

t.test('nftables: input chains that drop, in the words of `nft -j list ruleset`', async t => {
  const chain = (more: object) => ({
    chain: { family: 'inet', table: 'filter', name: 'input', handle: 1, type: 'filter', hook: 'input', prio: 0, policy: 'drop', ...more },
  });
  const rule = (expr: readonly unknown[], more: object = {}) => ({
    rule: { family: 'inet', table: 'filter', chain: 'input', handle: 2, expr, ...more },
  });
  const match = (left: object, right: unknown) => ({ match: { op: '==', left, right } });
  const closed = (...entries: readonly unknown[]) => closedChains(JSON.stringify({ nftables: [{ metainfo: {} }, ...entries] }));
  const input = { family: 'inet', table: 'filter', chain: 'input' };
  const l4proto = { meta: { key: 'l4proto' } };
  const ssh = rule([match({ payload: { protocol: 'tcp', field: 'dport' } }, 112), { accept: null }]);
  t.same(closed(chain({})), [input]);
  t.same(closed(chain({}), ssh), [input], 'a port 112 is none');
  t.same(closed(chain({}), rule([match(l4proto, 'vrrp'), { accept: null }])), []);
  t.same(closed(chain({}), rule([match(l4proto, 112), { accept: null }])), []);
  t.same(
    closed(chain({}), rule([match({ payload: { protocol: 'ip', field: 'protocol' } }, { set: ['vrrp', 'icmp'] }), { accept: null }])),
    [],
  );
  t.same(closed(chain({}), rule([match(l4proto, 'vrrp'), { drop: null }])), [input]);
  t.same(closed(chain({}), rule([match(l4proto, 'vrrp'), { accept: null }], { table: 'other' })), [input], 'another table opens nothing');
  for (const more of [{ policy: 'accept' }, { hook: 'forward' }, { family: 'bridge' }]) t.same(closed(chain(more)), []);
  for (const text of ['', '{}', '[]', '{"nftables":3}', '{"nftables":[3,{"chain":4}]}']) t.same(closedChains(text), []);
});
