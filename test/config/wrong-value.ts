// Tests src/config/wrong-value.ts: what is said about a value of a wrong type, and the form that it should have.
import t from 'tap';
import { exampleOf, nameOf, settingOf } from '../../src/config/wrong-value.ts';
import { check, router, said, watchdog } from '../fixtures/diagnose.ts';

t.test('the setting that a path leads into', async t => {
  for (const [path, setting] of [
    [
      ['vrrp', 'web', 'peers', 0, 'address'],
      ['vrrp', 'web', 'peers'],
    ],
    [
      ['check', 'x', 'tls', 'ca'],
      ['check', 'x', 'tls'],
    ],
    [
      ['node', 'a', 'watchdog', 'x', 'probe', 'tls', 'ca'],
      ['node', 'a', 'watchdog', 'x', 'probe'],
    ],
    [
      ['check', 'x'],
      ['check', 'x'],
    ],
    [['check'], ['check']],
    [
      ['node', 'a', 'b'],
      ['node', 'a', 'b'],
    ],
    [
      ['web', 'x', 'y', 'z'],
      ['web', 'x', 'y', 'z'],
    ],
  ] as const)
    t.strictSame(settingOf(path), setting);
});

t.test('an example is written as in the file', async t => {
  for (const [path, expected] of [
    [['vrrp', 'web', 'addresses'], 'for example `addresses = ["192.0.2.200/24"]`'],
    [['vrrp', 'web', 'preempt'], 'for example `preempt = false`'],
    [['vrrp', 'web', 'password'], 'for example `password = { file = "/etc/holdfast/web.password" }`'],
    [['vrrp', 'web', 'track'], 'for example `track = ["gateway"]`'],
    [['watchdog', 'x', 'probe'], 'for example `probe = { type = "http", url = "http://127.0.0.1/" }`'],
    [['vrrp', 'web', 'colour'], undefined],
    [['vrrp', 'web'], undefined],
  ] as const)
    t.equal(exampleOf(path), expected);
});

t.test('a path in quotes, as far as it may be shown', async t => {
  t.equal(nameOf(['vrrp', 'web', 'peers']), '`vrrp.web.peers`');
  t.equal(nameOf(['check', 'x', 'password', 'hidden']), '`check.x.password.********`');
});

