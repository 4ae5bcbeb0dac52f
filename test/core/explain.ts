// Tests src/core/explain.ts: what the operator reads at three in the morning, word for word.
import t from 'tap';
import {
  explain,
  explainDeafness,
  explainNote,
  explainRefusal,
  explainRejection,
  explainTrouble,
  explainUnusable,
  showDuration,
} from '../../src/core/explain.ts';
import type { Reason } from '../../src/vrrp/action.ts';
import type { Unusable } from '../../src/vrrp/event.ts';
import type { RouterSpec } from '../../src/vrrp/router.ts';
import type { State } from '../../src/vrrp/state.ts';
import { type Micros, micros, millis, priority, seconds } from '../../src/vrrp/units.ts';
import { ip, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const SPEC = routerSpec({ priority: priority(150), addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.201/24')] });
const ILL = 'nginx: connection refused';
const PEER = { address: ip('192.0.2.12'), priority: priority(100) };

function unicast(...addresses: readonly string[]): RouterSpec {
  return routerSpec({ peers: addresses.map(address => ({ address: ip(address), minTtl: 255, maxTtl: 255 })) });
}

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

t.test('what the kernel says to an address', async t => {
  const error = { kind: 'system-error', op: 'add address', target: '192.0.2.200/24 on hf0', code: 'EINVAL' } as const;
  t.equal(explainRefusal(error, routerSpec()), 'add address 192.0.2.200/24 on hf0: EINVAL');
  const scoped = routerSpec({ addresses: [{ ...prefix('192.0.2.200/24'), scope: 'link' }] });
  t.match(explainRefusal(error, scoped), /EINVAL; Linux wants one scope/);
  t.notMatch(explainRefusal({ ...error, code: 'EPERM' }, scoped), /scope/);
});

t.test('every reason', async t => {
  const cases: readonly (readonly [Reason, State['name'], typeof PEER | null, Micros | null, string, string?])[] = [
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
    ['demoted', 'leaving', null, null, `${ILL}; answering for 192.0.2.200, 192.0.2.201 until another router does`, ILL],
    ['demoted', 'leaving', null, null, 'health lost; answering for 192.0.2.200, 192.0.2.201 until another router does'],
    [
      'released',
      'leaving',
      null,
      null,
      `${ILL}; answering for 192.0.2.200, 192.0.2.201 until another router does, for 2.09 s at most`,
      ILL,
    ],
    [
      'released',
      'leaving',
      null,
      null,
      'health lost; answering for 192.0.2.200, 192.0.2.201 until another router does, for 2.09 s at most',
    ],
    ['released', 'fault', null, null, `${ILL}; not taking part until that is well again`, ILL],
    ['released', 'initialize', null, null, 'health lost; not taking part until that is well again'],
    ['restored', 'backup', null, null, 'health is back; taking part again'],
    ['restored', 'backup', null, null, `taking part again, though ${ILL}`, ILL],
    ['recovered', 'active', null, null, 'all is well again before anyone took over; serving 192.0.2.200, 192.0.2.201'],
    ['handed-over', 'backup', PEER, null, '192.0.2.200, 192.0.2.201 handed over to 192.0.2.12 (priority 100)'],
    ['nobody-took-over', 'active', null, null, 'serving 192.0.2.200, 192.0.2.201 as nobody took over, though health is lost'],
    ['nobody-took-over', 'active', null, null, `serving 192.0.2.200, 192.0.2.201 as nobody took over, though ${ILL}`, ILL],
    ['nobody-took-over', 'fault', null, null, `${ILL}; nobody took over 192.0.2.200, 192.0.2.201`, ILL],
    ['nobody-took-over', 'fault', null, null, 'health lost; nobody took over 192.0.2.200, 192.0.2.201'],
    ['handed-over', 'fault', PEER, null, '192.0.2.200, 192.0.2.201 handed over to 192.0.2.12 (priority 100)', ILL],
    ['nobody-took-over', 'initialize', null, null, 'stopped; nobody took over 192.0.2.200, 192.0.2.201'],
    ['address-fault', 'fault', null, null, 'cannot hold 192.0.2.200, 192.0.2.201 on hf0; see the lines before'],
    ['retry', 'backup', null, null, 'trying again after a fault'],
    ['no-carrier', 'initialize', null, null, 'waiting: interface hf1 has no carrier: check cable and switch'],
    ['interface-missing', 'initialize', null, null, 'waiting: interface hf1 does not exist'],
    ['interface-down', 'initialize', null, null, 'waiting: interface hf1 is down; ip link set hf1 up'],
    ['no-address', 'initialize', null, null, 'waiting: interface hf1 has no IPv4 address of its own to speak from'],
    [
      'interface-missing',
      'leaving',
      null,
      null,
      'interface hf1 does not exist; answering for 192.0.2.200, 192.0.2.201 until another router does',
    ],
  ];
  for (const [reason, to, heard, silence, text, ill = null] of cases)
    t.equal(explain(SPEC, to, reason, { heard, silence, blamed: 'hf1', ill }), text, reason);
});

t.test('a long list is counted from the fifth on, and without addresses it has a name', async t => {
  const serving = (count: number) => {
    const addresses = Array.from({ length: count }, (_, index) => prefix(`192.0.2.${index + 1}/24`));
    return explain(routerSpec({ addresses }), 'active', 'address-owner', { heard: null, silence: null, blamed: 'hf0', ill: null });
  };
  t.match(serving(0), /^serving web: /);
  t.match(serving(4), /^serving 192\.0\.2\.1, 192\.0\.2\.2, 192\.0\.2\.3, 192\.0\.2\.4: /);
  t.match(serving(5), /^serving 192\.0\.2\.1, 192\.0\.2\.2, 192\.0\.2\.3, 192\.0\.2\.4 and 1 more: /);
  t.match(serving(200), / and 196 more: /);
});

t.test('every unusable, with the interface that is to blame', async t => {
  const v6 = routerSpec({ family: 'ipv6' });
  const cases: readonly (readonly [Unusable, RouterSpec, string])[] = [
    ['interface-missing', SPEC, 'interface hf1 does not exist'],
    ['interface-down', SPEC, 'interface hf1 is down; ip link set hf1 up'],
    ['no-carrier', SPEC, 'interface hf1 has no carrier: check cable and switch'],
    ['no-address', SPEC, 'interface hf1 has no IPv4 address of its own to speak from'],
    ['no-address', routerSpec({ source: ip('192.0.2.12') }), 'interface hf1 does not have the address 192.0.2.12 (source)'],
    [
      'no-address',
      v6,
      'interface hf1 has no usable IPv6 link-local address of its own; sysctl net.ipv6.conf.hf1.disable_ipv6, ip -6 address show dev hf1',
    ],
    [
      'no-address',
      { ...v6, peers: unicast('fe80::12').peers },
      'interface hf1 has no usable IPv6 link-local address of its own; sysctl net.ipv6.conf.hf1.disable_ipv6, ip -6 address show dev hf1',
    ],
    [
      'no-address',
      { ...v6, peers: unicast('2001:db8::12').peers },
      'interface hf1 has no usable IPv6 address of its own that peers beyond the link can answer',
    ],
  ];
  for (const [reason, spec, text] of cases) t.equal(explainUnusable(reason, spec, 'hf1'), text);
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

t.test('design 4.7: a peer that does not hear us: since when, and what to look at', async t => {
  const from = ip('192.0.2.12');
  const claims = '192.0.2.12 has claimed to be Active for 3 s though we answer: it does not hear us.';
  const multicast = `${claims} A switch or its firewall drops protocol 112 to 224.0.0.18`;
  const list = `${claims} Its list of peers lacks this machine, or a firewall drops protocol 112`;
  const old = ', or it takes only the checksum of RFC 5798: checksum = "rfc5798"';
  t.equal(explainDeafness(from, seconds(3), SPEC, ['rfc9568']), multicast + old);
  t.equal(explainDeafness(from, seconds(3), SPEC, ['rfc5798']), multicast);
  t.equal(explainDeafness(from, seconds(3), SPEC, ['rfc5798', 'rfc9568']), multicast, 'it is sent already');
  t.equal(explainDeafness(from, seconds(3), routerSpec({ version: 2 }), ['rfc9568']), multicast, 'version 2 has one form');
  t.equal(explainDeafness(from, seconds(3), unicast('192.0.2.12'), ['rfc9568']), list + old);
  t.equal(
    explainDeafness(from, seconds(3), routerSpec({ addresses: [] }), ['rfc9568']),
    '192.0.2.12 has claimed to be Active for 3 s though we answer: ours has no virtual addresses, so only a router that has none either listens to it',
  );
  t.equal(
    explainDeafness(ip('fe80::12'), seconds(3), routerSpec({ family: 'ipv6' }), ['rfc9568']),
    'fe80::12 has claimed to be Active for 3 s though we answer: it does not hear us. A switch or its firewall drops protocol 112 to ff02::12',
  );
});

t.test('a rejection: who, the evidence, and what to write where', async t => {
  t.equal(
    explainRejection('wrong-version', 'version 2', PEER.address, SPEC),
    'advertisement from 192.0.2.12 ignored: version 2, ours is 3; to take part: version = 2 in [vrrp.web], or version 3 there (keepalived: vrrp_version 3)',
  );
  t.equal(
    explainRejection('ttl-not-255', 'TTL 64', PEER.address, unicast('192.0.2.12')),
    'advertisement from 192.0.2.12 ignored: TTL 64; if it comes through routers, give that peer a min_ttl in [vrrp.web]',
  );
  t.equal(explainRejection('zero-vrid', 'VRID 0', PEER.address, SPEC), 'advertisement from 192.0.2.12 ignored: VRID 0');
});

t.test('no sentence has a password in it', async t => {
  const spec = routerSpec({ version: 2, password: 'geheim' });
  const said = [
    explainRejection('wrong-password', 'another password', PEER.address, spec),
    explainDeafness(PEER.address, seconds(3), spec, ['rfc9568']),
    explain(spec, 'active', 'preempt', { heard: PEER, silence: null, blamed: 'hf0', ill: null }),
  ];
  for (const text of said) t.notMatch(text, /geheim/);
});

t.test('what the network says about a way', async t => {
  const cases = [
    ['ENOPROTOOPT', 'that machine answers, but no VRRP daemon runs on it'],
    ['EPROTO', 'that machine answers, but no VRRP daemon runs on it'],
    ['ECONNREFUSED', 'that machine answers, but no VRRP daemon runs on it'],
    ['EHOSTUNREACH', 'no machine answers at that address'],
    ['ENETUNREACH', 'there is no route to it: ip route get'],
    ['EACCES', 'a firewall of this machine or on the way forbids it'],
    ['EPERM', 'a firewall of this machine or on the way forbids it'],
    ['EIO', 'EIO'],
  ] as const;
  for (const [code, text] of cases) t.equal(explainTrouble(code), text);
});
