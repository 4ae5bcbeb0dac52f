// Tests src/platform/fake/lan.ts: that the fake LAN loses, cuts, finds and remembers as a real one does.
import t from 'tap';
import { type Address, writeAddress } from '../../../src/vrrp/address.ts';
import { gratuitousArp } from '../../../src/vrrp/announce.ts';
import { complement, sumPseudoHeader, sumWords } from '../../../src/vrrp/checksum.ts';
import { micros, millis, seconds } from '../../../src/vrrp/units.ts';
import { ADVERT, type Station, segment } from '../../fixtures/segment.ts';
import { ip, prefix } from '../../fixtures/virtual-router.ts';

const VIP = ip('192.0.2.200');
const VIP6 = ip('2001:db8::200');

t.test('everybody but the sender hears, a little later', async t => {
  const { a, b, c, run, send } = segment();
  send(a);
  run(micros(199));
  t.strictSame([b.heard(), c.heard()], [0, 0]);
  run(micros(1));
  t.strictSame([a.heard(), b.heard(), c.heard()], [0, 1, 1]);
  t.strictSame([a.wakes, b.wakes], [0, 1]);
});

t.test('partitions, one-way losses, and how they end', async t => {
  const { lan, a, b, c, run, send } = segment();
  const hears = (): readonly number[] => {
    send(a);
    send(b);
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
  const { lan, a, b, run, send } = segment();
  lan.lose(0.3);
  let heard = 0;
  for (let count = 0; count < 1_000; count += 1) {
    send(a);
    run(millis(1));
    heard += b.heard();
  }
  t.ok(heard > 600 && heard < 800, `${heard} of 1000`);
});

t.test('a stranger is heard by all, or by the one that it speaks to', async t => {
  const { lan, a, b, run } = segment();
  const stranger = { source: ip('192.0.2.66'), ttl: 64 };
  lan.inject('hf0', ADVERT, { ...stranger, destination: ip('224.0.0.18') });
  lan.inject('hf0', ADVERT, { ...stranger, destination: ip('192.0.2.12') });
  lan.inject('hf0', ADVERT, { ...stranger, destination: ip('192.0.2.99') });
  lan.inject('hf0', ADVERT, { source: ip('fe80::66'), destination: ip('ff02::12'), ttl: 255 });
  lan.inject('hf1', ADVERT, { ...stranger, destination: ip('224.0.0.18') });
  run(millis(1));
  t.strictSame([a.heard(), b.heard()], [1, 2]);
});

t.test('sockets belong to one family', async t => {
  const { lan, a, b, run, send } = segment('ipv6');
  const other = lan.sockets(b.machine, b.loop).open(b.at, 'ipv4', { ready: () => {}, failed: () => {}, reached: () => {} });
  if ('kind' in other) throw new Error(other.code);
  other.listenFor([51]);
  send(a);
  run(millis(1));
  t.strictSame([a.heard(), b.heard(), other.receive()], [0, 1, null]);
  lan.inject('hf0', ADVERT, { source: ip('192.0.2.66'), destination: ip('224.0.0.18'), ttl: 255 });
  run(millis(1));
  t.strictSame([b.heard(), other.receive()?.reception.source], [0, '192.0.2.66']);
});

for (const family of ['ipv4', 'ipv6'] as const) {
  t.test(`unicast over ${family} reaches the one that has the address`, async t => {
    const { a, b, c, run, sendTo } = segment(family);
    sendTo(a, b.own);
    sendTo(a, a.own);
    run(millis(1));
    t.strictSame([a.heard(), b.heard(), c.heard(), a.troubles], [0, 1, 0, []]);
  });

  t.test(`what a sender is told over ${family} of a peer that is gone, deaf, or back`, async t => {
    const { lan, a, b, run, sendTo } = segment(family);
    const adverts = (count: number): void => {
      for (let sent = 0; sent < count; sent += 1) {
        sendTo(a, b.own);
        run(seconds(1));
      }
    };
    b.port.close();
    adverts(3);
    const refused = family === 'ipv4' ? 'ENOPROTOOPT' : 'EPROTO';
    t.strictSame(a.troubles, [`${refused} ${b.own}`], 'the machine lives, no process listens');

    lan.partition([[], ['b']]);
    adverts(8);
    t.strictSame(a.troubles.slice(1), [`reached ${b.own}`], 'nothing more comes back, as the neighbour is trusted for a while');
    adverts(20);
    t.strictSame(a.troubles.slice(2), [`EHOSTUNREACH ${b.own}`], 'then nobody answers, and not every advert hears of it');

    const again = lan.sockets(b.machine, b.loop).open(b.at, family, { ready: () => {}, failed: () => {}, reached: () => {} });
    if ('kind' in again) throw new Error(again.code);
    again.listenFor([51]);
    lan.heal();
    adverts(7);
    t.strictSame(a.troubles.slice(3), [`reached ${b.own}`], 'once it is heard again, that stays');
    let heard = 0;
    while (again.receive() !== null) heard += 1;
    t.equal(heard, 7, 'all of them');
  });

  t.test(`a neighbour over ${family} that is there a little later gets what waited for it`, async t => {
    const { a, b, run, sendTo } = segment(family);
    b.machine.setCarrier('hf0', false);
    sendTo(a, b.own);
    run(millis(2_500));
    sendTo(a, b.own);
    b.machine.setCarrier('hf0', true);
    run(millis(600));
    t.strictSame([b.heard(), a.troubles], [2, []]);
  });
}

t.test('a peer without a cable has no address to send to; lost datagrams are nobody’s fault', async t => {
  const { lan, a, b, c, run, sendTo } = segment();
  b.machine.setCarrier('hf0', false);
  lan.loseNext('a', 1);
  sendTo(a, c.own);
  sendTo(a, b.own);
  lan.lose(1);
  sendTo(a, c.own);
  run(seconds(4));
  sendTo(a, b.own);
  sendTo(a, c.own);
  run(millis(1));
  t.strictSame([a.troubles, c.heard()], [[`EHOSTUNREACH ${b.own}`], 0]);
});

t.test('packets to a denied address are accepted by nobody, and nobody says so', async t => {
  const { a, b, run, sendTo } = segment();
  b.network.deny('web', 'ipv4', [b.own], () => {});
  sendTo(a, b.own);
  run(millis(1));
  sendTo(a, b.own);
  run(millis(1));
  t.strictSame([b.heard(), a.troubles], [0, []]);
});

t.test('who watches the wire sees from where to where', async t => {
  const { lan, a, b, run, send, sendTo } = segment();
  const seen: string[] = [];
  lan.onDatagram(({ from, source, destination, interface: on }) => seen.push(`${from} ${on} ${source} > ${destination}`));
  send(a);
  sendTo(b, a.own);
  run(millis(1));
  t.strictSame(seen, ['a hf0 192.0.2.11 > 224.0.0.18', 'b hf0 192.0.2.12 > 192.0.2.11']);
});

t.test('clients ask whoever announced last, as far as they heard it', async t => {
  const { lan, a, b, c, run } = segment();
  const announce = (from: Station): void => {
    for (const frame of gratuitousArp(VIP, from.at.mac)) from.network.sendFrame(from.at, frame);
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
  a.machine.setCarrier('hf0', false);
  c.machine.deleteLink('hf0');
  c.machine.addLink('hf0');
  announce(a);
  announce(c);
  t.equal(lan.cached(VIP), 'b', 'no frame without a cable, nor from an interface that is gone');
});

t.test('over IPv6 clients believe a sound advertisement that may override', async t => {
  const { lan, a, b, c, run } = segment('ipv6');
  const announce = (from: Station, frame: Uint8Array): string | null => {
    from.network.sendFrame(from.at, frame);
    run(millis(1));
    return lan.cached(VIP6);
  };
  const near = (from: Station): Uint8Array => neighbourAdvertisement(from.own, from.at.mac);
  t.equal(announce(a, near(a).fill(0x80, 12, 13)), null, 'another EtherType');
  t.equal(announce(a, near(a).fill(254, 21, 22)), null, 'crossed a router');
  t.equal(announce(a, neighbourAdvertisement(a.own, a.at.mac, 0xa0, 2, 135)), null, 'a solicitation');
  t.equal(announce(a, near(a).fill(1, 57, 58)), null, 'a wrong checksum');
  t.equal(announce(a, neighbourAdvertisement(a.own, a.at.mac, 0xa0, 1)), null, 'another option');
  t.equal(announce(a, near(a)), 'a');
  t.equal(announce(b, neighbourAdvertisement(b.own, b.at.mac, 0x80)), 'a', 'without the override flag it changes nothing');
  t.equal(announce(b, near(b)), 'b');
  t.equal(announce(c, near(c)), 'c');
});

/** Unsolicited, RFC 4861 §7.2.6, written here a second time so that a test of ours is not its own judge. */
function neighbourAdvertisement(source: Address, mac: Uint8Array, flags = 0xa0, option = 2, type = 136): Uint8Array {
  const frame = new Uint8Array(86);
  const all = ip('ff02::1');
  frame.set([0x33, 0x33, 0, 0, 0, 1, ...mac, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255]);
  writeAddress(source, frame, 22);
  writeAddress(all, frame, 38);
  frame.set([type, 0, 0, 0, flags], 54);
  writeAddress(VIP6, frame, 62);
  frame.set([option, 1, ...mac], 78);
  const message = frame.subarray(54);
  const sum = complement(sumWords(message) + sumPseudoHeader(source, all, 58, message.length));
  frame.set([sum >> 8, sum & 0xff], 56);
  return frame;
}

t.test('who answers is who holds the address and is heard', async t => {
  const { lan, a, b } = segment();
  a.machine.addAddress('hf0', prefix('192.0.2.200/24'));
  b.machine.addAddress('hf0', prefix('192.0.2.200/24'));
  t.strictSame(lan.answering(VIP, 'client'), ['a', 'b']);
  lan.partition([[], ['b']]);
  t.strictSame(lan.answering(VIP, 'client'), ['a']);
  t.strictSame(lan.answering(VIP, 'b'), ['b']);
});
