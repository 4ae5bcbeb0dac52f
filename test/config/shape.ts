// Tests src/config/shape.ts: what does not belong is named with what was meant, and nothing is said twice about it.
import t from 'tap';
import { diagnose, router, said } from '../fixtures/diagnose.ts';

t.test('an unknown key is answered with the one that was meant', async t => {
  for (const [line, hint] of [
    ['vird = 51', 'did you mean `vrid`?'],
    ['virtual_router_id = 51', 'it is called `vrid` here; for example `vrid = 51`'],
    ['Unicast-Peer = []', 'it is called `peers` here; for example `peers = ["192.0.2.11"]`'],
    ['track-script = []', 'it is called `track` here; for example `track = ["gateway"]`'],
    ['state = "MASTER"', 'mastership follows `priority`: among those that are alive, the highest one serves'],
  ] as const)
    t.strictSame(await said(`${router('web')}${line}\n`), [`unknown-key: \`${line.split(' ')[0]}\` is not a setting here (${hint})`], line);
  t.strictSame(await said(`${router('web')}colour = 1\n`), ['unknown-key: `colour` is not a setting here']);
  t.strictSame(await said(`${router('web')}"" = 1\n`), ['unknown-key: `` is not a setting here']);
});

t.test('what is there under a wrong name is not missing', async t => {
  t.strictSame(await diagnose('[vrrp.web]\ninterfaces = "eth0"\nvirtual_router_id = 51\nvip = "192.0.2.1"\n'), [
    'unknown-key 2:1 `interfaces` is not a setting here',
    'unknown-key 3:1 `virtual_router_id` is not a setting here',
    'unknown-key 4:1 `vip` is not a setting here',
  ]);
});

t.test('settings and routers in the wrong place', async t => {
  for (const [text, ...expected] of [
    ['vrid = 51', 'unknown-key: `vrid` is not a setting here (it belongs to a virtual router: `[vrrp.NAME]`)'],
    ['[web]\nvrid = 51', 'unknown-key: `web` is not a setting here (a virtual router is called `[vrrp.web]`)'],
    ['[web]\nroot = "/var/www"', 'unknown-key: `web` is not a setting here'],
    ['[vrpp.web]\nvrid = 51', 'unknown-key: `vrpp` is not a setting here (did you mean `vrrp`?)'],
    ['[node.a]\nvrid = 51', 'unknown-key: `vrid` is not a setting here (it belongs to a virtual router: `[node.a.vrrp.NAME]`)'],
    ['[node.a.web]\nvrid = 51', 'unknown-key: `web` is not a setting here (a virtual router is called `[node.a.vrrp.web]`)'],
    ['[node.a]\nvrp = 1', 'unknown-key: `vrp` is not a setting here (did you mean `vrrp`?)'],
    ['[vrrp]\nvrid = 51', 'wrong-type: `vrrp.vrid` must be a table, not a number (a virtual router has a name: `[vrrp.NAME]`)'],
    ['[vrrp]\nweb = 51', 'wrong-type: `vrrp.web` must be a table, not a number'],
    ['[[vrrp.web]]', 'wrong-type: `vrrp.web` must be a table, not a list (write `[vrrp.web]`, with single brackets)'],
    ['vrrp = true', 'wrong-type: `vrrp` must be a table, not true'],
    ['node = nan', 'wrong-type: `node` must be a table, not NaN'],
    ['[node]\na = 1', 'wrong-type: `node.a` must be a table, not a number'],
    ['watchdog = 1', 'wrong-type: `watchdog` must be a table, not a number'],
    ['[vrrp."a b"]', 'bad-name: `vrrp.a b` is no name for a virtual router (a name has letters, digits, `_`, `.` and `-`, at most 64)'],
    ['[watchdog."a b"]', 'bad-name: `watchdog.a b` is no name for a watchdog (a name has letters, digits, `_`, `.` and `-`, at most 64)'],
    ['[node.a.check."ä"]', 'bad-name: `node.a.check.ä` is no name for a check (a name has letters, digits, `_`, `.` and `-`, at most 64)'],
    ['[vrrp.__proto__]', 'bad-name: `__proto__` cannot be a name'],
    [`${router('web')}[node.a.vrrp.web.__proto__.x]`, 'bad-name: `__proto__` cannot be a name'],
    ['__proto__.x = 1', 'bad-name: `__proto__` cannot be a name'],
  ] as const)
    t.strictSame(await said(text), expected, text);
});

