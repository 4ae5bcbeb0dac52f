// src/install/advice.ts: what is in the way on a machine, each with the command that mends it.
import t from 'tap';
import { adviceOf, type Surroundings } from '../../src/install/advice.ts';
import type { Facts } from '../../src/install/facts.ts';
import { PLAIN } from './fixtures/situation.ts';

const CALM: Surroundings = { keepalived: false, withoutIpv6: [], rtRuntime: 950_000, networkManager: [], there: new Set() };
const advice = (facts: Partial<Facts>, around: Partial<Surroundings> = {}) => adviceOf({ ...PLAIN, ...facts }, { ...CALM, ...around });

t.test('nothing is in the way', async t => {
  t.strictSame(advice({}), []);
  t.strictSame(advice({ firewalld: { zones: [{ name: 'public', now: true, permanent: true }] } }), []);
  t.strictSame(advice({}, { rtRuntime: null }), [], 'what cannot be read is no reason to say something');
});

t.test('firewalld: now, and after its next start', async t => {
  const zones = [
    { name: 'public', now: false, permanent: true },
    { name: 'dmz', now: true, permanent: false },
  ];
  t.strictSame(advice({ firewalld: { zones } }), [
    'firewalld drops VRRP in zone public: firewall-cmd --zone=public --add-protocol=vrrp',
    'firewalld will drop VRRP in zone dmz after its next start: firewall-cmd --permanent --zone=dmz --add-protocol=vrrp',
  ]);
});

t.test('other firewalls and clouds, in the words of an install', async t => {
  t.match(advice({ ufw: true, cloud: 'Azure' }), [
    /^ufw drops VRRP/,
    /^Azure does not carry multicast/,
    /^Azure may not let an address move/,
  ]);
});

t.test('whoever manages the interface', async t => {
  const networks = [{ name: '10-lan.network', keeps: null, dhcp: false }];
  const path = '/etc/systemd/network/10-lan.network.d/holdfast.conf';
  t.match(advice({ networks }), [
    new RegExp(`^systemd-networkd takes the virtual addresses off .* writes ${path} \\(KeepConfiguration=\\w+\\)$`),
  ]);
  t.strictSame(advice({ networks }, { there: new Set([path]) }), []);
  t.strictSame(advice({ networks, addresses: false }), [], 'no address, nothing to take');
  t.match(advice({}, { networkManager: ['eth0'] }), [/^NetworkManager manages eth0, /]);
  t.strictSame(advice({ addresses: false }, { networkManager: ['eth0'] }), []);
});

t.test('the kernel, SELinux, and another daemon for the same', async t => {
  t.match(advice({ selinux: 'enforcing' }, { withoutIpv6: ['eth1'], rtRuntime: 0, keepalived: true }), [
    'IPv6 is switched off on eth1: sysctl -w net.ipv6.conf.eth1.disable_ipv6=0',
    /sysctl -w kernel\.sched_rt_runtime_us=950000$/,
    /^keepalived runs here: .*systemctl disable --now keepalived$/,
    /ausearch -m avc -c holdfast$/,
  ]);
});
