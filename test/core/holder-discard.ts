// Tests src/core/holder.ts: what a former life left is taken off where nobody is to keep it, decision 0026.
// Must not know routers.
import t from 'tap';
import { seconds } from '../../src/vrrp/units.ts';
import { BOTH, holderRig, ONE, TWO } from '../fixtures/holder-rig.ts';
import { prefix } from '../fixtures/virtual-router.ts';

t.test('all of ours goes, nothing else, and that it is gone is waited for', async t => {
  const { holder, machine, network, link, links, held, lost, run } = holderRig();
  machine.addAddress('hf0', TWO, 6);
  machine.addAddress('hf0', prefix('192.0.2.66/24'), 6);
  network.put(link(), { ...ONE, family: 'ipv4', validFor: null }, () => {});
  run();
  holder.discard(BOTH, links());
  t.strictSame(held(), [['192.0.2.66', 6]], 'marked, or with a lifetime of ours');
  t.equal(holder.lingers(network.link), true);
  t.equal(holder.wanted(), false);
  run();
  t.equal(holder.lingers(network.link), false);
  t.strictSame(lost, [], 'and not missed');
});

t.test('with another prefix length too', async t => {
  const { holder, machine, links, held, run } = holderRig();
  machine.addAddress('hf0', prefix('192.0.2.200/32'), 5);
  run();
  holder.discard(BOTH, links());
  run(seconds(1));
  t.strictSame(held(), []);
});

t.test('not what is somebody else’s, nor what another router here serves', async t => {
  const { holder, machine, links, held, shared, run } = holderRig();
  machine.addAddress('hf0', ONE);
  machine.addAddress('hf0', TWO, 6);
  shared.add('192.0.2.201%hf0');
  run();
  holder.discard(BOTH, links());
  t.strictSame(held(), [
    ['192.0.2.200', null],
    ['192.0.2.201', 6],
  ]);
});

t.test('nothing there, nothing done; and it can be held again', async t => {
  const { holder, links, held, acquire, settled, removals, run } = holderRig();
  holder.discard(BOTH, links());
  holder.discard(BOTH, new Map());
  run();
  t.equal(removals(), 0);
  acquire();
  run();
  holder.release(false);
  run();
  acquire();
  run();
  t.strictSame([settled, held().length], [[null, null], 2]);
});