t.test('names with dots need quotes', async t => {
  for (const [header, key, quoted] of [
    ['[vrrp.web.1]', '1', '[vrrp."web.1"]'],
    ['[vrrp.www.example.org]', 'example', '[vrrp."www.example.org"]'],
    ['[node.a.example.org.vrrp.web]', 'example', '[node."a.example.org".vrrp.NAME]'],
  ] as const) {
    const expected = `unknown-key: \`${key}\` is not a setting here (a name with dots needs quotes: \`${quoted}\`)`;
    t.strictSame(await said(`${router('db')}${header}\nvrid = 52\n`), [expected], header);
  }
  for (const text of ['[vrrp.web.x]\ny = 1\nz = 2', '[vrrp.web.x]', `[vrrp.web.${'x.'.repeat(20)}y]\nvrid = 51`]) {
    const unknown = (await said(text)).filter(line => line.startsWith('unknown-key'));
    t.strictSame(unknown, ['unknown-key: `x` is not a setting here'], text.slice(0, 40));
  }
});

t.test('wrong types come with the right form', async t => {
  const example = 'for example `addresses = ["192.0.2.200/24"]`';
  for (const [key, value, expected] of [
    ['vrid', '"51"', 'wrong-type: `vrid` must be a whole number, not text (for example `vrid = 51`)'],
    ['vrid', 'inf', 'wrong-type: `vrid` must be a whole number, not Infinity (for example `vrid = 51`)'],
    [
      'interface',
      '1',
      'wrong-type: `interface` must be the name of an interface in quotes, not a number (for example `interface = "eth0"`)',
    ],
    [
      'interface',
      '2026-11-22T12:00:00Z',
      'wrong-type: `interface` must be the name of an interface in quotes, not a date (for example `interface = "eth0"`)',
    ],
    ['addresses', '"192.0.2.1"', 'wrong-type: `addresses` must be a list, not text (write `addresses = ["192.0.2.1"]`)'],
    ['addresses', '{ a = 1 }', `wrong-type: \`addresses\` must be a list, not a table (${example})`],
    [
      'addresses',
      '[[1]]',
      `wrong-type: \`addresses\` has an element that must be an address in quotes, or a table with \`address\`, not a list (${example})`,
    ],
    ['preempt', '"false"', 'wrong-type: `preempt` must be true or false, not text (for example `preempt = false`)'],
    ['track', 'true', 'wrong-type: `track` must be a list, not true (for example `track = ["gateway"]`)'],
    ['lease', 'false', 'wrong-type: `lease` must be a duration in quotes, not false (for example `lease = "auto"`)'],
    ['lease', '6', 'bad-duration: `lease` is a number without a unit (write `lease = "6s"`)'],
    ['advert_interval', '0.25', 'bad-duration: `advert_interval` is a number without a unit (write `advert_interval = "250ms"`)'],
    ['advert_interval', '0.00001', 'bad-duration: `advert_interval` is a number without a unit (write `advert_interval = "1s"`)'],
    ['advert_interval', '-1', 'bad-duration: `advert_interval` is a number without a unit (write `advert_interval = "1s"`)'],
    [
      'checksum',
      '"rfc5789"',
      'bad-choice: `checksum` must be one of "auto", "rfc9568", "rfc5798", not `rfc5789` (did you mean "rfc5798"?)',
    ],
    ['checksum', '"sha256"', 'bad-choice: `checksum` must be one of "auto", "rfc9568", "rfc5798", not `sha256`'],
    [
      'checksum',
      '5798',
      'wrong-type: `checksum` must be one of "auto", "rfc9568", "rfc5798", not a number (for example `checksum = "auto"`)',
    ],
  ] as const)
    t.strictSame(await said(router('web', { [key]: value })), [expected], `${key} = ${value}`);
});

