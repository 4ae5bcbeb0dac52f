// Tests src/config/service-rules.ts: single values of checks, watchdogs and hooks at their bounds, and the words for those beyond.
import t from 'tap';
import { z } from 'zod';
import type { Context } from '../../src/config/rules.ts';
import {
  askedAddress,
  fullPath,
  headerFields,
  hostName,
  isDomainName,
  isFullPath,
  program,
  programAlone,
  someText,
  statusRange,
  staysHere,
  unitName,
  webAddress,
} from '../../src/config/service-rules.ts';
import { readValue } from '../fixtures/read-value.ts';

const text = <Value>(rule: (text: string, context: Context) => Value) => z.string().transform(rule);

t.test('text that says something', async t => {
  const schema = text(someText);
  for (const fine of ['x', ' x ', 'ä']) t.equal(readValue(schema, fine), fine);
  for (const empty of ['', '  ', '\t\n']) t.equal(readValue(schema, empty), 'bad-text: the text is empty (without it, leave the key out)');
  t.equal(readValue(schema, 'a\0b'), 'bad-text: the text contains control characters');
});

t.test('full paths', async t => {
  const schema = text(fullPath);
  for (const fine of ['/x', '/run/nginx.pid', '/with blank/x', '/..x']) {
    t.equal(readValue(schema, fine), fine);
    t.ok(isFullPath(fine));
  }
  for (const wrong of ['', '/', 'x', './x', '/x/', '/a\0b', '/x\n', '~/x'])
    t.match(readValue(schema, wrong), /^bad-path: .* is not a full path \(it begins with a slash, and ends in a name\)$/s, wrong);
});

t.test('programs as a list', async t => {
  const schema = z.array(z.string()).transform((words, context) => program('run', words, context));
  for (const fine of [['/bin/true'], ['/bin/true', '', 'a b', '-x'], ['/opt/my dir/x']]) t.strictSame(readValue(schema, fine), fine);
  const none = 'bad-program: there is no program (for example `run = ["/usr/bin/true"]`)';
  for (const empty of [[], [''], [' ', 'x']]) t.equal(readValue(schema, empty), none);
  t.equal(
    readValue(schema, ['nginx', '-t']),
    'bad-program: `nginx` is not the full path of a program (it begins with a slash, as `command -v nginx` shows it)',
  );
  t.equal(readValue(schema, ['/bin/x', 'a\0b']), 'bad-program: an argument contains a NUL character (leave it out)');
});

t.test('programs as text: alone, and no argument is ever repeated', async t => {
  const schema = text((value, context) => programAlone('run', value, context));
  t.strictSame(readValue(schema, '/bin/true'), ['/bin/true']);
  t.match(readValue(schema, ''), /^bad-program: there is no program/);
  t.match(readValue(schema, 'true'), /^bad-program: `true` is not the full path/);
  for (const [value, first, path] of [
    ['/bin/x --password hidden', '/bin/x', '/bin/x'],
    [' x hidden', 'x', '/path/to/x'],
    ["/bin/x 'a; b' hidden", '/bin/x', '/bin/x'],
  ] as const)
    t.equal(
      readValue(schema, value),
      `bad-program: \`${first}\` has arguments behind it (a program and its arguments are a list: \`run = ["${path}", "..."]\`)`,
    );
  for (const shell of ['/bin/x | y', '/bin/x > /dev/null', '/bin/x && y', '/bin/x $HOME', '/bin/x; y'])
    t.match(
      readValue(schema, shell),
      /^bad-program: .* has arguments behind it \(no shell reads this: .*`run = \["\/bin\/sh", "-c", "\.\.\."\]`\)$/,
    );
});

t.test('addresses that are asked may be our own', async t => {
  const schema = text(askedAddress);
  for (const fine of ['127.0.0.1', '127.0.0.53', '::1', '192.0.2.1', 'fe80::1', '2001:db8::1']) t.equal(readValue(schema, fine), fine);
  for (const wrong of ['localhost', '0.0.0.0', '224.0.0.1', '::', '']) t.match(readValue(schema, wrong), /^bad-address: /, wrong);
});

t.test('machines by address or name', async t => {
  const schema = text(hostName);
  for (const fine of ['127.0.0.1', '::1', 'localhost', 'a', 'db-1.example.org', '_x.example', 'a'.repeat(63)])
    t.equal(readValue(schema, fine), fine);
  t.equal(readValue(schema, '2001:DB8::1'), '2001:db8::1');
  for (const wrong of ['', '-a', 'a-', 'a..b', '192.0.2.300', '10', 'a b', `${'a'.repeat(64)}.b`, `${'a.'.repeat(127)}ab`, 'münchen'])
    t.match(readValue(schema, wrong), /^bad-host: .* is neither an address nor the name of a machine$/, wrong);
  for (const [wrong, right] of [
    ['http://localhost:80/x', 'localhost'],
    ['localhost:80', 'localhost'],
    ['[::1]:80', '::1'],
    ['[::1]', '::1'],
  ] as const)
    t.equal(
      readValue(schema, wrong),
      `bad-host: \`${wrong}\` is neither an address nor the name of a machine (write "${right}" alone; a port has a key of its own)`,
    );
  t.equal(readValue(schema, 'user:hidden@localhost'), 'bad-host: `localhost` is neither an address nor the name of a machine');
});

t.test('names in the DNS', async t => {
  for (const fine of ['.', 'a', 'www.example.org', 'www.example.org.', '_sip._tcp.example.org', '1.2.0.192.in-addr.arpa'])
    t.ok(isDomainName(fine), fine);
  for (const wrong of ['', '..', 'a..b', 'münchen.example', 'a b']) t.notOk(isDomainName(wrong), wrong);
});

