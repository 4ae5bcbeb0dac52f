// Tests src/core/engine.ts: several virtual routers, their sockets and claims, and what one turn does. Health: engine-health.ts.
import t from 'tap';
import { QUEUE } from '../../src/platform/fake/advert-link.ts';
import { micros, millis, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { engineRig } from '../fixtures/engine-rig.ts';
import { sickness } from '../fixtures/health.ts';
import { ip, planFor, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const VIP = ip('192.0.2.200');

const WEB = routerSpec();
const MAIL = routerSpec({ name: 'mail', vrid: vrid(52), addresses: [prefix('192.0.2.201/24')] });
const INSIDE = routerSpec({ name: 'inside', interface: 'hf1', addresses: [prefix('198.51.100.200/24')] });

t.test('several routers on one interface and on others: each hears and says its own', async t => {
  const { engine, hear, run, sent, state, machine } = engineRig();
  t.strictSame(engine.apply(planFor(WEB, MAIL, INSIDE)), []);
  run(seconds(1));
  hear(priority(200), MAIL);
  hear(priority(200), { vrid: vrid(53) });
  run(seconds(3));
  t.strictSame([state(0), state(1), state(2)], ['active', 'backup', 'active']);
  t.strictSame(
    sent.map(each => `${each.interface} ${each.vrid}`).sort(),
    ['hf0 51', 'hf1 51'],
    'the same VRID on two interfaces is two routers',
  );
  run(seconds(1));
  t.equal(state(1), 'active');
  t.ok(machine.holds(ip('192.0.2.201')) && machine.holds(ip('198.51.100.200')));
  const { routers } = engine.status();
  t.strictSame(
    routers.map(({ counters }) => counters.advertsReceived),
    [0, 1, 0],
  );
  t.strictSame(
    routers.map(({ primary }) => primary),
    ['192.0.2.11', '192.0.2.11', '198.51.100.11'],
  );
});

t.test('the agent is told of each change of role', async t => {
  const { engine, run, transitions } = engineRig();
  engine.apply(planFor(WEB));
  run(seconds(4));
  engine.stop(() => {});
  run(seconds(4));
  t.strictSame(
    transitions.map(({ router, from, to, reason, at }) => ({ router, from, to, reason, at })),
    [
      { router: 'web/ipv4', from: 'initialize', to: 'backup', reason: 'startup', at: 0 },
      { router: 'web/ipv4', from: 'backup', to: 'active', reason: 'active-down-expired', at: 3_609_375 },
      { router: 'web/ipv4', from: 'active', to: 'leaving', reason: 'shutdown', at: 4_000_000 },
      { router: 'web/ipv4', from: 'leaving', to: 'initialize', reason: 'nobody-took-over', at: 6_092_188 },
    ],
  );
  t.match(transitions[1], { why: 'serving 192.0.2.200: no Active router was heard', priority: 100, stopping: false });
  t.match(transitions[3], { why: 'stopped; nobody took over 192.0.2.200', stopping: true });
});

t.test('a new life of an interface gets new sockets', async t => {
  const { engine, hear, run, state, sent, machine } = engineRig();
  engine.apply(planFor(WEB, INSIDE));
  run(seconds(5));
  machine.deleteLink('hf0');
  run(seconds(1));
  t.strictSame([state(0), state(1)], ['initialize', 'active'], 'the other interface does not notice');
  machine.addLink('hf0');
  machine.addAddress('hf0', prefix('192.0.2.11/24'));
  run(seconds(1));
  const before = sent.filter(each => each.interface === 'hf0').length;
  hear(priority(50));
  run(seconds(4));
  t.equal(engine.status().routers[0]?.counters.advertsReceived, 1, 'heard by the new ones');
  t.ok(sent.filter(each => each.interface === 'hf0').length > before, 'and said by them');
});

t.test('sockets that cannot be opened are tried again each second, and told', async t => {
  const { engine, run, state, machine, log } = engineRig();
  machine.refuse({ op: 'open', code: 'EMFILE', address: null, times: 3 });
  engine.apply(planFor(WEB));
  t.equal(state(), 'initialize');
  run(millis(2_999));
  t.match(log.of('vrrp.socket-failed'), [
    { level: 'error', message: 'open VRRP socket on hf0: EMFILE; trying again' },
    { level: 'error' },
    { level: 'error' },
  ]);
  t.equal(state(), 'initialize');
  run(millis(1));
  t.equal(state(), 'backup');
});

t.test('an interface that goes while its sockets are to be tried again lets the engine sleep', async t => {
  const { engine, run, state, machine } = engineRig();
  machine.refuse({ op: 'open', code: 'ENODEV', address: null, times: 1 });
  engine.apply(planFor(WEB));
  machine.deleteLink('hf0');
  run(seconds(5));
  t.equal(state(), 'initialize');
  machine.addLink('hf0');
  machine.addAddress('hf0', prefix('192.0.2.11/24'));
  run(seconds(1));
  t.equal(state(), 'backup');
});

t.test('where secondaries are not promoted, addresses are put as /32', async t => {
  const { engine, run, machine, log } = engineRig();
  machine.refuse({ op: 'protect', code: 'EACCES', address: null, times: 1 });
  engine.apply(planFor(WEB));
  run(seconds(5));
  t.match(log.of('address.unprotected'), [{ level: 'warn', message: /promote_secondaries could not be set on hf0/ }]);
  t.match(
    machine.addresses('hf0').find(({ address }) => address === VIP),
    { length: 32 },
  );
  engine.abandon();
  t.notOk(machine.holds(VIP), 'and removed as such');
  t.ok(machine.holds(ip('192.0.2.11')));
});

t.test('design 4.5: what waits in the socket is heard before timers are looked at', async t => {
  const { engine, daemon, hear, run, state, transitions } = engineRig();
  engine.apply(planFor(WEB));
  run(seconds(3));
  daemon.loop.stall();
  hear(priority(200));
  run(seconds(1));
  daemon.loop.resume();
  t.equal(state(), 'backup', 'though the alarm rang first');
  t.equal(transitions.length, 1, 'and it was never anything else');
});

t.test('after a stall one advert goes out, not all that were due', async t => {
  const { engine, daemon, run, sent } = engineRig();
  engine.apply(planFor(WEB));
  run(seconds(5));
  daemon.loop.stall();
  run(seconds(2));
  const before = sent.length;
  daemon.loop.resume();
  run(micros(999_999));
  t.equal(sent.length, before + 1);
  run(micros(1));
  t.equal(sent.length, before + 2, 'and the next one an interval later');
});

t.test('design 4.4: a flood is heard to its end, answered a few times per interval, and delays no advert', async t => {
  const { engine, hear, run, sent, state } = engineRig();
  engine.apply(planFor(WEB));
  run(micros(5_000_000));
  const begun = sent.length;
  for (let ms = 0; ms < 2_000; ms += 1) {
    for (let count = 0; count < 5; count += 1) hear(ms % 2 === 0 ? priority(50) : 0);
    run(millis(1));
  }
  t.equal(state(), 'active');
  t.equal(engine.status().routers[0]?.counters.advertsReceived, 10_000);
  const times = sent.slice(begun).map(({ at }) => at);
  // Claims are answered each quarter of an interval, and so are resignations.
  t.ok(times.length <= 18, `${times.length} adverts in 2 s`);
  for (const [index, at] of times.entries()) {
    const next = times[index + 1];
    if (next !== undefined) t.ok(next - at <= 1_000_000, 'never more than an interval apart');
  }
});

t.test('what a stalled process finds in its socket is bounded, as the kernel’s queue is', async t => {
  const { engine, daemon, hear, run } = engineRig();
  engine.apply(planFor(WEB));
  run(seconds(5));
  daemon.loop.stall();
  for (let count = 0; count < 1_000; count += 1) hear(priority(50));
  run(seconds(1));
  daemon.loop.resume();
  t.equal(engine.status().routers[0]?.counters.advertsReceived, QUEUE);
});

t.test('announcements are paced: 200 addresses, two frames each, are out after 6 ms', async t => {
  const { engine, run, frames } = engineRig();
  const addresses = Array.from({ length: 200 }, (_, index) => prefix(`192.0.2.${index + 20}/24`));
  engine.apply(planFor(routerSpec({ addresses })));
  run(seconds(3));
  t.equal(frames.length, 0);
  for (let ms = 0; ms < 2_000 && frames.length === 0; ms += 1) run(millis(1));
  const [first] = frames;
  run(millis(20));
  t.equal(frames.length, 400);
  t.equal((frames.at(-1) ?? 0) - (first ?? 0), 6_000);
  for (const at of new Set(frames)) t.ok(frames.filter(each => each === at).length <= 64, 'at most 64 at one instant');
});

t.test('stopping: done once, when nothing is held any more', async t => {
  const { engine, run, machine } = engineRig();
  engine.apply(planFor(WEB, MAIL, INSIDE));
  run(seconds(5));
  let done = 0;
  engine.stop(() => {
    done += 1;
  });
  run(seconds(2));
  t.equal(done, 0, 'it waits for a successor');
  run(seconds(1));
  t.equal(done, 1);
  t.strictSame(engine.status().routers, []);
  t.notOk(machine.holds(VIP));
  run(seconds(100));
  t.equal(done, 1);
});

t.test('stopping before anything runs, and stopping what waits for its interface', async t => {
  for (const routers of [[], [routerSpec({ interface: 'hf9' })]]) {
    const { engine, run } = engineRig();
    engine.apply(planFor(...routers));
    run(seconds(1));
    let done = 0;
    engine.stop(() => {
      done += 1;
    });
    t.equal(done, 1);
  }
});

t.test('abandoning while leaving ends it at once', async t => {
  const { engine, run, machine, sent } = engineRig();
  engine.apply(planFor(WEB));
  run(seconds(5));
  let done = 0;
  engine.stop(() => {
    done += 1;
  });
  run(millis(100));
  engine.abandon();
  run(millis(1));
  t.equal(done, 1);
  t.notOk(machine.holds(VIP));
  t.strictSame(
    sent.slice(-2).map(each => each.priority),
    [0, 0],
  );
});

t.test('an address that the kernel refuses while leaving does not keep it', async t => {
  const { engine, run, machine } = engineRig();
  engine.apply(planFor(WEB));
  run(seconds(5));
  machine.refuse({ op: 'put', code: 'EACCES', address: null, times: Number.POSITIVE_INFINITY });
  machine.deleteAddress('hf0', VIP);
  let done = 0;
  engine.stop(() => {
    done += 1;
  });
  run(millis(1_300));
  t.equal(done, 1, 'a second of trying, and then there is nothing to leave');
});

t.test('status: how late it woke', async t => {
  const { engine, daemon, run } = engineRig();
  engine.apply(planFor(WEB));
  run(seconds(5));
  const { lateness: before, started, now } = engine.status();
  t.strictSame([before.max, started, now], [0, 0, 5_000_000]);
  t.ok(before.wakes > 0);
  daemon.loop.stall();
  run(seconds(3));
  daemon.loop.resume();
  const { lateness } = engine.status();
  // The advert of 5.609475 s was due.
  t.strictSame([lateness.wakes - before.wakes, lateness.last > 2_000_000], [1, true]);
  t.equal(lateness.max, lateness.last);
});

t.test('nothing runs, nothing wakes', async t => {
  const { engine, run } = engineRig();
  engine.apply(planFor());
  run(seconds(1_000));
  t.equal(engine.status().lateness.wakes, 0);
  engine.health([sickness('nobody/ipv4')]);
  t.strictSame(engine.status().routers, []);
});

t.test('a plan on probation reverts by itself, and the agent is told; confirmed, it stays', async t => {
  const { engine, run, status, log, reverted, machine } = engineRig();
  engine.apply(planFor(WEB));
  run(seconds(5));
  t.equal(engine.status().confirmBy, null);
  t.equal(engine.confirm(), false, 'nothing to confirm');
  const changed = planFor({ ...WEB, priority: priority(50), addresses: [prefix('192.0.2.202/24')] }, MAIL);
  engine.apply(changed, { confirmWithin: seconds(60) });
  t.equal(engine.status().confirmBy, seconds(65));
  run(micros(59_999_999));
  t.equal(status().priority.configured, 50);
  t.strictSame(reverted, []);
  run(micros(1));
  t.match(status(), { state: 'active', priority: { configured: 100 }, counters: { becameActive: 1 } });
  t.equal(engine.status().confirmBy, null);
  t.strictSame(reverted, [planFor(WEB)]);
  t.match(log.of('engine.reverted'), [{ level: 'warn' }]);
  run(seconds(4));
  t.strictSame([engine.status().routers.length, machine.holds(VIP), machine.holds(ip('192.0.2.202'))], [1, true, false], 'what came goes');

  engine.apply(changed, { confirmWithin: seconds(60) });
  run(seconds(30));
  t.equal(engine.confirm(), true);
  t.equal(engine.status().confirmBy, null);
  run(seconds(100));
  t.equal(status().priority.configured, 50);
  t.equal(reverted.length, 1);
});

t.test('a second plan on probation goes back to the last confirmed one; one without a time is confirmed', async t => {
  const { engine, run, status, reverted } = engineRig();
  const at = (level: number) => planFor({ ...WEB, priority: priority(level) });
  engine.apply(at(100));
  run(seconds(5));
  engine.apply(at(110), { confirmWithin: seconds(10) });
  run(seconds(9));
  engine.apply(at(120), { confirmWithin: seconds(10) });
  run(seconds(9));
  t.equal(status().priority.configured, 120, 'its own time');
  run(seconds(1));
  t.equal(status().priority.configured, 100);
  t.strictSame(reverted, [at(100)]);
  engine.apply(at(130), { confirmWithin: seconds(10) });
  engine.apply(at(140));
  t.equal(engine.status().confirmBy, null);
  run(seconds(20));
  t.equal(status().priority.configured, 140);
});

t.test('probation wakes the engine though no router does', async t => {
  const { engine, run, reverted } = engineRig();
  engine.apply(planFor(), { confirmWithin: seconds(60) });
  run(seconds(61));
  t.equal(reverted.length, 1);
});

t.test('status: routers in the order of the file, neighbours of all interfaces; what leaves comes last', async t => {
  const { engine, run, hear, status } = engineRig();
  const names = () => engine.status().routers.map(({ spec }) => `${spec.name}/${spec.family}`);
  const six = { ...WEB, family: 'ipv6', addresses: [prefix('fe80::112:51/64')] } as const;
  engine.apply(planFor(MAIL, WEB));
  run(seconds(5));
  t.strictSame(names(), ['mail/ipv4', 'web/ipv4']);
  engine.apply(planFor(INSIDE, WEB, six, MAIL));
  t.strictSame(names(), ['inside/ipv4', 'web/ipv4', 'web/ipv6', 'mail/ipv4']);
  engine.apply(planFor(MAIL, INSIDE, six));
  t.strictSame(names(), ['mail/ipv4', 'inside/ipv4', 'web/ipv6', 'web/ipv4']);
  t.equal(status(3).state, 'leaving');
  hear(priority(50), MAIL);
  hear(priority(50), INSIDE);
  run(millis(1));
  t.match(new Set(engine.status().neighbours.map(each => `${each.interface} ${each.router}`)), new Set(['hf0 mail', 'hf1 inside']));
});

t.test('status has no password in it', async t => {
  const rig = engineRig();
  const second = rig.another(rig);
  const spec = { ...WEB, version: 2, password: 'geheim' } as const;
  rig.engine.apply(planFor(spec));
  second.engine.apply(planFor(spec));
  rig.run(seconds(5));
  for (const { engine, log } of [rig, second]) {
    t.notMatch(JSON.stringify(engine.status()), /geheim|password/);
    t.notMatch(JSON.stringify(log.lines), /geheim/);
  }
});

t.test('stopping in the middle of a reload: what leaves goes on leaving, what waits never starts, no plan is taken any more', async t => {
  const { engine, run, machine, transitions } = engineRig();
  engine.apply(planFor(WEB, MAIL));
  run(seconds(5));
  engine.apply(planFor({ ...WEB, vrid: vrid(61) }), { confirmWithin: seconds(1) });
  run(millis(200));
  let done = 0;
  engine.stop(() => {
    done += 1;
  });
  t.equal(engine.status().confirmBy, null, 'nothing goes back any more');
  run(millis(200));
  t.strictSame(engine.apply(planFor(WEB, MAIL, INSIDE)), []);
  run(seconds(3));
  t.strictSame([done, engine.status().routers], [1, []]);
  t.notOk(machine.holds(VIP) || machine.holds(ip('192.0.2.201')));
  t.strictSame(
    transitions.slice(-2).map(({ to, reason }) => `${to} ${reason}`),
    ['initialize nobody-took-over', 'initialize nobody-took-over'],
  );
  run(seconds(100));
  t.equal(done, 1);
});

t.test('abandoned: everything is let go at once, and nothing begins again', async t => {
  const { engine, run, machine, status, sent } = engineRig();
  engine.apply(planFor(WEB, MAIL));
  run(seconds(5));
  engine.abandon();
  t.notOk(machine.holds(VIP) || machine.holds(ip('192.0.2.201')));
  t.strictSame([status(0).state, status(1).state], ['initialize', 'initialize']);
  const before = sent.length;
  t.strictSame(engine.apply(planFor(INSIDE)), []);
  run(seconds(10));
  t.equal(sent.length, before);
});

t.test('somebody else’s address with another length does not keep a router from leaving', async t => {
  const { engine, run, machine } = engineRig();
  engine.apply(planFor(WEB));
  run(seconds(5));
  machine.addAddress('hf0', prefix('192.0.2.200/32'));
  run(millis(10));
  let done = 0;
  engine.stop(() => {
    done += 1;
  });
  run(seconds(5));
  t.equal(done, 1);
});
