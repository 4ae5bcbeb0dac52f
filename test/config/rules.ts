// Tests src/config/rules.ts: single values at their bounds, and the words for those beyond.
import t from 'tap';
import { z } from 'zod';
import { addressLabel, choice, duration, hostAddress, interfaceName, refuse, virtualAddress, wholeNumber } from '../../src/config/rules.ts';
import { micros } from '../../src/vrrp/units.ts';

/** The value, or "code: message (hint)". */
function read(schema: z.ZodType, value: unknown): unknown {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  return error.issues.map(issue => {
    const params = issue.code === 'custom' ? issue.params : undefined;
    return `${params?.code ?? issue.code}: ${issue.message}${params?.hint === undefined ? '' : ` (${params.hint})`}`;
  })[0];
}

t.test('whole numbers in bounds', async t => {
  const schema = wholeNumber('n', [2, 9], Number, new Map([[1, 'one is none']]));
  for (const value of [2, 9]) t.equal(read(schema, value), value);
  for (const value of [0, 10, 2.5, -3])
    t.equal(read(schema, value), `out-of-range: \`n\` must be a whole number from 2 to 9, not ${value}`);
  t.equal(read(schema, 1), 'out-of-range: `n` must be a whole number from 2 to 9, not 1 (one is none)');
  for (const value of ['2', Number.NaN, Number.POSITIVE_INFINITY, true])
    t.equal(read(schema, value), 'invalid_type: must be a whole number');
});

