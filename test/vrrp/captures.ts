// Golden packets: what keepalived and FRR really sent (test/captures) is read field by field and written back byte by byte.
import { readdirSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { Advertisement, Authentication } from '../../src/vrrp/packet.ts';
import { authenticate, decode, encode, VRRP_TTL } from '../../src/vrrp/packet.ts';
import { captured, captures } from '../fixtures/captures.ts';

type Form = Pick<Advertisement, 'version' | 'checksum' | 'authentication'>;
type Fields = readonly [vrid: number, priority: number, interval: number, addresses: readonly string[], source: string];

const NONE: Authentication = { type: 0, data: new Uint8Array(8) };
const PASSWORD: Authentication = { type: 1, data: new Uint8Array(Buffer.from('opensesa')) };

const V2: Readonly<Record<string, readonly [authentication: Authentication, Fields]>> = {
  one: [NONE, [51, 150, 1_000_000, ['192.0.2.200'], '192.0.2.10']],
  several: [NONE, [52, 100, 2_000_000, ['192.0.2.201', '192.0.2.202'], '192.0.2.10']],
  password: [PASSWORD, [53, 200, 1_000_000, ['192.0.2.203'], '192.0.2.10']],
  'one-leaves': [NONE, [51, 0, 1_000_000, ['192.0.2.200'], '192.0.2.10']],
};

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

/** Reads and writes back one captured message. */
function golden(t: Test, name: string, frame: string, fields: Fields, form: Form): void {
  const [vrid, priority, interval, addresses, source] = fields;
  const { message, rx } = captured(name, frame);
  const destination = name.endsWith('ipv6') ? 'ff02::12' : '224.0.0.18';
  t.same(rx, { source, destination, ttl: VRRP_TTL }, `${frame}: IP header`);
  const read = decode(message, rx);
  t.same(read, { kind: 'advertisement', vrid, priority, interval, addresses, ...form }, `${frame}: every field`);
  if (read.kind === 'advertisement') t.same(encode(read, rx.source, rx.destination), message, `${frame}: the same bytes again`);
}

for (const [name, [checksum, frames]] of Object.entries(V3)) {
  t.test(name, async t => {
    for (const [frame, fields] of Object.entries(frames)) golden(t, name, frame, fields, { version: 3, checksum, authentication: null });
  });
}

t.test('keepalived-v2-ipv4', async t => {
  for (const [frame, [authentication, fields]] of Object.entries(V2)) {
    golden(t, 'keepalived-v2-ipv4', frame, fields, { version: 2, checksum: 'rfc9568', authentication });
  }
  t.same(authenticate('opensesa'), PASSWORD, 'its password is written as we write it');
});

t.test('each capture is used and described', async t => {
  const folder = readdirSync(new URL('../captures/', import.meta.url));
  const names = folder.filter(file => file.endsWith('.hex')).map(file => file.slice(0, -4));
  t.same(names.toSorted(), [...Object.keys(V3), 'keepalived-v2-ipv4'].toSorted(), 'none is forgotten here');
  for (const name of names) {
    t.ok(folder.includes(`${name}.md`), `${name}.md`);
    const tested = Object.keys(V3[name]?.[1] ?? V2);
    const others = ['garp', 'unsolicited-na'];
    t.same([...captures(name).keys()].filter(frame => !others.includes(frame)).toSorted(), tested.toSorted(), `${name}: all its adverts`);
  }
});
