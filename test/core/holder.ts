// Tests src/core/holder.ts: virtual addresses on their interfaces, or off them, against a fake kernel.
import t from 'tap';
import { adoptable, renewInterval } from '../../src/core/holder.ts';
import type { VirtualAddress } from '../../src/vrrp/router.ts';
import { micros, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { BOTH, holderRig, ONE, TWO } from '../fixtures/holder-rig.ts';
import { prefix, routerSpec } from '../fixtures/virtual-router.ts';

t.test('all addresses, leased; settled when the kernel has answered for all', async t => {
  const { acquire, holder, held, settled, run } = holderRig();
  t.strictSame([holder.wanted(), holder.complete(BOTH), holder.state(BOTH, ONE)], [false, false, null]);
  acquire();
  t.strictSame(
    held(),
    [
      ['192.0.2.200', 6],
      ['192.0.2.201', 6],
    ],
    'the kernel acts at once',
  );
  t.strictSame([holder.wanted(), holder.complete(BOTH), holder.state(BOTH, ONE)], [true, false, 'pending']);
  t.strictSame(settled, []);
  run();
  t.strictSame(settled, [null], 'once');
  t.strictSame([holder.complete(BOTH), holder.state(BOTH, ONE), holder.state(BOTH, TWO)], [true, 'held', 'held']);
});

t.test('acquired again they are renewed', async t => {
  const { acquire, held, run } = holderRig();
  acquire();
  run(seconds(4));
  t.strictSame(held()[0], ['192.0.2.200', 2]);
  acquire();
  t.strictSame(held()[0], ['192.0.2.200', 6]);
});

t.test('lease = "off": for ever', async t => {
  const { acquire, held } = holderRig();
  acquire({ ...BOTH, lease: null });
  t.strictSame(held()[1], ['192.0.2.201', null]);
});

t.test('released: all of ours are gone, and nothing is wanted', async t => {
  const { acquire, holder, held, lost, run } = holderRig();
  acquire();
  run();
  holder.release(false);
  t.strictSame(held(), []);
  run();
  t.strictSame([holder.wanted(), holder.complete(BOTH), holder.state(BOTH, ONE)], [false, false, null]);
  t.strictSame(lost, [], 'not lost: let go');
});

t.test('the first thing that went wrong is told, when everything is known', async t => {
  const { acquire, holder, machine, settled, run } = holderRig();
  machine.refuse({ op: 'put', code: 'EACCES', address: TWO.address, times: 1 });
  acquire();
  run();
  t.match(settled, [{ op: 'add address', code: 'EACCES', target: '192.0.2.201/24 on hf0' }]);
  t.strictSame([holder.complete(BOTH), holder.state(BOTH, ONE), holder.state(BOTH, TWO)], [false, 'held', 'pending']);
  acquire();
  run();
  t.strictSame(settled.slice(1), [null], 'and the next attempt counts for itself');
  t.equal(holder.complete(BOTH), true);
});

t.test('an answer to a wish of before is not heard any more', async t => {
  const { acquire, holder, settled, run } = holderRig();
  acquire();
  holder.release(false);
  run();
  t.strictSame(settled, []);
  acquire();
  acquire();
  run();
  t.strictSame(settled, [null], 'only that to the last one');
});

t.test('design 4.3: what was there before us and is permanent is left alone', async t => {
  const { acquire, foreign, held, holder, machine, settled, run } = holderRig();
  machine.addAddress('hf0', ONE);
  run();
  acquire();
  t.strictSame(foreign, ['192.0.2.200']);
  run();
  t.strictSame([holder.complete(BOTH), holder.state(BOTH, ONE), settled], [true, 'foreign', [null]], 'it is served all the same');
  acquire();
  run();
  t.strictSame(foreign, ['192.0.2.200'], 'said once');
  t.strictSame(held()[0], ['192.0.2.200', null], 'not leased');
  holder.release(false);
  t.strictSame(held(), [['192.0.2.200', null]], 'not removed');
});

t.test('nothing but foreign addresses: settled at once', async t => {
  const { acquire, machine, settled, run } = holderRig();
  machine.addAddress('hf0', ONE);
  machine.addAddress('hf0', TWO);
  run();
  acquire();
  t.strictSame(settled, [null]);
});

t.test('ours: with a lifetime, or marked, or put by this process', async t => {
  const leased = holderRig(false);
  leased.machine.addAddress('hf0', ONE, 3);
  leased.run();
  leased.acquire();
  t.strictSame(leased.foreign, [], 'with a lifetime');
  t.strictSame(leased.held()[0], ['192.0.2.200', 6]);

  const marked = holderRig();
  marked.network.put(marked.link(), { ...ONE, family: 'ipv4', validFor: null }, () => {});
  marked.run();
  marked.acquire();
  t.strictSame([marked.foreign, marked.held()[0]], [[], ['192.0.2.200', 6]], 'marked');

  const put = holderRig(false);
  put.acquire({ ...BOTH, lease: null });
  put.run();
  put.acquire({ ...BOTH, lease: null });
  put.run();
  t.strictSame(put.foreign, [], 'put by this process, though the kernel keeps no mark');
  put.holder.release(false);
  t.strictSame(put.held(), []);
});

t.test('once ours was seen to be gone, a permanent one is somebody else’s', async t => {
  const { acquire, foreign, holder, machine, run } = holderRig(false);
  acquire();
  run();
  holder.release(false);
  run();
  machine.addAddress('hf0', ONE);
  run();
  acquire();
  t.strictSame(foreign, ['192.0.2.200']);
});

t.test('a foreign one that its owner took away is put there as ours', async t => {
  const { acquire, held, holder, lost, machine, run } = holderRig();
  machine.addAddress('hf0', ONE);
  run();
  acquire();
  run();
  machine.deleteAddress('hf0', ONE.address);
  run();
  t.strictSame(lost, [['192.0.2.200']]);
  acquire();
  run();
  t.equal(holder.state(BOTH, ONE), 'held');
  t.strictSame(held().find(([address]) => address === '192.0.2.200')?.[1], 6);
});

t.test('lost is what somebody else took away, each time once', async t => {
  const { acquire, holder, lost, machine, run } = holderRig();
  acquire();
  run();
  machine.deleteAddress('hf0', TWO.address);
  run();
  t.strictSame(lost, [['192.0.2.201']]);
  t.strictSame([holder.complete(BOTH), holder.state(BOTH, TWO)], [false, 'pending']);
  machine.addAddress('hf0', prefix('198.51.100.1/24'));
  run();
  t.strictSame(lost, [['192.0.2.201']], 'another change does not tell it again');
  acquire();
  run();
  machine.deleteAddress('hf0', TWO.address);
  run();
  t.strictSame(lost, [['192.0.2.201'], ['192.0.2.201']]);
});

t.test('an address that the kernel has not shown yet cannot be missed', async t => {
  const { holder, link, lost, machine, run } = holderRig();
  const before = link();
  machine.addAddress('hf0', prefix('198.51.100.1/24'));
  holder.acquire(BOTH, new Map([['hf0', before]]));
  t.strictSame(
    holder.observe(() => before),
    [],
    'the report of another change came first',
  );
  run();
  t.strictSame(lost, []);
});

t.test('adopted: renewals are not reported, and a loss is seen all the same', async t => {
  const { acquire, lost, machine, run } = holderRig(false);
  machine.addAddress('hf0', ONE, 5);
  machine.addAddress('hf0', TWO, 5);
  run();
  acquire();
  run();
  machine.deleteAddress('hf0', ONE.address);
  run();
  t.strictSame(lost, [['192.0.2.200']]);
});

t.test('the interface is gone with all its addresses; a new one gets them', async t => {
  const { acquire, held, holder, lost, machine, run } = holderRig();
  acquire();
  run();
  machine.deleteLink('hf0');
  run();
  t.strictSame(lost, [['192.0.2.200', '192.0.2.201']]);
  machine.addLink('hf0');
  run();
  acquire();
  run();
  t.equal(held().length, 2);
  holder.release(false);
  t.strictSame(held(), [], 'also taken off the new one');
});

t.test('what is configured no longer goes, what is new comes, another prefix length is another address', async t => {
  const { acquire, held, run, machine } = holderRig();
  acquire();
  run();
  acquire(routerSpec({ addresses: [TWO, prefix('192.0.2.202/24')] }));
  run();
  t.strictSame(
    held().map(([address]) => address),
    ['192.0.2.201', '192.0.2.202'],
  );
  acquire(routerSpec({ addresses: [prefix('192.0.2.201/32')] }));
  run();
  t.match(machine.addresses('hf0').slice(1), [{ address: '192.0.2.201', length: 32 }]);
});

t.test('adoptable: in the plan, on the interface, recognisably ours', async t => {
  const { link, links, machine, network, run } = holderRig();
  const adopted = (spec = BOTH) => adoptable(spec, links()).map(({ address }) => address);
  t.strictSame(adopted(), []);
  machine.addAddress('hf0', prefix('192.0.2.222/24'), 5);
  run();
  t.strictSame(adopted(), [], 'not in the plan');
  machine.addAddress('hf0', ONE);
  run();
  t.strictSame(adopted(), [], 'permanent and unmarked');
  machine.addAddress('hf0', TWO, 5);
  run();
  t.strictSame(adopted(), ['192.0.2.201'], 'with a lifetime that our lease can have given');
  t.strictSame(adopted({ ...BOTH, priority: priority(255) }), [], 'but an owner’s addresses are its machine’s own');
  machine.deleteAddress('hf0', TWO.address);
  network.put(link(), { ...TWO, family: 'ipv4', validFor: null }, () => {});
  run();
  t.strictSame(adopted(), ['192.0.2.201'], 'marked');
});

t.test('an address of DHCP or of a cloud is not ours, though it has a lifetime', async t => {
  const { acquire, foreign, held, holder, machine, run } = holderRig();
  machine.addAddress('hf0', ONE, 3600);
  run();
  acquire();
  run();
  t.strictSame(foreign, ['192.0.2.200']);
  t.strictSame(held()[0], ['192.0.2.200', 3600], 'neither shortened');
  holder.release(false);
  t.strictSame(held(), [['192.0.2.200', 3600]], 'nor removed');
});

t.test('what a former life had with another prefix length goes', async t => {
  const { acquire, machine, run } = holderRig();
  machine.addAddress('hf0', prefix('192.0.2.200/32'), 5);
  run();
  acquire();
  run();
  t.strictSame(
    machine
      .addresses('hf0')
      .filter(({ address }) => address === '192.0.2.200')
      .map(({ length }) => length),
    [24],
  );
});

t.test('a lease is renewed every third of it', async t => {
  t.equal(renewInterval(routerSpec({ lease: seconds(6) })), seconds(2));
  t.equal(renewInterval(routerSpec({ lease: null })), null);
  t.equal(Number.isInteger(renewInterval(routerSpec({ lease: seconds(1) }))), true, 'in whole microseconds');
});

t.test('an address is looked up by itself', async t => {
  const { acquire, holder, run } = holderRig();
  acquire();
  run();
  t.equal(holder.state(BOTH, prefix('192.0.2.99/24')), null);
});

t.test('addresses on two interfaces: each on its own, all of them settled and let go together', async t => {
  const { acquire, held, holder, lost, machine, run, settled } = holderRig();
  const inside = { ...prefix('198.51.100.200/24'), interface: 'hf1' };
  const spec = routerSpec({ addresses: [ONE, inside] });
  machine.refuse({ op: 'put', code: 'EACCES', address: inside.address, times: 1 });
  acquire(spec);
  run();
  t.match(settled, [{ code: 'EACCES', target: '198.51.100.200/24 on hf1' }]);
  t.strictSame([holder.state(spec, ONE), holder.state(spec, inside), holder.complete(spec)], ['held', 'pending', false]);
  acquire(spec);
  run();
  t.strictSame([held('hf0'), held('hf1'), holder.complete(spec)], [[['192.0.2.200', 6]], [['198.51.100.200', 6]], true]);
  machine.deleteAddress('hf1', inside.address);
  run();
  t.strictSame(lost, [['198.51.100.200']]);
  holder.release(false);
  t.strictSame([held('hf0'), held('hf1')], [[], []]);
});

t.test('an address that moves to another interface is taken off the one and put on the other, and not missed', async t => {
  const { acquire, held, lost, run } = holderRig();
  acquire(routerSpec({ addresses: [ONE] }));
  run();
  acquire(routerSpec({ addresses: [{ ...ONE, interface: 'hf1' }] }));
  t.strictSame([held('hf0'), held('hf1')], [[], [['192.0.2.200', 6]]]);
  run();
  t.strictSame(lost, []);
});

t.test('the interface of the advertisements, named or left out, is the same place', async t => {
  const { acquire, holder, network, run } = holderRig();
  acquire(routerSpec({ addresses: [ONE] }));
  run();
  network.remove = () => t.fail('nothing is to be taken off');
  const named = routerSpec({ addresses: [{ ...ONE, interface: 'hf0' }] });
  acquire(named);
  run();
  t.equal(holder.complete(named), true);
});

t.test('another label or scope: taken off and put anew, which is no loss', async t => {
  const changes: readonly Partial<VirtualAddress>[] = [{ label: 'hf0:web' }, { scope: 'host' }];
  for (const change of changes) {
    const { acquire, holder, link, lost, machine, run, settled } = holderRig();
    acquire();
    run();
    const spec = routerSpec({ addresses: [{ ...ONE, ...change }, TWO] });
    acquire(spec);
    t.match(
      machine.addresses('hf0').find(({ address }) => address === ONE.address),
      { ...change, validFor: 6 },
      'there at once',
    );
    const removed = { ...link(), addresses: link().addresses.filter(({ address }) => address !== ONE.address) };
    t.strictSame(
      holder.observe(() => removed),
      [],
      'the kernel reports both, one after the other',
    );
    run();
    t.strictSame([lost, settled, holder.complete(spec)], [[], [null, null], true]);
    machine.deleteAddress('hf0', ONE.address);
    run();
    t.strictSame(lost, [['192.0.2.200']], 'a loss afterwards is one');
  }
});

t.test('a shared address stays when one of two routers lets go, or does not want it any more', async t => {
  const { acquire, held, holder, run, shared } = holderRig();
  acquire();
  run();
  shared.add('192.0.2.200%hf0');
  holder.release(false);
  t.strictSame(held(), [['192.0.2.200', 6]]);
  t.equal(holder.wanted(), false);
  acquire();
  run();
  acquire(routerSpec({ addresses: [TWO] }));
  t.strictSame(
    held().map(([address]) => address),
    ['192.0.2.200', '192.0.2.201'],
  );
  shared.clear();
  acquire();
  run();
  holder.release(false);
  t.strictSame(held(), [], 'the last one takes it off');
});

t.test('no addresses at all: settled at once, and nothing is wanted', async t => {
  const { acquire, holder, run, settled } = holderRig();
  const none = routerSpec({ addresses: [] });
  acquire(none);
  t.strictSame([settled, holder.wanted(), holder.complete(none)], [[null], false, true]);
  run();
  t.equal(settled.length, 1);
});

t.test('what a later router of this process takes over as it is stays, with what is left of its lease', async t => {
  const { acquire, held, holder, inherited, network, run } = holderRig();
  inherited.add('192.0.2.201%hf0');
  acquire();
  run(seconds(2));
  acquire(routerSpec({ addresses: [ONE] }));
  t.strictSame(held()[1], ['192.0.2.201', 4], 'wished for no longer');
  run(seconds(2));
  t.equal(holder.lingers(network.link), false, 'and none of our business any more');
  acquire();
  run(seconds(2));
  holder.release(true);
  t.strictSame(held(), [['192.0.2.201', 4]], 'let go while nobody else answers');
  t.equal(holder.wanted(), false);
  run(seconds(5));
  t.strictSame(held(), [], 'nobody renews it here');
  acquire();
  run();
  holder.release(false);
  t.strictSame(held(), [], 'another machine answers: off with all');
});

t.test('lingers: taken off, and the kernel still shows it', async t => {
  const { acquire, holder, link, machine, network, run, shared } = holderRig();
  t.equal(holder.lingers(network.link), false);
  acquire();
  run();
  t.equal(holder.lingers(network.link), false, 'what is wished for does not linger');
  holder.release(false);
  t.equal(holder.lingers(network.link), true);
  run();
  t.equal(holder.lingers(network.link), false);
  acquire();
  run();
  machine.addAddress('hf0', prefix('192.0.2.200/32'));
  run();
  holder.release(false);
  run();
  t.equal(holder.lingers(network.link), false, 'somebody else’s with another length is none of ours');
  machine.deleteAddress('hf0', ONE.address);
  run();
  acquire();
  run();
  machine.refuse({ op: 'remove', code: 'EPERM', address: ONE.address, times: 1 });
  holder.release(false);
  run();
  t.equal(holder.lingers(network.link), false, 'what the kernel does not give up is not waited for');
  acquire();
  run();
  holder.release(false);
  shared.add('192.0.2.200%hf0');
  network.put(link(), { ...ONE, family: 'ipv4', validFor: 6 }, () => {});
  run();
  t.equal(holder.lingers(network.link), false, 'what another router has put there meanwhile is not waited for');
});

t.test('what is put back before our removal is read lingers for a second, and is then somebody else’s', async t => {
  const { acquire, foreign, held, holder, machine, network, removals, run } = holderRig(false);
  acquire();
  run();
  t.equal(holder.deadline(), null);
  holder.release(false);
  machine.addAddress('hf0', ONE);
  t.equal(holder.deadline(), null, 'the kernel has not said yet that they are gone');
  run();
  t.strictSame([holder.lingers(network.link), holder.deadline(), removals()], [true, micros(1_001_100), 1], 'told of what is still shown');
  run(seconds(10));
  t.equal(holder.lingers(network.link), true, 'as long as nobody looks at the clock');
  holder.forget();
  t.strictSame([holder.lingers(network.link), holder.deadline()], [false, null]);
  acquire();
  run();
  t.strictSame([foreign, held()[0]], [['192.0.2.200'], ['192.0.2.200', null]], 'not ours any more');
  t.equal(holder.deadline(), null, 'what is wished for is not forgotten');
});

t.test('once it is gone after all there is nothing to wait for', async t => {
  const { acquire, holder, machine, network, run } = holderRig(false);
  acquire();
  run();
  holder.release(false);
  machine.addAddress('hf0', ONE);
  run();
  t.not(holder.deadline(), null);
  machine.deleteAddress('hf0', ONE.address);
  run();
  t.strictSame([holder.lingers(network.link), holder.deadline()], [false, null]);
});

t.test('to forget while addresses are wished for does not forget these', async t => {
  const { acquire, foreign, holder, run } = holderRig(false);
  acquire({ ...BOTH, lease: null });
  run();
  holder.forget();
  acquire({ ...BOTH, lease: null });
  t.strictSame(foreign, []);
});

t.test('the work for one address does not grow with those of others on the interface', async t => {
  const { acquire, holder, link, run } = holderRig();
  acquire();
  run();
  const others = Array.from({ length: 5000 }, (_, i) => prefix(`10.0.${i >> 8}.${i & 255}/8`));
  let looks = 0;
  // Every look at another's address counts, but for the one that makes the index.
  const counted = others.map(other => ({
    ...other,
    validFor: 6,
    marked: true,
    secondary: false,
    tentative: false,
    get address() {
      looks += 1;
      return other.address;
    },
  }));
  const crowded = { ...link(), addresses: [...counted, ...link().addresses] };
  const spec = (id: number) => ({ ...BOTH, vrid: vrid(id) });
  for (let id = 1; id <= 100; id += 1) {
    holder.observe(() => crowded);
    holder.acquire(spec(id), new Map([['hf0', crowded]]));
    holder.lingers(() => crowded);
    adoptable(spec(id), new Map([['hf0', crowded]]));
  }
  t.equal(looks, others.length);
});
