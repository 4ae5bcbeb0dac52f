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

t.test('IPv6 knows no primaries: whichever goes, the others stay', async t => {
  const { machine, held } = rig();
  for (const address of ['2001:db8::11/64', '2001:db8::200/64', 'fe80::11/64']) machine.addAddress('hf0', prefix(address));
  t.strictSame(
    machine.addresses('hf0').map(({ secondary, tentative }) => secondary || tentative),
    [false, false, false, false],
  );
  machine.deleteAddress('hf0', ip('2001:db8::11'));
  t.strictSame(held(), ['192.0.2.11', '2001:db8::200', 'fe80::11']);
});

t.test('an address that is being checked for duplicates answers nobody, then is reported again', async t => {
  const { machine, link, changes, run } = rig();
  machine.addAddress('hf0', prefix('fe80::11/64'), null, seconds(1));
  machine.addAddress('hf0', prefix('fe80::99/64'), null, millis(500));
  run(millis(1));
  t.match(link().addresses[1], { address: 'fe80::11', tentative: true });
  t.notOk(machine.answersFor(ip('fe80::11')));
  t.ok(machine.holds(ip('fe80::11')));
  machine.deleteAddress('hf0', ip('fe80::99'));
  run(millis(1));
  const before = changes();
  run(seconds(1));
  t.match(link().addresses[1], { address: 'fe80::11', tentative: false });
  t.equal(changes(), before + 1, 'the one that is gone is told no more');
  t.ok(machine.answersFor(ip('fe80::11')));
});

t.test('set down, an interface loses its IPv6 addresses', async t => {
  const { machine, held, changes, run } = rig();
  machine.addAddress('hf0', prefix('fe80::11/64'));
  machine.addAddress('hf0', prefix('2001:db8::200/64'), 3);
  machine.setUp('hf0', false);
  machine.setUp('hf0', true);
  run(millis(1));
  const before = changes();
  run(seconds(4));
  t.strictSame([held(), changes() - before], [['192.0.2.11'], 0], 'and no lifetime of theirs ends later');
});

t.test('label and scope are kept; where protection is refused IPv4 becomes /32 and IPv6 stays', async t => {
  const { machine, network, link, run } = rig();
  network.put(link(), { ...VIP, family: 'ipv4', validFor: 6, label: 'hf0:web', scope: 'link' }, () => {});
  t.match(machine.addresses('hf0')[1], { address: '192.0.2.200', length: 24, label: 'hf0:web', scope: 'link' });
  t.match(machine.addresses('hf0')[0], { label: null, scope: null });
  machine.refuse({ op: 'protect', code: 'EACCES', address: null, times: 1 });
  network.protect(link(), () => {});
  run(millis(1));
  network.put(link(), { ...prefix('192.0.2.201/24'), family: 'ipv4', validFor: 6 }, () => {});
  network.put(link(), { ...prefix('2001:db8::200/64'), family: 'ipv6', validFor: 6 }, () => {});
  t.match(machine.addresses('hf0').slice(2), [{ length: 32 }, { length: 64 }]);
});

t.test('one interface is not another', async t => {
  const { machine, network, link, run } = rig();
  machine.addLink('hf1');
  run(millis(1));
  const second = network.link('hf1');
  if (second === undefined) throw new Error('no hf1');
  network.put(second, { ...VIP, family: 'ipv4', validFor: null }, () => {});
  run(millis(1));
  t.strictSame([link().addresses.length, network.link('hf1')?.addresses.length], [1, 1]);
  t.strictSame([machine.answersFor(VIP.address), machine.answersFor(VIP.address, 'hf0')], [true, false]);
  machine.setCarrier('hf1', false);
  t.notOk(machine.answersFor(VIP.address));
  network.remove(second, VIP, () => {});
  t.notOk(machine.holds(VIP.address));
});

t.test('a wish to deny replaces the one of its name, and outlives the process', async t => {
  const { machine, network, loop, run } = rig();
  machine.addAddress('hf0', VIP);
  const codes: (string | null)[] = [];
  const deny = (key: string, addresses: readonly string[]): void =>
    network.deny(key, 'ipv4', addresses.map(ip), error => codes.push(error?.code ?? null));
  const state = (): readonly boolean[] => [machine.answersFor(VIP.address), machine.denied(VIP.address), machine.accepts(VIP.address)];
  t.strictSame(state(), [true, false, true]);
  deny('web', ['192.0.2.200', '192.0.2.201']);
  deny('mail', ['192.0.2.200']);
  t.strictSame(state(), [true, true, false], 'at once; who asks who has it is answered all the same');
  deny('web', ['192.0.2.201']);
  t.ok(machine.denied(VIP.address), 'the other wish stands');
  deny('mail', []);
  t.strictSame([machine.denied(VIP.address), machine.denied(ip('192.0.2.201'))], [false, true]);
  machine.refuse({ op: 'deny', code: 'ENOENT', address: null, times: 1 });
  deny('web', ['192.0.2.200']);
  t.notOk(machine.denied(VIP.address));
  run(millis(1));
  t.strictSame(codes, [null, null, null, null, 'ENOENT']);
  deny('web', ['192.0.2.200']);
  loop.end();
  t.ok(machine.denied(VIP.address));
});

t.test('what others deny: of processes that live and of those that are dead, but not our own', async t => {
  const { machine, network, loop, run } = rig();
  const found: string[][] = [];
  const ask = () => network.deniedByOthers(keys => found.push([...keys]));
  machine.network(loop, () => {}).deny('web', 'ipv4', [VIP.address], () => {});
  network.deny('mail', 'ipv4', [VIP.address], () => {});
  ask();
  t.strictSame(found, [], 'not from inside the call');
  run(millis(1));
  network.deny('mail', 'ipv4', [], () => {});
  ask();
  network.deny('web', 'ipv4', [VIP.address], () => {});
  run(millis(1));
  t.strictSame(found, [['web'], []], 'what is ours when the answer comes');
  machine.network(loop, () => {}).deny('lan', 'ipv4', [VIP.address], () => {});
  machine.refuse({ op: 'deny', code: 'EPROTONOSUPPORT', address: null, times: 1 });
  ask();
  run(millis(1));
  t.strictSame(found.at(-1), [], 'a kernel that cannot deny');
});

t.test('frames go where the machine is connected, as long as the interface carries them', async t => {
  const { machine, network, link } = rig();
  const left: string[] = [];
  network.sendFrame(link(), Uint8Array.of(1));
  machine.connect((on, frame) => left.push(`${on} ${frame.join()}`));
  network.sendFrame(link(), Uint8Array.of(2));
  machine.setUp('hf0', false);
  network.sendFrame(link(), Uint8Array.of(3));
  t.strictSame(left, ['hf0 2']);
});