t.test('looks into tables inside of settings', async t => {
  const table = 'this table may have `address`, `interface`, `label`, `scope`';
  for (const [key, value, ...expected] of [
    ['addresses', '[{ adress = "192.0.2.1" }]', 'unknown-key: `adress` is not a setting here (did you mean `address`?)'],
    [
      'addresses',
      '[{ address = "192.0.2.1", dev = "x" }]',
      'unknown-key: `dev` is not a setting here (it is called `interface` here; for example `interface = "eth1"`)',
    ],
    ['addresses', '[{ ip = "192.0.2.1" }]', 'unknown-key: `ip` is not a setting here (it is called `address` here)'],
    [
      'addresses',
      '[{ address = "192.0.2.1", vrid = 1 }]',
      'unknown-key: `vrid` is not a setting here (it belongs to the virtual router itself, not to one of its values)',
    ],
    ['addresses', '[{ address = "192.0.2.1", colour = 1 }]', `unknown-key: \`colour\` is not a setting here (${table})`],
    ['addresses', '[{ address = "192.0.2.1", x = { vrid = 1 } }]', `unknown-key: \`x\` is not a setting here (${table})`],
    ['addresses', '[{}]', 'missing-key: this table has no `address` (for example `addresses = ["192.0.2.200/24"]`)'],
    ['addresses', '[{ address = 1 }]', 'wrong-type: `address` must be text in quotes, not a number'],
    [
      'addresses',
      '[{ address = "x" }]',
      'bad-address: `x` is no IP address (write an address with its prefix length: "192.0.2.200/24" or "2001:db8::200/64")',
    ],
    [
      'addresses',
      '[{ address = "192.0.2.1", scope = "hots" }]',
      'bad-choice: `scope` must be one of "global", "link", "host", not `hots` (did you mean "host"?)',
    ],
    ['addresses', '["192.0.2.1", { __proto__ = 1 }]', 'bad-name: `__proto__` cannot be a name'],
    ['peers', '[{ min_ttl = 250 }]', 'missing-key: this table has no `address` (for example `peers = ["192.0.2.11"]`)'],
    ['peers', '[{ address = "192.0.2.11", min_ttl = "250" }]', 'wrong-type: `min_ttl` must be a whole number, not text'],
    [
      'peers',
      '[{ address = "192.0.2.11", min_tll = 9, max_ttl = 9 }]',
      'unknown-key: `min_tll` is not a setting here (did you mean `min_ttl`?)',
    ],
    ['password', '{ fiel = "/x" }', 'unknown-key: this is not a setting here (did you mean `file`?)'],
    ['password', '{ text = "x" }', 'unknown-key: this is not a setting here (this table may have `file`, `credential`)'],
    [
      'password',
      '1',
      'wrong-type: `password` must be a table with `file` or `credential`, or text in quotes, not a number (for example `password = { file = "/etc/holdfast/web.password" }`)',
    ],
    [
      'peers',
      '[{ address = "x" }, 1]',
      'bad-address: `x` is no IP address (names are not looked up; write an address)',
      'wrong-type: `peers` has an element that must be an address in quotes, or a table with `address`, not a number (for example `peers = ["192.0.2.11"]`)',
    ],
  ] as const) {
    t.strictSame(await said(router('web', { [key]: value })), expected, `${key} = ${value}`);
    t.strictSame(await said(`${router('web')}[node.here.vrrp.web]\n${key} = ${value}\n`), expected, `the same for one machine`);
  }
});

t.test('blames the key or the value', async t => {
  t.strictSame(await diagnose(router('web', { trak: '["nginx"]', priority: '1' })), [
    'unknown-key 5:1 `trak` is not a setting here',
    'out-of-range 6:12 `priority` must be a whole number from 2 to 255, not 1',
  ]);
});
