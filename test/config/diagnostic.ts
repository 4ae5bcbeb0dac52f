// Tests src/config/diagnostic.ts: the form of a diagnostic, carets under tabs, wide and unprintable characters, long lines,
// and that the manual explains every code.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CODES, type Diagnostic, printable, quote, render, type Span } from '../../src/config/diagnostic.ts';
import fc from '../fixtures/property.ts';

const base: Diagnostic = { code: 'address-outside-networks', severity: 'error', message: 'no', file: 'holdfast.toml', span: null };

function at(line: number, column: number, endColumn: number, endLine = line): Span {
  return { line, column, endLine, endColumn };
}

/** The excerpt alone: the source line and the line with the carets, without their gutter. */
function excerpt(source: string, span: Span): readonly string[] {
  const lines = render({ ...base, span }, source)
    .split('\n')
    .slice(2);
  return lines.map(line => line.replace(/^[ \d]+\| ?/, ''));
}

t.test('has the form of the style guide', async t => {
  const source = `${'\n'.repeat(13)}addresses = ["192.0.2.200/24"]\n`;
  const text = render(
    {
      code: 'address-outside-networks',
      severity: 'error',
      message: '192.0.2.200 is not inside any network of eth1',
      file: 'holdfast.toml',
      span: at(14, 14, 30),
      label: 'eth1 has 198.51.100.0/24',
      hint: 'name the right interface',
      related: [{ message: 'first listed at', file: 'other.toml', span: at(3, 7, 8) }],
    },
    source,
  );
  t.equal(
    text,
    `error[address-outside-networks]: 192.0.2.200 is not inside any network of eth1
  --> holdfast.toml:14:14
14 | addresses = ["192.0.2.200/24"]
   |              ^^^^^^^^^^^^^^^^ eth1 has 198.51.100.0/24
   = note: first listed at other.toml:3:7
   = hint: name the right interface`,
  );
});

t.test('does without a place, and without a source', async t => {
  t.equal(
    render({ ...base, severity: 'warning', hint: 'do', related: [{ message: 'see', file: 'b', span: null }] }, 'a = 1'),
    'warning[address-outside-networks]: no\n --> holdfast.toml\n  = note: see b\n  = hint: do',
  );
  t.equal(render({ ...base, span: at(7, 1, 2) }, 'a = 1'), 'error[address-outside-networks]: no\n --> holdfast.toml:7:1');
});

t.test('puts the carets where a terminal shows the characters', async t => {
  t.strictSame(excerpt('a = 1', at(1, 5, 6)), ['a = 1', '    ^']);
  t.strictSame(excerpt('\ta =\t1', at(1, 6, 7)), ['    a = 1', '        ^'], 'tabs');
  t.strictSame(excerpt('ａ = "日本" # x', at(1, 5, 9)), ['ａ = "日本" # x', '     ^^^^^^'], 'East Asian wide characters');
  t.strictSame(excerpt('e\u0301x = 1', at(1, 3, 4)), ['e\u0301x = 1', ' ^'], 'combining marks');
  t.strictSame(excerpt('😀 = 1', at(1, 3, 4)), ['😀 = 1', '   ^'], 'characters outside the basic plane');
  t.strictSame(excerpt('\ufeffa = 1\r\nb = 2\r\n', at(1, 1, 2)), ['a = 1', '^'], 'byte order mark and carriage return');
  t.strictSame(excerpt('a = \u001b[31m\u202e1', at(1, 1, 2)), ['a = \ufffd[31m\ufffd1', '^'], 'no escape sequence, no reversed text');
});

t.test('shows at least one caret, and stays on the line', async t => {
  t.strictSame(excerpt('a =', at(1, 4, 4)), ['a =', '   ^'], 'behind the end');
  t.strictSame(excerpt('a =', at(1, 9, 12)), ['a =', '   ^'], 'far behind the end');
  t.strictSame(excerpt('', at(1, 1, 2)), ['', '^'], 'an empty line');
  t.strictSame(excerpt('a = [\n1,\n]', at(1, 5, 2, 3)), ['a = [', '    ^'], 'a value of several lines');
});

