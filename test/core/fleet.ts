// Tests src/core/fleet.ts through the engine: a plan made true by the difference to what runs, and places that are taken.
import t from 'tap';
import type { RouterSpec } from '../../src/vrrp/router.ts';
import { type Micros, micros, millis, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { type EngineRig, engineRig, type Node } from '../fixtures/engine-rig.ts';
import { sickness, wellness } from '../fixtures/health.ts';
import { ip, planFor, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const VIP = ip('192.0.2.200');
const VIP2 = ip('192.0.2.201');
const WEB = routerSpec({ priority: priority(200) });
const MAIL = routerSpec({ name: 'mail', vrid: vrid(52), priority: priority(200), addresses: [prefix('192.0.2.201/24')] });

/** `a` with WEB as Active, `b` with it as its Backup. */
function pair(spec: RouterSpec = WEB): { readonly rig: EngineRig; readonly b: Node } {
  const rig = engineRig();
  const b = rig.join('b');
  rig.engine.apply(planFor(spec));
  b.engine.apply(planFor({ ...spec, priority: priority(100) }));
  rig.run(seconds(6));
  return { rig, b };
}

/** Whether the machine had the address at every moment from now on, and nobody touched it. */
function watch({ timeline }: EngineRig, { machine, removed }: Node, address = VIP): () => boolean {
  let always = machine.holds(address);
  const before = removed.length;
  timeline.watch(() => {
    always &&= machine.holds(address);
  });
  return () => always && !removed.slice(before).includes(address);
}

/** The longest time between two adverts of that router from now on. */
function watchAdverts({ timeline, sent }: EngineRig, id = 51): () => Micros {
  const begun = timeline.now();
  return () => {
    const times = [begun, ...sent.filter(each => each.vrid === id && each.at >= begun).map(({ at }) => at), timeline.now()];
    return micros(Math.max(...times.map((at, index) => at - (times[index - 1] ?? at))));
  };
}

t.test('an unchanged router loses no advert and sends none extra, whatever happens to the others', async t => {
  const rig = engineRig();
  const { engine, run, sent, frames, status } = rig;
  engine.apply(planFor(WEB, MAIL));
  run(seconds(10));
  const before = [sent.length, frames.length, JSON.stringify(status())];
  engine.apply(structuredClone(planFor(WEB, MAIL)));
  engine.apply(structuredClone(planFor(MAIL, WEB)));
  run(micros(1));
  t.strictSame([sent.length, frames.length, JSON.stringify(status('web/ipv4'))], before);

  const first = sent.filter(each => each.vrid === 51).at(-1)?.at ?? 0;
  const plans: readonly (readonly RouterSpec[])[] = [
    [WEB, { ...MAIL, priority: priority(150) }],
    [WEB],
    [{ ...MAIL, addresses: [prefix('192.0.2.202/24')] }, WEB],
    [WEB, routerSpec({ name: 'inside', interface: 'hf1', addresses: [] })],
    [WEB, { ...MAIL, vrid: vrid(53) }],
    [WEB, { ...WEB, family: 'ipv6', addresses: [prefix('fe80::112:51/64')] }],
  ];
  const transitions = rig.transitions.filter(({ router }) => router === 'web/ipv4').length;
  for (const routers of plans) {
    engine.apply(planFor(...routers));
    run(millis(1_370));
  }
  const times = sent.filter(each => each.vrid === 51 && each.source === '192.0.2.11' && each.at >= first).map(({ at }) => at);
  t.ok(times.length >= 8);
  for (const [index, at] of times.entries()) t.equal(at, first + index * 1_000_000, 'on its grid');
  t.equal(rig.transitions.filter(({ router }) => router === 'web/ipv4').length, transitions);
});

t.test('changed in place as Active: said at once, role and address kept', async t => {
  const changes: readonly (readonly [string, Partial<RouterSpec>])[] = [
    ['priority', { priority: priority(150) }],
    ['interval', { advertInterval: millis(500) }],
    ['preempt', { preempt: false }],
    ['preempt_delay', { preemptDelay: seconds(5) }],
    ['accept', { accept: false }],
    ['checksum', { checksum: 'rfc5798' }],
    ['lease', { lease: seconds(9) }],
    ['lease off', { lease: null }],
    ['tracked', { tracked: true }],
    ['version', { version: 2 }],
    ['password', { version: 2, password: 'geheim' }],
    ['one address more', { addresses: [...WEB.addresses, prefix('192.0.2.201/24')] }],
    ['another order', { addresses: [prefix('192.0.2.201/24'), ...WEB.addresses] }],
    ['an address on another interface', { addresses: [...WEB.addresses, { ...prefix('198.51.100.200/24'), interface: 'hf1' }] }],
    ['the same with no lease', { lease: null, addresses: [...WEB.addresses, { ...prefix('198.51.100.200/24'), interface: 'hf1' }] }],
  ];
  for (const [name, change] of changes) {
    const rig = engineRig();
    const { engine, run, sent, status, machine } = rig;
    engine.apply(planFor(WEB));
    run(seconds(10));
    const held = watch(rig, rig);
    const silence = watchAdverts(rig);
    const before = sent.length;
    engine.apply(planFor({ ...WEB, ...change }));
    run(millis(1));
    t.equal(sent.length, before + 1, `${name}: said at once, and once`);
    run(seconds(9));
    t.match(status(), { state: 'active', counters: { becameActive: 1, addressesPutBack: 0 } }, name);
    t.ok(held(), `${name}: no gap`);
    t.ok(silence() <= 1_000_000, `${name}: silent for ${silence()} µs`);
    for (const { address } of change.addresses ?? []) t.ok(machine.holds(address), `${name}: ${address}`);
    t.strictSame([machine.denied(VIP), status().addresses.every(each => each.held)], [change.accept === false, true], name);
  }
});

t.test('an address that is configured no longer is let go, and one that changes its interface moves at once', async t => {
  const { engine, run, machine, status } = engineRig();
  engine.apply(planFor({ ...WEB, lease: null, addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.201/24')] }));
  run(seconds(5));
  engine.apply(planFor({ ...WEB, lease: null, addresses: [{ ...prefix('192.0.2.201/24'), interface: 'hf1' }] }));
  run(millis(1));
  t.notOk(machine.holds(VIP));
  t.strictSame([machine.answersFor(VIP2, 'hf0'), machine.answersFor(VIP2, 'hf1')], [false, true]);
  t.match(status(), { state: 'active', addresses: [{ held: true, interface: 'hf1' }] });
});

t.test('another source: said from there at once', async t => {
  const { engine, run, machine, sent, status } = engineRig();
  machine.addAddress('hf0', prefix('192.0.2.33/24'));
  engine.apply(planFor(WEB));
  run(seconds(5));
  const before = sent.length;
  engine.apply(planFor({ ...WEB, source: ip('192.0.2.33') }));
  run(millis(1));
  t.equal(sent.at(-1)?.source, '192.0.2.33');
  t.ok(sent.length - before >= 1);
  t.match(status(), { state: 'active', primary: '192.0.2.33', counters: { becameActive: 1 } });
  engine.apply(planFor({ ...WEB, source: ip('192.0.2.99') }));
  run(millis(1));
  t.match(status(), { waiting: 'interface hf0 does not have the address 192.0.2.99 (source)' });
});

t.test('from the group to peers and back', async t => {
  const { rig, b } = pair();
  const peers = [11, 12].map(host => ({ address: ip(`192.0.2.${host}`), minTtl: 255, maxTtl: 255 }));
  const low = { ...WEB, priority: priority(100) };
  const held = watch(rig, rig);
  for (const change of [{ peers }, { peers: [] }]) {
    rig.engine.apply(planFor({ ...WEB, ...change }));
    b.engine.apply(planFor({ ...low, ...change }));
    rig.run(seconds(10));
    t.strictSame([rig.state(), b.state()], ['active', 'backup']);
  }
  t.ok(held());
});

t.test('changed in place as Backup: nothing is sent, the Active is still known', async t => {
  const changes: readonly Partial<RouterSpec>[] = [
    { priority: priority(150) },
    { addresses: [...WEB.addresses, prefix('192.0.2.201/24')] },
    { advertInterval: millis(500) },
    { preempt: false },
    { preemptDelay: seconds(5) },
    { accept: false },
    { checksum: 'rfc9568' },
    { lease: null },
    { tracked: true },
  ];
  for (const change of changes) {
    const { rig, b } = pair();
    const before = rig.sent.filter(({ from }) => from === 'b').length;
    b.engine.apply(planFor({ ...WEB, priority: priority(100), ...change }));
    rig.run(seconds(5));
    t.equal(rig.sent.filter(({ from }) => from === 'b').length, before, JSON.stringify(change));
    t.match(b.status(), { state: 'backup', active: { address: '192.0.2.11', priority: 200 }, counters: { becameActive: 0 } });
    t.notOk(b.machine.holds(VIP2));
  }
});

t.test('a Backup that a reload raises above the Active takes over in order', async t => {
  const { rig, b } = pair();
  b.engine.apply(planFor({ ...WEB, priority: priority(220) }));
  rig.run(seconds(8));
  t.strictSame([rig.state(), b.state()], ['backup', 'active']);
  t.strictSame(rig.lan.answering(VIP, 'b'), ['b']);
});

t.test('added: those that run do not notice', async t => {
  const { engine, run, sent, state } = engineRig();
  engine.apply(planFor(WEB));
  run(seconds(5));
  const count = sent.length;
  engine.apply(planFor(WEB, MAIL));
  t.equal(sent.length, count);
  run(seconds(5));
  t.strictSame([state('web/ipv4'), state('mail/ipv4')], ['active', 'active']);
});

t.test('removed as Active: priority 0, answers until the other is heard, then releases', async t => {
  const { rig, b } = pair({ ...WEB, preempt: false });
  const { engine, run, sent, lan, machine, transitions } = rig;
  const served = watchService(rig);
  engine.apply(planFor());
  t.match(sent.at(-1), { from: 'a', priority: 0 });
  t.match(rig.status(), { state: 'leaving', spec: { name: 'web' } }, 'still in the status');
  t.ok(machine.holds(VIP));
  run(seconds(3));
  t.strictSame([engine.status().routers, b.state(), lan.answering(VIP, 'b')], [[], 'active', ['b']]);
  t.strictSame(
    transitions.slice(-2).map(({ to, reason }) => `${to} ${reason}`),
    ['leaving shutdown', 'initialize handed-over'],
  );
  t.ok(served());
  t.equal(sent.filter(each => each.from === 'a' && each.priority === 0).length, 1);
});

/** Whether at every moment from now on somebody answered for the address. */
function watchService({ timeline, lan }: EngineRig): () => boolean {
  let always = true;
  timeline.watch(() => {
    always &&= lan.answering(VIP, 'client').length > 0;
  });
  return () => always;
}

t.test('removed as Backup: gone at once, without a word', async t => {
  const { rig, b } = pair();
  const before = rig.sent.length;
  b.engine.apply(planFor());
  rig.run(micros(1));
  t.strictSame([b.engine.status().routers, rig.sent.length], [[], before]);
});

t.test('the last router of an interface takes its sockets along; those that stay keep them', async t => {
  const { engine, run, hear, status } = engineRig();
  engine.apply(planFor(WEB, MAIL));
  run(seconds(5));
  engine.apply(planFor(MAIL));
  run(seconds(3));
  hear(priority(50), WEB);
  hear(priority(50), MAIL);
  run(millis(1));
  t.equal(status().counters.advertsReceived, 1);
  t.match(
    engine.status().neighbours,
    [
      { vrid: 52, router: 'mail' },
      { vrid: 51, router: null },
    ],
    'the VRID is nobody’s now',
  );
  engine.apply(planFor());
  run(seconds(3));
  t.strictSame(engine.status().neighbours, []);
  hear(priority(50), MAIL);
  const { lateness } = engine.status();
  run(seconds(100));
  t.equal(engine.status().lateness.wakes, lateness.wakes, 'and nothing wakes any more');
});

t.test('sockets that nobody needs are closed: the network tells who still speaks to them', async t => {
  const peers = [11, 12].map(host => ({ address: ip(`192.0.2.${host}`), minTtl: 255, maxTtl: 255 }));
  const { rig, b } = pair({ ...WEB, peers });
  rig.engine.apply(planFor());
  rig.run(seconds(10));
  t.strictSame(
    b.status().peers.map(({ address, trouble }) => `${address} ${trouble}`),
    ['192.0.2.11 ENOPROTOOPT', '192.0.2.12 null'],
  );
});

t.test('renamed: state, adverts and what was learned stay; the new name is what is told from then on', async t => {
  const { engine, run, sent, hear, status, transitions, learned, log } = engineRig();
  engine.apply(planFor(WEB));
  run(seconds(5));
  hear(priority(50), WEB, 'rfc5798');
  run(millis(1));
  const before = sent.length;
  const since = status().since;
  engine.apply(planFor({ ...WEB, name: 'www' }));
  run(micros(1));
  t.ok(sent.length - before <= 1);
  t.match(status(), { spec: { name: 'www' }, state: 'active', since, checksums: ['rfc5798'], counters: { becameActive: 1 } });
  t.equal(engine.status().routers.length, 1);
  engine.health([sickness('www/ipv4')]);
  t.equal(status().state, 'leaving');
  t.match(transitions.at(-1), { router: 'www/ipv4', to: 'leaving' });
  t.equal(log.of('vrrp.transition').at(-1)?.fields.router, 'www');
  t.match(learned, [{ router: 'web/ipv4' }]);
});

t.test('two routers that swap their names go on as they are', async t => {
  const { engine, run, transitions, status } = engineRig();
  engine.apply(planFor(WEB, MAIL));
  run(seconds(5));
  const before = transitions.length;
  engine.apply(planFor({ ...WEB, name: 'mail' }, { ...MAIL, name: 'web' }));
  run(seconds(5));
  t.equal(transitions.length, before);
  t.strictSame([status('web/ipv4').spec.vrid, status('mail/ipv4').spec.vrid], [52, 51]);
});

t.test('another VRID or interface: the old one leaves in order, then the new one starts', async t => {
  for (const change of [{ vrid: vrid(61) }, { interface: 'hf1', addresses: [{ ...prefix('192.0.2.200/24'), interface: 'hf0' }] }]) {
    const { rig, b } = pair({ ...WEB, preempt: false });
    const { engine, run, status, state } = rig;
    const served = watchService(rig);
    engine.apply(planFor({ ...WEB, preempt: false, ...change }));
    t.strictSame([state(0), state(1)], ['leaving', 'initialize']);
    t.match(status(1), { waiting: /leaves/, reason: 'starting' });
    run(seconds(3));
    t.equal(b.state(), 'active', 'handed over to the other machine');
    t.equal(rig.lan.answering(VIP, 'b').join(), 'b', 'and not taken back, as it is not ours');
    t.match(status(), { state: 'backup', waiting: null });
    t.strictSame([status().spec.vrid, status().spec.interface], [change.vrid ?? WEB.vrid, change.interface ?? WEB.interface]);
    t.equal(engine.status().routers.length, 1);
    t.ok(served());
  }
});

t.test('another VRID with nobody else there: the address stays where it is', async t => {
  const rig = engineRig();
  rig.engine.apply(planFor(WEB));
  rig.run(seconds(5));
  const held = watch(rig, rig);
  rig.engine.apply(planFor({ ...WEB, vrid: vrid(61) }));
  rig.run(seconds(10));
  t.match(rig.status(), { state: 'active', spec: { vrid: 61 } });
  t.ok(held());
});

t.test('removed, and wished for again while it leaves: it leaves, and begins anew', async t => {
  for (const again of [WEB, { ...WEB, name: 'www' }, { ...WEB, priority: priority(150) }]) {
    const { rig, b } = pair();
    const { engine, run, status, state } = rig;
    engine.apply(planFor());
    run(millis(100));
    engine.apply(planFor(again));
    t.strictSame([state(0), state(1)].sort(), ['initialize', 'leaving']);
    run(seconds(2));
    t.strictSame([state(), b.state()], ['backup', 'active']);
    run(seconds(5));
    t.match(status(), { state: 'active', spec: { name: again.name, priority: again.priority } });
    t.equal(engine.status().routers.length, 1);
    t.strictSame(rig.lan.answering(VIP, 'b'), ['a']);
  }
});

t.test('what waits for its place can be changed and removed like anything else', async t => {
  const { rig } = pair();
  const { engine, run, status, state } = rig;
  engine.apply(planFor());
  engine.apply(planFor(WEB));
  engine.apply(planFor({ ...WEB, priority: priority(220) }));
  t.match(status(1), { waiting: /leaves/, spec: { priority: 220 } });
  engine.apply(planFor(MAIL));
  run(seconds(3));
  t.strictSame([state('web/ipv4'), engine.status().routers.length], [undefined, 1]);
});

t.test('an address that moves from one router to another in one reload stays without a gap', async t => {
  const [one, two] = [prefix('192.0.2.200/24'), prefix('192.0.2.201/24')];
  for (const lease of [seconds(6), null]) {
    for (const order of [1, -1]) {
      const rig = engineRig();
      const plan = (web: readonly (typeof one)[], mail: readonly (typeof one)[]) =>
        planFor(
          ...[
            { ...WEB, lease, addresses: web },
            { ...MAIL, lease, addresses: mail },
          ].toSorted(() => order),
        );
      rig.engine.apply(plan([one, two], []));
      rig.run(seconds(5));
      const [held, stays] = [watch(rig, rig, two.address), watch(rig, rig, one.address)];
      rig.engine.apply(plan([one], [two]));
      rig.run(seconds(10));
      t.ok(held() && stays(), 'from the first in the file to the second, or the other way');
      t.strictSame(rig.log.of('address.lost'), []);
      t.match(rig.status('mail/ipv4'), { addresses: [{ held: true, ours: true }] });
      rig.engine.apply(plan([one], []));
      rig.run(seconds(10));
      t.notOk(rig.machine.holds(two.address), 'the new one takes it off');
      t.ok(rig.machine.holds(one.address));
    }
  }
});

t.test('an address that moves to a router that is new stays, and neither of the two is kept by it later', async t => {
  const both = { ...WEB, addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.201/24')] };
  const rig = engineRig();
  rig.engine.apply(planFor(both));
  rig.run(seconds(5));
  const held = watch(rig, rig, VIP2);
  rig.engine.apply(planFor(WEB, MAIL));
  rig.run(seconds(1));
  t.ok(held());
  rig.machine.setCarrier('hf0', false);
  rig.run(seconds(5));
  rig.machine.setCarrier('hf0', true);
  rig.run(seconds(5));
  t.strictSame([rig.state(0), rig.state(1)], ['active', 'active'], 'each comes back');
  rig.engine.apply(planFor(MAIL));
  rig.run(seconds(5));
  t.equal(rig.engine.status().routers.length, 1, 'and each can leave');
  t.strictSame([rig.machine.holds(VIP), rig.machine.holds(VIP2)], [false, true]);
});

t.test('an address that another router needs stays when the one that had it is removed', async t => {
  const rig = engineRig();
  const both = { ...MAIL, addresses: [prefix('192.0.2.201/24'), prefix('192.0.2.200/24')] };
  rig.engine.apply(planFor(WEB, MAIL));
  rig.run(seconds(5));
  const held = watch(rig, rig);
  rig.engine.apply(planFor(both));
  rig.run(seconds(10));
  t.ok(held());
  t.strictSame([rig.status().state, rig.engine.status().routers.length], ['active', 1]);
});

t.test('the same address by another way of saying where it lives is the same address', async t => {
  const rig = engineRig();
  const named = { ...MAIL, interface: 'hf1', addresses: [{ ...prefix('192.0.2.200/24'), interface: 'hf0' }] };
  rig.engine.apply(planFor(WEB, { ...named, addresses: [] }));
  rig.run(seconds(5));
  const held = watch(rig, rig);
  rig.engine.apply(planFor({ ...WEB, addresses: [] }, named));
  rig.run(seconds(10));
  t.ok(held());
});

t.test('an address that a new plan makes virtual is no address to speak from any more', async t => {
  const { engine, run, machine, status } = engineRig();
  machine.addAddress('hf0', prefix('192.0.2.33/24'));
  run(millis(1));
  engine.apply(planFor(WEB));
  t.equal(status().primary, '192.0.2.11');
  engine.apply(planFor(WEB, { ...MAIL, addresses: [prefix('192.0.2.11/24')] }));
  t.equal(status().primary, '192.0.2.33');
});

t.test('two families of one name: one leaves, the other does not notice', async t => {
  const { engine, run, sent, state, status } = engineRig();
  const six = { ...WEB, family: 'ipv6', addresses: [prefix('fe80::112:51/64'), prefix('2001:db8::200/64')] } as const;
  engine.apply(planFor(WEB, six));
  run(seconds(5));
  t.strictSame([state('web/ipv4'), state('web/ipv6')], ['active', 'active']);
  t.strictSame([status('web/ipv4').primary, status('web/ipv6').primary], ['192.0.2.11', 'fe80::11']);
  engine.health([sickness('web/ipv6')]);
  t.strictSame([state('web/ipv4'), state('web/ipv6')], ['active', 'leaving']);
  engine.health([wellness('web/ipv6')]);
  const before = sent.length;
  engine.apply(planFor(six));
  t.strictSame([state('web/ipv4'), state('web/ipv6')], ['leaving', 'active']);
  run(seconds(3));
  t.strictSame([state('web/ipv4'), state('web/ipv6')], [undefined, 'active']);
  t.ok(
    sent.slice(before).every(each => (each.source === 'fe80::11') === (each.priority !== 0)),
    'only the one resigned',
  );
});

t.test('a router that nothing is tracked for any more is not demoted any more', async t => {
  const { engine, run, status } = engineRig();
  engine.apply(planFor({ ...WEB, tracked: true }));
  engine.health([sickness('web/ipv4')]);
  run(seconds(1));
  t.equal(status().standing, 'demoted');
  engine.apply(planFor(WEB));
  t.strictSame([status().standing, status().priority.effective], ['well', WEB.priority]);
});

t.test('health of a router that is not there is ignored, and does not reach one that comes later', async t => {
  const { engine, run, status } = engineRig();
  engine.apply(planFor(WEB));
  engine.health([sickness('mail/ipv4'), sickness('web/ipv6')]);
  engine.apply(planFor(WEB, MAIL));
  run(seconds(5));
  t.strictSame([status('web/ipv4').standing, status('mail/ipv4').standing], ['well', 'well']);
});
