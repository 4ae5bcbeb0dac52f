// Tests src/core/instance.ts with respect to its addresses: leases, losses, faults, remnants, and a second interface.
import t from 'tap';
import type { VirtualAddress } from '../../src/vrrp/router.ts';
import { millis, priority, seconds } from '../../src/vrrp/units.ts';
import { instanceRig, VIP } from '../fixtures/instance-rig.ts';
import { ip, prefix } from '../fixtures/virtual-router.ts';
import { INTERFACE } from '../scenario/lab/world.ts';

t.test('a foreign address is held and not ours', async t => {
  const { run, status, world, lines } = instanceRig();
  world.node('a').machine.addAddress(INTERFACE, prefix('192.0.2.200/24'));
  run(seconds(5));
  t.match(status().addresses, [{ address: '192.0.2.200/24', held: true, ours: false }]);
  t.equal(lines('address.not-ours').length > 0, true);
});

t.test('the owner’s own address needs no warning', async t => {
  const { run, status, world, lines } = instanceRig({ priority: priority(255) });
  world.kill('a');
  world.node('a').machine.deleteAddress(INTERFACE, VIP);
  world.node('a').machine.addAddress(INTERFACE, prefix('192.0.2.200/24'));
  world.start('a');
  run(seconds(1));
  t.match(status().addresses, [{ held: true, ours: false }]);
  t.strictSame(lines('address.not-ours'), []);
});

t.test('leases are renewed before they end, as long as it serves', async t => {
  const { run, world } = instanceRig({ advertInterval: millis(100) });
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
  const { run, stays, world, lines, status } = instanceRig({ priority: priority(254) });
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
  const { run, sent, world, lines } = instanceRig();
  world.node('a').machine.refuse({ op: 'put', code: 'EBUSY', address: null, times: 3 });
  run(seconds(4));
  t.equal(lines('address.failed').length, 1, 'said once');
  t.equal(sent.length, 1, 'one advert, when the kernel had agreed');
  t.equal(world.lan.cached(VIP), 'a', 'and announced then');
});

t.test('somebody takes the address away: counted, put back, told', async t => {
  const { run, world, status, lines } = instanceRig();
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
  const { run, world, status, lines } = instanceRig();
  run(seconds(5));
  for (let round = 1; round <= 5; round += 1) {
    world.node('a').machine.deleteAddress(INTERFACE, VIP);
    run(millis(2400));
  }
  t.equal(lines('address.fought-over').length, 1);
  t.equal(status().counters.becameActive, 1);
  t.ok(lines('vrrp.transition').some(({ fields }) => fields.to === 'fault'));
});

