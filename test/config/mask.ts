// Tests src/config/mask.ts: a password is found wherever it stands, and little else is hidden.
import t from 'tap';
import { isSecretTable, MASK, secretsIn, shownPath } from '../../src/config/mask.ts';
import fc from '../fixtures/property.ts';

/** The line as it is shown. */
function shown(text: string, line = 1): string {
  const whole = text.split('\n')[line - 1] ?? '';
  return [...secretsIn(text, line)].reverse().reduce((rest, { from, to }) => rest.slice(0, from) + MASK + rest.slice(to), whole);
}

t.test('hides passwords in TOML', async t => {
  for (const [text, expected] of [
    ['password = "secret" # x', 'password = "********" #********'],
    ['password = "secret" #', 'password = "********" #'],
    ['password = { file = "/x" } # was secret', 'password = { file = "/x" } #********'],
    ["password.credential = 'x' # was secret", "password.credential = 'x' #********"],
    ['password = { file = "/x", credential = "y" }', 'password = { file = "/x", credential = "y" }'],
    ["password='secret'", "password='********'"],
    ['password = "a#b,\\"c"', 'password = "********"'],
    ['"password" = "secret"\r', '"password" = "********"\r'],
    ['web = { password = "secret", vrid = 1 }', 'web = { password = "********", vrid = 1 }'],
    ['password = """secret"""', 'password = """********"""'],
    ["password = '''secret", "password = '''********"],
    ['password = ["a", "b"]', 'password = ********'],
    ['password = 12345678', 'password = ********'],
    ['password = secret ', 'password = ******** '],
    ['password = "sec"ret"', 'password = ********'],
    ['password = "secret', 'password = ********'],
    ['password = """secret""" # old', 'password = """********""" #********'],
    ['password = """secret""" old', 'password = """********'],
    ['password.text = "secret"', 'password.********'],
    ['"password"."secret" = 1', '"password".********'],
    ['password = { text = "secret" }', 'password = ********'],
    ['password = { "secret" }', 'password = ********'],
    ['password = { file = "/x", "secret" }', 'password = ********'],
    ['password = { text = "secret"', 'password = ********'],
    ['web = { password = { file = "/x" }, vrid = 1 }', 'web = { password = { file = "/x" }, vrid = 1 }'],
    ['web = { password = "secret", auth_pass = secret }', 'web = { password = "********", auth_pass = ******** }'],
    ['web = { password = "secret", "more" }', 'web = { password = ********'],
    ['web = { password = "secret" } more', 'web = { password = ********'],
    ['[vrrp.web] password = "secret"', '[vrrp.web] password = "********"'],
    ['[vrrp.web.password] secret', '[vrrp.web.password]********'],
    ['[vrrp.web.password.secret]', '[vrrp.web.password********'],
    ['[vrrp.web.password', '[vrrp.web.password'],
    ["password.env = 'DB' # was secret", "password.env = 'DB' #********"],
    ['password = { env = "DB_PASSWORD" } # was secret', 'password = { env = "DB_PASSWORD" } #********'],
    ['on_fault = { post = "https://a/", secret = "hidden" }', 'on_fault = { post = "https://a/", secret = "********" }'],
    ['headers = { Authorization = "Bearer hidden", Accept = "x" }', 'headers = { Authorization = "********", Accept = "x" }'],
    ['headers = { "X-Auth-Token" = "hidden" }', 'headers = { "X-Auth-Token" = "********" }'],
    ['headers.Cookie = "hidden"', 'headers.Cookie = "********"'],
  ] as const)
    t.equal(shown(text), expected, text);
});

