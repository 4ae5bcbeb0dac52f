// Tests src/vrrp/announce.ts by bytes, and beside what keepalived and FRR send for the same address.
import t from 'tap';
import type { Address } from '../../src/vrrp/address.ts';
import { announcement, gratuitousArp, unsolicitedNa } from '../../src/vrrp/announce.ts';
import { fold, sumPseudoHeader, sumWords } from '../../src/vrrp/checksum.ts';
import { captured } from '../fixtures/captures.ts';

const HEAD = 'ffffffffffff 02000000000a 0806 0001 0800 06 04';
const BODY = '02000000000a c00002c8 02000000000a c00002c8';

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

t.test('a request and a reply of 42 bytes, RFC 9568 §6.4.1', async t => {
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 0x0a);
  const frames = gratuitousArp('192.0.2.200' as Address, mac);
  t.same(
    frames.map(hex),
    [`${HEAD} 0001 ${BODY}`, `${HEAD} 0002 ${BODY}`].map(text => text.replaceAll(' ', '')),
  );
  mac.fill(0);
  t.equal(hex(frames[0]?.subarray(6, 12)), '02000000000a', 'the frames are their own');
});

t.test('keepalived and FRR send the same request, but for the target hardware address', async t => {
  const rows: readonly (readonly [string, Uint8Array])[] = [
    ['keepalived-v3-ipv4', Uint8Array.of(2, 0, 0, 0, 0, 0x0a)],
    ['keepalived-v2-ipv4', Uint8Array.of(2, 0, 0, 0, 0, 0x0a)],
    ['frr-v3-ipv4', Uint8Array.of(0, 0, 0x5e, 0, 1, 0x33)],
  ];
  for (const [name, mac] of rows) {
    const theirs = hex(captured(name, 'garp').frame);
    const ours = hex(gratuitousArp('192.0.2.200' as Address, mac)[0]);
    t.equal(`${ours.slice(0, 64)}${'f'.repeat(12)}${ours.slice(76)}`, theirs, name);
  }
});

// keepalived's own for this address (in test/captures) has the checksum f523 without the router flag 8000: less that, 7523.
const NA_HEAD = '333300000001 02000000000a 86dd 60000000 0020 3a ff';
const VIP6 = '20010db8000000000000000000000200';
const ALL_NODES = 'ff020000000000000000000000000001';

t.test('an unsolicited neighbour advertisement of 86 bytes, RFC 9568 §6.4.1, RFC 4861 §4.4', async t => {
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 0x0a);
  const address = '2001:db8::200' as Address;
  const frame = unsolicitedNa(address, mac);
  const expected = `${NA_HEAD} ${VIP6} ${ALL_NODES} 88 00 7523 a0000000 ${VIP6} 02 01 02000000000a`;
  t.equal(hex(frame), expected.replaceAll(' ', ''));
  t.equal(fold(sumWords(frame.subarray(54)) + sumPseudoHeader(address, 'ff02::1' as Address, 58, 32)), 0xffff, 'as a receiver sums it');
  mac.fill(0);
  t.equal(hex(frame.subarray(80)), '02000000000a', 'the frame is its own');
  const flags = frame[58] ?? 0;
  t.equal(flags & 0x80, 0x80, '§6.4.1: Router flag (R) set');
  t.equal(flags & 0x40, 0, '§6.4.1: Solicited flag (S) clear');
  t.equal(flags & 0x20, 0x20, '§6.4.1: Override flag (O) set');
});

t.test('keepalived sends the same, but for the router flag: it is none without forwarding', async t => {
  const { frame } = captured('keepalived-v3-ipv6', 'unsolicited-na');
  const ours = unsolicitedNa('2001:db8::200' as Address, Uint8Array.of(2, 0, 0, 0, 0, 0x0a));
  const differing = [...ours.keys()].filter(at => ours[at] !== frame[at]);
  t.same(differing, [56, 58], 'the flags, and the checksum for them');
  t.equal(frame[58], 0x20);
  t.equal(ours.length, frame.length);
});

t.test('each family its own way', async t => {
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 0x0a);
  const arp = '192.0.2.200' as Address;
  t.same(announcement(arp, mac), gratuitousArp(arp, mac));
  for (const address of ['2001:db8::200', 'fe80::200']) {
    t.same(announcement(address as Address, mac), [unsolicitedNa(address as Address, mac)], address);
  }
});
