// Tests src/config/probe-meaning.ts: whether settings belong to the type of a check and make sense together, through whole texts.
import t from 'tap';
import { weighs } from '../../src/config/probe-meaning.ts';
import { check, diagnose, said } from '../fixtures/diagnose.ts';

/** What is said about a check with these settings, without the place. */
async function about(settings: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return said(check(settings));
}

const HTTP = { type: '"http"', url: '"http://127.0.0.1/"' };
const DNS = { type: '"dns"', server: '"127.0.0.1"', name: '"a.example"' };
const FILE = { type: '"file"', path: '"/run/load"' };

t.test('complete checks of each type', async t => {
  for (const fine of [
    { type: '"tcp"', port: '80', host: '"localhost"', interval: '"1s"', hold: '"0s"', start: '"up"' },
    { ...HTTP, method: '"HEAD"', status: '[200]' },
    { type: '"http"', url: '"HTTPS://127.0.0.1/"', tls: '{ min_days = 7 }', body: '"x"' },
    { type: '"ping"', target: '"192.0.2.1"' },
    { type: '"ping"', target: '"2001:db8::1"' },
    { type: '"ping"', target: '"fe80::1"', interface: '"eth0"' },
    { ...DNS, expect: '["192.0.2.1"]' },
    { ...DNS, record: '"AAAA"', expect: '["2001:db8::1"]' },
    { ...DNS, record: '"TXT"', expect: '["anything"]' },
    { type: '"command"', run: '["/bin/true"]', user: '"nobody"' },
    { type: '"unit"', unit: '"a.service"' },
    { ...FILE, minimum: '1' },
    { ...FILE, maximum: '1.5' },
    { ...FILE, minimum: '1', maximum: '1' },
    { ...FILE, on_fail: '{ weight = "number" }' },
    { type: '"process"', name: '"systemd-network"', count: '2', up_delay: '"1s"' },
    { type: '"process"', cgroup: '"/x"' },
    { type: '"interface"', interface: '"eth1"', down_delay: '"1s"' },
    { type: '"mysql"', socket: '"/run/x.sock"', user: '"x"', max_lag: '"1s"' },
    { type: '"postgres"', role: '"standby"', max_lag: '"1s"', host: '"db"', port: '1' },
    { type: '"redis"', role: '"master"' },
  ] as const)
    t.strictSame(await about(fine), [], JSON.stringify(fine));
});

t.test('without a type, the one that has just these settings', async t => {
  const example = 'missing-key: check `x` has no `type` (for example `type = "ping"`)';
  t.strictSame(await about({}), [example]);
  t.strictSame(await about({ hold: '"1s"' }), [example], 'what all checks have says nothing');
  t.strictSame(await about({ host: '"a"', port: '80' }), [example], 'several have these');
  t.strictSame(await about({ url: '"http://a/"', target: '"192.0.2.1"' }), [example], 'none has these');
  t.strictSame(await about({ url: '"http://a/"', rise: '1' }), [
    'missing-key: check `x` has no `type` (`type = "http"` has these settings)',
  ]);
  t.strictSame(await about({ type: '"htpt"', url: '"http://a/"' }), [
    'bad-choice: `type` must be one of "tcp", "http", "ping", "dns", "command", "unit", "file", "mysql", "postgres", "redis", "process", "interface", not `htpt` (did you mean "http"?)',
  ]);
});

