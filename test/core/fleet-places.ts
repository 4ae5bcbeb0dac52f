// Tests src/core/fleet.ts through the engine: places that another daemon has, and what an earlier life remembered.
import t from 'tap';
import { millis, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { engineRig, PEER } from '../fixtures/engine-rig.ts';
import { ip, planFor, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const VIP = ip('192.0.2.200');
const WEB = routerSpec({ priority: priority(200) });
const MAIL = routerSpec({ name: 'mail', vrid: vrid(52), priority: priority(200), addresses: [prefix('192.0.2.201/24')] });

t.test('the place is another daemon’s: refused, said once, shown as waiting, tried each second, started when it is free', async t => {
  const rig = engineRig();
  const { run } = rig;
  const second = rig.another(rig);
  const inside = routerSpec({ name: 'inside', interface: 'hf1', addresses: [prefix('198.51.100.200/24')] });
  rig.engine.apply(planFor(WEB, inside));
  const plan = planFor({ ...WEB, name: 'www' }, MAIL);
  t.strictSame(second.engine.apply(plan), [{ router: 'www/ipv4', reason: 'already-running' }]);
  t.match(second.log.of('vrrp.refused'), [
    { level: 'error', fields: { router: 'www', vrid: 51 }, message: /another daemon in this network namespace runs VRID 51 on hf0/ },
  ]);
  t.match(second.status(), { spec: { name: 'www' }, state: 'initialize', reason: 'starting', primary: null, active: null });
  t.match(second.status().waiting, /^VRID 51 on hf0 is taken, .*another daemon/);
  t.match(second.status().addresses, [{ address: '192.0.2.200/24', interface: 'hf0', held: false }]);
  run(seconds(5));
  t.equal(second.state(1), 'active', 'the other one runs');
  t.equal(second.log.of('vrrp.refused').length, 1, 'said once');
  t.strictSame(second.engine.apply(plan), [{ router: 'www/ipv4', reason: 'already-running' }], 'a reload tells it again');
  t.equal(second.log.of('vrrp.refused').length, 1);
  rig.engine.stop(() => {});
  run(millis(3_500));
  t.equal(second.state(), 'backup', 'left in order, and started within a second');
  t.equal(second.status().waiting, null);
  second.daemon.loop.end();
  t.strictSame(rig.another(rig).engine.apply(planFor(WEB)), [], 'a claim ends with its process');
});

t.test('a place that another daemon takes while ours waited for it is told too', async t => {
  const rig = engineRig();
  const second = rig.another(rig);
  rig.engine.apply(planFor(WEB));
  rig.run(seconds(5));
  second.engine.apply(planFor(MAIL));
  t.strictSame(rig.engine.apply(planFor({ ...WEB, vrid: vrid(52) })), []);
  rig.run(seconds(4));
  t.equal(rig.log.of('vrrp.refused').length, 1);
  t.match(rig.status(), { state: 'initialize', waiting: /VRID 52/ });
});

t.test('what moves to a router that another daemon keeps from starting is let go', async t => {
  const rig = engineRig();
  const second = rig.another(rig);
  const both = { ...WEB, lease: null, addresses: [...WEB.addresses, ...MAIL.addresses] };
  rig.engine.apply(planFor(both));
  second.engine.apply(planFor({ ...MAIL, addresses: [prefix('192.0.2.202/24')] }));
  rig.run(seconds(5));
  rig.engine.apply(planFor({ ...WEB, lease: null }, MAIL));
  rig.run(seconds(1));
  t.strictSame(
    ['192.0.2.200', '192.0.2.201'].map(address => rig.machine.holds(prefix(address).address)),
    [true, false],
    'nobody would ever take it off',
  );
});

t.test('a waiting router that is wished for no longer is not started', async t => {
  const rig = engineRig();
  const second = rig.another(rig);
  rig.engine.apply(planFor(WEB));
  second.engine.apply(planFor(WEB));
  second.engine.apply(planFor());
  t.strictSame(second.engine.status().routers, []);
  rig.daemon.loop.end();
  rig.run(seconds(5));
  t.strictSame(second.engine.status().routers, []);
  const { lateness } = second.engine.status();
  rig.run(seconds(100));
  t.equal(second.engine.status().lateness.wakes, lateness.wakes, 'and nothing is tried for it');
});

t.test('design 4.7: what was learned is told, and taken by the next life', async t => {
  const rig = engineRig();
  const { engine, run, hear, learned, sent } = rig;
  engine.apply(planFor(WEB));
  hear(priority(220), WEB);
  run(millis(1));
  t.strictSame(learned, [], 'nothing to tell while RFC 9568 is all that is heard');
  hear(priority(220), WEB, 'rfc5798');
  run(millis(1));
  t.strictSame(learned, [{ router: 'web/ipv4', checksums: ['rfc5798', 'rfc9568'] }]);
  hear(priority(220), WEB, 'rfc5798');
  run(millis(1));
  t.equal(learned.length, 1, 'once');
  rig.daemon.loop.end();
  const second = rig.another(rig);
  second.engine.apply(planFor(WEB, MAIL), { learned: [{ router: 'web/ipv4', checksums: ['rfc5798'] }] });
  t.strictSame([second.status(0).checksums, second.status(1).checksums], [['rfc5798'], ['rfc9568']]);
  run(seconds(5));
  t.ok(sent.length > 0 && PEER !== sent.at(-1)?.source);
});

t.test('what was remembered is there when a router that was refused starts in the end', async t => {
  const rig = engineRig();
  const second = rig.another(rig);
  rig.engine.apply(planFor(WEB));
  second.engine.apply(planFor(WEB), { learned: [{ router: 'web/ipv4', checksums: ['rfc5798'] }] });
  rig.daemon.loop.end();
  rig.run(seconds(2));
  t.strictSame(second.status().checksums, ['rfc5798']);
});

t.test('a router that comes back with a plan that nobody confirmed remembers what it was told at first', async t => {
  const { engine, run, status } = engineRig();
  const learned = [{ router: 'web/ipv4', checksums: ['rfc5798'] }] as const;
  engine.apply(planFor(WEB), { learned });
  run(seconds(5));
  engine.apply(planFor(MAIL), { learned, confirmWithin: seconds(10) });
  run(seconds(15));
  t.match(status(), { spec: { name: 'web' }, checksums: ['rfc5798'] });
});

t.test('decision 0020: what killed daemons denied goes with the first plan, whoever ran there; what a living one denies stays', async t => {
  const rig = engineRig();
  const { machine, run } = rig;
  const shut = { accept: false, advertInterval: millis(100) };
  const inside = routerSpec({ name: 'inside', interface: 'hf1', ...shut, addresses: [prefix('198.51.100.200/24')] });
  const dead = rig.another(rig);
  dead.engine.apply(planFor({ ...WEB, ...shut }, { ...MAIL, ...shut }, inside));
  run(seconds(2));
  const all = [WEB, MAIL, inside].flatMap(({ addresses }) => addresses.map(({ address }) => address));
  t.ok(all.every(machine.denied));
  dead.daemon.loop.end();
  run(seconds(10));
  const other = rig.another(rig);
  other.engine.apply(planFor(inside));
  run(seconds(5));
  t.strictSame(all.map(machine.denied), [false, false, true], 'WEB and MAIL left the file');
  rig.engine.apply(planFor(WEB));
  run(seconds(5));
  t.strictSame(all.map(machine.denied), [false, false, true], 'the other daemon runs');
});

t.test('a router that still accepts nothing is never open while it takes over what its former life had', async t => {
  const rig = engineRig();
  const { machine, run, timeline } = rig;
  const shut = { ...WEB, accept: false };
  const dead = rig.another(rig);
  dead.engine.apply(planFor(shut));
  run(seconds(5));
  dead.daemon.loop.end();
  let open = 0;
  timeline.watch(() => {
    if (machine.accepts(VIP)) open += 1;
  });
  rig.engine.apply(planFor(shut));
  run(seconds(10));
  t.strictSame([rig.state(), open, machine.denied(VIP)], ['active', 0, true]);
  rig.engine.stop(() => {});
  run(seconds(5));
  t.notOk(machine.denied(VIP));
});

t.test('filters are looked for once, and not at all while something happens', async t => {
  const rig = engineRig();
  const { run } = rig;
  rig.engine.apply(planFor(WEB));
  run(seconds(5));
  const late = rig.another(rig);
  late.machine.network(late.daemon.loop, () => {}).deny('hf0/ipv4/99', 'ipv4', [VIP], () => {});
  rig.engine.apply(planFor(WEB, MAIL));
  run(seconds(5));
  t.ok(rig.machine.denied(VIP), 'whoever comes next finds it');
});
