// Tests src/core/port.ts: the sockets of an interface, who is heard there, and what keeps packets from arriving.
import t from 'tap';
import type { Instance } from '../../src/core/instance.ts';
import { createPort, type Port } from '../../src/core/port.ts';
import { createLoop } from '../../src/platform/fake/clock.ts';
import { createLog, type FakeLog } from '../../src/platform/fake/log.ts';
import { createMachine, type Machine } from '../../src/platform/fake/network.ts';
import type { AdvertLinkEvents, Datagram, SystemError } from '../../src/platform/ports.ts';
import type { Admitted, Reception, Rejected } from '../../src/vrrp/admit.ts';
import { VRRP_GROUP } from '../../src/vrrp/packet.ts';
import { after, micros, millis, seconds, type Vrid, vrid } from '../../src/vrrp/units.ts';
import { ADVERT, type Segment, segment } from '../fixtures/segment.ts';
import { ip, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const REJECTED: Rejected = { kind: 'rejected', reason: 'wrong-checksum', detail: '0x1234' };

interface Rig extends Segment {
  readonly own: Machine;
  readonly port: Port;
  readonly log: FakeLog;
  turns(): number;
  /** What the sockets that were opened last are to tell. */
  events(): AdvertLinkEvents | null;
  /** As the engine does: opens what is due. */
  reopen(): void;
  /** A message to the group from a stranger arrives. */
  hear(id: number, source?: string): void;
  /** `vrid source` of what the routers received. */
  readonly received: string[];
  listenTo(id: Vrid, verdict?: Admitted | Rejected | null): void;
  /** How many packets wait for VRID 51 behind what is on the segment. */
  waiting: number;
}

/** The port of a fourth machine `d` on the segment. @param cost of each packet that a router receives */
function rig(cost = micros(0)): Rig {
  const around = segment();
  const { timeline, lan } = around;
  const own = createMachine(timeline, 'd', 4);
  own.addLink('hf0');
  own.addAddress('hf0', prefix('192.0.2.14/24'));
  lan.attach(own);
  const loop = createLoop(timeline);
  const log = createLog();
  const sockets = lan.sockets(own, loop);
  let told: AdvertLinkEvents | null = null;
  let turns = 0;
  let spent = micros(0);
  const endless: Datagram = { message: ADVERT, reception: { source: ip('192.0.2.66'), destination: VRRP_GROUP.ipv4, ttl: 255 } };
  const port = createPort('hf0', 'ipv4', {
    clock: { ...loop.clock(() => {}), now: () => after(timeline.now(), spent) },
    network: own.network(loop, () => {}),
    adverts: {
      open(link, family, wanted) {
        told = wanted;
        const opened = sockets.open(link, family, wanted);
        if ('kind' in opened) return opened;
        const receive = (): Datagram | null => {
          if (made.waiting === 0) return null;
          made.waiting -= 1;
          return endless;
        };
        return { ...opened, receive: () => opened.receive() ?? receive() };
      },
    },
    log,
    turn: () => {
      turns += 1;
    },
  });
  const received: string[] = [];
  const made: Rig = {
    ...around,
    own,
    port,
    log,
    received,
    turns: () => turns,
    events: () => told,
    reopen: () => port.reopen(timeline.now()),
    hear(id, source = '192.0.2.66') {
      lan.inject('hf0', ADVERT.with(1, id), { source: ip(source), destination: VRRP_GROUP.ipv4, ttl: 255 });
      around.run(millis(1));
    },
    listenTo(id, verdict = null) {
      const router = stub(id, verdict, received);
      const receive: Instance['receive'] = (...packet) => {
        spent = micros(spent + cost);
        return router.receive(...packet);
      };
      port.routers.set(id, { ...router, receive });
      port.listen();
    },
    waiting: 0,
  };
  return made;
}

/** A router that only keeps what it is given. */
function stub(id: Vrid, verdict: Admitted | Rejected | null, received: string[]): Instance {
  const never = (): never => {
    throw new Error('a port does not do that');
  };
  return {
    spec: routerSpec({ name: `router-${id}`, vrid: id }),
    state: { name: 'initialize' },
    primary: null,
    receive(message: Uint8Array, { source }: Reception) {
      received.push(`${message[1]} ${source}`);
      return verdict;
    },
    deadline: never,
    tick: never,
    observe: never,
    rewrite: never,
    reconfigured: never,
    gone: never,
    setHealth: never,
    announceAgain: never,
    stop: never,
    abandon: never,
    serves: never,
    status: never,
  };
}

t.test('opened when the interface is there; packets wake the engine and go to the router of their VRID', async t => {
  const { port, reopen, listenTo, hear, received, turns } = rig();
  t.equal(port.socket(), null);
  listenTo(vrid(51));
  reopen();
  const opened = port.socket();
  t.not(opened, null);
  t.equal(port.deadline(), null);
  reopen();
  t.equal(port.socket(), opened, 'once');
  listenTo(vrid(52));
  hear(51);
  t.equal(turns(), 1);
  hear(52, '192.0.2.67');
  hear(53);
  t.equal(turns(), 2, 'nobody is woken by others');
  t.strictSame(received, [], 'and nothing is read before the turn');
  port.drain();
  t.strictSame(received, ['51 192.0.2.66', '52 192.0.2.67']);
  port.drain();
  t.equal(received.length, 2);
});

t.test('decision 0009: what 255 routers say in an interval is read before any timer, however long that takes', async t => {
  const around = rig(millis(5));
  const { port, reopen, listenTo, received } = around;
  listenTo(vrid(51));
  reopen();
  around.waiting = 255;
  port.drain();
  t.equal(received.length, 255);
  t.equal(port.deadline(), null);
});

t.test('of a flood 10 ms are read, and no fewer packets than a receive buffer holds; then timers have their turn at once', async t => {
  for (const [cost, taken] of [
    [20, 500],
    [100, 277],
  ] as const) {
    const around = rig(micros(cost));
    const { port, reopen, listenTo, received, timeline } = around;
    listenTo(vrid(51));
    reopen();
    around.waiting = 900;
    port.drain();
    t.equal(received.length, taken);
    t.equal(port.deadline(), after(timeline.now(), micros(cost * taken)), 'now');
    port.drain();
    t.equal(received.length, 2 * taken > 900 ? 900 : 2 * taken, 'the next turn goes on');
    around.waiting = 0;
    port.drain();
    t.equal(port.deadline(), null, 'the flood is over');
    around.waiting = 900;
    port.drain();
    t.not(port.deadline(), null);
    port.close();
    t.equal(port.deadline(), null, 'nothing is read of a socket that is closed');
  }
});

t.test('before and after it is open there is nothing to read', async t => {
  const { port, reopen, listenTo, hear, received } = rig();
  listenTo(vrid(51));
  hear(51);
  port.drain();
  port.sample(null);
  reopen();
  port.close();
  hear(51);
  port.drain();
  port.sample(null);
  t.strictSame([received, port.neighbours.list()], [[], []]);
});

t.test('a router that is gone hears nothing of what still waited', async t => {
  const { port, reopen, listenTo, hear, received } = rig();
  listenTo(vrid(51));
  reopen();
  hear(51);
  port.routers.delete(vrid(51));
  port.drain();
  t.strictSame([received, port.neighbours.list()], [[], []]);
});

t.test('neighbours: ours with their verdict, others as a sample', async t => {
  const { port, reopen, listenTo, hear, timeline } = rig();
  listenTo(vrid(51), REJECTED);
  listenTo(vrid(52));
  reopen();
  hear(51);
  hear(52);
  hear(53);
  port.drain();
  t.match(port.neighbours.list(), [
    { vrid: 51, router: 'router-51', rejected: { reason: 'wrong-checksum', detail: '0x1234' } },
    { vrid: 52, router: 'router-52', rejected: { reason: 'not-running' } },
  ]);
  port.sample(null);
  t.match(port.neighbours.list().at(-1), {
    interface: 'hf0',
    address: '192.0.2.66',
    vrid: 53,
    router: null,
    rejected: { reason: 'unknown-vrid' },
    lastHeard: timeline.now(),
  });
});

t.test('others are looked at once a second at most, unless somebody asks', async t => {
  const { port, reopen, hear, run, timeline } = rig();
  reopen();
  const listed = () => port.neighbours.list().length;
  const look = () => port.sample(timeline.now());
  hear(60);
  look();
  t.equal(listed(), 1, 'the first time at once');
  hear(61);
  look();
  t.equal(listed(), 1);
  run(micros(998_999));
  look();
  t.equal(listed(), 1, 'not yet');
  run(micros(1));
  look();
  t.equal(listed(), 2);
  hear(62);
  port.sample(null);
  t.equal(listed(), 3, 'asked');
  hear(63);
  run(millis(998));
  look();
  t.equal(listed(), 3, 'and that counts as a look');
});

t.test('who sleeps for long is woken once in 10 s to look, so that nobody is heard much later than he spoke', async t => {
  const { port, reopen, run, timeline } = rig();
  reopen();
  t.equal(port.deadline(), null);
  run(seconds(3));
  port.sample(timeline.now());
  t.equal(port.deadline(), seconds(13));
  run(seconds(10));
  port.sample(timeline.now());
  t.equal(port.deadline(), seconds(23));
  port.close();
  t.equal(port.deadline(), null);
});

t.test('sockets that cannot be opened are tried again each second, and told each time', async t => {
  const { port, own, reopen, run, timeline, log } = rig();
  own.refuse({ op: 'open', code: 'EMFILE', address: null, times: 2 });
  reopen();
  t.strictSame([port.socket(), port.deadline()], [null, after(timeline.now(), seconds(1))]);
  run(micros(999_999));
  reopen();
  t.equal(log.of('vrrp.socket-failed').length, 1, 'not before');
  run(micros(1));
  reopen();
  t.equal(log.of('vrrp.socket-failed').length, 2);
  t.match(log.of('vrrp.socket-failed'), [
    { level: 'error', fields: { interface: 'hf0', code: 'EMFILE' }, message: 'open VRRP socket on hf0: EMFILE; trying again' },
    { level: 'error' },
  ]);
  run(seconds(1));
  reopen();
  t.not(port.socket(), null);
  t.equal(port.deadline(), null);
});

t.test('no interface: nothing to try, and no alarm; back again, the sockets come at once', async t => {
  const { port, own, reopen, run, hear, listenTo, received } = rig();
  listenTo(vrid(51));
  own.refuse({ op: 'open', code: 'EMFILE', address: null, times: 1 });
  reopen();
  own.deleteLink('hf0');
  run(millis(1));
  reopen();
  t.equal(port.deadline(), null, 'an alarm in the past would never let the engine sleep');
  own.addLink('hf0');
  run(millis(1));
  reopen();
  t.not(port.socket(), null);
  hear(51);
  port.drain();
  t.equal(received.length, 1, 'listening for the same VRIDs');
});

t.test('a new index is a new interface: new sockets, with the same VRIDs', async t => {
  const { port, own, reopen, run, hear, listenTo, received } = rig();
  listenTo(vrid(51));
  reopen();
  const before = port.socket();
  own.setCarrier('hf0', false);
  run(millis(1));
  reopen();
  t.equal(port.socket(), before, 'a cable is no new interface');
  own.deleteLink('hf0');
  own.addLink('hf0');
  own.addAddress('hf0', prefix('192.0.2.14/24'));
  run(millis(1));
  reopen();
  t.not(port.socket(), before);
  hear(51);
  port.drain();
  t.strictSame(received, ['51 192.0.2.66']);
  own.deleteLink('hf0');
  run(millis(1));
  reopen();
  t.equal(port.socket(), null);
});

t.test('what does not arrive is told by destination as the socket tells it, and so is its end', async t => {
  const { port, reopen, log, events, a, b } = rig();
  reopen();
  const error = (code: string): SystemError => ({ kind: 'system-error', op: 'send advertisement', code, target: 'hf0' });
  t.strictSame([port.trouble(a.own), log.lines], [null, []]);
  events()?.failed(error('ENOPROTOOPT'), a.own);
  events()?.failed(error('EHOSTUNREACH'), b.own);
  t.strictSame([port.trouble(a.own), port.trouble(b.own), port.trouble(VRRP_GROUP.ipv4)], ['ENOPROTOOPT', 'EHOSTUNREACH', null]);
  events()?.failed(error('ENETUNREACH'), b.own);
  t.equal(port.trouble(b.own), 'ENETUNREACH', 'the latest cause');
  events()?.reached(b.own);
  events()?.reached(b.own);
  events()?.reached(VRRP_GROUP.ipv4);
  t.strictSame([port.trouble(a.own), port.trouble(b.own)], ['ENOPROTOOPT', null]);
  t.strictSame(
    log.lines.map(({ level, event, message }) => `${level} ${event}: ${message}`),
    [
      'warn vrrp.send-failed: advertisements from hf0 do not reach 192.0.2.11: that machine answers, but no VRRP daemon runs on it',
      'warn vrrp.send-failed: advertisements from hf0 do not reach 192.0.2.12: no machine answers at that address',
      'warn vrrp.send-failed: advertisements from hf0 do not reach 192.0.2.12: there is no route to it: ip route get',
      'info vrrp.send-works: the network reports no trouble with 192.0.2.12 any more',
    ],
    'what was no trouble does not end',
  );
  t.strictSame(log.lines.at(-1)?.fields, { interface: 'hf0', destination: b.own });
});

t.test('no advertisement of a peer ends its trouble', async t => {
  const admitted: Admitted = {
    kind: 'admitted',
    advertisement: {
      kind: 'advertisement',
      version: 3,
      vrid: vrid(51),
      priority: 0,
      interval: seconds(1),
      addresses: [],
      checksum: 'rfc9568',
      authentication: null,
    },
    differs: null,
  };
  for (const verdict of [admitted, REJECTED, null]) {
    const { port, reopen, listenTo, hear, log, events } = rig();
    listenTo(vrid(51), verdict);
    reopen();
    events()?.failed({ kind: 'system-error', op: 'deliver', code: 'EHOSTUNREACH', target: 'hf0' }, ip('192.0.2.66'));
    for (let round = 0; round < 2; round += 1) {
      hear(51);
      port.drain();
    }
    t.equal(port.trouble(ip('192.0.2.66')), 'EHOSTUNREACH', 'that we hear it does not mean that it hears us');
    t.equal(log.of('vrrp.send-works').length, 0);
  }
});

t.test('adverts that cannot leave: one line for all of them, and one when they can', async t => {
  const { port, own, reopen, run, log, a } = rig();
  reopen();
  const source = ip('192.0.2.14');
  const speak = (): void => {
    for (let round = 0; round < 20; round += 1) {
      port.socket()?.send(ADVERT, source, a.own);
      run(seconds(1));
    }
  };
  own.deleteAddress('hf0', source);
  speak();
  t.equal(log.of('vrrp.send-failed').length, 1);
  t.equal(port.trouble(a.own), 'ENETUNREACH');
  own.addAddress('hf0', prefix('192.0.2.14/24'));
  speak();
  t.equal(log.of('vrrp.send-works').length, 1);
  t.equal(port.trouble(a.own), null);
});

t.test('troubles end with the sockets that met them', async t => {
  const { port, own, reopen, run, a } = rig();
  reopen();
  own.deleteAddress('hf0', ip('192.0.2.14'));
  port.socket()?.send(ADVERT, ip('192.0.2.14'), a.own);
  run(millis(1));
  t.equal(port.trouble(a.own), 'ENETUNREACH');
  own.deleteLink('hf0');
  own.addLink('hf0');
  run(millis(1));
  reopen();
  t.equal(port.trouble(a.own), null);
});