t.test('settings of another type', async t => {
  for (const [settings, message, hint] of [
    [
      { type: '"tcp"', port: '80', url: '"http://a/"' },
      '`url` is no setting of a tcp check; it has `host`, `port`',
      'it belongs to type "http"',
    ],
    [{ ...HTTP, port: '80' }, /^`port` is no setting of an http check; it has `host`, `url`, /, undefined],
    [
      { type: '"interface"', interface: '"a"', name: '"b"' },
      '`name` is no setting of an interface check; it has `interface`',
      'it belongs to type "dns", "process"',
    ],
    [
      { type: '"ping"', target: '"192.0.2.1"', host: '"a"' },
      '`host` is no setting of a ping check; it has `target`, `interface`',
      'did you mean `target`?',
    ],
    [
      { ...FILE, minimum: '1', pid_file: '"/x"' },
      '`pid_file` is no setting of a file check; it has `path`, `minimum`, `maximum`',
      'it belongs to type "process"',
    ],
    [{ type: '"postgres"', synced: 'true' }, /^`synced` is no setting of a postgres check; it has /, 'it belongs to type "mysql"'],
    [
      { type: '"process"', name: '"a"', rise: '1' },
      '`rise` is no setting of a process check; it has `up_delay`, `down_delay`',
      'nobody looks: it tells by itself when it changes',
    ],
    [
      { type: '"tcp"', port: '80', up_delay: '"1s"' },
      '`up_delay` is no setting of a tcp check; it has `interval`, `timeout`, `rise`, `fall`',
      'looks in a row decide, not time',
    ],
    [{ type: '"mysql"', usr: '"x"' }, '`usr` is not a setting here', 'did you mean `user`?'],
  ] as const) {
    const [only = '', ...others] = await about(settings);
    const [, words, cure] = /^(?:setting-of-another-type|unknown-key): (.*?)(?: \(([^()]*)\))?$/.exec(only) ?? [];
    t.match(words, message);
    t.equal(cure, hint, only);
    t.strictSame(others, []);
  }
  t.strictSame(await about({ type: '"tcp"', port: '80', hots: '"a"' }), [
    'unknown-key: `hots` is not a setting here (did you mean `host`?)',
  ]);
  t.strictSame(await about({ type: '"redis"', data: '1', dbase: '"x"' }), [
    'unknown-key: `data` is not a setting here',
    'unknown-key: `dbase` is not a setting here',
  ]);
});

t.test('what a type needs', async t => {
  for (const [settings, key, example] of [
    [{ type: '"tcp"' }, 'port', 'port = 80'],
    [{ type: '"http"' }, 'url', 'url = "http://127.0.0.1/"'],
    [{ type: '"ping"' }, 'target', 'target = "192.0.2.1"'],
    [{ type: '"dns"', server: '"127.0.0.1"' }, 'name', 'name = "www.example.org"'],
    [{ type: '"command"' }, 'run', 'run = ["/usr/local/bin/check-web", "--quick"]'],
    [{ type: '"unit"' }, 'unit', 'unit = "nginx.service"'],
    [{ type: '"interface"' }, 'interface', 'interface = "eth1"'],
  ] as const)
    t.strictSame(await about(settings), [
      `missing-key: check \`x\` has no \`${key}\`, which type ${settings.type} needs (for example \`${example}\`)`,
    ]);
  t.strictSame(
    await about({ type: '"tcp"', port: '0' }),
    ['out-of-range: `port` must be a whole number from 1 to 65535, not 0'],
    'nor what is there',
  );
});

t.test('HEAD has no body', async t => {
  for (const [key, value] of [
    ['body', '"x"'],
    ['body_regex', '"x"'],
    ['json', '{ a = 1 }'],
  ] as const)
    t.strictSame(await about({ ...HTTP, method: '"HEAD"', [key]: value }), [
      `either-or: \`${key}\` looks into a body, and an answer to HEAD has none (leave \`method\` out, or write \`method = "GET"\`)`,
    ]);
});

t.test('what has no effect', async t => {
  const warning = 'setting-without-effect: ';
  t.strictSame(await about({ ...HTTP, tls: '{ verify = false }' }), [`${warning}\`tls\` has no effect without an https URL`]);
  t.match(await about({ type: '"http"', tls: '{}' }), [/^missing-key: check `x` has no `url`/]);
  for (const key of ['host', 'port'])
    t.strictSame(await about({ type: '"redis"', socket: '"/x"', [key]: key === 'host' ? '"a"' : '1' }), [
      `${warning}\`${key}\` has no effect with \`socket\``,
    ]);
  t.strictSame(await about({ type: '"postgres"', role: '"primary"', max_lag: '"1s"' }), [
    `${warning}\`max_lag\` has no effect with \`role = "primary"\``,
  ]);
});

