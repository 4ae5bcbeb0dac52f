// Tests src/config/syntax.ts: each way to get TOML wrong has its words, its place and its cure.

import t from 'tap';
import { parse } from 'toml';
import { explain, openBracket, type SyntaxFlaw } from '../../src/config/syntax.ts';

function flawOf(text: string): SyntaxFlaw {
  try {
    parse(text);
  } catch (error) {
    return explain(text, error);
  }
  throw new Error(`this is TOML: ${text}`);
}

/** What is underlined, and what is said about it. */
function said(text: string): readonly [underlined: string, message: string, hint: string | undefined] {
  const { span, message, hint } = flawOf(text);
  t.equal(span.endLine, span.line);
  const line = Array.from(text.split('\n')[span.line - 1] ?? '');
  return [line.slice(span.column - 1, span.endColumn - 1).join(''), message, hint];
}

t.test('says what is wrong with a value', async t => {
  for (const [text, underlined, message, hint] of [
    ['a = ', '', '`a` has no value', undefined],
    ['a = # none', '#', '`a` has no value', undefined],
    ['a = eth0', 'eth0', 'text needs quotes', 'write `a = "eth0"`'],
    ['a = 192.0.2.1/24 # x', '192.0.2.1/24', 'text needs quotes', 'write `a = "192.0.2.1/24"`'],
    ['a = 100ms', '100ms', 'text needs quotes', 'write `a = "100ms"`'],
    ['a = 15O', '15O', '`15O` is neither a number nor text in quotes', undefined],
    ['a = Yes', 'Yes', '`Yes` is not a value', 'write `a = true`'],
    ['a = off', 'off', '`off` is not a value', 'write `a = false`'],
    ['a = "eth0', '"eth0', 'this text is not closed', 'the quote at its end is missing'],
    ["a = 'eth0", "'eth0", 'this text is not closed', 'the quote at its end is missing'],
    ['a = "eth0";', '"eth0";', 'a line does not end in `;`', 'write `a = "eth0"`'],
    ['a = 051', '051', 'a number does not begin with 0', 'write `a = 51`'],
    ['a = [eth0, eth1]', '[eth0, eth1]', 'text needs quotes', 'write `a = ["eth0", "eth1"]`'],
    ['a = [1, eth1 oh]', 'eth1', 'unexpected `eth1`', undefined],
    ['日 = 1', '日', 'unexpected `日`', undefined],
    ['a = "日" b', 'b', 'unexpected `b`', undefined],
    ['a = "日" "b"', '"', 'unexpected `"`', 'is there a comma missing before it?'],
  ] as const)
    t.strictSame(said(text), [underlined, message, hint], text);
});

t.test('says nothing of a password', async t => {
  const hint = 'write `password = "********"`, in quotes';
  for (const [text, ...expected] of [
    ['password = hidden', 'hidden', 'this is not a value in TOML', hint],
    ['password = 1hidden', '1hidden', 'this is not a value in TOML', hint],
    ['password = "hid"den"', '"hid"den"', 'this is not a value in TOML', hint],
    ['password = "hidden', '"hidden', 'this is not a value in TOML', hint],
    [
      'web = { password = "hidden", vrid = 05 }',
      '{ password = "hidden", vrid = 05 }',
      'this is not a value in TOML',
      'what is wrong is not shown, as there is a password beside it',
    ],
    ['password =', '', '`password` has no value', undefined],
    ['auth_pass hidden', 'hidden', 'expected `=` after `auth_pass`', 'a setting looks like `key = value`'],
    ['"password" = hidden', 'hidden', 'this is not TOML', undefined],
  ] as const)
    t.strictSame(said(text), expected, text);
});

t.test('says nothing of a key either that may be a password', async t => {
  for (const [text, underlined, message] of [
    ['password = { "s3cret" = 1, "s3cret" = 2 }', '"', 'a key is there twice'],
    ['password.s3cret = 1\npassword.s3cret = 2', 'password.s3cret', 'a key is there twice'],
    ['password = 12345678901234567890', '12345678901234567890', 'this is not a value in TOML'],
    ['[vrrp.web.password]\ns3cret = oh no', 'oh no', 'this is not TOML'],
    ['[vrrp.web.password]\ns3cret', ' ', 'this is not TOML'],
    ['password.s3cret =', ' ', 'this is not TOML'],
  ] as const)
    t.strictSame(said(text).slice(0, 2), [underlined.trim(), message], text);
});

t.test('a statement that was blanked out still says what the next line is', async t => {
  const original = 'password =\ns3cret';
  const text = original.replace('password =', '          ');
  t.match(flawOf(text).message, /s3cret/, 'the control');
  try {
    parse(text);
  } catch (error) {
    t.equal(explain(text, error, original).message, 'this is not TOML');
  }
});

