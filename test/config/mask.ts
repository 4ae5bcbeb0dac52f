// Tests src/config/mask.ts: a password is found wherever it stands, and little else is hidden.
import t from 'tap';
import { MASK, secretsIn } from '../../src/config/mask.ts';
import fc from '../fixtures/property.ts';

/** The line as it is shown. */
function shown(text: string, line = 1): string {
  const whole = text.split('\n')[line - 1] ?? '';
  return [...secretsIn(text, line)].reverse().reduce((rest, { from, to }) => rest.slice(0, from) + MASK + rest.slice(to), whole);
}

t.test('hides passwords in TOML', async t => {
  for (const [text, expected] of [
    ['password = "secret" # x', 'password = "********" # x'],
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
    ['password.text = "secret"', 'password.text = "********"'],
    ['password = { text = "secret" }', 'password = { text = "********" }'],
    ['password = { text = "secret"', 'password = { text = "********"'],
  ] as const)
    t.equal(shown(text), expected, text);
});

t.test('under a wrong name too', async t => {
  for (const key of ['pasword', 'passwrod', 'PASSWORD', 'passwd', 'auth_pass', 'auth-pass', 'pwd', 'secret', 'web_password', 'paswsord'])
    t.equal(shown(`${key} = "hidden"`), `${key} = "********"`);
  t.equal(shown('auth_pass 1111'), 'auth_pass ********');
  t.equal(shown('    auth_pass 1111 '), '    auth_pass ******** ');
  t.equal(shown('password: hidden'), 'password: ********');
});

t.test('and no other words', async t => {
  for (const text of [
    'password = { file = "/etc/holdfast/web.password" }',
    'password = { credential = "web" }',
    'password.file = "/x"',
    'password =',
    'password = ""',
    'auth_type = "PASS"',
    '# the password is in the vault',
    'interface = "eth0" # no password here',
    '[vrrp.web.password]',
    'authority = "x"',
    'peers = ["192.0.2.11"]',
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
  t.strictSame(hidden, ['text = "secret"', 'secret', 'more"""', '  y = "secret",']);
  t.equal(shown(text.join('\n'), 8), '********"""');
  t.strictSame(secretsIn('a', 7), [], 'a line that is not there');
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
  const time = (text: string): number => {
    const before = process.hrtime.bigint();
    secretsIn(text, 1);
    return Number(process.hrtime.bigint() - before);
  };
  for (const word of ['pass ', 'pass=', 'x', 'abcdef=1,', ' ', '[', '{']) {
    time(word.repeat(2_000));
    const short = Math.max(1e6, time(word.repeat(2_000)));
    t.ok(time(word.repeat(20_000)) < 50 * short, `ten times as much ${JSON.stringify(word)} takes ten times as long`);
  }
});
