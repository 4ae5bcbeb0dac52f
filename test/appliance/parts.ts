// src/appliance/parts.ts: the small files of CONFIG, as every editor leaves them.
import t from 'tap';
import { defaultHostname, errorsText, readHostname, readKeys, unixText } from '../../src/appliance/parts.ts';

t.test('a host name is one line, in lower case', async t => {
  for (const text of ['box-a', 'box-a\n', '\ufeffBox-A\r\n', '\n# for the left one\nbox-a\n\n'])
    t.strictSame(readHostname(text), { value: 'box-a' }, JSON.stringify(text));
  t.strictSame(readHostname('a.example.org'), { value: 'a.example.org' });
});

t.test('what is no host name is shown, as far as it can be', async t => {
  t.match(readHostname(''), { wrong: /empty/ });
  t.match(readHostname('a\nb\n'), { wrong: /more than one line/ });
  for (const text of ['-a', 'a-', 'a b', 'a..b', 'a'.repeat(65), 'bo\u0007x'])
    t.match(readHostname(text), { wrong: /is no host name/ }, text);
  t.notMatch(JSON.stringify(readHostname('bo\u001bx')), /\\u001b/);
});

t.test('a box without a name has one of its own, the same each time', async t => {
  t.equal(defaultHostname('0123456789abcdef0123456789abcdef\n'), 'holdfast-012345');
  t.equal(defaultHostname(''), 'holdfast-000000');
});

t.test('keys, with and without options', async t => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ operator@example';
  const options = `from="10.0.0.0/8",no-pty ${key}`;
  t.strictSame(readKeys(`# ours\r\n${key}\r\n\r\n${options}\r\n`), { value: `${key}\n${options}\n` });
  t.match(readKeys(`${key}\nssh-ed25519\n`), { wrong: /^authorized_keys:2: this is no public key/ });
  t.match(readKeys('-----BEGIN OPENSSH PRIVATE KEY-----\n'), { wrong: /private key/ });
  t.match(readKeys('# none\n'), { wrong: /no key in it/ });
});

t.test('line ends of others', async t => {
  t.equal(unixText('\ufeffa\r\nb\n'), 'a\nb\n');
});

t.test('errors.txt can be read on any laptop', async t => {
  const text = errorsText([{ words: 'error: one\n2 | x\n', instead: 'nothing is used' }]);
  t.notMatch(text, /[^\r]\n/);
  t.match(text, /Correct it[\s\S]*error: one\r\n2 \| x\r\n {2}=> nothing is used\r\n$/);
});
