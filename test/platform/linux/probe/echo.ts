// src/platform/linux/probe/echo.ts: ICMP echo as bytes. On the wire: ping.ts.
import fc from 'fast-check';
import t from 'tap';
import { decodeEcho, type Echo, echoFilter, encodeEcho, keyOf, PAYLOAD } from '../../../../src/platform/linux/probe/echo.ts';
import { type Address, addressBytes, type Family } from '../../../../src/vrrp/address.ts';
import { fold, sumWords } from '../../../../src/vrrp/checksum.ts';
import { ip } from '../../../fixtures/virtual-router.ts';

const PAYLOAD_BYTES = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const ROUTER: Readonly<Record<Family, Address>> = { ipv4: ip('192.0.2.254'), ipv6: ip('2001:db8::fe') };
const ECHO: Readonly<Record<Family, Echo>> = {
  ipv4: { family: 'ipv4', target: ip('192.0.2.1'), key: 0xdead_beef, payload: PAYLOAD_BYTES },
  ipv6: { family: 'ipv6', target: ip('2001:db8::1'), key: 0xdead_beef, payload: PAYLOAD_BYTES },
};
const FAMILIES = ['ipv4', 'ipv6'] as const;

/** As a raw socket gives it. */
function packet(family: Family, message: Uint8Array, words = 5): Buffer {
  return Buffer.concat([Buffer.alloc(family === 'ipv4' ? words * 4 : 0, family === 'ipv4' ? 0x40 | words : 0), message]);
}

function answer(family: Family, key = 0xdead_beef, payload = PAYLOAD_BYTES): Buffer {
  const message = Buffer.concat([encodeEcho({ ...ECHO[family], key, payload })]);
  message[0] = family === 'ipv4' ? 0 : 129;
  return message;
}

/** An error about our request, by whoever is on the way. */
function error(family: Family, type: number, code: number, change: (quoted: Buffer) => void = () => {}): Buffer {
  const header = Buffer.alloc(family === 'ipv4' ? 20 : 40);
  header[0] = family === 'ipv4' ? 0x45 : 0x60;
  header[family === 'ipv4' ? 9 : 6] = family === 'ipv4' ? 1 : 58;
  header.set(addressBytes(ECHO[family].target), family === 'ipv4' ? 16 : 24);
  const quoted = Buffer.concat([header, encodeEcho(ECHO[family])]);
  change(quoted);
  return Buffer.concat([Buffer.from([type, code, 0, 0, 0, 0, 0, 0]), quoted]);
}

const read = (family: Family, message: Uint8Array, source = ECHO[family].target) =>
  decodeEcho(ECHO[family], packet(family, message), source);

t.test('the request', async t => {
  const ipv4 = Buffer.from(encodeEcho(ECHO.ipv4));
  t.equal(ipv4.toString('hex', 0, 2), '0800');
  t.equal(ipv4.toString('hex', 4), `deadbeef${PAYLOAD_BYTES.toString('hex')}`);
  t.equal(fold(sumWords(ipv4)), 0xffff, 'its checksum is right');
  const ipv6 = Buffer.from(encodeEcho(ECHO.ipv6));
  t.equal(ipv6.toString('hex'), `80000000deadbeef${PAYLOAD_BYTES.toString('hex')}`);
  t.equal(ipv4.length, 8 + PAYLOAD);
});

for (const family of FAMILIES) {
  t.test(`${family}: an answer is all of ours, and from whom we asked`, async t => {
    t.strictSame(read(family, answer(family)), { kind: 'reply' });
    t.equal(read(family, answer(family), ROUTER[family]), null);
    t.equal(read(family, answer(family, 0xdead_bee0)), null);
    t.equal(read(family, answer(family, undefined, Buffer.alloc(PAYLOAD))), null);
    t.equal(read(family, answer(family).subarray(0, -1)), null);
    t.equal(read(family, Buffer.concat([answer(family), Buffer.alloc(1)])), null);
    t.equal(read(family, encodeEcho(ECHO[family])), null, 'our own request');
  });

  t.test(`${family}: an error is about ours, whoever says it`, async t => {
    const [type, words] = family === 'ipv4' ? [3, 'host unreachable'] : [1, 'prohibited by the administrator'];
    const why = { kind: 'error', why: `says: ${words}` };
    t.strictSame(read(family, error(family, type, 1), ROUTER[family]), why);
    t.strictSame(read(family, error(family, type, 1).subarray(0, family === 'ipv4' ? 36 : 56)), why, 'with as little as must be quoted');
    t.equal(read(family, error(family, type, 1).subarray(0, family === 'ipv4' ? 35 : 55)), null);
    const header = family === 'ipv4' ? 20 : 40;
    for (const [at, what] of [
      [family === 'ipv4' ? 9 : 6, 'another protocol'],
      [header - 1, 'another destination'],
      [header, 'another message'],
      [header + 4, 'another key'],
    ] as const) {
      const other = error(family, type, 1, quoted => {
        quoted[at] = (quoted[at] ?? 0) ^ 1;
      });
      t.equal(read(family, other), null, what);
    }
  });

  t.test(`${family}: a message tells whose it may be`, async t => {
    const key = (message: Uint8Array) => keyOf(family, packet(family, message));
    t.equal(key(answer(family)), 0xdead_beef);
    t.equal(key(answer(family).subarray(0, 8)), 0xdead_beef);
    t.equal(key(answer(family).subarray(0, 7)), null);
    t.equal(key(error(family, 3, 1)), 0xdead_beef);
    t.equal(key(error(family, 3, 1).subarray(0, family === 'ipv4' ? 35 : 55)), null);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), bytes => keyOf(family, bytes) !== undefined));
  });

  t.test(`${family}: every error has words, and nothing else is one`, async t => {
    for (let type = 0; type < 256; type += 1) {
      for (const code of [0, 1, 3, 4, 13, 77]) {
        const echoed = read(family, error(family, type, code), ROUTER[family]);
        const isError = family === 'ipv4' ? [3, 11, 12].includes(type) : type >= 1 && type <= 4;
        if (isError) t.match(echoed, { kind: 'error', why: /^says: [a-z ,0-9]+$/ }, `${type} ${code}`);
        else if (echoed !== null) t.fail(`${type} ${code}`);
      }
    }
  });

  t.test(`${family}: no bytes are too few or too wrong`, async () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), bytes => decodeEcho(ECHO[family], bytes, ECHO[family].target)?.kind !== 'reply'),
    );
  });
}

t.test('ipv4: options in the header of an answer', async t => {
  t.strictSame(decodeEcho(ECHO.ipv4, packet('ipv4', answer('ipv4'), 15), ECHO.ipv4.target), { kind: 'reply' });
});

t.test('the filter is whole instructions', async t => {
  for (const family of FAMILIES) t.equal(echoFilter(family, 0xffff).length % 8, 0);
});