t.test('a link-local target needs an interface', async t => {
  t.match(await about({ type: '"ping"', target: '"fe80::1"' }), [
    /^missing-key: check `x` has no `interface`: fe80::1 is link-local, so it may be on each interface/,
  ]);
  t.strictSame((await about({ type: '"ping"', target: '"fe80::1"', interface: '0' })).length, 1);
});

t.test('DNS', async t => {
  t.strictSame(await about({ ...DNS, name: '"a..b"' }), [
    'bad-host: `a..b` is no name in the DNS (for example `name = "www.example.org"`)',
  ]);
  t.match(await about({ ...DNS, name: '"münchen.example"' }), [/xn--/]);
  t.strictSame(await about({ ...DNS, expect: '["192.0.2.1", "2001:db8::1", "x"]' }), [
    'bad-address: `2001:db8::1` is no IPv4 address, as a record A has it',
    'bad-address: `x` is no IPv4 address, as a record A has it',
  ]);
  t.strictSame(await about({ ...DNS, record: '"AAAA"', expect: '["192.0.2.1"]' }), [
    'bad-address: `192.0.2.1` is no IPv6 address, as a record AAAA has it',
  ]);
  t.strictSame(await diagnose(check({ ...DNS, expect: '["192.0.2.1", "x"]' })), [
    'bad-address 10:24 `x` is no IPv4 address, as a record A has it',
  ]);
});

t.test('numbers have bounds', async t => {
  const none = /^missing-key: check `x` has no `minimum`: a number needs a bound/;
  t.match(await about(FILE), [none]);
  t.match(await about({ ...FILE, on_fail: '{ weight = -2 }' }), [none]);
  t.strictSame(await about({ ...FILE, minimum: '2', maximum: '1' }), [
    'out-of-range: `minimum` 2 is more than `maximum` 1, so no number would be good',
  ]);
  for (const broken of [{ minimum: '"1"' }, { maximum: 'nan' }, { on_fail: '{ weight = "numbr" }' }])
    t.equal((await about({ ...FILE, ...broken })).length, 1);
});

t.test('one way to know a process', async t => {
  t.match(await about({ type: '"process"' }), [
    /^missing-key: check `x` has no `pid_file`: a process is known by one of `pid_file`, `name`, `cgroup`/,
  ]);
  t.equal((await about({ type: '"process"', pid_file: '"x"' })).length, 1, 'what is there and wrong is not missing');
  t.match(await about({ type: '"process"', cgroup: '"/x"', name: '"x"' }), [
    /^either-or: .*, and `name` is there already \(leave one of them out\)$/,
  ]);
  t.strictSame(await about({ type: '"process"', name: '"/usr/sbin/nginx"' }), [
    'bad-text: `/usr/sbin/nginx` is a path, not the name of a process (write `name = "nginx"`)',
  ]);
  for (const [name, short] of [
    ['systemd-networkd', 'systemd-network'],
    ['aaaaaaaaaaaaaaäx', 'aaaaaaaaaaaaaa'],
  ] as const)
    t.strictSame(await about({ type: '"process"', name: `"${name}"` }), [
      `bad-text: the kernel keeps no more than 15 bytes of the name of a process (write \`name = "${short}"\`)`,
    ]);
});

t.test('roles by the words of the database', async t => {
  for (const [type, role, roles, meant] of [
    ['postgres', 'master', '"primary", "standby"', 'primary'],
    ['postgres', 'replica', '"primary", "standby"', 'standby'],
    ['redis', 'primary', '"master", "replica"', 'master'],
    ['redis', 'standby', '"master", "replica"', 'replica'],
  ] as const)
    t.strictSame(await about({ type: `"${type}"`, role: `"${role}"` }), [
      `bad-choice: the \`role\` of a ${type} check must be one of ${roles}, not \`${role}\` (did you mean "${meant}"?)`,
    ]);
});

t.test('where a text has gaps, nothing is missing', async t => {
  t.match(await about({ type: '"tcp"', port: '80 80' }), [/^syntax: /]);
  t.match(await about({ type: 'tcp' }), [/^syntax: /]);
});

t.test('weights that are read', async t => {
  t.strictSame(
    [weighs({ do: 'demote' }), weighs({ do: 'weight', weight: 3 }), weighs({ do: 'weight', weight: 'number' })],
    [false, false, true],
  );
});