t.test('cuts a long line around the carets', async t => {
  const [long, carets] = excerpt(`a = "${'x'.repeat(300)}" # yes`, at(1, 1, 2));
  t.equal(long, `a = "${'x'.repeat(95)}…`);
  t.equal(carets, '^');
  const [middle = '', under = ''] = excerpt(`${'x'.repeat(200)}HERE${'y'.repeat(200)}`, at(1, 201, 205));
  t.match(middle, /^…x+HEREy+…$/);
  t.equal(middle.length, 102);
  t.equal(middle.slice(under.indexOf('^'), under.lastIndexOf('^') + 1), 'HERE');
  const [end = '', below = ''] = excerpt(`${'x'.repeat(200)}HERE`, at(1, 201, 205));
  t.match(end, /^…x+HERE$/);
  t.equal(end.slice(below.indexOf('^')), 'HERE');
  const [, all = ''] = excerpt('x'.repeat(300), at(1, 1, 301));
  t.equal(all, '^'.repeat(100), 'no more carets than there is line');
  const [wide = '', mark = ''] = excerpt(`${'日'.repeat(100)}HERE`, at(1, 101, 105));
  t.equal(Array.from(wide.slice(1)).slice(0, 16).join(''), '日'.repeat(16), 'wide characters are not halved');
  t.ok(mark.startsWith(' '.repeat(33)));
});

t.test('shows no password, and the carets where they belong', async t => {
  t.strictSame(
    excerpt('password = "secret" # x', at(1, 12, 20)),
    ['password = "********" #********', '           ^^^^^^^^^^'],
    'the value',
  );
  t.strictSame(excerpt('password = "secret" , # x', at(1, 22, 23)), ['password = ********', '                   ^'], 'behind it');
  t.strictSame(
    excerpt('password = "secret" # x', at(1, 21, 22)),
    ['password = "********" #********', '                      ^'],
    'the sign of a comment',
  );
  t.strictSame(
    excerpt('password = "s😀t" # x', at(1, 14, 15)),
    ['password = "********" #********', '                    ^'],
    'inside of it',
  );
  t.strictSame(excerpt('password = """\nsecret\n"""', at(2, 1, 7)), ['********', '^^^^^^^^'], 'on a line of its own');
  t.match(
    render({ ...base, severity: 'note', span: at(1, 1, 2), hint: 'fine' }, 'auth_pass = "1111"'),
    /^note\[.*\n.*\n1 \| auth_pass = "\*{8}"\n/,
  );
});

t.test('renders any place in any text without throwing', async () => {
  const number = fc.nat(400);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), number, number, number, number, (text, line, column, endLine, endColumn) => {
      const span = { line: line + 1, column: column + 1, endLine: line + endLine, endColumn: endColumn + 1 };
      const rendered = render({ ...base, span, label: text, hint: text }, text);
      return !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(rendered.replaceAll('\n', ''));
    }),
    { numRuns: 300 },
  );
});

t.test('quotes and cleans what it repeats', async t => {
  t.equal(quote('vrid'), '`vrid`');
  t.equal(quote('x'.repeat(61)), `\`${'x'.repeat(60)}…\``);
  t.equal(quote('😀'.repeat(60)), `\`${'😀'.repeat(60)}\``);
  t.equal(printable('a\tb\u0000c\u2028d'), 'a\ufffdb\ufffdc\ufffdd');
});

t.test('docs/errors.md has one line for every code, and none for others', async t => {
  const manual = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');
  const explained = Array.from(manual.matchAll(/^\| `([a-z0-9-]+)` \|/gm), match => match[1]);
  t.strictSame(explained, CODES);
});
