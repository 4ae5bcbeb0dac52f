// src/install/notes.ts: what an operator is told about a firewall that nobody opens, a cloud, a policy.
import t from 'tap';
import { notesOf } from '../../src/install/notes.ts';
import { ENABLED_PATH } from '../../src/install/paths.ts';
import { situation } from './fixtures/situation.ts';

const running = { state: 'active', masked: false, current: true, program: null };
const notes = (facts: Parameters<typeof situation>[0]) =>
  notesOf(situation({ service: running, ...facts }, { [ENABLED_PATH]: { kind: 'link', target: 'x' } }), [], false);

t.test('a firewall of one’s own: the rule that opens it', async t => {
  const closed = [
    { family: 'inet', table: 'filter', chain: 'input' },
    { family: 'ip6', table: 'v6', chain: 'in' },
  ];
  t.same(notes({ closed }), [
    'nftables drops VRRP: nft insert rule inet filter input meta l4proto 112 accept, and the same where your rules are kept (/etc/nftables.conf)',
    'nftables drops VRRP: nft insert rule ip6 v6 in meta l4proto 112 accept, and the same where your rules are kept (/etc/nftables.conf)',
  ]);
  t.match(
    notes({ closed, ufw: true }),
    [/^ufw drops VRRP; put into \/etc\/ufw\/before.rules.*-p 112 -j ACCEPT/],
    'its chains are not to be edited',
  );
});

t.test('a cloud: only what the configuration needs there', async t => {
  t.match(notes({ cloud: 'Amazon EC2' }), [
    /^Amazon EC2 does not carry multicast.*peers = /,
    /^Amazon EC2 may not let an address move.*on_active/,
  ]);
  t.same(notes({ cloud: 'Amazon EC2', multicast: false, addresses: false }), []);
});

t.test('what forbids programs, and labels that nobody can give', async t => {
  t.match(notes({ fapolicyd: true }), [/fapolicyd-cli --file add \/usr\/local\/bin\/holdfast/]);
  t.match(notes({ selinux: 'enforcing' }), [/restorecon is not there/]);
  t.same(notes({ selinux: 'enforcing', restorecon: true }), []);
});
