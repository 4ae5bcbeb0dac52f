// Tests src/platform/fake/advert-link.ts: what a process hears of the wire and what its kernel says to its sending.
import t from 'tap';
import { QUEUE, SAMPLE } from '../../../src/platform/fake/advert-link.ts';
import { VRRP_GROUP } from '../../../src/vrrp/packet.ts';
import { micros, millis, seconds } from '../../../src/vrrp/units.ts';
import { segment } from '../../fixtures/segment.ts';
import { ip, prefix } from '../../fixtures/virtual-router.ts';

const OTHER_VRID = Uint8Array.of(0x31, 52, 100, 1);

t.test('other VRIDs wake nobody, and some of them can be asked for', async t => {
  const { a, b, run, send } = segment();
  for (let sent = 0; sent < SAMPLE + 10; sent += 1) send(a, a.own, OTHER_VRID);
  send(a, a.own, Uint8Array.of(0x31));
  run(millis(1));
  t.strictSame([b.heard(), b.wakes, b.overheard()], [0, 0, SAMPLE]);
  send(a, a.own, OTHER_VRID);
  run(millis(1));
  t.equal(b.overheard(), 1, 'there is room again');
});

t.test('a socket keeps what fits into it while nobody reads', async t => {
  const { a, b, run, send } = segment();
  b.loop.stall();
  for (let count = 0; count < QUEUE + 50; count += 1) send(a);
  run(millis(1));
  t.equal(b.wakes, 0);
  b.loop.resume();
  t.strictSame([b.wakes, b.heard()], [1, QUEUE]);
});

t.test('sending fails once per cause and destination, until something left', async t => {
  const { a, b, run, send } = segment();
  send(a, ip('192.0.2.66'));
  send(a, ip('192.0.2.66'));
  a.port.send(OTHER_VRID, ip('192.0.2.66'), b.own);
  send(a);
  send(a, ip('192.0.2.66'));
  run(seconds(5));
  t.strictSame(a.troubles, ['EADDRNOTAVAIL 224.0.0.18', 'EADDRNOTAVAIL 192.0.2.12'], 'another source says nothing about this one');
  send(a);
  send(a);
  send(a, ip('192.0.2.66'));
  a.machine.addAddress('hf0', prefix('192.0.2.66/24'));
  send(a, ip('192.0.2.66'));
  a.machine.deleteAddress('hf0', ip('192.0.2.66'));
  a.machine.deleteAddress('hf0', a.own);
  a.machine.addAddress('hf0', prefix('fe80::11/64'));
  send(a);
  a.machine.deleteLink('hf0');
  send(a);
  run(millis(1));
  t.strictSame(a.troubles.slice(2), [
    'reached 224.0.0.18',
    'EADDRNOTAVAIL 224.0.0.18',
    'reached 224.0.0.18',
    'ENETUNREACH 224.0.0.18',
    'ENODEV 224.0.0.18',
  ]);
});

t.test('nobody speaks over IPv6 from an address that is being checked for duplicates', async t => {
  const { a, b, run, send } = segment('ipv6');
  a.machine.addAddress('hf0', prefix('fe80::99/64'), null, seconds(1));
  send(a, ip('fe80::99'));
  run(millis(1));
  t.strictSame([b.heard(), a.troubles], [0, ['EINVAL ff02::12']]);
  run(seconds(1));
  send(a, ip('fe80::99'));
  run(millis(1));
  t.strictSame([b.heard(), a.troubles], [1, ['EINVAL ff02::12', 'reached ff02::12']]);
});

t.test('a closed socket hears nothing and tells nothing', async t => {
  const { a, b, run, send, sendTo } = segment();
  send(a);
  sendTo(a, ip('192.0.2.66'));
  run(micros(100));
  b.port.close();
  run(seconds(3));
  sendTo(a, ip('192.0.2.66'));
  a.port.close();
  run(millis(1));
  t.strictSame([b.heard(), b.overheard(), b.wakes, a.troubles], [0, 0, 0, []]);
});

t.test('a datagram says where it was sent', async t => {
  const { a, b, run, send, sendTo } = segment();
  send(a);
  sendTo(a, b.own);
  run(millis(1));
  t.strictSame(b.port.receive()?.reception, { source: a.own, destination: VRRP_GROUP.ipv4, ttl: 255 });
  t.strictSame(b.port.receive()?.reception, { source: a.own, destination: b.own, ttl: 255 });
});
