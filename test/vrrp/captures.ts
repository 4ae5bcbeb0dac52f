// Golden packets: what keepalived and FRR really sent (test/captures) is read field by field and written back byte by byte.
import { readdirSync } from 'node:fs';
import t from 'tap';
import type { Advertisement, MalformedReason } from '../../src/vrrp/packet.ts';
import { decode, encode, VRRP_TTL } from '../../src/vrrp/packet.ts';
import { captured, captures } from '../fixtures/captures.ts';

type Fields = readonly [vrid: number, priority: number, interval: number, addresses: readonly string[], source: string];

const V3: Readonly<Record<string, readonly [checksum: Advertisement['checksum'], Readonly<Record<string, Fields>>]>> = {
  'keepalived-v3-ipv4': [
    'rfc5798',
    {
      one: [51, 150, 1_000_000, ['192.0.2.200'], '192.0.2.10'],
      several: [52, 100, 100_000, ['192.0.2.201', '192.0.2.202', '203.0.113.7'], '192.0.2.10'],
      owner: [255, 255, 40_950_000, ['192.0.2.203'], '192.0.2.10'],
      'one-leaves': [51, 0, 1_000_000, ['192.0.2.200'], '192.0.2.10'],
      'several-leaves': [52, 0, 100_000, ['192.0.2.201', '192.0.2.202', '203.0.113.7'], '192.0.2.10'],
    },
  ],
  'frr-v3-ipv4': [
    'rfc5798',
    {
      several: [51, 200, 100_000, ['192.0.2.200', '192.0.2.201'], '192.0.2.10'],
      'several-leaves': [51, 0, 100_000, ['192.0.2.200', '192.0.2.201'], '192.0.2.10'],
    },
  ],
  'keepalived-v3-ipv6': [
    'rfc9568',
    {
      one: [51, 150, 1_000_000, ['fe80::200', '2001:db8::200'], 'fe80::ff:fe00:a'],
      'one-leaves': [51, 0, 1_000_000, ['fe80::200', '2001:db8::200'], 'fe80::ff:fe00:a'],
    },
  ],
  'frr-v3-ipv6': [
    'rfc9568',
    {
      one: [51, 200, 1_000_000, ['2001:db8::200'], 'fe80::200:5eff:fe00:233'],
      'one-leaves': [51, 0, 1_000_000, ['2001:db8::200'], 'fe80::200:5eff:fe00:233'],
    },
  ],
};

for (const [name, [checksum, frames]] of Object.entries(V3)) {
  t.test(name, async t => {
    for (const [frame, [vrid, priority, interval, addresses, source]] of Object.entries(frames)) {
      const { message, rx } = captured(name, frame);
      const destination = name.endsWith('ipv6') ? 'ff02::12' : '224.0.0.18';
      t.same(rx, { source, destination, ttl: VRRP_TTL }, `${frame}: IP header`);
      const read = decode(message, rx);
      t.same(read, { kind: 'advertisement', version: 3, vrid, priority, interval, addresses, checksum }, `${frame}: every field`);
      if (read.kind === 'advertisement') t.same(encode(read, rx.source, rx.destination), message, `${frame}: the same bytes again`);
    }
  });
}

t.test('keepalived-v2-ipv4 is known for what it is', async t => {
  const expected = { kind: 'malformed', reason: 'wrong-version' satisfies MalformedReason, detail: 'version 2' };
  for (const frame of ['one', 'several', 'password', 'one-leaves']) {
    const { message, rx } = captured('keepalived-v2-ipv4', frame);
    t.same(decode(message, rx), expected, frame);
  }
});

t.test('each capture is used and described', async t => {
  const folder = readdirSync(new URL('../captures/', import.meta.url));
  const names = folder.filter(file => file.endsWith('.hex')).map(file => file.slice(0, -4));
  t.same(names.toSorted(), [...Object.keys(V3), 'keepalived-v2-ipv4'].toSorted(), 'none is forgotten here');
  for (const name of names) {
    t.ok(folder.includes(`${name}.md`), `${name}.md`);
    const tested = Object.keys(V3[name]?.[1] ?? { one: 0, several: 0, password: 0, 'one-leaves': 0 });
    const others = ['garp', 'unsolicited-na'];
    t.same([...captures(name).keys()].filter(frame => !others.includes(frame)).toSorted(), tested.toSorted(), `${name}: all its adverts`);
  }
});