t.test('durations in bounds and steps', async t => {
  const schema = duration('d', micros(10_000), micros(40_950_000), micros(10_000));
  for (const [text, value] of [
    ['10ms', 10_000],
    ['40.95s', 40_950_000],
  ] as const)
    t.equal(read(schema, text), value);
  for (const text of ['0s', '9ms', '40.96s', '1h'])
    t.equal(read(schema, text), `out-of-range: \`d\` must be between 10ms and 40.95s, not ${text}`);
  t.equal(read(schema, '15ms'), 'out-of-range: `d` must be a multiple of 10ms, not 15ms');
  t.equal(read(schema, '10'), 'bad-duration: `d`: `10` is no duration (a duration needs a unit: `d = "10s"`)');
  t.match(read(schema, 'soon'), /^bad-duration: `d`: `soon` is no duration \(a number with one of the units/);
  t.equal(read(schema, 1), 'invalid_type: must be a duration in quotes');
});

t.test('names of interfaces as Linux allows them', async t => {
  const schema = z.string().transform(interfaceName);
  for (const name of ['eth0', 'a', 'enp0s31f6.1234', 'br-0123456789ab', 'wlan@0', '日本日本日', 'x%d']) t.equal(read(schema, name), name);
  for (const [name, why] of [
    ['', 'it is empty'],
    ['.', 'the kernel keeps it for itself'],
    ['..', 'the kernel keeps it for itself'],
    ['a/b', 'it contains a slash, a colon or a space'],
    ['eth0:1', 'it contains a slash, a colon or a space'],
    ['eth 0', 'it contains a slash, a colon or a space'],
    ['eth0\0', 'it contains a slash, a colon or a space'],
    ['br-0123456789abc', 'it is longer than 15 bytes'],
    ['日本日本日本', 'it is longer than 15 bytes'],
  ] as const)
    t.match(read(schema, name), `cannot be the name of an interface: ${why}`, JSON.stringify(name));
});

t.test('addresses that a machine can have', async t => {
  const schema = z.string().transform(virtualAddress);
  for (const [text, address, length] of [
    ['192.0.2.200', '192.0.2.200', 32],
    ['192.0.2.200/24', '192.0.2.200', 24],
    ['192.0.2.0/32', '192.0.2.0', 32],
    ['192.0.2.0/31', '192.0.2.0', 31],
    ['192.0.2.255/31', '192.0.2.255', 31],
    ['192.0.3.0/23', '192.0.3.0', 23],
    ['10.0.0.1/1', '10.0.0.1', 1],
    ['255.255.255.254/24', '255.255.255.254', 24],
    ['2001:db8::200', '2001:db8::200', 128],
    ['2001:DB8:0::200/64', '2001:db8::200', 64],
    ['2001:db8::/127', '2001:db8::', 127],
    ['2001:db8::/128', '2001:db8::', 128],
    ['2001:db8::ffff:ffff:ffff:ffff/64', '2001:db8::ffff:ffff:ffff:ffff', 64],
    ['fe80::1/10', 'fe80::1', 10],
  ] as const)
    t.strictSame(read(schema, text), { address, length }, text);
  for (const [text, wrong] of [
    ['192.0.2.0/30', 'bad-address: `192.0.2.0/30` is the address of the network itself'],
    ['192.0.2.0/24', 'bad-address: `192.0.2.0/24` is the address of the network itself'],
    ['192.0.3.255/23', 'bad-address: `192.0.3.255/23` is the broadcast address of its network'],
    ['192.0.2.1/0', 'bad-address: `192.0.2.1/0` would take the whole internet for its network'],
    ['192.0.2.1/33', 'bad-address: `192.0.2.1/33` has no valid prefix length (write one from 1 to 32: "192.0.2.1/24")'],
    ['192.0.2.1/', 'bad-address: `192.0.2.1/` has no valid prefix length'],
    ['192.0.2.1 /24', 'bad-address: `192.0.2.1 /24` is no IP address'],
    ['192.0.2', 'bad-address: `192.0.2` is no IP address'],
    ['', 'bad-address: `` is no IP address'],
    ['0.0.0.0/8', 'bad-address: `0.0.0.0/8` is not an address that an interface can have'],
    ['224.0.0.18', 'bad-address: `224.0.0.18` is not an address that an interface can have'],
    ['255.255.255.255', 'bad-address: `255.255.255.255` is not an address that an interface can have'],
    ['127.0.0.1', 'bad-address: `127.0.0.1` is not an address that an interface can have'],
    [
      '2001:db8::/64',
      'bad-address: `2001:db8::/64` is the address of the network itself (write one of the addresses in between, or a longer prefix: /128)',
    ],
    ['2001:db8::4/126', 'bad-address: `2001:db8::4/126` is the address of the network itself'],
    ['fe80::/10', 'bad-address: `fe80::/10` is the address of the network itself'],
    ['2001:db8::1/129', 'bad-address: `2001:db8::1/129` has no valid prefix length (write one from 1 to 128: "2001:db8::1/64")'],
    [
      '2001:db8::1/0',
      'bad-address: `2001:db8::1/0` would take the whole internet for its network (write the prefix length of the network: /64)',
    ],
    ['::/64', 'bad-address: `::/64` is not an address that an interface can have'],
    ['ff02::12', 'bad-address: `ff02::12` is not an address that an interface can have'],
    ['::ffff:192.0.2.1', 'bad-address: `::ffff:192.0.2.1` is not an address that an interface can have'],
    ['fe80::1%eth0', 'bad-address: `fe80::1%eth0` is no IP address (leave out what is behind the `%`'],
    ['eth0%eth0', 'bad-address: `eth0%eth0` is no IP address (write an address'],
    [
      '192.0.2.1/24 dev eth1 scope link',
      'bad-address: `192.0.2.1/24 dev eth1 scope link` is more than an address (write { address = "192.0.2.1/24", interface = "eth1", scope = "link" })',
    ],
    ['192.0.2.1/24 brd 192.0.2.255', 'bad-address: `192.0.2.1/24 brd 192.0.2.255` is more than an address (write "192.0.2.1/24" alone)'],
    ['192.0.2.1 label', 'bad-address: `192.0.2.1 label` is more than an address (write "192.0.2.1" alone)'],
    ['192.0.2.1 once', 'bad-address: `192.0.2.1 once` is no IP address'],
  ] as const)
    t.equal(String(read(schema, text)).slice(0, wrong.length), wrong, text);
});

t.test('addresses of machines, alone', async t => {
  const schema = z.string().transform(hostAddress);
  for (const [text, address] of [
    ['192.0.2.10', '192.0.2.10'],
    ['FE80:0::1', 'fe80::1'],
    ['2001:db8::1', '2001:db8::1'],
  ] as const)
    t.equal(read(schema, text), address, text);
  for (const [text, wrong] of [
    ['192.0.2.10/24', 'is more than an address (write "192.0.2.10" alone)'],
    ['192.0.2.10 max_ttl 254 min_ttl 250', 'is more than an address (write { address = "192.0.2.10", max_ttl = 254, min_ttl = 250 })'],
    ['edge-b', 'is no IP address (names are not looked up; write an address)'],
    ['fe80::1%eth0', 'is no IP address (leave out what is behind the `%`: the interface is known)'],
    ['', 'is no IP address (names are not looked up; write an address)'],
    ['ff02::12', 'is not an address that an interface can have'],
    ['0.0.0.0', 'is not an address that an interface can have'],
  ] as const)
    t.equal(read(schema, text), `bad-address: \`${text}\` ${wrong}`, text);
});

t.test('labels that the kernel has room for', async t => {
  const schema = z.string().transform(addressLabel);
  for (const text of ['eth0', 'eth0:web', 'eth0:1234567890']) t.equal(read(schema, text), text);
  for (const [text, why] of [
    ['eth0:12345678901', 'it is longer than 15 bytes'],
    ['日本日本日本', 'it is longer than 15 bytes'],
    ['eth0: web', 'it contains a space'],
    ['eth0\0', 'it contains a space'],
  ] as const)
    t.equal(read(schema, text), `bad-label: \`${text}\` cannot be a label: ${why}`);
});

t.test('a refusal carries its flaw', async t => {
  const schema = z.unknown().transform((_value, context) => refuse(context, 'no', { code: 'bad-name', hint: 'do', at: 'key' }));
  t.match(schema.safeParse(1).error?.issues, [{ code: 'custom', message: 'no', params: { code: 'bad-name', hint: 'do', at: 'key' } }]);
});

t.test('one word out of a few', async t => {
  const schema = choice(['up', 'down']);
  for (const word of ['up', 'down']) t.equal(read(schema, word), word);
  for (const wrong of ['UP', '', 1]) t.equal(read(schema, wrong), 'invalid_value: must be one of "up", "down"');
});
