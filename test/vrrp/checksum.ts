// Tests src/vrrp/checksum.ts: the RFC's own example, and packets that other programs made.
import t from 'tap';
import { type Address, addressBytes } from '../../src/vrrp/address.ts';
import { complement, fold, sumPseudoHeader, sumWords } from '../../src/vrrp/checksum.ts';
import { captured, captures } from '../fixtures/captures.ts';
import fc from '../fixtures/property.ts';

t.test('RFC 1071 §3: the example', async t => {
  const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
  t.equal(sumWords(bytes), 0x2ddf0);
  t.equal(fold(0x2ddf0), 0xddf2);
  t.equal(complement(0x2ddf0), 0x220d);
});

t.test('sums of nothing, of an odd number of bytes, of a part of a buffer', async t => {
  t.equal(sumWords(new Uint8Array(0)), 0);
  t.equal(sumWords(Uint8Array.of(0x12)), 0x1200);
  t.equal(sumWords(Uint8Array.of(0x12, 0x34, 0x56)), 0x1234 + 0x5600);
  t.equal(sumWords(Uint8Array.of(0xff, 0x12, 0x34, 0xff).subarray(1, 3)), 0x1234);
});

t.test('folding adds carries until none is left', async t => {
  t.equal(fold(0), 0);
  t.equal(fold(0xffff), 0xffff);
  t.equal(fold(0x10000), 1);
  t.equal(fold(0x1ffff), 1, 'the carry makes another carry');
  t.equal(fold(0xffff_ffff), 0xffff);
  t.equal(fold(0x1_0000_0000), 1, 'beyond 32 bits');
  t.equal(complement(0), 0xffff);
  t.equal(complement(0xffff), 0);
});

t.test('the kernel filled in the IPv4 header checksums of all captures', async t => {
  let seen = 0;
  for (const name of ['keepalived-v2-ipv4', 'keepalived-v3-ipv4', 'frr-v3-ipv4']) {
    for (const [frame, { header }] of captures(name)) {
      if (header.length === 0) continue;
      seen += 1;
      t.equal(fold(sumWords(header)), 0xffff, `${name}: ${frame}`);
    }
  }
  t.ok(seen >= 10, `${seen} headers`);
});

t.test('version 2 sums the message alone', async t => {
  for (const frame of ['one', 'several', 'one-leaves']) {
    const { message } = captured('keepalived-v2-ipv4', frame);
    t.equal(fold(sumWords(message)), 0xffff, frame);
  }
});

t.test('the pseudo-header, in an ICMPv6 message that tcpdump found right', async t => {
  const { message, rx } = captured('keepalived-v3-ipv6', 'unsolicited-na');
  t.equal(fold(sumWords(message) + sumPseudoHeader(rx.source, rx.destination, 58, message.length)), 0xffff);
});

t.test('the pseudo-header is the sum of its fields', async t => {
  const source = '192.0.2.10' as Address;
  const destination = '224.0.0.18' as Address;
  const layout = Uint8Array.of(192, 0, 2, 10, 224, 0, 0, 18, 0, 112, 0, 12);
  t.equal(sumPseudoHeader(source, destination, 112, 12), sumWords(layout));
  const v6 = Uint8Array.of(...addressBytes('fe80::a' as Address), ...addressBytes('ff02::12' as Address), 0, 0, 0, 24, 0, 0, 0, 112);
  t.equal(sumPseudoHeader('fe80::a' as Address, 'ff02::12' as Address, 112, 24), sumWords(v6));
});

t.test('property: a message with its checksum sums up to ffff', async () => {
  const message = fc.uint8Array({ minLength: 0, maxLength: 1480 }).filter(bytes => bytes.length % 2 === 0);
  fc.assert(
    fc.property(message, bytes => {
      const checksum = complement(sumWords(bytes));
      return fold(sumWords(Uint8Array.of(...bytes, checksum >>> 8, checksum & 0xff))) === 0xffff;
    }),
  );
});
