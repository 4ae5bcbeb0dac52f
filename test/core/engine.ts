// Tests src/core/engine.ts: several virtual routers, their sockets, claims and health, and what one turn does.
import t from 'tap';
import type { Engine } from '../../src/core/engine.ts';
import type { Transition } from '../../src/core/messages.ts';
import { createTimeline, type Timeline } from '../../src/platform/fake/clock.ts';
import { createLan, type Lan, QUEUE } from '../../src/platform/fake/lan.ts';
import { createLog, type FakeLog } from '../../src/platform/fake/log.ts';
import { createMachine, type Machine } from '../../src/platform/fake/network.ts';
import { encode, VRRP_GROUP } from '../../src/vrrp/packet.ts';
import type { RouterSpec } from '../../src/vrrp/router.ts';
import { after, type Micros, micros, millis, type Priority, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { type Daemon, startDaemon } from '../fixtures/daemon.ts';
import { ip, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const VIP = ip('192.0.2.200');
const PEER = ip('192.0.2.66');

interface Sent {
  readonly at: Micros;
  readonly interface: string;
  readonly vrid: number;
  readonly priority: number;
}

interface Rig {
  readonly timeline: Timeline;
  readonly lan: Lan;
  readonly machine: Machine;
  readonly log: FakeLog;
  readonly daemon: Daemon;
  readonly engine: Engine;
  readonly sent: Sent[];
  /** Instants of announcement frames. */
  readonly frames: Micros[];
  readonly transitions: Transition[];
  run(duration: Micros): void;
  state(index?: number): string | undefined;
}

/** One machine with hf0 and hf1 and an engine without a plan. */
function rig(): Rig {
  const timeline = createTimeline();
  const lan = createLan(timeline);
  const machine = createMachine(timeline, 'a', 1);
  lan.attach(machine);
  for (const [name, own] of [
    ['hf0', '192.0.2.11/24'],
    ['hf1', '198.51.100.11/24'],
  ] as const) {
    machine.addLink(name);
    machine.addAddress(name, prefix(own));
  }
  const log = createLog();
  const transitions: Transition[] = [];
  const sent: Sent[] = [];
  const frames: Micros[] = [];
  lan.onDatagram(({ interface: on, bytes }) =>
    sent.push({ at: timeline.now(), interface: on, vrid: bytes[1] ?? 0, priority: bytes[2] ?? 0 }),
  );
  lan.onFrame(() => frames.push(timeline.now()));
  const daemon = startDaemon(timeline, lan, machine, log, change => transitions.push(change));
  return {
    timeline,
    lan,
    machine,
    log,
    daemon,
    engine: daemon.engine,
    sent,
    frames,
    transitions,
    run: duration => timeline.run(after(timeline.now(), duration)),
    state: (index = 0) => daemon.engine.status().routers[index]?.state,
  };
}

function hear(lan: Lan, level: Priority | 0, count = 1, router: Partial<RouterSpec> = {}): void {
  const { interface: on, vrid: id, addresses } = routerSpec(router);
  const message = encode(
    {
      kind: 'advertisement',
      version: 3,
      vrid: id,
      priority: level,
      interval: seconds(1),
      addresses: addresses.map(({ address }) => address),
      checksum: 'rfc9568',
    },
    PEER,
    VRRP_GROUP.ipv4,
  );
  for (let sent = 0; sent < count; sent += 1) lan.inject(on, message, { source: PEER, destination: VRRP_GROUP.ipv4, ttl: 255 });
}

const WEB = routerSpec();
const MAIL = routerSpec({ name: 'mail', vrid: vrid(52), addresses: [prefix('192.0.2.201/24')] });
const INSIDE = routerSpec({ name: 'inside', interface: 'hf1', addresses: [prefix('198.51.100.200/24')] });

t.test('several routers on one interface and on others: each hears and says its own', async t => {
  const { engine, lan, run, sent, state, machine } = rig();
  t.strictSame(engine.apply({ routers: [WEB, MAIL, INSIDE] }), []);
  run(seconds(1));
  hear(lan, priority(200), 1, { vrid: vrid(52), addresses: MAIL.addresses });
  hear(lan, priority(200), 1, { vrid: vrid(53) });
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
  const { engine, run, transitions } = rig();
  engine.apply({ routers: [WEB] });
  run(seconds(4));
  engine.stop(() => {});
  run(seconds(4));
  t.strictSame(transitions, [
    { router: 'web/ipv4', from: 'initialize', to: 'backup', reason: 'startup', at: 0 },
    { router: 'web/ipv4', from: 'backup', to: 'active', reason: 'active-down-expired', at: 3_609_375 },
    { router: 'web/ipv4', from: 'active', to: 'leaving', reason: 'shutdown', at: 4_000_000 },
    { router: 'web/ipv4', from: 'leaving', to: 'initialize', reason: 'nobody-took-over', at: 6_092_188 },
  ]);
});

t.test('an unchanged plan sends nothing and changes nothing', async t => {
  const { engine, run, sent, frames } = rig();
  engine.apply({ routers: [WEB, MAIL] });
  run(seconds(10));
  const before = [sent.length, frames.length, JSON.stringify(engine.status().routers)];
  engine.apply(structuredClone({ routers: [WEB, MAIL] }));
  run(micros(1));
  t.strictSame([sent.length, frames.length, JSON.stringify(engine.status().routers)], before);
});

t.test('a changed plan is applied in place', async t => {
  const { engine, run, sent } = rig();
  engine.apply({ routers: [WEB, MAIL] });
  run(seconds(5));
  const before = sent.length;
  engine.apply({ routers: [{ ...WEB, priority: priority(150) }, MAIL] });
  run(micros(1));
  t.match(sent.slice(before), [{ vrid: 51, priority: 150 }], 'said at once, and only by the one that changed');
});

t.test('an address that a new plan makes virtual is no address to speak from any more', async t => {
  const { engine, run, machine } = rig();
  machine.addAddress('hf0', prefix('192.0.2.12/24'));
  run(millis(1));
  engine.apply({ routers: [WEB] });
  t.equal(engine.status().routers[0]?.primary, '192.0.2.11');
  engine.apply({ routers: [{ ...WEB, addresses: [...WEB.addresses, prefix('192.0.2.11/24')] }] });
  t.equal(engine.status().routers[0]?.primary, '192.0.2.12');
});

t.test('a router more in the plan starts; those that run do not notice', async t => {
  const { engine, run, sent, state } = rig();
  engine.apply({ routers: [WEB] });
  run(seconds(5));
  const count = sent.length;
  engine.apply({ routers: [WEB, MAIL] });
  t.equal(sent.length, count);
  run(seconds(4));
  t.strictSame([state(0), state(1)], ['active', 'active']);
});

t.test('one daemon for a virtual router in a network namespace; the claim ends with it', async t => {
  const first = rig();
  const { timeline, lan, machine, log } = first;
  first.engine.apply({ routers: [WEB, INSIDE] });
  const second = startDaemon(timeline, lan, machine, log);
  t.strictSame(second.engine.apply({ routers: [WEB, MAIL] }), [{ router: 'web', reason: 'already-running' }]);
  t.match(log.of('vrrp.refused'), [{ level: 'error', message: /another daemon in this network namespace runs VRID 51 on hf0/ }]);
  t.equal(second.engine.status().routers.length, 1, 'the other one runs');
  first.run(seconds(5));
  first.engine.stop(() => {});
  first.run(seconds(4));
  t.strictSame(second.engine.apply({ routers: [WEB, MAIL] }), [], 'left in order');
  second.loop.end();
  t.strictSame(startDaemon(timeline, lan, machine, log).engine.apply({ routers: [WEB] }), [], 'killed');
});

t.test('design 4.9: health that nobody renews for 10 s counts as lost, for tracked routers', async t => {
  const { engine, run, state } = rig();
  engine.apply({ routers: [{ ...WEB, tracked: true }, MAIL] });
  run(micros(9_999_999));
  const demoted = () => engine.status().routers.map(each => each.demoted);
  t.strictSame(demoted(), [false, false]);
  run(micros(1));
  t.strictSame(demoted(), [true, false]);
  t.equal(state(0), 'leaving', 'it offers its role');
  engine.health([{ router: 'web/ipv4', demoted: false }]);
  t.strictSame(demoted(), [false, false]);
  for (let second = 0; second < 20; second += 1) {
    run(seconds(1));
    engine.health([{ router: 'web/ipv4', demoted: false }]);
  }
  t.strictSame(demoted(), [false, false], 'renewed');
  run(seconds(11));
  t.strictSame(demoted(), [true, false]);
});

t.test('health expires on time also where nothing else happens', async t => {
  const { engine, lan, run } = rig();
  engine.apply({ routers: [routerSpec({ tracked: true, advertInterval: seconds(40), lease: null })] });
  hear(lan, priority(200));
  run(micros(9_999_999));
  t.equal(engine.status().routers[0]?.demoted, false);
  run(millis(1));
  t.equal(engine.status().routers[0]?.demoted, true);
});

t.test('a new life of an interface gets new sockets', async t => {
  const { engine, lan, run, state, sent, machine } = rig();
  engine.apply({ routers: [WEB, INSIDE] });
  run(seconds(5));
  machine.deleteLink('hf0');
  run(seconds(1));
  t.strictSame([state(0), state(1)], ['initialize', 'active'], 'the other interface does not notice');
  machine.addLink('hf0');
  machine.addAddress('hf0', prefix('192.0.2.11/24'));
  run(seconds(1));
  const before = sent.filter(each => each.interface === 'hf0').length;
  hear(lan, priority(50));
  run(seconds(4));
  t.equal(engine.status().routers[0]?.counters.advertsReceived, 1, 'heard by the new ones');
  t.ok(sent.filter(each => each.interface === 'hf0').length > before, 'and said by them');
});

t.test('sockets that cannot be opened are tried again each second, and told', async t => {
  const { engine, run, state, machine, log } = rig();
  machine.refuse({ op: 'open', code: 'EMFILE', address: null, times: 3 });
  engine.apply({ routers: [WEB] });
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
  const { engine, run, state, machine } = rig();
  machine.refuse({ op: 'open', code: 'ENODEV', address: null, times: 1 });
  engine.apply({ routers: [WEB] });
  machine.deleteLink('hf0');
  run(seconds(5));
  t.equal(state(), 'initialize');
  machine.addLink('hf0');
  machine.addAddress('hf0', prefix('192.0.2.11/24'));
  run(seconds(1));
  t.equal(state(), 'backup');
});

t.test('adverts that cannot leave are told once per cause', async t => {
  const { engine, run, machine, log } = rig();
  engine.apply({ routers: [routerSpec({ advertInterval: millis(10) })] });
  run(millis(100));
  // The report of the change comes 80 µs later; the advert in between has no address to be sent from.
  const { advertsSent } = engine.status().routers[0]?.counters ?? { advertsSent: 0 };
  for (let turn = 0; turn < 20_000 && engine.status().routers[0]?.counters.advertsSent === advertsSent; turn += 1) run(micros(1));
  run(micros(9_990));
  machine.deleteAddress('hf0', ip('192.0.2.11'));
  run(millis(1));
  t.match(log.of('vrrp.send-failed'), [{ level: 'warn', message: 'advertisements cannot leave hf0: EADDRNOTAVAIL' }]);
});

t.test('where secondaries are not promoted, addresses are put as /32', async t => {
  const { engine, run, machine, log } = rig();
  machine.refuse({ op: 'protect', code: 'EACCES', address: null, times: 1 });
  engine.apply({ routers: [WEB] });
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
  const { engine, daemon, lan, run, state } = rig();
  engine.apply({ routers: [WEB] });
  run(seconds(3));
  daemon.loop.stall();
  hear(lan, priority(200));
  run(seconds(1));
  daemon.loop.resume();
  t.equal(state(), 'backup', 'though the alarm rang first');
});

t.test('after a stall one advert goes out, not all that were due', async t => {
  const { engine, daemon, run, sent } = rig();
  engine.apply({ routers: [WEB] });
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
  const { engine, lan, run, sent, state } = rig();
  engine.apply({ routers: [WEB] });
  run(micros(5_000_000));
  const begun = sent.length;
  for (let ms = 0; ms < 2_000; ms += 1) {
    hear(lan, ms % 2 === 0 ? priority(50) : 0, 5);
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
  const { engine, daemon, lan, run } = rig();
  engine.apply({ routers: [WEB] });
  run(seconds(5));
  daemon.loop.stall();
  hear(lan, priority(50), 1_000);
  run(seconds(1));
  daemon.loop.resume();
  t.equal(engine.status().routers[0]?.counters.advertsReceived, QUEUE);
});

t.test('announcements are paced: 200 addresses, two frames each, are out after 12 ms', async t => {
  const { engine, run, frames } = rig();
  const addresses = Array.from({ length: 200 }, (_, index) => prefix(`192.0.2.${index + 20}/24`));
  engine.apply({ routers: [routerSpec({ addresses })] });
  run(seconds(3));
  t.equal(frames.length, 0);
  for (let ms = 0; ms < 2_000 && frames.length === 0; ms += 1) run(millis(1));
  const [first] = frames;
  run(millis(20));
  t.equal(frames.length, 400);
  t.equal((frames.at(-1) ?? 0) - (first ?? 0), 12_000);
  for (const at of new Set(frames)) t.ok(frames.filter(each => each === at).length <= 32, 'at most 32 at one instant');
});

t.test('stopping: done once, when nothing is held any more', async t => {
  const { engine, run, machine } = rig();
  engine.apply({ routers: [WEB, MAIL, INSIDE] });
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
    const { engine, run } = rig();
    engine.apply({ routers });
    run(seconds(1));
    let done = 0;
    engine.stop(() => {
      done += 1;
    });
    t.equal(done, 1);
  }
});

t.test('abandoning while leaving ends it at once', async t => {
  const { engine, run, machine, sent } = rig();
  engine.apply({ routers: [WEB] });
  run(seconds(5));
  let done = 0;
  engine.stop(() => {
    done += 1;
  });
  run(millis(100));
  engine.abandon();
  t.equal(done, 1);
  t.notOk(machine.holds(VIP));
  t.strictSame(
    sent.slice(-2).map(each => each.priority),
    [0, 0],
  );
});

t.test('an address that the kernel refuses while leaving does not keep it', async t => {
  const { engine, run, machine } = rig();
  engine.apply({ routers: [WEB] });
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
  const { engine, daemon, run } = rig();
  engine.apply({ routers: [WEB] });
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
  const { engine, run } = rig();
  engine.apply({ routers: [] });
  run(seconds(1_000));
  t.equal(engine.status().lateness.wakes, 0);
  engine.health([{ router: 'nobody/ipv4', demoted: true }]);
  t.strictSame(engine.status().routers, []);
});
