// Tests src/platform/fake/network.ts: that the fake kernel does what Linux was measured to do.
import t from 'tap';
import { createLoop, createTimeline } from '../../../src/platform/fake/clock.ts';
import { createMachine } from '../../../src/platform/fake/network.ts';
import type { Link } from '../../../src/platform/ports.ts';
import { after, type Micros, micros, millis, seconds } from '../../../src/vrrp/units.ts';
import { ip, prefix } from '../../fixtures/virtual-router.ts';

const VIP = prefix('192.0.2.200/24');

function rig() {
  const timeline = createTimeline();
  const machine = createMachine(timeline, 'a', 1);
  machine.addLink('hf0');
  machine.addAddress('hf0', prefix('192.0.2.11/24'));
  const loop = createLoop(timeline);
  let changes = 0;
  const network = machine.network(loop, () => {
    changes += 1;
  });
  const link = (): Link => {
    const found = network.link('hf0');
    if (found === undefined) throw new Error('no hf0');
    return found;
  };
  const held = (): readonly string[] => machine.addresses('hf0').map(({ address }) => address);
  return { machine, loop, network, link, held, changes: () => changes, run: (by: Micros) => timeline.run(after(timeline.now(), by)) };
}

t.test('a lifetime ends shortly after its second, unless it is renewed', async t => {
  const { network, link, held, run } = rig();
  network.put(link(), { ...VIP, family: 'ipv4', validFor: 2 }, () => {});
  run(seconds(1));
  network.put(link(), { ...VIP, family: 'ipv4', validFor: 2 }, () => {});
  run(seconds(2));
  t.strictSame(held(), ['192.0.2.11', '192.0.2.200']);
  run(millis(100));
  t.strictSame(held(), ['192.0.2.11']);
});

t.test('the kernel acts at once; the process reads of it later, and of a renewal not at all', async t => {
  const { network, link, held, changes, run } = rig();
  const answers: unknown[] = [];
  network.put(link(), { ...VIP, family: 'ipv4', validFor: 6 }, error => answers.push(error));
  t.strictSame([held().length, link().addresses.length, answers], [2, 1, []]);
  run(millis(1));
  t.strictSame([link().addresses.length, answers, changes()], [2, [null], 1]);
  network.put(link(), { ...VIP, family: 'ipv4', validFor: 6 }, () => {});
  run(millis(1));
  t.equal(changes(), 1);
});

t.test('what happened while the process stood still is read in one go', async t => {
  const { machine, loop, link, changes, run } = rig();
  loop.stall();
  machine.setCarrier('hf0', false);
  machine.addAddress('hf0', VIP);
  run(millis(1));
  t.equal(link().unusable, null);
  loop.resume();
  t.strictSame([changes(), link().unusable, link().addresses.length], [1, 'no-carrier', 2]);
});

t.test('a primary takes its secondaries with it, unless they are promoted', async t => {
  const plain = rig();
  plain.machine.addAddress('hf0', VIP);
  plain.machine.addAddress('hf0', prefix('192.0.2.201/32'));
  plain.machine.deleteAddress('hf0', ip('192.0.2.11'));
  t.strictSame(plain.held(), ['192.0.2.201'], 'another length is another network');

  const promoting = rig();
  promoting.network.protect(promoting.link(), () => {});
  promoting.machine.addAddress('hf0', VIP);
  promoting.machine.addAddress('hf0', prefix('192.0.2.201/24'));
  promoting.machine.deleteAddress('hf0', ip('192.0.2.11'));
  t.match(promoting.machine.addresses('hf0'), [
    { address: '192.0.2.200', secondary: false },
    { address: '192.0.2.201', secondary: true },
  ]);
});

t.test('what the world says no to', async t => {
  const { machine, network, link, run } = rig();
  const codes: (string | null)[] = [];
  const note = (error: { readonly code: string } | null): void => {
    codes.push(error?.code ?? null);
  };
  const before = link();
  network.remove(before, VIP, note);
  machine.refuse({ op: 'put', code: 'EACCES', address: null, times: 1 });
  network.put(before, { ...VIP, family: 'ipv4', validFor: null }, note);
  network.put(before, { ...VIP, family: 'ipv4', validFor: null }, note);
  machine.deleteLink('hf0');
  machine.addLink('hf0');
  network.put(before, { ...VIP, family: 'ipv4', validFor: null }, note);
  run(micros(100));
  t.strictSame(codes, ['EADDRNOTAVAIL', 'EACCES', null, 'ENODEV'], 'the last one: an interface of that name, but another one');
});

t.test('down or without carrier an interface holds its addresses, and answers for none', async t => {
  const { machine } = rig();
  const own = ip('192.0.2.11');
  t.ok(machine.answersFor(own));
  machine.setCarrier('hf0', false);
  t.strictSame([machine.answersFor(own), machine.holds(own), machine.carries('hf0')], [false, true, false]);
  machine.setCarrier('hf0', true);
  machine.setUp('hf0', false);
  t.strictSame([machine.answersFor(own), machine.holds(own)], [false, true]);
});
