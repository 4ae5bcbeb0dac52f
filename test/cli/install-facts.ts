// src/cli/install-facts.ts: what is asked of which machine, and what its answers come to.
import t from 'tap';
import type { Used } from '../../src/cli/install-configuration.ts';
import { gather, NO_UNITS, unitsOf } from '../../src/cli/install-facts.ts';
import type { Host } from '../../src/platform/install-ports.ts';
import { unchangingHost } from '../fixtures/host.ts';

const USED: Used = { configured: 'real', interfaces: ['eth0', 'eth1'], multicast: true, addresses: true, watched: [], warnings: '' };

/** A machine with these files, where these command lines are answered; every other one fails. */
function machine(files: Readonly<Record<string, string>>, answers: Readonly<Record<string, string>> = {}) {
  const asked: string[] = [];
  const host = unchangingHost(files, line => {
    asked.push(line);
    const out = answers[line];
    return out === undefined ? { status: 1, out: '', err: 'no' } : { status: 0, out, err: '' };
  });
  const here = (units: readonly string[], used: Partial<Used> = {}) =>
    gather(host, null, { ...USED, ...used }, { ...NO_UNITS, active: new Set(units) });
  return { host, asked, here };
}

t.test('systemd: ours and who else runs', async t => {
  const show = [
    'Id=holdfast.service\nLoadState=loaded\nActiveState=active\nMainPID=7\nExecStart={ path=/h ; argv[]=/h run --node a ; }',
    'Id=firewalld.service\nActiveState=active\nMainPID=9',
    'Id=ufw.service\nLoadState=not-found\nActiveState=inactive',
  ].join('\n\n');
  const line = (host: Host) => unitsOf(host, '/h', async (one, other) => one === '/proc/7/exe' && other === '/h');
  const all = { run: async () => ({ status: 0, out: show, err: '' }) } as unknown as Host;
  t.same(await line(all), {
    service: { state: 'active', masked: false, current: true, program: '/h' },
    options: { program: '/h', config: null, socket: null, node: 'a' },
    active: new Set(['firewalld.service']),
  });
  await t.rejects(line(machine({}).host), { name: 'HostTrouble', message: 'systemctl does not say what runs here: no' });
});

t.test('firewalld: the zones of our interfaces, and what they let in', async t => {
  const answers = {
    'firewall-cmd --get-default-zone': 'public\n',
    'firewall-cmd --get-zone-of-interface=eth1': 'dmz\n',
    'firewall-cmd --zone=dmz --query-protocol=vrrp': 'yes\n',
  };
  const { here } = machine({}, answers);
  t.same((await here(['firewalld.service'])).firewalld, {
    zones: [
      { name: 'public', now: false, permanent: false },
      { name: 'dmz', now: true, permanent: false },
    ],
  });
  const example = machine({}, answers);
  t.equal((await example.here(['firewalld.service'], { configured: 'example', interfaces: [] })).firewalld, null);
  t.same(example.asked, [], 'nobody is asked about an example');
});

t.test('ufw and nftables: one of them speaks', async t => {
  const ruleset = JSON.stringify({ nftables: [{ chain: { family: 'ip', table: 'f', name: 'in', hook: 'input', policy: 'drop' } }] });
  const answers = { 'nft -j list ruleset': ruleset };
  const facts = async (files: Record<string, string>, units: readonly string[]) => {
    const { closed, ufw } = await machine(files, answers).here(units);
    return { closed: closed.length, ufw };
  };
  const ufw = { '/etc/ufw/ufw.conf': 'LOGLEVEL=low\nENABLED=yes\n' };
  t.same(await facts({}, []), { closed: 1, ufw: false });
  t.same(await facts(ufw, ['ufw.service']), { closed: 0, ufw: true });
  t.same(await facts({ ...ufw, '/etc/ufw/before.rules': '-A ufw-before-input -p 112 -j ACCEPT\n' }, ['ufw.service']), {
    closed: 0,
    ufw: false,
  });
  t.same(await facts(ufw, ['firewalld.service']), { closed: 0, ufw: false });
});

t.test('systemd-networkd: the file of an interface with what is dropped in, but for ours', async t => {
  const files = {
    '/sys/class/net/eth0/ifindex': '2\n',
    '/run/systemd/netif/links/2': 'NETWORK_FILE=/run/systemd/network/10-lan.network\n',
    '/run/systemd/network/10-lan.network': '[Network]\nKeepConfiguration=no\n',
    '/usr/lib/systemd/network/10-lan.network.d/10-a.conf': '[Network]\nKeepConfiguration=dhcp\n',
    '/etc/systemd/network/10-lan.network.d/10-a.conf': '[Network]\nDHCP=ipv4\n',
    '/etc/systemd/network/10-lan.network.d/holdfast.conf': '[Network]\nKeepConfiguration=yes\n',
  };
  t.same((await machine(files).here(['systemd-networkd.service'])).networks, [{ name: '10-lan.network', keeps: 'no', dhcp: true }]);
  t.same((await machine(files).here([])).networks, [], 'it does not run');
});

t.test('SELinux: of the machine as it runs, of a tree as it will be', async t => {
  const files = { '/sys/fs/selinux/enforce': '1', '/etc/selinux/config': '# x\nSELINUX=permissive\n', '/usr/sbin/restorecon': '' };
  const { host, here, asked } = machine(files);
  t.match(await here([]), { selinux: 'enforcing', restorecon: true });
  t.equal((await machine({}).here([])).selinux, 'off');
  asked.length = 0;
  t.match(await gather(host, '/mnt/t', USED, NO_UNITS), { selinux: 'permissive', cloud: null, closed: [] });
  t.same(asked, [], 'no program of this machine is asked about a tree');
});