t.test('in URLs', async t => {
  for (const [text, expected] of [
    ['url = "http://user:secret@127.0.0.1/"', 'url = "http://********@127.0.0.1/"'],
    ['url = "http://secret@127.0.0.1/" # and http://x:secret@y', 'url = "http://********@y'],
    ['url = "http://u:sec@ret@127.0.0.1/@x"', 'url = "http://********@x"'],
    ['post http://u:secret@ops.example', 'post http://********@ops.example'],
    ['password = "http://u:secret@a" # secret', 'password = "********" #********'],
    ['x = "http://u:s@a", password = secret, y = "http://u:s@b"', 'x = "http://********'],
    ['x = "http://a", password = secret', 'x = "http://a", password = ********'],
    ['url = "http://127.0.0.1/"', 'url = "http://127.0.0.1/"'],
  ] as const)
    t.equal(shown(text), expected, text);
  t.equal(shown('a = "http://u:secret@a"\nb = 1', 2), 'b = 1');
});

t.test('under a wrong name too', async t => {
  for (const key of [
    'pasword',
    'passwrod',
    'PASSWORD',
    'passwd',
    'auth_pass',
    'auth-pass',
    'pwd',
    'secret',
    'web_password',
    'paswsord',
    'pw',
    'web-pw',
    'pw2',
    'auth',
    'authentication',
  ])
    t.equal(shown(`${key} = "hidden"`), `${key} = "********"`);
  t.equal(shown('auth_pass 1111'), 'auth_pass ********');
  t.equal(shown('    auth_pass 1111 '), '    auth_pass ******** ');
  t.equal(shown('password: hidden'), 'password: ********');
  t.equal(shown('authentication { auth_type PASS auth_pass 1111 }'), 'authentication ********');
  t.equal(shown('vrrp_instance VI_1 { auth_pass 1111'), 'vrrp_instance VI_1 { auth_pass ********');
});

t.test('and no other words', async t => {
  for (const text of [
    'password = { file = "/etc/holdfast/web.password" }',
    'password = { credential = "web" }',
    'password.file = "/x"',
    'password =',
    'password = ""',
    'auth_type = "PASS"',
    '[vrrp.bypass]',
    '[node.passau.vrrp.web]',
    'author = "x"',
    '# the password is in the vault',
    'interface = "eth0" # no password here',
    '[vrrp.web.password]',
    'authority = "x"',
    'peers = ["192.0.2.11"]',
    '[check.secret-service]',
    '[watchdog.token-server]',
    'secret = { env = "HOOK_KEY" }',
    'tls = { key = "/etc/holdfast/client.key" }',
    '',
  ])
    t.equal(shown(text), text, text);
});

t.test('in texts of several lines', async t => {
  const text = [
    '[vrrp.web."password"] # its own table',
    'text = "secret"',
    'file = "/x"',
    '[vrrp.db]',
    'text = "open"',
    'password = """',
    'secret',
    'more"""',
    'x = "open"',
    'password = {',
    '  y = "secret",',
    '}',
    'z = "open"',
  ];
  const hidden = text.map((line, index) => (secretsIn(text.join('\n'), index + 1).length > 0 ? line : null)).filter(line => line !== null);
  t.strictSame(hidden, [
    '[vrrp.web."password"] # its own table',
    'text = "secret"',
    'secret',
    'more"""',
    'password = {',
    '  y = "secret",',
    '}',
  ]);
  t.equal(shown(text.join('\n'), 8), '********"""');
  t.strictSame(secretsIn('a', 7), [], 'a line that is not there');
});

t.test('a value that is on the next line, or not in its brackets', async t => {
  const hidden = (...lines: readonly string[]) => lines.map((_, index) => shown(lines.join('\n'), index + 1));
  t.strictSame(hidden('password =', '', '# then', '"secret"', 'x = "open"'), ['password =', '', '********', '********', 'x = "open"']);
  t.strictSame(hidden('password = # secret', 'vrid = 5'), ['password = ********', 'vrid = 5']);
  t.strictSame(hidden('password', '[secret]', '[vrrp.web]'), ['password', '********', '[vrrp.web]']);
  t.strictSame(hidden('password =', '[vrrp.web]', 'x = 1'), ['password =', '[vrrp.web]', 'x = 1']);
  t.strictSame(hidden('password = [', '  "secret", # ]', '  [ "]" ],', ']', 'x = 1'), [
    'password = ********',
    '********',
    '********',
    '********',
    'x = 1',
  ]);
});

