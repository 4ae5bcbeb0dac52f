// Tests src/platform/fake/lan.ts: that the fake LAN loses, cuts, filters and remembers as a real one does.
import t from 'tap';
import { createLoop, createTimeline, type Loop } from '../../../src/platform/fake/clock.ts';
import { createLan, QUEUE } from '../../../src/platform/fake/lan.ts';
import { createMachine, type Machine } from '../../../src/platform/fake/network.ts';
import type { AdvertLink } from '../../../src/platform/ports.ts';
import { gratuitousArp } from '../../../src/vrrp/announce.ts';
import { after, type Micros, micros, millis } from '../../../src/vrrp/units.ts';
import { ip, prefix } from '../../fixtures/virtual-router.ts';

const VIP = ip('192.0.2.200');
/** As far as a filter looks: type, VRID. */
const ADVERT = Uint8Array.of(0x31, 51, 100, 1);

interface Station {
  readonly machine: Machine;
  readonly loop: Loop;
  readonly link: AdvertLink;
  readonly troubles: string[];
  wakes: number;
  /** Reads all that waits. */
  heard(): number;
}

function rig(names: readonly string[]) {
  const timeline = createTimeline();
  const lan = createLan(timeline);
  const stations = names.map((name, index): Station => {
    const machine = createMachine(timeline, name, index + 1);
    machine.addLink('hf0');
    machine.addAddress('hf0', prefix(`192.0.2.${11 + index}/24`));
    lan.attach(machine);
    const loop = createLoop(timeline);
    const at = machine.network(loop, () => {}).link('hf0');
    if (at === undefined) throw new Error('no hf0');
    const troubles: string[] = [];
    const link = lan.sockets(machine, loop).open(
      at,
      'ipv4',
      () => {
        station.wakes += 1;
      },
      error => troubles.push(error.code),
    );
    if ('kind' in link) throw new Error(link.code);
    link.listenFor([51]);
    const station: Station = {
      machine,
      loop,
      link,
      troubles,
      wakes: 0,
      heard() {
        let count = 0;
        while (link.receive() !== null) count += 1;
        return count;
      },
    };
    return station;
  });
  const [a, b, c] = stations;
  if (a === undefined || b === undefined || c === undefined) throw new Error('three of them');
  const run = (by: Micros): void => timeline.run(after(timeline.now(), by));
  const send = (from: Station, index: number, message = ADVERT): void => from.link.send(message, ip(`192.0.2.${11 + index}`));
  return { lan, a, b, c, run, send };
}

t.test('everybody but the sender hears, a little later', async t => {
  const { a, b, c, run, send } = rig(['a', 'b', 'c']);
  send(a, 0);
  run(micros(199));
  t.strictSame([b.heard(), c.heard()], [0, 0]);
  run(micros(1));
  t.strictSame([a.heard(), b.heard(), c.heard()], [0, 1, 1]);
  t.strictSame([a.wakes, b.wakes], [0, 1]);
});

t.test('the filter lets nothing else up', async t => {
  const { lan, b, a, run, send } = rig(['a', 'b', 'c']);
  send(a, 0, Uint8Array.of(0x31, 52, 100, 1));
  send(a, 0, Uint8Array.of(0x31));
  lan.inject('hf0', ADVERT, { source: ip('192.0.2.66'), destination: ip('192.0.2.12'), ttl: 255 });
  run(millis(1));
  t.strictSame([b.heard(), b.wakes], [0, 0]);
});

t.test('partitions, one-way losses, and how they end', async t => {
  const { lan, a, b, c, run, send } = rig(['a', 'b', 'c']);
  const hears = (): readonly number[] => {
    send(a, 0);
    send(b, 1);
    run(millis(1));
    return [a.heard(), b.heard(), c.heard()];
  };
  lan.partition([['a', 'c'], ['b']]);
  t.strictSame(hears(), [0, 0, 1]);
  lan.heal();
  lan.deafen('a', 'b');
  t.strictSame(hears(), [1, 0, 2]);
  lan.heal();
  lan.loseNext('a', 1);
  t.strictSame(hears(), [1, 0, 1]);
  t.strictSame(hears(), [1, 1, 2]);
  lan.lose(1);
  t.strictSame(hears(), [0, 0, 0]);
  lan.heal();
  c.machine.setCarrier('hf0', false);
  t.strictSame(hears(), [1, 1, 0], 'nor without a cable');
});

t.test('a share of the losses is about that share', async t => {
  const { lan, a, b, run, send } = rig(['a', 'b', 'c']);
  lan.lose(0.3);
  let heard = 0;
  for (let count = 0; count < 1_000; count += 1) {
    send(a, 0);
    run(millis(1));
    heard += b.heard();
  }
  t.ok(heard > 600 && heard < 800, `${heard} of 1000`);
});

t.test('a socket keeps what fits into it while nobody reads', async t => {
  const { a, b, run, send } = rig(['a', 'b', 'c']);
  b.loop.stall();
  for (let count = 0; count < QUEUE + 50; count += 1) send(a, 0);
  run(millis(1));
  t.equal(b.wakes, 0);
  b.loop.resume();
  t.strictSame([b.wakes, b.heard()], [1, QUEUE]);
});

t.test('sending fails once per cause', async t => {
  const { a, run, send } = rig(['a', 'b', 'c']);
  send(a, 5);
  send(a, 5);
  send(a, 0);
  send(a, 5);
  a.machine.deleteLink('hf0');
  send(a, 0);
  run(millis(1));
  t.strictSame(a.troubles, ['EADDRNOTAVAIL', 'EADDRNOTAVAIL', 'ENODEV']);
});

t.test('closed sockets hear nothing', async t => {
  const { a, b, run, send } = rig(['a', 'b', 'c']);
  send(a, 0);
  run(micros(100));
  b.link.close();
  run(millis(1));
  t.strictSame([b.heard(), b.wakes], [0, 0]);
});

t.test('clients ask whoever announced last, as far as they heard it', async t => {
  const { lan, a, b, run } = rig(['a', 'b', 'c']);
  const announce = (from: Station): void => {
    const mac = from.machine.mac('hf0');
    if (mac === null) throw new Error('no hf0');
    for (const frame of gratuitousArp(VIP, mac)) from.link.sendFrame(frame);
    run(millis(1));
  };
  t.equal(lan.cached(VIP), null);
  announce(a);
  t.equal(lan.cached(VIP), 'a');
  lan.partition([[], ['b']]);
  announce(b);
  t.equal(lan.cached(VIP), 'a');
  lan.heal();
  announce(b);
  t.equal(lan.cached(VIP), 'b');
});

t.test('who answers is who holds the address and is heard', async t => {
  const { lan, a, b } = rig(['a', 'b', 'c']);
  a.machine.addAddress('hf0', prefix('192.0.2.200/24'));
  b.machine.addAddress('hf0', prefix('192.0.2.200/24'));
  t.strictSame(lan.answering(VIP, 'client'), ['a', 'b']);
  lan.partition([[], ['b']]);
  t.strictSame(lan.answering(VIP, 'client'), ['a']);
  t.strictSame(lan.answering(VIP, 'b'), ['b']);
});