t.test('design 4.3: killed and started again, our own addresses are adopted and renewed, until another is heard', async t => {
  const { hear, run, world, lines, sent, status } = instanceRig();
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
  const { run, world, status } = instanceRig();
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
  const { run, status, world } = instanceRig(both);
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
  const { run, world, lines, status } = instanceRig();
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

t.test('addresses on two interfaces: put, announced and missed on each', async t => {
  const addresses = [prefix('192.0.2.200/24'), { ...prefix('198.51.100.200/24'), interface: 'hf1', label: 'hf1:web' }];
  const { run, status, world, lines } = instanceRig({ addresses });
  const { machine } = world.node('a');
  run(seconds(5));
  t.match(status().addresses, [
    { address: '192.0.2.200/24', interface: 'hf0', held: true, ours: true },
    { address: '198.51.100.200/24', interface: 'hf1', held: true, ours: true },
  ]);
  t.match(machine.addresses('hf1'), [{ address: '198.51.100.200', label: 'hf1:web' }]);
  t.strictSame([world.lan.cached(VIP), world.lan.cached(ip('198.51.100.200'))], ['a', 'a']);
  machine.deleteAddress('hf1', ip('198.51.100.200'));
  run(millis(10));
  t.match(lines('address.lost'), [{ message: /^198\.51\.100\.200 is gone from hf1: somebody else took it off; putting it back$/ }]);
  t.match(machine.addresses('hf1'), [{ address: '198.51.100.200', label: 'hf1:web' }]);
});

t.test('a second interface that fails: the role is handed over while one can still speak, and comes back with it', async t => {
  const addresses = [prefix('192.0.2.200/24'), { ...prefix('198.51.100.200/24'), interface: 'hf1' }];
  for (const way of ['no-carrier', 'interface-down', 'interface-missing']) {
    const { run, sent, status, world } = instanceRig({ addresses });
    const { machine } = world.node('a');
    run(seconds(5));
    if (way === 'no-carrier') machine.setCarrier('hf1', false);
    else if (way === 'interface-down') machine.setUp('hf1', false);
    else machine.deleteLink('hf1');
    run(seconds(5));
    t.equal(sent.at(-1)?.priority, 0, `${way}: it resigns`);
    t.match(status(), { state: 'initialize', waiting: /^interface hf1 / });
    t.notOk(machine.holds(VIP));
    if (way === 'no-carrier') machine.setCarrier('hf1', true);
    else if (way === 'interface-down') machine.setUp('hf1', true);
    else machine.addLink('hf1');
    run(seconds(5));
    t.match(status(), { state: 'active', waiting: null, addresses: [{ held: true }, { held: true }] }, way);
  }
});

t.test('a second interface that comes back while the role is being handed over, or just was', async t => {
  const addresses: readonly VirtualAddress[] = [prefix('192.0.2.200/24'), { ...prefix('198.51.100.200/24'), interface: 'hf1' }];
  for (const [taken, foreign] of [
    [false, false],
    [true, false],
    [true, true],
  ]) {
    const { hear, run, status, world } = instanceRig({ addresses });
    const { machine } = world.node('a');
    // What is not ours does not go when we let go, so that no report of the kernel comes then.
    if (foreign) for (const address of addresses) machine.addAddress(address.interface ?? 'hf0', address);
    run(seconds(5));
    machine.setCarrier('hf1', false);
    run(millis(100));
    t.equal(status().state, 'leaving');
    if (taken) hear();
    machine.setCarrier('hf1', true);
    run(millis(50));
    t.equal(status().state, taken ? 'backup' : 'active');
    run(seconds(8));
    t.match(status(), { state: 'active', waiting: null });
  }
});

t.test('a second interface that was never there is waited for, and named', async t => {
  const addresses = [{ ...prefix('198.51.100.200/24'), interface: 'hf1' }];
  const { run, status, world, lines } = instanceRig({ addresses });
  world.kill('a');
  world.node('a').machine.deleteLink('hf1');
  world.start('a');
  run(seconds(5));
  t.match(status(), { state: 'initialize', waiting: 'interface hf1 does not exist' });
  t.equal(lines('vrrp.waiting').length, 1);
});

t.test('accept = false, and the filter is refused: nothing is claimed, and then it is a fault', async t => {
  const { run, sent, status, world } = instanceRig({ accept: false, priority: priority(254) });
  const { machine } = world.node('a');
  machine.refuse({ op: 'deny', code: 'EOPNOTSUPP', address: null, times: Number.POSITIVE_INFINITY });
  let held = false;
  world.timeline.watch(() => {
    held ||= machine.holds(VIP);
  });
  run(millis(4_500));
  t.match(status(), { state: 'fault', reason: 'address-fault' });
  t.notOk(held, 'not served in the open for a moment');
  t.ok(sent.every(each => each.priority === 0));
  machine.allow();
  run(seconds(20));
  t.equal(status().state, 'active');
  t.ok(machine.answersFor(VIP) && !machine.accepts(VIP));
});

t.test('what a killed process denied is accepted again when the router that runs next accepts', async t => {
  const { run, world } = instanceRig({ accept: false });
  const node = world.node('a');
  run(seconds(5));
  world.kill('a');
  t.ok(node.machine.denied(VIP));
  node.routers = node.routers.map(spec => ({ ...spec, accept: true }));
  world.start('a');
  run(seconds(5));
  t.ok(node.machine.accepts(VIP));
});

t.test(
  'somebody puts the address back in the moment in which we take it off: it holds up a stop for a second, an abandoning not at all',
  async t => {
    for (const [how, waits] of [
      ['stop', 1_001],
      ['abandon', 1],
    ] as const) {
      const { run, status, world } = instanceRig();
      const node = world.node('a');
      run(seconds(5));
      let back = false;
      // In the moment in which it is gone, before any report of it is read.
      const putBack = (): void => {
        if (back || node.machine.holds(VIP)) return;
        back = true;
        node.machine.addAddress(INTERFACE, prefix('192.0.2.200/24'));
      };
      world.timeline.watch(putBack);
      let done: number | null = null;
      const engine = node.process?.engine;
      engine?.stop(() => {
        done = world.timeline.now();
      });
      run(millis(100));
      t.equal(status().state, 'leaving');
      if (how === 'abandon') engine?.abandon();
      putBack();
      while (!back) run(millis(1));
      const from = world.timeline.now();
      run(seconds(3));
      t.ok(done !== null && done - from <= waits * 1000, `${how}: done ${done}, back at ${from}`);
      t.ok(node.machine.holds(VIP), 'and it is theirs');
    }
  },
);

t.test('what was still to be announced when the address was let go is not announced', async t => {
  const addresses = Array.from({ length: 200 }, (_, i) => prefix(`192.0.2.${20 + i}/24`));
  const { hear, run, status, world } = instanceRig({ addresses });
  run(millis(3_220));
  let late = 0;
  while (status().state !== 'active') run(millis(1));
  hear({ priority: priority(200), addresses: addresses.map(({ address }) => address) });
  t.equal(status().state, 'backup');
  world.lan.onFrame(() => {
    late += 1;
  });
  run(millis(100));
  t.equal(late, 0);
});