t.test('says what is wrong with a line', async t => {
  for (const [text, underlined, message] of [
    ['[vrrp.web\n', '[vrrp.web', 'this is no header'],
    ['[vrrp web]', '[vrrp web]', 'this is no header'],
    ['[]', '[]', 'this is no header'],
    ['vrid 51', '51', 'expected `=` after `vrid`'],
    ['vrid: 51', ':', 'expected `=` after `vrid`'],
    ['vrid', '', 'expected `=` after `vrid`'],
    ['= 51', '=', 'unexpected `=`'],
    ['a = "x', '"x', 'this text is not closed'],
    ['"a"', '', 'unexpected end of the line'],
  ] as const)
    t.strictSame(said(text).slice(0, 2), [underlined, message], text);
});

t.test('finds what is there twice', async t => {
  for (const [text, line, message, hint] of [
    ['a = 1\na = 2', 2, '`a` is there twice', 'remove one of the two'],
    ['[a.b]\n[a.b]', 2, '`a.b` is there twice', 'write everything about it under one header'],
  ] as const)
    t.match(flawOf(text), { code: 'duplicate-key', message, hint, span: { line, column: 1 } });
});

t.test('repeats the parser where it knows best', async t => {
  t.match(flawOf('a = "\\q"'), { code: 'syntax', message: 'invalid escape sequence', span: { line: 1, column: 6 } });
  t.match(flawOf('b = 1\na = 99999999999999999999'), {
    message: /^integer literal is outside .* by TOML$/,
    span: { line: 2, column: 5 },
  });
  t.match(explain('a = 1', new RangeError('Maximum call stack size exceeded.')), {
    message: 'maximum call stack size exceeded',
    span: { line: 1, column: 1 },
  });
});

t.test('stops where the rest would be nonsense', async t => {
  for (const [text, message, line, column] of [
    ['a = 1\0', 'the file contains the control character U+0000', 1, 6],
    ['a = "\u001b"', 'the file contains the control character U+001B', 1, 6],
    ['a = [\n  "x",\nb = 1\n', 'this `[` is not closed', 1, 5],
    ['日 = 1', 'unexpected `日`', 1, 1],
    ['a = [ # ]\n  "]", \'[\', """[""",\n[vrrp.x]\nb = 1', 'this `[` is not closed', 1, 5],
    ['b = 1\na = [1,\n[2,', 'this `[` is not closed', 3, 1],
    ['[vrrp.web', 'this `[` is not closed', 1, 1],
    ['a = [1, 2', 'this `[` is not closed', 1, 5],
    ['a = { b = 1,\nc = 2\n', 'this `{` is not closed', 1, 5],
    ['a = """\nb = 1\n', 'this `"""` is not closed', 1, 5],
    ["a = [''''''\n, '''b", "this `'''` is not closed", 2, 3],
    ['vrrp_instance VI_1 {\n', 'this is not TOML', 1, 1],
    ['\n  virtual_ipaddress {\n', 'this is not TOML', 2, 3],
    ['a = 1\n}\n', 'this is not TOML', 2, 1],
    ['! a comment', 'this is not TOML', 1, 1],
    ['root:x:0:0', 'expected `=` after `root`', 1, 5],
  ] as const)
    t.match(flawOf(text), { message, last: true, span: { line, column } }, JSON.stringify(text));
  t.match(flawOf('a = [\n  "x"\n  "y"\n]'), { message: 'unexpected `"`', span: { line: 3, column: 3 } }, 'a bracket that is closed later');
  t.equal(flawOf('[vrrp.web]\nvrid 51').last, false, 'under a header, one bad line is one bad line');
});

t.test('takes no time over a line that nobody wrote', { timeout: 20_000 }, async t => {
  t.match(flawOf(`[a]\na = 1${' '.repeat(500_000)}x`).message, 'unexpected `x`');
  t.match(flawOf(`[a]\n${' '.repeat(500_000)}{`).message, 'unexpected `{`');
});

t.test('finds the innermost open bracket', async t => {
  t.strictSame(openBracket('a = [1, { b = "]" # }'), { bracket: '{', offset: 8 });
  t.strictSame(openBracket("a = [1, '''\n]''', { b = 2 }"), { bracket: '[', offset: 4 });
  t.equal(openBracket('[a]\nb = [1] # ['), null);
  t.equal(openBracket(']'), null);
  t.equal(openBracket('a = """""", """[""" '), null);
  t.strictSame(openBracket('a = """x"'), { bracket: '"""', offset: 4 });
  t.strictSame(openBracket("a = '''"), { bracket: "'''", offset: 4 });
});