t.test('URLs', async t => {
  const schema = text((value, context) => webAddress('url', value, context));
  for (const fine of ['http://127.0.0.1/', 'https://[::1]:8443/x?y=z', 'HTTP://localhost', 'http://a/@b'])
    t.equal(readValue(schema, fine), fine);
  const example = '(for example `url = "http://127.0.0.1/"`)';
  for (const wrong of ['', '127.0.0.1', 'localhost:80', '//x', 'http:/x', 'x y'])
    t.equal(readValue(schema, wrong), `bad-url: \`url\` does not begin with http:// or https:// ${example}`);
  for (const wrong of ['http://', 'http://a b/', 'http://a:99999/', 'http://[::1', 'http://a\\b', ' http://a', 'http://a/ '].filter(each =>
    each.startsWith('h'),
  ))
    t.equal(readValue(schema, wrong), `bad-url: \`url\` is no URL ${example}`, wrong);
  t.match(readValue(schema, 'ftp://a/'), /^bad-url: `url` is neither http nor https/);
  for (const wrong of ['http://a/#', 'http://a/#x'])
    t.match(readValue(schema, wrong), /^bad-url: `url` has a fragment, which is never sent/);
  for (const secret of ['http://hidden@a/', 'http://u:hidden@a/', 'http://:hidden@a/'])
    t.equal(
      readValue(schema, secret),
      'bad-url: `url` has a user or a password in it, and neither that nor a header with a secret is supported (a check of type "command" can ask with a secret, and read it from a file)',
    );
  t.match(
    readValue(
      text((value, context) => webAddress('post', value, context)),
      'http://u:hidden@a/',
    ),
    /\(requests are signed instead: `secret = \{ file = "\/etc\/holdfast\/hook.key" \}`\)$/,
  );
});

t.test('what stays on this machine', async t => {
  for (const url of ['http://localhost/', 'http://x.localhost:80', 'http://127.1.2.3/', 'http://[::1]/', 'http://127.1/'])
    t.ok(staysHere(url), url);
  for (const url of ['http://192.0.2.1/', 'http://localhost.example/', 'http://127.example/', 'http://[::2]/'])
    t.notOk(staysHere(url), url);
});

t.test('units', async t => {
  const [any, service] = [null, 'service' as const].map(only => text((value, context) => unitName(value, only, context)));
  if (any === undefined || service === undefined) return;
  for (const fine of ['nginx.service', 'a@b.service', 'dev-sda\\x2d1.device', 'x.timer']) t.equal(readValue(any, fine), fine);
  t.equal(readValue(service, 'nginx.service'), 'nginx.service');
  t.equal(readValue(service, 'nginx.socket'), 'bad-unit: `nginx.socket` is no service (for example `unit = "nginx.service"`)');
  for (const wrong of ['', 'a b.service', 'ä.service', `${'x'.repeat(250)}.service`])
    t.match(readValue(any, wrong), /^bad-unit: .* cannot be the name of a unit/);
  t.equal(readValue(any, 'nginx'), 'bad-unit: `nginx` says no kind of unit (write `unit = "nginx.service"`)');
  t.equal(readValue(any, 'pg@.service'), 'bad-unit: `pg@.service` is a template (name one instance of it: "pg@NAME.service")');
});

t.test('statuses of HTTP', async t => {
  const schema = z.union([z.number(), z.string()]).transform(statusRange);
  for (const [value, from, to] of [
    [200, 200, 200],
    ['200', 200, 200],
    ['200-399', 200, 399],
    ['100-599', 100, 599],
  ] as const)
    t.strictSame(readValue(schema, value), { from, to });
  for (const wrong of [99, 600, 200.5, '99', '200-600', '300-200', '200-', 'ok', '6xx'])
    t.match(readValue(schema, wrong), /^out-of-range: .* is neither a status of HTTP nor a range of them \(for example /, String(wrong));
  t.match(readValue(schema, '4XX'), /\(write "400-499"\)$/);
});

t.test('headers', async t => {
  const schema = z.record(z.string(), z.string()).transform(headerFields);
  for (const fine of [{}, { Accept: 'text/html', 'X-Forwarded-For': '192.0.2.1' }, { 'X-Author': '' }, { a: 'tab\there' }])
    t.strictSame(readValue(schema, fine), fine);
  for (const [wrong, words] of [
    [{ 'a b': 'x' }, 'bad-header: `a b` cannot be the name of a header'],
    [{ '': 'x' }, 'bad-header: `` cannot be the name of a header'],
    [{ host: 'x' }, 'bad-header: `Host` has a key of its own (write `host = "www.example.org"`)'],
    [{ Accept: 'a', ACCEPT: 'b' }, 'bad-header: `Accept` and `ACCEPT` are one header'],
    [{ Accept: 'a\r\nX: y' }, 'bad-header: the value of `Accept` has other characters than printable ASCII'],
    [{ Accept: 'ä' }, 'bad-header: the value of `Accept` has other characters than printable ASCII'],
  ] as const)
    t.equal(readValue(schema, wrong), words);
  for (const name of ['Authorization', 'Proxy-Authorization', 'Cookie', 'X-Auth-Token', 'X-API-Key', 'x-secret'])
    t.match(
      readValue(schema, { [name]: 'hidden' }),
      /^bad-header: headers with a secret, such as `[\w-]+`, are not supported \(secrets are not written here; [^(]*\)$/,
    );
});
