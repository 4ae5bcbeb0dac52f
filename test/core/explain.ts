// Tests src/core/explain.ts: what the operator reads at three in the morning, word for word.
import t from 'tap';
import { explain, explainDeafness, explainNote, explainUnusable, showDuration } from '../../src/core/explain.ts';
import type { Reason } from '../../src/vrrp/action.ts';
import type { State } from '../../src/vrrp/state.ts';
import { type Micros, micros, millis, priority, seconds } from '../../src/vrrp/units.ts';
import { ip, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const SPEC = routerSpec({ priority: priority(150), addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.201/24')] });
const PEER = { address: ip('192.0.2.12'), priority: priority(100) };

t.test('durations with three digits', async t => {
  const cases = [
    [0, '0 ms'],
    [79, '0.079 ms'],
    [36_094, '36.1 ms'],
    [360_938, '361 ms'],
    [999_999, '1000 ms'],
    [1_000_000, '1 s'],
    [1_500_000, '1.5 s'],
    [3_609_375, '3.61 s'],
    [40_950_000, '41 s'],
    [123_000_000, '123 s'],
  ] as const;
  for (const [duration, text] of cases) t.equal(showDuration(micros(duration)), text);
});

t.test('every reason', async t => {
  const cases: readonly (readonly [Reason, State['name'], typeof PEER | null, Micros | null, string])[] = [
    ['startup', 'backup', null, null, 'taking part; listening for an Active router'],
    ['address-owner', 'active', null, null, 'serving 192.0.2.200, 192.0.2.201: this router owns them (priority 255)'],
    ['active-down-expired', 'active', null, null, 'serving 192.0.2.200, 192.0.2.201: no Active router was heard'],
    ['active-down-expired', 'active', null, seconds(4), 'serving 192.0.2.200, 192.0.2.201: no Active router was heard for 4 s'],
    [
      'active-down-expired',
      'active',
      PEER,
      micros(3_609_375),
      'serving 192.0.2.200, 192.0.2.201: 192.0.2.12 (priority 100) fell silent 3.61 s ago',
    ],
    ['active-down-expired', 'active', PEER, null, 'serving 192.0.2.200, 192.0.2.201: 192.0.2.12 (priority 100) fell silent'],
    ['priority-zero', 'active', PEER, null, 'serving 192.0.2.200, 192.0.2.201: 192.0.2.12 (priority 100) resigned'],
    ['priority-zero', 'active', null, null, 'serving 192.0.2.200, 192.0.2.201: another router resigned'],
    ['preempt', 'active', PEER, null, 'serving 192.0.2.200, 192.0.2.201: priority 150 is higher than that of 192.0.2.12 (priority 100)'],
    ['higher-priority', 'backup', PEER, null, 'giving 192.0.2.200, 192.0.2.201 to 192.0.2.12 (priority 100): higher priority'],
    ['tie-break-lost', 'backup', PEER, null, 'giving 192.0.2.200, 192.0.2.201 to 192.0.2.12 (priority 100): same priority, higher address'],
    ['shutdown', 'leaving', null, null, 'leaving; answering for 192.0.2.200, 192.0.2.201 until another router does'],
    ['shutdown', 'initialize', null, null, 'stopped'],
    ['demoted', 'leaving', null, null, 'health lost; answering for 192.0.2.200, 192.0.2.201 until another router does'],
    ['recovered', 'active', null, null, 'health is back before anyone took over; serving 192.0.2.200, 192.0.2.201'],
    ['handed-over', 'backup', PEER, null, '192.0.2.200, 192.0.2.201 handed over to 192.0.2.12 (priority 100)'],
    ['nobody-took-over', 'active', null, null, 'serving 192.0.2.200, 192.0.2.201 though health is lost: nobody took over'],
    ['nobody-took-over', 'initialize', null, null, 'stopped; nobody took over 192.0.2.200, 192.0.2.201'],
    ['address-fault', 'fault', null, null, 'cannot hold 192.0.2.200, 192.0.2.201 on hf0; see the lines before'],
    ['retry', 'backup', null, null, 'trying again after a fault'],
    ['no-carrier', 'initialize', null, null, 'waiting: interface hf0 has no carrier: check cable and switch'],
    ['interface-missing', 'initialize', null, null, 'waiting: interface hf0 does not exist'],
    ['interface-down', 'initialize', null, null, 'waiting: interface hf0 is down; ip link set hf0 up'],
    ['no-address', 'initialize', null, null, 'waiting: interface hf0 has no IPv4 address of its own to speak from'],
  ];
  for (const [reason, to, heard, silence, text] of cases) t.equal(explain(SPEC, to, reason, heard, silence), text, reason);
});

t.test('the family is named where it matters', async t => {
  t.equal(explainUnusable('no-address', routerSpec({ family: 'ipv6' })), 'interface hf0 has no IPv6 address of its own to speak from');
});

t.test('every note: event and sentence', async t => {
  const from = PEER.address;
  t.strictSame(explainNote({ what: 'second-active', from, priority: priority(100) }, SPEC), [
    'vrrp.second-active',
    '192.0.2.12 (priority 100) claims to be Active too; answered and announced again',
  ]);
  t.strictSame(explainNote({ what: 'second-owner', from }, SPEC), [
    'vrrp.second-owner',
    '192.0.2.12 also claims to own the addresses (priority 255); give one of the two a priority below 255',
  ]);
  t.strictSame(explainNote({ what: 'interval-differs', from, interval: millis(100) }, SPEC), [
    'vrrp.interval-differs',
    '192.0.2.12 advertises every 100 ms, configured here is 1 s; following it. Set both the same',
  ]);
  t.strictSame(explainNote({ what: 'woke-late', late: millis(730) }, SPEC), [
    'vrrp.woke-late',
    'this machine stood still and woke 730 ms late; waiting once more before taking over',
  ]);
});

t.test('a peer that does not hear us: since when, and what to look at', async t => {
  const from = ip('192.0.2.12');
  const cause =
    '192.0.2.12 has claimed to be Active for 3 s though we answer: it does not hear us. A switch or its firewall drops protocol 112 to 224.0.0.18';
  t.equal(explainDeafness(from, seconds(3), 'rfc5798'), cause);
  t.equal(explainDeafness(from, seconds(3), 'rfc9568'), `${cause}, or it takes only the checksum of RFC 5798: checksum = "rfc5798"`);
});
