// Tests src/core/holder.ts: virtual addresses on their interface, or off it, against a fake kernel.
import t from 'tap';
import { adoptable, createHolder, type Holder, renewInterval } from '../../src/core/holder.ts';
import { createLoop, createTimeline } from '../../src/platform/fake/clock.ts';
import { createMachine, type Machine } from '../../src/platform/fake/network.ts';
import type { Link, Network, SystemError } from '../../src/platform/ports.ts';
import type { RouterSpec } from '../../src/vrrp/router.ts';
import { after, type Micros, millis, priority, seconds } from '../../src/vrrp/units.ts';
import { ip, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const ONE = prefix('192.0.2.200/24');
const TWO = prefix('192.0.2.201/24');
const BOTH = routerSpec({ addresses: [ONE, TWO] });

interface Rig {
  readonly machine: Machine;
  readonly network: Network;
  readonly holder: Holder;
  readonly settled: (SystemError | null)[];
  readonly foreign: string[];
  /** What observing told, one list for each report of the kernel. */
  readonly lost: (readonly string[])[];
  link(): Link;
  acquire(spec?: RouterSpec): void;
  run(duration?: Micros): void;
  /** Address and remaining lifetime of everything but the host's own. */
  held(): readonly (readonly [string, number | null])[];
}

function rig(marks = true): Rig {
  const timeline = createTimeline();
  const machine = createMachine(timeline, 'a', 1, marks);
  machine.addLink('hf0');
  machine.addAddress('hf0', prefix('192.0.2.11/24'));
  const lost: (readonly string[])[] = [];
  const settled: (SystemError | null)[] = [];
  const foreign: string[] = [];
  const network = machine.network(createLoop(timeline), () => {
    const gone = holder.observe(network.link('hf0'));
    if (gone.length > 0) lost.push(gone);
  });
  const holder = createHolder(network, { settled: error => settled.push(error), foreign: each => foreign.push(each.address) });
  const link = (): Link => {
    const found = network.link('hf0');
    if (found === undefined) throw new Error('no hf0');
    return found;
  };
  return {
    machine,
    network,
    holder,
    settled,
    foreign,
    lost,
    link,
    acquire: (spec = BOTH) => holder.acquire(spec, link()),
    run: (duration = millis(1)) => timeline.run(after(timeline.now(), duration)),
    held: () =>
      machine
        .addresses('hf0')
        .filter(({ address }) => address !== '192.0.2.11')
        .map(({ address, validFor }) => [address, validFor] as const),
  };
}

t.test('all addresses, leased; settled when the kernel has answered for all', async t => {
  const { acquire, holder, held, settled, run } = rig();
  t.strictSame([holder.wanted(), holder.complete(BOTH), holder.state(ONE.address)], [false, false, null]);
  acquire();
  t.strictSame(
    held(),
    [
      ['192.0.2.200', 6],
      ['192.0.2.201', 6],
    ],
    'the kernel acts at once',
  );
  t.strictSame([holder.wanted(), holder.complete(BOTH), holder.state(ONE.address)], [true, false, 'pending']);
  t.strictSame(settled, []);
  run();
  t.strictSame(settled, [null], 'once');
  t.strictSame([holder.complete(BOTH), holder.state(ONE.address), holder.state(TWO.address)], [true, 'held', 'held']);
});

t.test('acquired again they are renewed', async t => {
  const { acquire, held, run } = rig();
  acquire();
  run(seconds(4));
  t.strictSame(held()[0], ['192.0.2.200', 2]);
  acquire();
  t.strictSame(held()[0], ['192.0.2.200', 6]);
});

t.test('lease = "off": for ever', async t => {
  const { acquire, held } = rig();
  acquire({ ...BOTH, lease: null });
  t.strictSame(held()[1], ['192.0.2.201', null]);
});

t.test('released: all of ours are gone, and nothing is wanted', async t => {
  const { acquire, holder, held, lost, run } = rig();
  acquire();
  run();
  holder.release();
  t.strictSame(held(), []);
  run();
  t.strictSame([holder.wanted(), holder.complete(BOTH), holder.state(ONE.address)], [false, false, null]);
  t.strictSame(lost, [], 'not lost: let go');
});

t.test('the first thing that went wrong is told, when everything is known', async t => {
  const { acquire, holder, machine, settled, run } = rig();
  machine.refuse({ op: 'put', code: 'EACCES', address: TWO.address, times: 1 });
  acquire();
  run();
  t.match(settled, [{ op: 'add address', code: 'EACCES', target: '192.0.2.201/24 on hf0' }]);
  t.strictSame([holder.complete(BOTH), holder.state(ONE.address), holder.state(TWO.address)], [false, 'held', 'pending']);
  acquire();
  run();
  t.strictSame(settled.slice(1), [null], 'and the next attempt counts for itself');
  t.equal(holder.complete(BOTH), true);
});

t.test('an answer to a wish of before is not heard any more', async t => {
  const { acquire, holder, settled, run } = rig();
  acquire();
  holder.release();
  run();
  t.strictSame(settled, []);
  acquire();
  acquire();
  run();
  t.strictSame(settled, [null], 'only that to the last one');
});

t.test('design 4.3: what was there before us and is permanent is left alone', async t => {
  const { acquire, foreign, held, holder, machine, settled, run } = rig();
  machine.addAddress('hf0', ONE);
  run();
  acquire();
  t.strictSame(foreign, ['192.0.2.200']);
  run();
  t.strictSame([holder.complete(BOTH), holder.state(ONE.address), settled], [true, 'foreign', [null]], 'it is served all the same');
  acquire();
  run();
  t.strictSame(foreign, ['192.0.2.200'], 'said once');
  t.strictSame(held()[0], ['192.0.2.200', null], 'not leased');
  holder.release();
  t.strictSame(held(), [['192.0.2.200', null]], 'not removed');
});

t.test('nothing but foreign addresses: settled at once', async t => {
  const { acquire, machine, settled, run } = rig();
  machine.addAddress('hf0', ONE);
  machine.addAddress('hf0', TWO);
  run();
  acquire();
  t.strictSame(settled, [null]);
});

t.test('ours: with a lifetime, or marked, or put by this process', async t => {
  const leased = rig(false);
  leased.machine.addAddress('hf0', ONE, 3);
  leased.run();
  leased.acquire();
  t.strictSame(leased.foreign, [], 'with a lifetime');
  t.strictSame(leased.held()[0], ['192.0.2.200', 6]);

  const marked = rig();
  marked.network.put(marked.link(), { ...ONE, family: 'ipv4', validFor: null }, () => {});
  marked.run();
  marked.acquire();
  t.strictSame([marked.foreign, marked.held()[0]], [[], ['192.0.2.200', 6]], 'marked');

  const put = rig(false);
  put.acquire({ ...BOTH, lease: null });
  put.run();
  put.acquire({ ...BOTH, lease: null });
  put.run();
  t.strictSame(put.foreign, [], 'put by this process, though the kernel keeps no mark');
  put.holder.release();
  t.strictSame(put.held(), []);
});

t.test('once ours was seen to be gone, a permanent one is somebody else’s', async t => {
  const { acquire, foreign, holder, machine, run } = rig(false);
  acquire();
  run();
  holder.release();
  run();
  machine.addAddress('hf0', ONE);
  run();
  acquire();
  t.strictSame(foreign, ['192.0.2.200']);
});

t.test('a foreign one that its owner took away is put there as ours', async t => {
  const { acquire, held, holder, lost, machine, run } = rig();
  machine.addAddress('hf0', ONE);
  run();
  acquire();
  run();
  machine.deleteAddress('hf0', ONE.address);
  run();
  t.strictSame(lost, [['192.0.2.200']]);
  acquire();
  run();
  t.equal(holder.state(ONE.address), 'held');
  t.strictSame(held().find(([address]) => address === '192.0.2.200')?.[1], 6);
});

t.test('lost is what somebody else took away, each time once', async t => {
  const { acquire, holder, lost, machine, run } = rig();
  acquire();
  run();
  machine.deleteAddress('hf0', TWO.address);
  run();
  t.strictSame(lost, [['192.0.2.201']]);
  t.strictSame([holder.complete(BOTH), holder.state(TWO.address)], [false, 'pending']);
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
  const { holder, link, lost, machine, run } = rig();
  const before = link();
  machine.addAddress('hf0', prefix('198.51.100.1/24'));
  holder.acquire(BOTH, before);
  t.strictSame(holder.observe(before), [], 'the report of another change came first');
  run();
  t.strictSame(lost, []);
});

t.test('adopted: renewals are not reported, and a loss is seen all the same', async t => {
  const { acquire, lost, machine, run } = rig(false);
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
  const { acquire, held, holder, lost, machine, run } = rig();
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
  holder.release();
  t.strictSame(held(), [], 'also taken off the new one');
});

t.test('what is configured no longer goes, what is new comes, another prefix length is another address', async t => {
  const { acquire, held, run, machine } = rig();
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
  const { link, machine, network, run } = rig();
  const adopted = (spec = BOTH) => adoptable(spec, link()).map(({ address }) => address);
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
  const { acquire, foreign, held, holder, machine, run } = rig();
  machine.addAddress('hf0', ONE, 3600);
  run();
  acquire();
  run();
  t.strictSame(foreign, ['192.0.2.200']);
  t.strictSame(held()[0], ['192.0.2.200', 3600], 'neither shortened');
  holder.release();
  t.strictSame(held(), [['192.0.2.200', 3600]], 'nor removed');
});

t.test('what a former life had with another prefix length goes', async t => {
  const { acquire, machine, run } = rig();
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
  const { acquire, holder, run } = rig();
  acquire();
  run();
  t.equal(holder.state(ip('192.0.2.99')), null);
});