t.test('each kind of mistake', async t => {
  for (const [text, expected] of [
    [router('web', { peers: '[{ min_ttl = 1 }]' }), 'missing-key: this table has no `address` (for example `peers = ["192.0.2.11"]`)'],
    [router('web', { track: '[{}]' }), 'missing-key: this table has no `name` (for example `track = ["gateway"]`)'],
    [
      watchdog({ probe: '"http"' }),
      'wrong-type: `watchdog.x.probe` must be a table, not text (for example `probe = { type = "http", url = "http://127.0.0.1/" }`)',
    ],
    [`${router('web')}[[check.x]]\n`, 'wrong-type: `check.x` must be a table, not a list (write `[check.x]`, with single brackets)'],
    [
      `${router('web')}[check]\ntarget = 1\n`,
      'wrong-type: `check.target` must be a table, not a number (a check has a name: `[check.NAME]`)',
    ],
    [`${router('web')}[check]\nx = 1\n`, 'wrong-type: `check.x` must be a table, not a number'],
    [`${router('web')}[node]\na = true\n`, 'wrong-type: `node.a` must be a table, not true'],
    [
      check({ type: '"redis"', password: '"hidden"' }),
      'bad-secret: secrets are not written here (write `password = { file = "/etc/holdfast/password" }`, and `chmod 600` that file)',
    ],
    [
      check({ type: '"redis"', password: '7' }),
      'wrong-type: `password` must be a table with `file`, `env` or `credential`, not a number (for example `password = { file = "/etc/holdfast/db.password" }`)',
    ],
    [
      check({ type: '"tcp"', port: '80', start: '"upp"' }),
      'bad-choice: `start` must be one of "down", "up", not `upp` (did you mean "up"?)',
    ],
    [check({ type: '"tcp"', port: '80', start: '"never"' }), 'bad-choice: `start` must be one of "down", "up", not `never`'],
    [
      check({ type: '"tcp"', port: '80', start: '1' }),
      'wrong-type: `start` must be one of "down", "up", not a number (for example `start = "up"`)',
    ],
    [
      check({ type: '"tcp"', port: '80', on_fail: '"demot"' }),
      'bad-choice: `on_fail` must be "demote", "release", or a table with `weight`, not `demot` (did you mean "demote"?)',
    ],
    [
      check({ type: '"tcp"', port: '80', on_fail: '-20' }),
      'wrong-type: `on_fail` must be "demote", "release", or a table with `weight`, not a number (for example `on_fail = "demote"`)',
    ],
    [
      check({ type: '"tcp"', port: '80', on_fail: '{ weight = true }' }),
      'wrong-type: `weight` must be a whole number, or "number", not true',
    ],
    [check({ type: '"tcp"', port: '80', on_fail: '{}' }), 'missing-key: this table has no `weight` (for example `on_fail = "demote"`)'],
    [check({ type: '"tcp"', port: '80', timeout: '2' }), 'bad-duration: `timeout` is a number without a unit (write `timeout = "2s"`)'],
    [
      check({ type: '"tcp"', port: '80', timeout: '0.5' }),
      'bad-duration: `timeout` is a number without a unit (write `timeout = "500ms"`)',
    ],
    [check({ type: '"tcp"', port: '80', timeout: '-0.5' }), 'bad-duration: `timeout` is a number without a unit (write `timeout = "1s"`)'],
    [
      check({ type: '"tcp"', port: '80', timeout: '0.00001' }),
      'bad-duration: `timeout` is a number without a unit (write `timeout = "1s"`)',
    ],
    [
      check({ type: '"http"', url: '"http://a/"', status: '"200"' }),
      'wrong-type: `status` must be a list, not text (write `status = ["200"]`)',
    ],
    [
      check({ type: '"http"', url: '"http://a/"', status: '[true]' }),
      'wrong-type: `status` has an element that must be a number such as 200, or a range in quotes such as "200-399", not true (for example `status = ["200-399"]`)',
    ],
    [
      check({ type: '"http"', url: '"http://a/"', json: '{ a = { b = 1 } }' }),
      'wrong-type: `a` must be text in quotes, a number, true or false, not a table (a field inside is written as a path in quotes: `"a.b" = "..."`)',
    ],
    [
      check({ type: '"http"', url: '"http://a/"', json: '{ a = {} }' }),
      'wrong-type: `a` must be text in quotes, a number, true or false, not a table (a field inside is written as a path in quotes: `"a.name" = "..."`)',
    ],
    [
      check({ type: '"http"', url: '"http://a/"', json: '{ a = 2026-11-22T12:00:00Z }' }),
      'wrong-type: `a` must be text in quotes, a number, true or false, not a date',
    ],
    [
      router('web', { track_interface: '["eth1"]' }),
      'wrong-type: `track_interface` must be true or false, not a list (another interface is a check of its own: `[check.NAME]` with `type = "interface"`, and its name in `track`)',
    ],
    [router('web', { vrid: 'inf' }), 'wrong-type: `vrid` must be a whole number, not Infinity (for example `vrid = 51`)'],
    [router('web', { vrid: '"51"' }), 'wrong-type: `vrid` must be a whole number, not text (for example `vrid = 51`)'],
    ['vrrp = 1\n', 'wrong-type: `vrrp` must be a table, not a number'],
    ['[[vrrp]]\n', 'wrong-type: `vrrp` must be a table, not a list (write `[vrrp]`, with single brackets)'],
  ] as const)
    t.strictSame(await said(text), [expected], text);
});

t.test('a type by the word of another program', async t => {
  for (const [word, type] of [
    ['HTTP_GET', 'http'],
    ['ssl-get', 'http'],
    ['MISC_CHECK', 'command'],
    ['icmp', 'ping'],
    ['mariadb', 'mysql'],
    ['pingg', 'ping'],
  ] as const)
    t.match(await said(check({ type: `"${word}"` })), [`(did you mean "${type}"?)`]);
});
