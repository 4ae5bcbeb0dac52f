// Tests src/core/instance.ts: one virtual router in the real engine on a fake machine, with a stranger as its peer.
import t from 'tap';
import { type Advertisement, authenticate, VRRP_GROUP } from '../../src/vrrp/packet.ts';
import type { ChecksumForm } from '../../src/vrrp/router.ts';
import { millis, priority, seconds } from '../../src/vrrp/units.ts';
import { sickness } from '../fixtures/health.ts';
import { instanceRig, PEER, VIP } from '../fixtures/instance-rig.ts';
import { ip, planFor, prefix, routerSpec } from '../fixtures/virtual-router.ts';
import { INTERFACE } from '../scenario/lab/world.ts';

function forms(sent: readonly Advertisement[]): readonly ChecksumForm[] {
  return sent.map(({ checksum }) => checksum);
}

t.test('what it sends is what is configured', async t => {
  const { sent, run } = instanceRig({ priority: priority(150), addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.201/32')] });
  run(seconds(4));
  t.strictSame(sent[0], {
    kind: 'advertisement',
    version: 3,
    vrid: 51,
    priority: 150,
    interval: 1_000_000,
    addresses: ['192.0.2.200', '192.0.2.201'],
    checksum: 'rfc9568',
    authentication: null,
  });
});

t.test('design 4.7: the RFC 5798 form is learned from a peer and answered at once; what it wants no longer is forgotten', async t => {
  const { sent, hear, run, status } = instanceRig();
  run(seconds(5));
  t.strictSame(forms(sent), ['rfc9568', 'rfc9568']);
  hear({ checksum: 'rfc5798' });
  t.strictSame(forms(sent.slice(2)), ['rfc5798'], 'one answer');
  run(seconds(10));
  t.ok(forms(sent.slice(2)).every(form => form === 'rfc5798'));
  hear({ checksum: 'rfc9568' });
  t.strictSame(status().checksums, ['rfc9568']);
});

t.test('peers that differ get each advertisement in both forms, and it counts once', async t => {
  const { sent, hear, run, status } = instanceRig();
  hear({ checksum: 'rfc5798', priority: priority(40) });
  hear({ priority: priority(40) }, { source: ip('192.0.2.67') });
  run(seconds(4));
  t.strictSame(status().checksums, ['rfc5798', 'rfc9568']);
  t.strictSame(forms(sent).slice(0, 2), ['rfc5798', 'rfc9568']);
  t.equal(status().counters.advertsSent * 2, sent.length);
});

t.test('a peer that sends both forms is answered no more often than one that sends one', async t => {
  const answers = (both: boolean): number => {
    const { sent, hear, run } = instanceRig();
    run(seconds(5));
    hear({ checksum: 'rfc5798' });
    hear();
    const before = sent.length;
    for (let round = 0; round < 10; round += 1) {
      run(seconds(1));
      if (both) hear({ checksum: 'rfc5798' });
      hear();
    }
    return sent.length - before;
  };
  t.ok(answers(true) <= 2 * answers(false) + 6, `${answers(true)} beside ${answers(false)}`);
});

t.test('version 2: its password is what is sent and wanted; a wrong one or another interval is named', async t => {
  const { sent, hear, run, status, lines } = instanceRig({ version: 2, password: 'geheim' });
  const v2 = { version: 2, priority: priority(200), authentication: authenticate('geheim') } as const;
  hear({ ...v2, authentication: authenticate('falsch') });
  hear({ ...v2, authentication: authenticate(null) });
  hear({ ...v2, interval: seconds(2) });
  hear({ priority: priority(200) });
  t.match(status(), { active: null, counters: { advertsReceived: 0 } });
  t.strictSame(status().counters.rejected, { 'wrong-password': 2, 'wrong-interval': 1, 'wrong-version': 1 });
  t.match(lines('vrrp.rejected').at(-1)?.message, /version 3, ours is 2; to take part: version = 3 in \[vrrp\.web\]/);
  hear(v2);
  t.match(status(), { active: { address: PEER, priority: 200 }, counters: { advertsReceived: 1 } });
  run(seconds(5));
  t.strictSame(sent[0]?.authentication, authenticate('geheim'));
  const said = JSON.stringify([status(), lines('vrrp.rejected'), lines('vrrp.transition')]);
  t.notMatch(said, /geheim|falsch|"password"/);
});

t.test('IPv6: from the link-local address to ff02::12, announced by neighbour advertisement', async t => {
  const { destinations, run, status, world, hear } = instanceRig({
    family: 'ipv6',
    addresses: [prefix('fe80::112:51/64'), prefix('2001:db8::200/64')],
  });
  run(seconds(4));
  t.match(status(), { state: 'active', primary: 'fe80::11', active: { address: 'fe80::11' } });
  t.strictSame(destinations[0], VRRP_GROUP.ipv6);
  t.equal(world.lan.cached(ip('2001:db8::200')), 'a');
  t.equal(world.lan.cached(ip('fe80::112:51')), 'a');
  const six = { addresses: [ip('fe80::112:51'), ip('2001:db8::200')], priority: priority(200) };
  hear(six, { source: ip('fe80::66'), destination: VRRP_GROUP.ipv6, ttl: 64 });
  t.equal(status().state, 'active');
  hear(six, { source: ip('fe80::66'), destination: VRRP_GROUP.ipv6 });
  t.match(status(), { state: 'backup', active: { address: 'fe80::66' }, counters: { rejected: { 'ttl-not-255': 1 } } });
});

t.test('decision 0025: the derived link-local address is left out where a peer has none, at once and for good', async t => {
  const derived = { ...prefix('fe80::112:51/64'), derived: true } as const;
  const { hear, lines, run, sent, status } = instanceRig({ family: 'ipv6', addresses: [derived, prefix('2001:db8::200/64')] });
  run(seconds(5));
  t.strictSame(sent.at(-1)?.addresses, ['fe80::112:51', '2001:db8::200']);
  const six = { source: ip('fe80::66'), destination: VRRP_GROUP.ipv6 };
  const before = sent.length;
  hear({ addresses: [ip('2001:db8::200')] }, six);
  t.strictSame(sent[before]?.addresses, ['2001:db8::200'], 'in the answer already');
  run(seconds(2));
  t.strictSame(sent.at(-1)?.addresses, ['2001:db8::200']);
  t.strictSame(
    status().addresses.map(({ held }) => held),
    [true, true],
    'it stays on the interface',
  );
  t.equal(lines('vrrp.shorter-list').length, 1);
  t.strictSame(lines('vrrp.addresses-differ'), []);
});

t.test('a link-local address that the operator has listed is never left out', async t => {
  const addresses = [prefix('fe80::112:51/64'), prefix('2001:db8::200/64')];
  const { hear, lines, run, sent } = instanceRig({ family: 'ipv6', addresses });
  hear({ addresses: [ip('2001:db8::200')], priority: priority(200) }, { source: ip('fe80::66'), destination: VRRP_GROUP.ipv6 });
  run(seconds(9));
  t.equal(sent.at(-1)?.addresses.length, 2);
  t.equal(lines('vrrp.addresses-differ').length, 1, 'and told once, however often it is heard');
});

t.test('unicast: believes peers only, speaks to each, shows when each was heard and what is wrong with the way', async t => {
  const peers = ['192.0.2.66', '192.0.2.11', '192.0.2.67'].map(text => ({ address: ip(text), minTtl: 255, maxTtl: 255 }));
  const { destinations, hear, run, status, lines } = instanceRig({ peers });
  const us = { destination: ip('192.0.2.11') };
  hear({ priority: priority(200) });
  hear({ priority: priority(200) }, { ...us, source: ip('192.0.2.68') });
  t.strictSame(status().counters.rejected, { 'not-unicast': 1, 'not-a-peer': 1 });
  t.match(lines('vrrp.rejected').at(-1)?.message, /add "192\.0\.2\.68" to peers in \[vrrp\.web\]/);
  t.match(status().peers, [
    { address: '192.0.2.66', self: false, lastHeard: null },
    { address: '192.0.2.11', self: true },
    { address: '192.0.2.67', lastHeard: null },
  ]);
  hear({ priority: priority(200) }, us);
  t.match(status(), { active: { address: PEER }, peers: [{ lastHeard: 2_200 }, {}, { lastHeard: null }] });
  run(seconds(20));
  t.equal(status().state, 'active');
  t.strictSame([...new Set(destinations)].sort(), ['192.0.2.66', '192.0.2.67']);
  t.match(status().peers, [{ trouble: 'EHOSTUNREACH' }, { trouble: null }, { trouble: 'EHOSTUNREACH' }]);
  hear({ priority: priority(200) }, us);
  t.strictSame(
    [status().state, status().peers.map(({ trouble }) => trouble)],
    ['backup', [null, null, null]],
    'who is silent knows nothing',
  );
});

t.test('decision 0023: no addresses: a role, adverts with a count of 0, and nothing to put or announce', async t => {
  const { sent, hear, run, status } = instanceRig({ addresses: [] });
  run(seconds(4));
  t.match(status(), { state: 'active', addresses: [], counters: { announcements: 0, becameActive: 1 } });
  t.strictSame(sent[0]?.addresses, []);
  hear({ addresses: [], priority: priority(200) });
  t.match(status(), { state: 'backup', active: { address: PEER } });
});

t.test('erratum 8299: who has addresses ignores an advert without', async t => {
  const { hear, status } = instanceRig();
  hear({ addresses: [], priority: priority(200) });
  t.match(status(), { active: null, counters: { rejected: { 'no-addresses': 1 } } });
});

t.test('learned also while Backup, and in a flood of claims that would not be answered', async t => {
  const backup = instanceRig();
  backup.hear({ checksum: 'rfc5798', priority: priority(200) });
  backup.run(seconds(4));
  t.strictSame(forms(backup.sent), ['rfc5798']);

  const flood = instanceRig();
  flood.run(seconds(5));
  flood.hear();
  const before = flood.sent.length;
  flood.hear({ checksum: 'rfc5798' });
  t.strictSame(forms(flood.sent.slice(before)), ['rfc5798', 'rfc9568'], 'in its own form too, though claims were answered just now');
  flood.hear({ checksum: 'rfc5798' });
  t.equal(flood.sent.length, before + 2, 'and once');
});

t.test('a configured form is not unlearned', async t => {
  for (const checksum of ['rfc9568', 'rfc5798'] as const) {
    const { sent, hear, run } = instanceRig({ checksum });
    hear({ checksum: checksum === 'rfc9568' ? 'rfc5798' : 'rfc9568' });
    run(seconds(5));
    t.ok(
      forms(sent).every(form => form === checksum),
      checksum,
    );
  }
});

t.test('design 4.4: what is ignored is counted by reason, told, and changes nothing', async t => {
  const { hear, hearBytes, lines, run, status } = instanceRig();
  run(seconds(1));
  const before = status();
  hear({ priority: priority(255) }, { ttl: 254 });
  hear({ priority: 0 }, { ttl: 1 });
  hear({ priority: priority(255) }, { source: ip('192.0.2.11') });
  hearBytes(message => message.with(6, (message[6] ?? 0) ^ 1));
  hearBytes(message => message.subarray(0, 11));
  const { counters, ...rest } = status();
  t.strictSame(counters.rejected, { 'ttl-not-255': 2, 'own-packet': 1, 'wrong-checksum': 1, 'wrong-length': 1 });
  t.equal(counters.advertsReceived, 0);
  const { counters: _, ...restBefore } = before;
  t.strictSame(rest, restBefore);
  t.match(lines('vrrp.rejected'), [
    { level: 'warn', message: /^advertisement from 192\.0\.2\.66 ignored: TTL 254; / },
    { message: /^advertisement from 192\.0\.2\.66 ignored: TTL 1; / },
    { message: /^advertisement from 192\.0\.2\.11 ignored: from 192\.0\.2\.11, which is ours; / },
    { message: /^advertisement from 192\.0\.2\.66 ignored: 0x[0-9a-f]{4}; / },
    { message: /^advertisement from 192\.0\.2\.66 ignored: 11 bytes, 12 for 1 addresses; / },
  ]);
});

t.test('another address list is told and believed all the same. RFC 9568 §7.1', async t => {
  const { hear, lines, status } = instanceRig({ addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.201/24')] });
  hear({ priority: priority(200), addresses: [ip('192.0.2.201'), ip('192.0.2.200')] });
  t.strictSame(lines('vrrp.addresses-differ'), [], 'order is no difference');
  hear({ priority: priority(200), addresses: [ip('192.0.2.200'), ip('192.0.2.9')] });
  hear({ priority: priority(200), addresses: [ip('192.0.2.200')] });
  t.strictSame(
    lines('vrrp.addresses-differ').map(({ message }) => message),
    [
      '192.0.2.66 advertises another address list: without 192.0.2.201 and with 192.0.2.9; make them the same: keepalived ignores whoever has another one, and then both serve',
      '192.0.2.66 advertises another address list: without 192.0.2.201; make them the same: keepalived ignores whoever has another one, and then both serve',
    ],
  );
  t.equal(status().counters.advertsReceived, 3);
});

t.test('status: who serves, why, since when', async t => {
  const { hear, run, status, world } = instanceRig();
  t.match(status(), { state: 'backup', reason: 'startup', since: 0, waiting: null, active: null, primary: '192.0.2.11' });
  t.match(status(), { priority: { configured: 100, effective: 100 }, standing: 'well' });
  t.match(status().addresses, [{ address: '192.0.2.200/24', held: false }]);
  hear({ priority: priority(200) });
  t.match(status(), { active: { address: '192.0.2.66', priority: 200, self: false } });
  run(seconds(4));
  t.match(status(), { state: 'active', reason: 'active-down-expired', active: { address: '192.0.2.11', priority: 100, self: true } });
  t.match(status().addresses, [{ address: '192.0.2.200/24', held: true, ours: true }]);
  t.match(status().counters, { becameActive: 1, advertsReceived: 1, advertsSent: 1, announcements: 2, addressesPutBack: 0 });
  world.stop('a', () => {});
  t.match(status(), { state: 'leaving', reason: 'shutdown', active: { self: true } });
  t.match(status().addresses, [{ held: true }]);
});

t.test('status: another Active, for as long as it claims to be', async t => {
  const { hear, run, status } = instanceRig();
  run(seconds(6));
  t.equal(status().conflict, null);
  hear({ priority: priority(50) });
  t.match(status().conflict, { what: 'second-active', address: '192.0.2.66' });
  const since = status().conflict?.since;
  run(seconds(1));
  hear({ priority: priority(50) });
  t.equal(status().conflict?.since, since, 'since the first claim of a row');
  run(seconds(4));
  t.equal(status().conflict, null, 'over when a Backup would have lost patience');
  hear({ priority: priority(50) });
  hear({ priority: priority(200) }, { source: ip('192.0.2.67') });
  t.match(status(), { state: 'backup', conflict: null }, 'a Backup has no claim to dispute');
});

t.test('design 4.7: who claims for 3 intervals though it is answered does not hear us', async t => {
  const { hear, run, status, lines } = instanceRig();
  run(seconds(6));
  for (let claim = 0; claim < 5; claim += 1) {
    hear({ priority: priority(50) });
    t.equal(status().conflict?.what, claim < 3 ? 'second-active' : 'peer-does-not-hear-us', `claim ${claim}`);
    run(seconds(1));
  }
  t.match(lines('vrrp.peer-does-not-hear-us'), [
    { level: 'error', message: /^192\.0\.2\.66 has claimed to be Active for 3 s .*checksum = "rfc5798"/ },
  ]);
  t.equal(lines('vrrp.peer-does-not-hear-us').length, 1, 'told once');
});

t.test('design 4.4: a second owner is an error in status', async t => {
  const { hear, run, status } = instanceRig({ priority: priority(255) });
  run(seconds(1));
  hear({ priority: priority(255) });
  t.match(status().conflict, { what: 'second-owner', address: '192.0.2.66' });
});

t.test('status: what it waits for', async t => {
  const { run, status, world } = instanceRig();
  run(seconds(1));
  world.node('a').machine.setUp(INTERFACE, false);
  run(millis(1));
  t.match(status(), {
    state: 'initialize',
    reason: 'interface-down',
    waiting: 'interface hf0 is down; ip link set hf0 up',
    primary: null,
    active: null,
  });
  world.node('a').machine.setUp(INTERFACE, true);
  run(millis(1));
  t.match(status(), { state: 'backup', reason: 'startup', waiting: null });
});

t.test('abandoned: an Active resigns and is gone, a Backup just goes', async t => {
  const active = instanceRig();
  active.run(seconds(5));
  active.world.node('a').process?.engine.abandon();
  t.equal(active.sent.at(-1)?.priority, 0);
  t.notOk(active.world.node('a').machine.holds(VIP));
  t.equal(active.status().state, 'initialize');
  t.equal(active.lines('vrrp.abandoned').length, 1);
  active.run(seconds(10));
  t.equal(active.sent.at(-1)?.priority, 0, 'nothing comes after it');

  const backup = instanceRig();
  backup.run(seconds(1));
  backup.world.node('a').process?.engine.abandon();
  backup.run(seconds(10));
  t.strictSame(backup.sent, []);
});

t.test('new settings are applied in place', async t => {
  const { run, world, sent, status } = instanceRig();
  run(seconds(5));
  const engine = world.node('a').process?.engine;
  engine?.apply(planFor(routerSpec({ priority: priority(120), addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.201/24')] })));
  run(millis(1));
  t.match(sent.at(-1), { priority: 120, addresses: ['192.0.2.200', '192.0.2.201'] });
  t.match(status(), { state: 'active', priority: { configured: 120 }, counters: { becameActive: 1 } });
  t.ok(world.node('a').machine.holds(ip('192.0.2.201')));
  engine?.apply(planFor(routerSpec({ addresses: [prefix('192.0.2.201/24')] })));
  run(millis(1));
  t.notOk(world.node('a').machine.holds(VIP), 'what is configured no longer is let go');
});

t.test('settings and health that change while there is no interface count when it is back', async t => {
  const { run, world, status } = instanceRig();
  const { machine, process } = world.node('a');
  const back = (): void => {
    machine.addLink(INTERFACE);
    machine.addAddress(INTERFACE, prefix('192.0.2.11/24'));
    run(millis(1));
  };
  machine.deleteLink(INTERFACE);
  run(millis(1));
  process?.engine.apply(planFor(routerSpec({ priority: priority(120) })));
  back();
  t.match(status(), { state: 'backup', standing: 'well', priority: { configured: 120, effective: 120 } });
  machine.deleteLink(INTERFACE);
  run(millis(1));
  process?.engine.health([sickness('web/ipv4')]);
  back();
  t.match(status(), { state: 'backup', standing: 'demoted', priority: { configured: 120, effective: 1 } });
});

t.test('nothing is heard before it takes part', async t => {
  const { hear, world, run, status } = instanceRig();
  world.node('a').machine.deleteAddress(INTERFACE, ip('192.0.2.11'));
  run(millis(1));
  world.kill('a');
  world.start('a');
  hear({ priority: priority(200) });
  t.match(status(), { state: 'initialize', reason: 'no-address', counters: { advertsReceived: 0 } });
});

t.test('its own address changes: said at once from the new one, no change of role', async t => {
  const { run, world, sent, status } = instanceRig();
  run(seconds(5));
  const { machine } = world.node('a');
  machine.addAddress(INTERFACE, prefix('192.0.2.21/24'));
  run(millis(1));
  const before = sent.length;
  machine.deleteAddress(INTERFACE, ip('192.0.2.11'));
  run(millis(1));
  t.equal(sent.length, before + 1);
  t.match(status(), { state: 'active', primary: '192.0.2.21', counters: { becameActive: 1 } });
});

t.test('a short loss of carrier: told once, and said again when it is over', async t => {
  const { run, world, sent, status, lines } = instanceRig();
  run(seconds(5));
  world.node('a').machine.setCarrier(INTERFACE, false);
  run(seconds(2));
  t.match(lines('vrrp.waiting'), [{ level: 'warn', message: 'waiting: interface hf0 has no carrier: check cable and switch' }]);
  t.match(status(), { state: 'active', waiting: 'interface hf0 has no carrier: check cable and switch' });
  const before = sent.length;
  world.node('a').machine.setCarrier(INTERFACE, true);
  run(millis(1));
  t.equal(sent.length, before + 1);
  t.match(status(), { state: 'active', waiting: null, counters: { becameActive: 1 } });
});
