// Tests src/core/engine.ts, fleet.ts and instance.ts with health: where it comes from, how long it counts, and what a router
// that is demoted, released or weighed does with its addresses. Must not know who judges health.
import t from 'tap';
import { micros, millis, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { engineRig } from '../fixtures/engine-rig.ts';
import { released, sickness, weighed, wellness } from '../fixtures/health.ts';
import { instanceRig } from '../fixtures/instance-rig.ts';
import { ip, planFor, prefix, routerSpec } from '../fixtures/virtual-router.ts';
import { INTERFACE } from '../scenario/lab/world.ts';

const VIP = ip('192.0.2.200');
const WEB = routerSpec();
const MAIL = routerSpec({ name: 'mail', vrid: vrid(52), addresses: [prefix('192.0.2.201/24')] });

t.test('a change of role says the priority after it, with weights and while demoted, and what is wrong', async t => {
  const { engine, run, transitions } = engineRig();
  engine.apply(planFor(WEB), { health: [weighed('web/ipv4', 60)] });
  run(seconds(4));
  t.match(transitions.at(-1), { to: 'active', priority: 160, active: { address: '192.0.2.11', priority: 160, self: true } });
  engine.health([sickness('web/ipv4')]);
  t.match(transitions.at(-1), { to: 'leaving', priority: 1, why: /^nginx: connection refused; answering for 192.0.2.200/ });
  engine.health([weighed('web/ipv4', -60)]);
  t.match(transitions.at(-1), { to: 'active', reason: 'recovered', priority: 40 });
});

t.test('a tracked router is demoted until its health is known, which can come with the plan', async t => {
  const tracked = { ...WEB, tracked: true };
  const standings = ({ engine }: ReturnType<typeof engineRig>) =>
    engine.status().routers.map(({ standing, priority: { effective } }) => [standing, effective]);
  const unknown = engineRig();
  unknown.engine.apply(planFor(tracked, MAIL));
  t.strictSame(standings(unknown), [
    ['demoted', 1],
    ['well', 100],
  ]);
  unknown.run(micros(3_996_093));
  t.equal(unknown.state(0), 'backup', 'every healthy one is first');
  unknown.run(micros(1));
  t.equal(unknown.state(0), 'active', 'and if there is none it serves');
  unknown.engine.health([wellness('web/ipv4')]);
  t.strictSame(standings(unknown)[0], ['well', 100]);

  const known = engineRig();
  known.engine.apply(planFor(tracked, MAIL), { health: [wellness('web/ipv4')] });
  t.strictSame(standings(known)[0], ['well', 100], 'from the first moment');
  known.run(micros(3_609_375));
  t.equal(known.state(0), 'active');

  const out = engineRig();
  out.engine.apply(planFor(tracked), { health: [released('web/ipv4')] });
  t.match(out.transitions, [{ from: 'initialize', to: 'fault', reason: 'released' }], 'it never took part');
});

t.test('design 4.9: health that nobody renews for 10 s counts as lost, for tracked routers', async t => {
  const { engine, run, state } = engineRig();
  engine.apply(planFor({ ...WEB, tracked: true }, MAIL), { health: [wellness('web/ipv4')] });
  run(micros(9_999_999));
  const standings = () => engine.status().routers.map(each => each.standing);
  t.strictSame(standings(), ['well', 'well']);
  run(micros(1));
  t.strictSame(standings(), ['demoted', 'well']);
  t.equal(state(0), 'leaving', 'it offers its role');
  engine.health([wellness('web/ipv4')]);
  t.strictSame(standings(), ['well', 'well']);
  for (let second = 0; second < 20; second += 1) {
    run(seconds(1));
    engine.health([wellness('web/ipv4')]);
  }
  t.strictSame(standings(), ['well', 'well'], 'renewed');
  run(seconds(11));
  t.strictSame(standings(), ['demoted', 'well']);
});

t.test('decision 0026: silence does not bring back what was released', async t => {
  const { engine, run, status, machine, transitions } = engineRig();
  engine.apply(planFor({ ...WEB, tracked: true }, { ...MAIL, tracked: true }), { health: [wellness('web/ipv4'), wellness('mail/ipv4')] });
  run(seconds(5));
  engine.health([released('web/ipv4'), weighed('mail/ipv4', -60)]);
  run(seconds(60));
  t.match(status(0), { state: 'fault', standing: 'released', reason: 'nobody-took-over' });
  t.notOk(machine.holds(VIP));
  t.match(status(1), { standing: 'demoted', adjustment: 0 }, 'what nobody knows of is not weighed either');
  engine.apply(planFor({ ...WEB, tracked: true, vrid: vrid(61) }));
  run(seconds(10));
  t.match(status(0), { state: 'fault', standing: 'released', spec: { vrid: 61 } }, 'nor does a reload');
  engine.health([sickness('web/ipv4')]);
  t.match(transitions.at(-1), {
    from: 'fault',
    to: 'backup',
    reason: 'restored',
    why: 'taking part again, though nginx: connection refused',
  });
  run(seconds(4));
  t.ok(machine.holds(VIP), 'the agent is back and says that it may serve when nobody else can');
});

t.test('health expires on time also where nothing else happens', async t => {
  const { engine, hear, run } = engineRig();
  const slow = routerSpec({ tracked: true, advertInterval: seconds(40), lease: null });
  engine.apply(planFor(slow), { health: [wellness('web/ipv4')] });
  hear(priority(200));
  run(micros(9_999_999));
  t.equal(engine.status().routers[0]?.standing, 'well');
  run(millis(1));
  t.equal(engine.status().routers[0]?.standing, 'demoted');
});

t.test('who waits for its place has the health that was said meanwhile', async t => {
  const { engine, run, state, status } = engineRig();
  const fast = { ...WEB, tracked: true, advertInterval: millis(100) };
  engine.apply(planFor(fast), { health: [wellness('web/ipv4')] });
  run(seconds(2));
  engine.apply(planFor({ ...fast, vrid: vrid(61) }));
  t.strictSame([state(0), state(1)], ['leaving', 'initialize'], 'the old one leaves first');
  engine.health([weighed('web/ipv4', 60)]);
  run(seconds(1));
  t.match(status(0), { spec: { vrid: 61 }, state: 'active', priority: { effective: 160 } });
  engine.apply(planFor({ ...fast, vrid: vrid(62) }));
  engine.health([released('web/ipv4')]);
  run(seconds(5));
  t.match(status(0), { spec: { vrid: 62 }, state: 'fault', reason: 'released', counters: { becameActive: 0 } });
});

t.test('what was said of a router that is gone is forgotten, and nothing is kept for one that nothing is tracked for', async t => {
  const { engine, run, status } = engineRig();
  engine.apply(planFor({ ...WEB, tracked: true }), { health: [released('web/ipv4')] });
  engine.apply(planFor(MAIL));
  engine.apply(planFor(MAIL, { ...WEB, tracked: true }));
  t.match(status('web/ipv4'), { standing: 'demoted', state: 'backup' }, 'unknown again');
  engine.health([released('web/ipv4')]);
  engine.apply(planFor(MAIL));
  run(seconds(1));
  engine.health([released('web/ipv4')]);
  engine.apply(planFor(MAIL, WEB));
  t.match(status('web/ipv4'), { standing: 'well', state: 'backup' });
});

t.test('a router that is not judged any more is released no longer', async t => {
  const { engine, run, status } = engineRig();
  engine.apply(planFor({ ...WEB, tracked: true }), { health: [released('web/ipv4')] });
  run(seconds(1));
  engine.apply(planFor(WEB));
  t.match(status(), { standing: 'well', state: 'backup', reason: 'restored', priority: { effective: 100 } });
});

t.test('decision 0026: weights are told at once, in what is advertised and in the status; a steady Active announces nothing', async t => {
  const { world, sent, run, status } = instanceRig();
  const { process } = world.node('a');
  run(seconds(20));
  const { announcements } = status().counters;
  const before = sent.length;
  for (const sum of [-60, -1000, -2000, 0]) process?.engine.health([weighed('web/ipv4', sum)]);
  t.strictSame(
    sent.slice(before).map(each => each.priority),
    [40, 2, 100],
    'what changes nothing is not said',
  );
  process?.engine.health([weighed('web/ipv4', -60)]);
  t.match(status(), { standing: 'well', adjustment: -60, priority: { configured: 100, effective: 40 }, active: { priority: 40 } });
  t.equal(status().counters.announcements, announcements);
});

t.test('decision 0026: a released router tells in the status why, and hears the others', async t => {
  const { world, run, hear, status, lines } = instanceRig();
  world.node('a').process?.engine.health([released('web/ipv4')]);
  run(seconds(1));
  hear({ priority: priority(200) });
  t.match(status(), {
    state: 'fault',
    reason: 'released',
    standing: 'released',
    waiting: null,
    active: null,
    counters: { advertsReceived: 1 },
  });
  t.match(lines('vrrp.transition').at(-1), { level: 'error', message: 'mysql: read-only; not taking part until that is well again' });
  run(seconds(100));
  world.node('a').process?.engine.health([wellness('web/ipv4')]);
  run(seconds(4));
  t.match(lines('vrrp.transition').at(-1), { message: /192.0.2.66 \(priority 200\) fell silent 10[45] s ago/ }, 'and remembers whom');
});

t.test(
  'decision 0026: what a former life left goes at once when its router is released, with the mark of the kernel or without',
  async t => {
    for (const lease of [seconds(6), null]) {
      const { world, run, status } = instanceRig({ lease, addresses: [prefix('192.0.2.200/24'), prefix('192.0.2.201/24')] });
      const { machine } = world.node('a');
      run(seconds(5));
      world.kill('a');
      machine.deleteAddress(INTERFACE, ip('192.0.2.201'));
      machine.addAddress(INTERFACE, prefix('192.0.2.201/24'));
      world.judge('a', [released('web/ipv4')]);
      world.start('a');
      t.notOk(machine.holds(VIP), 'ours');
      t.ok(machine.holds(ip('192.0.2.201')), "and nobody else's");
      run(seconds(1));
      t.match(status(), { state: 'fault', reason: 'released' });
      world.judge('a', [wellness('web/ipv4')]);
      run(seconds(4));
      t.ok(machine.holds(VIP));
      world.stop('a', () => {});
      run(seconds(3));
      t.strictSame([machine.holds(VIP), machine.holds(ip('192.0.2.201'))], [false, true]);
    }
  },
);

t.test('a released router without its interface waits for both, in whatever order they come back', async t => {
  for (const first of ['health', 'interface'] as const) {
    const { world, run, sent, status } = instanceRig();
    const { machine, process } = world.node('a');
    const steps = {
      health: () => process?.engine.health([wellness('web/ipv4')]),
      interface: () => machine.setCarrier(INTERFACE, true),
    };
    run(seconds(5));
    machine.setCarrier(INTERFACE, false);
    run(seconds(1));
    t.equal(status().state, 'active', 'a short loss of carrier is no change of role');
    process?.engine.health([released('web/ipv4')]);
    run(seconds(1));
    t.match(status(), { state: 'initialize', reason: 'released', waiting: 'interface hf0 has no carrier: check cable and switch' });
    t.notOk(machine.holds(VIP));
    const before = sent.length;
    steps[first]();
    run(seconds(10));
    t.match(status(), first === 'health' ? { state: 'initialize', standing: 'well' } : { state: 'fault', waiting: null });
    t.equal(sent.length, before);
    steps[first === 'health' ? 'interface' : 'health']();
    run(seconds(4));
    t.match(status(), { state: 'active', counters: { becameActive: 2 } });
    t.ok(machine.holds(VIP));
  }
});

t.test('an address fault without the interface waits for the interface', async t => {
  const { world, run, status } = instanceRig();
  const { machine } = world.node('a');
  machine.refuse({ op: 'put', code: 'EACCES', address: null, times: Number.POSITIVE_INFINITY });
  // The eleventh try is on its way for 10 µs of 100; that there is no carrier is known 80 µs after it is so.
  run(micros(3_609_375 + 1_001_010));
  t.equal(status().state, 'active');
  machine.setCarrier(INTERFACE, false);
  run(micros(85));
  t.match(status(), { state: 'active', waiting: /carrier/ });
  run(seconds(10));
  t.match(status(), { state: 'initialize', reason: 'address-fault', waiting: /carrier/ });
  machine.allow();
  machine.setCarrier(INTERFACE, true);
  run(seconds(4));
  t.match(status(), { state: 'active', counters: { becameActive: 2 } });
});

t.test('track_interface = false: the cable may go, the interface may not; and it can be changed while it is gone', async t => {
  const { world, run, status } = instanceRig({ trackInterface: false });
  const { machine, process } = world.node('a');
  run(seconds(5));
  machine.setCarrier(INTERFACE, false);
  run(seconds(10));
  t.match(status(), { state: 'active', waiting: null });
  process?.engine.apply(planFor(routerSpec()));
  run(millis(1));
  t.match(status(), { state: 'active', waiting: /no carrier/ });
  process?.engine.apply(planFor(routerSpec({ trackInterface: false })));
  run(millis(1));
  t.match(status(), { state: 'active', waiting: null, counters: { becameActive: 1 } });
  process?.engine.apply(planFor(routerSpec()));
  run(seconds(4));
  t.match(status(), { state: 'initialize', reason: 'no-carrier' });
  process?.engine.apply(planFor(routerSpec({ trackInterface: false })));
  run(seconds(4));
  t.match(status(), { state: 'active' }, 'it takes part again');
  machine.setUp(INTERFACE, false);
  run(seconds(4));
  t.match(status(), { state: 'initialize', reason: 'interface-down' });
});

t.test('an operator can put a router away that depends on nothing, and have it announced again', async t => {
  const { engine, run, state } = engineRig();
  engine.apply(planFor(WEB, MAIL));
  run(seconds(4));
  const announced = () => engine.status().routers.map(({ counters }) => counters.announcements);
  const [web = 0, mail = 0] = announced();
  engine.announce(['web', 'nobody']);
  t.strictSame(announced(), [web + 1, mail]);
  engine.health([sickness('web/ipv4')]);
  t.equal(state(0), 'leaving');
  run(seconds(60));
  t.equal(state(0), 'active', 'alone it goes on');
  t.equal(engine.status().routers[0]?.standing, 'demoted');
  engine.health([released('web/ipv4')]);
  run(seconds(5));
  t.equal(state(0), 'fault');
  const held = announced();
  engine.announce(['web']);
  t.strictSame(announced(), held, 'nothing is held, so there is nothing to announce');
});
