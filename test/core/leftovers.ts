// Tests src/core/leftovers.ts: the packet filters of daemons that were killed, on a machine where others run.
import t from 'tap';
import { sweepFilters } from '../../src/core/leftovers.ts';
import { createLoop, createTimeline, type Loop } from '../../src/platform/fake/clock.ts';
import { createMachine, type Machine } from '../../src/platform/fake/network.ts';
import type { Claims, Network } from '../../src/platform/ports.ts';
import { after, millis } from '../../src/vrrp/units.ts';
import { ip } from '../fixtures/virtual-router.ts';

const [ONE, TWO] = [ip('192.0.2.200'), ip('192.0.2.201')];
const PLACE = 'hf0/ipv4/51';

interface Process {
  readonly loop: Loop;
  readonly network: Network;
  readonly claims: Claims;
}

function rig() {
  const timeline = createTimeline();
  const machine: Machine = createMachine(timeline, 'a', 1);
  return {
    machine,
    run: () => timeline.run(after(timeline.now(), millis(1))),
    start(): Process {
      const loop = createLoop(timeline);
      return { loop, network: machine.network(loop, () => {}), claims: machine.claims(loop) };
    },
  };
}

t.test('of a place that nobody has: gone, and the place is free again', async t => {
  const { machine, run, start } = rig();
  const dead = start();
  dead.network.deny(PLACE, 'ipv4', [ONE], () => {});
  dead.network.deny('hf0/ipv6/52', 'ipv6', [TWO], () => {});
  dead.loop.end();
  const { network, claims } = start();
  sweepFilters(network, claims, () => false);
  run();
  t.strictSame([machine.denied(ONE), machine.denied(TWO)], [false, false]);
  t.notOk('kind' in claims.claim(PLACE));
});

t.test('of a place that another daemon has: stays', async t => {
  const { machine, run, start } = rig();
  const other = start();
  other.claims.claim(PLACE);
  other.network.deny(PLACE, 'ipv4', [ONE], () => {});
  const { network, claims } = start();
  sweepFilters(network, claims, () => false);
  run();
  t.ok(machine.denied(ONE));
});

t.test('of our own place: what a former life left goes, what we made meanwhile stays', async t => {
  const { machine, run, start } = rig();
  const dead = start();
  dead.network.deny(PLACE, 'ipv4', [ONE], () => {});
  dead.network.deny('hf0/ipv4/52', 'ipv4', [TWO], () => {});
  dead.loop.end();
  const { network, claims } = start();
  for (const place of [PLACE, 'hf0/ipv4/52']) claims.claim(place);
  sweepFilters(network, claims, () => true);
  network.deny('hf0/ipv4/52', 'ipv4', [TWO], () => {});
  run();
  t.strictSame([machine.denied(ONE), machine.denied(TWO)], [false, true]);
});

t.test('what is no place is somebody else’s', async t => {
  const { machine, run, start } = rig();
  const { network: by } = start();
  for (const key of ['lan', 'hf0/ipv4', 'hf0/ipv5/51', 'a/hf0/ipv4/51', 'hf0/ipv4/51/b']) by.deny(key, 'ipv4', [ONE], () => {});
  const { network, claims } = start();
  sweepFilters(network, claims, () => false);
  run();
  const asked: string[] = [];
  network.deniedByOthers(keys => asked.push(...keys));
  run();
  t.equal(asked.length, 5);
  t.ok(machine.denied(ONE));
});
