// Tests src/vrrp/announce.ts by bytes, and beside what keepalived and FRR send for the same address.
import t from 'tap';
import type { Address } from '../../src/vrrp/address.ts';
import { gratuitousArp } from '../../src/vrrp/announce.ts';
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