t.test('in a table of its own only the place is shown; the name of a virtual router is its own affair', async t => {
  const below = (header: string, line: string) => shown(`${header}\n${line}`, 2);
  for (const header of [
    '[vrrp.web.password]',
    '[vrrp.password]',
    '[[passwd]]',
    '[ vrrp . "web" . "password" ]',
    '[vrrp.web.password',
    '[node.a.vrrp.web.auth]',
  ]) {
    t.equal(below(header, '"secret" = 1'), '********', header);
    t.equal(below(header, '  file = "/x" # secret'), '  file = "/x" ********');
    t.equal(below(header, "credential = 'x'"), "credential = 'x'");
    t.equal(below(header, 'env = "X"'), 'env = "X"');
    t.equal(below(header, 'file = "/x" secret'), '********');
    t.equal(below(header, '["secret"]'), '********');
    t.equal(below(header, '[vrrp.db]'), '[vrrp.db]');
    t.equal(shown(`${header}\n${'#\n'.repeat(500)}secret`, 502), '********', 'however long it is');
  }
  for (const header of [
    '[vrrp.bypass]',
    '[vrrp.secret-service]',
    '[node.passau.vrrp.bypass]',
    '[vrrp.web]',
    '[check.bypass]',
    '[watchdog.pass-port]',
    '[node.a.check.cookie]',
  ])
    t.equal(below(header, 'interface = "eth0"'), 'interface = "eth0"', header);
});

t.test('paths', async t => {
  t.equal(shownPath(['vrrp', 'web', 'peers', 0, 'address']), 'vrrp.web.peers.0.address');
  t.equal(shownPath(['vrrp', 'web', 'password']), 'vrrp.web.password');
  t.equal(shownPath(['vrrp', 'web', 'password', 'hidden', 'x']), 'vrrp.web.password.********');
  t.equal(shownPath(['node', 'password', 'vrrp', 'bypass', 'vrid']), 'node.password.vrrp.bypass.vrid');
  t.strictSame([['vrrp', 'web', 'password'], ['vrrp', 'password'], ['vrrp', 'passport'], []].map(isSecretTable), [
    true,
    true,
    false,
    false,
  ]);
});

t.test('looks back as far as a password may be long, and no further', async t => {
  t.equal(shown(`password = """${'\n'.repeat(100)}secret`, 101), '********');
  t.equal(shown(`password = """${'\n'.repeat(101)}text`, 102), 'text');
});

t.test('stretches lie in their line, one after the other, whatever the text', async () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom('password', '=', ' ', '"', '"""', "'", '{', '}', '\n', '[', ']', ',', 'file', '\\'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.nat(6), (pieces, line) => {
      const text = pieces.join('');
      const { length } = text.split('\n')[line] ?? '';
      let behind = 0;
      return secretsIn(text, line + 1).every(({ from, to }) => {
        const right = from >= behind && to > from && to <= length;
        behind = to;
        return right;
      });
    }),
  );
});

t.test('takes no time for one long line', async t => {
  /** CPU time of this process, which others cannot make longer by much; the best of three. */
  const time = (text: string): number => {
    const once = (): number => {
      const before = process.cpuUsage();
      secretsIn(text, 1);
      return process.cpuUsage(before).user;
    };
    return Math.min(once(), once(), once());
  };
  for (const word of [
    'pass ',
    'pass=',
    'pass="a",',
    '{pass=1,',
    'pass\n',
    '[pass.',
    '# ',
    ', ',
    'x',
    'abcdef=1,',
    ' ',
    '[',
    '{',
    '://',
    '://a@',
  ]) {
    time(word.repeat(2_000));
    const short = Math.max(1e3, time(word.repeat(2_000)));
    t.ok(time(word.repeat(20_000)) < 50 * short, `ten times as much ${JSON.stringify(word)} takes ten times as long`);
  }
});
