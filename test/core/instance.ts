// Tests src/core/instance.ts: one virtual router in the real engine on a fake machine, with a stranger as its peer.
import t from 'tap';
import type { RouterStatus } from '../../src/core/status.ts';
import type { Line } from '../../src/platform/fake/log.ts';
import type { Reception } from '../../src/vrrp/admit.ts';
import { type Advertisement, decode, encode, VRRP_GROUP } from '../../src/vrrp/packet.ts';
import type { ChecksumForm, RouterSpec } from '../../src/vrrp/router.ts';
import { type Micros, millis, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { ip, prefix, routerSpec } from '../fixtures/virtual-router.ts';
import { createWorld, INTERFACE, type World } from '../scenario/lab/world.ts';

const VIP = ip('192.0.2.200');
const PEER = ip('192.0.2.66');

interface Rig {
  readonly world: World;
  /** How long each state lasted that ended by now, in seconds. */
  stays(state: string): readonly number[];
  /** What left the machine. */
  readonly sent: Advertisement[];
  run(duration: Micros): void;
  status(): RouterStatus;
  lines(event: string): readonly Line[];
  /** The peer sends. */
  hear(advertisement?: Partial<Advertisement>, reception?: Partial<Reception>): void;
  /** The peer sends bytes. */
  hearBytes(change: (message: Uint8Array) => Uint8Array): void;
}

function rig(settings: Partial<RouterSpec> = {}): Rig {
  const transitions: { readonly at: Micros; readonly line: Line }[] = [];
  const world: World = createWorld((_, line) => {
    if (line.event === 'vrrp.transition') transitions.push({ at: world.timeline.now(), line });
  });
  const node = world.addNode('a', [prefix('192.0.2.11/24')], [routerSpec(settings)]);
  const sent: Advertisement[] = [];
  world.lan.onDatagram(({ bytes }) => {
    const advertisement = decode(bytes, { source: ip('192.0.2.11'), destination: VRRP_GROUP.ipv4 });
    if (advertisement.kind === 'malformed') throw new Error(advertisement.detail);
    sent.push(advertisement);
  });
  const common: Reception = { source: PEER, destination: VRRP_GROUP.ipv4, ttl: 255 };
  const message = (change: Partial<Advertisement>): Uint8Array =>
    encode(
      {
        kind: 'advertisement',
        version: 3,
        vrid: vrid(51),
        priority: priority(50),
        interval: seconds(1),
        addresses: [VIP],
        checksum: 'rfc9568',
        ...change,
      },
      PEER,
      VRRP_GROUP.ipv4,
    );
  world.start('a');
  return {
    world,
    sent,
    stays: state =>
      transitions.flatMap(({ at, line }, index) => {
        const ended = transitions[index + 1];
        return line.fields.to === state && ended !== undefined ? [(ended.at - at) / 1_000_000] : [];
      }),
    run: duration => world.run(duration),
    status() {
      const [status] = node.process?.engine.status().routers ?? [];
      if (status === undefined) throw new Error('no router');
      return status;
    },
    lines: event => node.log.of(event),
    hear(change = {}, reception = {}) {
      world.lan.inject(INTERFACE, message(change), { ...common, ...reception });
      world.run(millis(1));
    },
    hearBytes(change) {
      world.lan.inject(INTERFACE, change(message({})), common);
      world.run(millis(1));
    },
  };
}

function forms(sent: readonly Advertisement[]): readonly ChecksumForm[] {
  return sent.map(({ checksum }) => checksum);
}

t.test('what it sends is what is configured', async t => {
  const { sent, run } = rig({ priority: priority(150), addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.201/32')] });
  run(seconds(4));
  t.strictSame(sent[0], {
    kind: 'advertisement',
    version: 3,
    vrid: 51,
    priority: 150,
    interval: 1_000_000,
    addresses: ['192.0.2.200', '192.0.2.201'],
    checksum: 'rfc9568',
  });
});

t.test('design 4.7: the RFC 5798 form is learned from a peer, answered at once, and kept', async t => {
  const { sent, hear, run } = rig();
  run(seconds(5));
  t.strictSame(forms(sent), ['rfc9568', 'rfc9568']);
  hear({ checksum: 'rfc5798' });
  t.strictSame(forms(sent.slice(2)), ['rfc5798'], 'one answer');
  hear({ checksum: 'rfc9568' });
  run(seconds(10));
  t.ok(forms(sent.slice(2)).every(form => form === 'rfc5798'));
});

t.test('learned also while Backup, and in a flood of claims that would not be answered', async t => {
  const backup = rig();
  backup.hear({ checksum: 'rfc5798', priority: priority(200) });
  backup.run(seconds(4));
  t.strictSame(forms(backup.sent), ['rfc5798']);

  const flood = rig();
  flood.run(seconds(5));
  flood.hear();
  const before = flood.sent.length;
  flood.hear({ checksum: 'rfc5798' });
  t.strictSame(forms(flood.sent.slice(before)), ['rfc5798'], 'in its own form, though claims were answered just now');
  flood.hear({ checksum: 'rfc5798' });
  t.equal(flood.sent.length, before + 1, 'and once');
});

t.test('a configured form is not unlearned', async t => {
  for (const checksum of ['rfc9568', 'rfc5798'] as const) {
    const { sent, hear, run } = rig({ checksum });
    hear({ checksum: checksum === 'rfc9568' ? 'rfc5798' : 'rfc9568' });
    run(seconds(5));
    t.ok(
      forms(sent).every(form => form === checksum),
      checksum,
    );
  }
});

t.test('design 4.4: what is ignored is counted by reason, told, and changes nothing', async t => {
  const { hear, hearBytes, lines, run, status } = rig();
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
    { level: 'warn', message: 'advertisement from 192.0.2.66 ignored: TTL 254' },
    { message: 'advertisement from 192.0.2.66 ignored: TTL 1' },
    { message: 'advertisement from 192.0.2.11 ignored: from 192.0.2.11' },
    { message: /^advertisement from 192\.0\.2\.66 ignored: 0x[0-9a-f]{4}$/ },
    { message: 'advertisement from 192.0.2.66 ignored: 11 bytes, 12 for 1 addresses' },
  ]);
});

t.test('another address list is told and believed all the same. RFC 9568 §7.1', async t => {
  const { hear, lines, status } = rig({ addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.201/24')] });
  hear({ priority: priority(200), addresses: [ip('192.0.2.201'), ip('192.0.2.200')] });
  t.strictSame(lines('vrrp.addresses-differ'), [], 'order is no difference');
  hear({ priority: priority(200), addresses: [ip('192.0.2.200'), ip('192.0.2.9')] });
  hear({ priority: priority(200), addresses: [ip('192.0.2.200')] });
  t.strictSame(
    lines('vrrp.addresses-differ').map(({ message }) => message),
    [
      '192.0.2.66 advertises another address list: without 192.0.2.201 and with 192.0.2.9',
      '192.0.2.66 advertises another address list: without 192.0.2.201',
    ],
  );
  t.equal(status().counters.advertsReceived, 3);
});

t.test('status: who serves, why, since when', async t => {
  const { hear, run, status, world } = rig();
  t.match(status(), { state: 'backup', reason: 'startup', since: 0, waiting: null, active: null, primary: '192.0.2.11' });
  t.match(status(), { priority: { configured: 100, effective: 100 }, demoted: false });
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
  const { hear, run, status } = rig();
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
});

t.test('design 4.7: who claims for 3 intervals though it is answered does not hear us', async t => {
  const { hear, run, status, lines } = rig();
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
  const { hear, run, status } = rig({ priority: priority(255) });
  run(seconds(1));
  hear({ priority: priority(255) });
  t.match(status().conflict, { what: 'second-owner', address: '192.0.2.66' });
});

t.test('status: what it waits for', async t => {
  const { run, status, world } = rig();
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

t.test('a foreign address is held and not ours', async t => {
  const { run, status, world, lines } = rig();
  world.node('a').machine.addAddress(INTERFACE, prefix('192.0.2.200/24'));
  run(seconds(5));
  t.match(status().addresses, [{ address: '192.0.2.200/24', held: true, ours: false }]);
  t.equal(lines('address.not-ours').length > 0, true);
});

t.test('the owner’s own address needs no warning', async t => {
  const { run, status, world, lines } = rig({ priority: priority(255) });
  world.kill('a');
  world.node('a').machine.deleteAddress(INTERFACE, VIP);
  world.node('a').machine.addAddress(INTERFACE, prefix('192.0.2.200/24'));
  world.start('a');
  run(seconds(1));
  t.match(status().addresses, [{ held: true, ours: false }]);
  t.strictSame(lines('address.not-ours'), []);
});

t.test('leases are renewed before they end, as long as it serves', async t => {
  const { run, world } = rig({ advertInterval: millis(100) });
  const left: (number | null | undefined)[] = [];
  run(seconds(1));
  for (let round = 0; round < 60; round += 1) {
    run(millis(101));
    left.push(
      world
        .node('a')
        .machine.addresses(INTERFACE)
        .find(({ address }) => address === VIP)?.validFor,
    );
  }
  t.ok(
    left.every(each => each === 1),
    `1 s leases, seen ${[...new Set(left)]}`,
  );
});

t.test('design 4.9: what cannot be added within 1 s is a fault, tried again after 1 s doubling to 60 s', async t => {
  const { run, stays, world, lines, status } = rig({ priority: priority(254) });
  const { machine } = world.node('a');
  machine.refuse({ op: 'put', code: 'EACCES', address: null, times: Number.POSITIVE_INFINITY });
  run(seconds(300));
  t.strictSame(stays('fault').slice(0, 8).map(Math.round), [1, 2, 4, 8, 16, 32, 60, 60]);
  for (const stay of stays('active')) t.ok(stay >= 1 && stay < 1.2, `${stay} s of trying`);
  const [fault] = lines('vrrp.transition').filter(({ fields }) => fields.to === 'fault');
  t.equal(fault?.level, 'error');
  t.match(lines('address.failed')[0], { level: 'error', message: 'add address 192.0.2.200/24 on hf0: EACCES' });
  machine.allow();
  run(seconds(200));
  t.equal(status().state, 'active');
  machine.refuse({ op: 'put', code: 'EACCES', address: null, times: Number.POSITIVE_INFINITY });
  machine.deleteAddress(INTERFACE, VIP);
  run(seconds(5));
  t.equal(Math.round(stays('fault').at(-1) ?? 0), 1, 'after a long quiet time it begins anew');
});

t.test('design 4.9: nothing is claimed before it is served', async t => {
  const { run, sent, world, lines } = rig();
  world.node('a').machine.refuse({ op: 'put', code: 'EBUSY', address: null, times: 3 });
  run(seconds(4));
  t.equal(lines('address.failed').length, 3);
  t.equal(sent.length, 1, 'one advert, when the kernel had agreed');
  t.equal(world.lan.cached(VIP), 'a', 'and announced then');
});

t.test('somebody takes the address away: counted, put back, told', async t => {
  const { run, world, status, lines } = rig();
  run(seconds(5));
  for (let round = 1; round <= 4; round += 1) {
    world.node('a').machine.deleteAddress(INTERFACE, VIP);
    run(millis(10));
    t.ok(world.node('a').machine.holds(VIP), `back after ${round}`);
  }
  t.equal(status().counters.addressesPutBack, 4);
  t.equal(status().state, 'active');
  run(seconds(11));
  world.node('a').machine.deleteAddress(INTERFACE, VIP);
  run(millis(10));
  t.equal(status().state, 'active', 'losses of more than 10 s ago do not count');
  t.strictSame(lines('address.fought-over'), []);
});

t.test('five times in 10 s are somebody’s intent', async t => {
  const { run, world, status, lines } = rig();
  run(seconds(5));
  for (let round = 1; round <= 5; round += 1) {
    world.node('a').machine.deleteAddress(INTERFACE, VIP);
    run(millis(2400));
  }
  t.equal(lines('address.fought-over').length, 1);
  t.equal(status().counters.becameActive, 1);
  t.ok(lines('vrrp.transition').some(({ fields }) => fields.to === 'fault'));
});

t.test('abandoned: an Active resigns and is gone, a Backup just goes', async t => {
  const active = rig();
  active.run(seconds(5));
  active.world.node('a').process?.engine.abandon();
  t.equal(active.sent.at(-1)?.priority, 0);
  t.notOk(active.world.node('a').machine.holds(VIP));
  t.equal(active.status().state, 'initialize');
  t.equal(active.lines('vrrp.abandoned').length, 1);
  active.run(seconds(10));
  t.equal(active.sent.at(-1)?.priority, 0, 'nothing comes after it');

  const backup = rig();
  backup.run(seconds(1));
  backup.world.node('a').process?.engine.abandon();
  backup.run(seconds(10));
  t.strictSame(backup.sent, []);
});

t.test('new settings are applied in place', async t => {
  const { run, world, sent, status } = rig();
  run(seconds(5));
  const engine = world.node('a').process?.engine;
  engine?.apply({ routers: [routerSpec({ priority: priority(120), addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.201/24')] })] });
  run(millis(1));
  t.match(sent.at(-1), { priority: 120, addresses: ['192.0.2.200', '192.0.2.201'] });
  t.match(status(), { state: 'active', priority: { configured: 120 }, counters: { becameActive: 1 } });
  t.ok(world.node('a').machine.holds(ip('192.0.2.201')));
  engine?.apply({ routers: [routerSpec({ addresses: [prefix('192.0.2.201/24')] })] });
  run(millis(1));
  t.notOk(world.node('a').machine.holds(VIP), 'what is configured no longer is let go');
});

t.test('settings and health that change while there is no interface count when it is back', async t => {
  const { run, world, status } = rig();
  const { machine, process } = world.node('a');
  const back = (): void => {
    machine.addLink(INTERFACE);
    machine.addAddress(INTERFACE, prefix('192.0.2.11/24'));
    run(millis(1));
  };
  machine.deleteLink(INTERFACE);
  run(millis(1));
  process?.engine.apply({ routers: [routerSpec({ priority: priority(120) })] });
  back();
  t.match(status(), { state: 'backup', demoted: false, priority: { configured: 120, effective: 120 } });
  machine.deleteLink(INTERFACE);
  run(millis(1));
  process?.engine.health([{ router: 'web/ipv4', demoted: true }]);
  back();
  t.match(status(), { state: 'backup', demoted: true, priority: { configured: 120, effective: 1 } });
});

t.test('nothing is heard before it takes part', async t => {
  const { hear, world, run, status } = rig();
  world.node('a').machine.deleteAddress(INTERFACE, ip('192.0.2.11'));
  run(millis(1));
  world.kill('a');
  world.start('a');
  hear({ priority: priority(200) });
  t.match(status(), { state: 'initialize', reason: 'no-address', counters: { advertsReceived: 0 } });
});

t.test('design 4.3: killed and started again, our own addresses are adopted and renewed, until another is heard', async t => {
  const { hear, run, world, lines, sent, status } = rig();
  run(seconds(5));
  world.kill('a');
  run(seconds(2));
  world.start('a');
  t.match(status(), { state: 'backup', reason: 'startup', counters: { advertsSent: 0 } });
  t.match(lines('address.adopted'), [{ level: 'info' }]);
  run(millis(10));
  t.match(world.node('a').machine.addresses(INTERFACE).at(-1), { address: VIP, validFor: 6 }, 'renewed');
  const before = sent.length;
  hear({ priority: priority(50) });
  t.notOk(world.node('a').machine.holds(VIP), 'also before a lower one, whom it preempts later');
  t.equal(sent.length, before, 'and without a word');
});

t.test('adopted and nobody is heard: Active without a gap', async t => {
  const { run, world, status } = rig();
  run(seconds(5));
  world.kill('a');
  world.start('a');
  let gap = false;
  world.timeline.watch(() => {
    gap ||= !world.node('a').machine.holds(VIP);
  });
  run(seconds(20));
  t.equal(status().state, 'active');
  t.notOk(gap);
});

t.test('a Backup adopts what is there and adds nothing to it', async t => {
  const both = { addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.201/24')] };
  const { run, status, world } = rig(both);
  const { machine } = world.node('a');
  machine.addAddress(INTERFACE, prefix('192.0.2.200/24'), 5);
  world.kill('a');
  world.start('a');
  run(seconds(2));
  t.equal(status().state, 'backup');
  t.match(status().addresses, [{ held: true }, { held: false }]);
  t.notOk(machine.holds(ip('192.0.2.201')));
  run(seconds(4));
  t.equal(status().state, 'active');
  t.ok(machine.holds(ip('192.0.2.201')));
});

t.test('an adopted address that somebody takes away is not put back by a Backup', async t => {
  const { run, world, lines, status } = rig();
  run(seconds(5));
  world.kill('a');
  world.start('a');
  run(millis(10));
  world.node('a').machine.deleteAddress(INTERFACE, VIP);
  run(seconds(3));
  t.notOk(world.node('a').machine.holds(VIP));
  t.match(lines('address.lost'), [{ level: 'warn', message: /letting go of the others$/ }]);
  t.match(status(), { state: 'backup', counters: { addressesPutBack: 0 } });
});

t.test('its own address changes: said at once from the new one, no change of role', async t => {
  const { run, world, sent, status } = rig();
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
  const { run, world, sent, status, lines } = rig();
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
