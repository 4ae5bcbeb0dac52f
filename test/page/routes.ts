// Tests src/page/routes.ts: who is let in where, and what is answered to everybody else.
import t from 'tap';
import { type Gate, type Question, route, safeHeaders } from '../../src/page/routes.ts';

const TOKEN = 'correct-horse-battery';
const GUARD = {
  knows: (token: string) => token === TOKEN,
  cookie: { name: 'holdfast-12345678', value: 'derived' },
  knowsCookie: (value: string) => value === 'derived',
};
const HERE: Gate = { loopback: true, guard: null };
const THERE: Gate = { loopback: false, guard: GUARD };
const ask = (question: Partial<Question>, gate: Gate = HERE) =>
  route({ method: 'GET', target: '/', host: '127.0.0.1:9112', authorization: null, cookie: null, ...question }, gate);

t.test('the three things there are', async t => {
  for (const [target, to] of [
    ['/', 'page'],
    ['/?x=1', 'page'],
    ['/metrics', 'metrics'],
    ['/metrics?module=x', 'metrics'],
    ['/events', 'events'],
  ] as const) {
    t.strictSame(ask({ target }), { to }, target);
    t.strictSame(ask({ target, method: 'HEAD' }), { to }, target);
  }
});

t.test('only reading', async t => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'get', ''])
    for (const target of ['/', '/metrics', '/nothing', '/?token=x'])
      t.match(ask({ method, target }, THERE), { to: 'words', status: 405, headers: { allow: 'GET, HEAD' } }, `${method} ${target}`);
});

t.test('no path leads anywhere else', async t => {
  for (const target of [
    '',
    '*',
    '//',
    '/./',
    '/../etc/passwd',
    '/%2e%2e/etc/passwd',
    '/metrics/',
    '/metrics/..',
    '/%6detrics',
    '/METRICS',
    '/metrics%00',
    '/metrics;x',
    '/metrics#x',
    '/v1/status',
    '/__proto__',
    '/constructor',
    '__proto__',
    'toString',
    'http://127.0.0.1:9112/',
    'http://evil.example/metrics',
    '/favicon.ico',
    '\\metrics',
  ])
    t.match(ask({ target }), { to: 'words', status: 404 }, target);
});

t.test('on loopback only names of loopback count: no stranger’s name points here', async t => {
  for (const host of ['localhost', 'LOCALHOST:80', '127.0.0.1', '127.0.0.1:9112', '127.255.1.9:1', '[::1]', '[::1]:9112'])
    t.match(ask({ host }), { to: 'page' }, host);
  for (const host of [
    null,
    '',
    'evil.example',
    'evil.example:9112',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost:',
    'localhost:9112@evil.example',
    '0.0.0.0',
    '::1',
    '[::2]',
    '192.0.2.1',
    ' localhost',
    'localhost\n',
  ])
    t.match(ask({ host }), { to: 'words', status: 421 }, String(host));
  t.match(ask({ host: 'box.example', authorization: `Bearer ${TOKEN}` }, THERE), { to: 'page' }, 'elsewhere the token decides');
});

t.test('a token opens everything, nothing else does', async t => {
  for (const target of ['/', '/metrics', '/events']) {
    for (const pass of [
      { authorization: `Bearer ${TOKEN}` },
      { authorization: `bearer  ${TOKEN}` },
      { cookie: 'holdfast-12345678=derived' },
      { cookie: 'a=b; holdfast-12345678=derived;c=d' },
    ])
      t.match(ask({ target, ...pass }, THERE), { to: target === '/' ? 'page' : target.slice(1) }, JSON.stringify(pass));
    for (const pass of [
      {},
      { authorization: TOKEN },
      { authorization: `Basic ${TOKEN}` },
      { authorization: 'Bearer wrong' },
      { authorization: 'Bearer ' },
      { authorization: `Bearer ${TOKEN} x` },
      { cookie: `holdfast-12345678=${TOKEN}` },
      { cookie: 'holdfast-12345678=' },
      { cookie: 'holdfast-1234567=derived' },
      { cookie: 'other=derived' },
    ])
      t.match(ask({ target, ...pass }, THERE), { status: 401, headers: { 'www-authenticate': 'Bearer' } }, JSON.stringify(pass));
  }
  t.match(ask({ target: '/nothing' }, THERE), { status: 401 }, 'what there is, is nobody’s business either');
});

t.test('once in the address, then a cookie', async t => {
  const found = ask({ target: `/?token=${TOKEN}` }, THERE);
  t.match(found, { to: 'door', known: true, status: 200 });
  const cookie = 'headers' in found ? (found.headers['set-cookie'] ?? '') : '';
  t.match(cookie, /^holdfast-12345678=derived; .*HttpOnly; SameSite=Strict$/);
  t.notMatch(cookie, TOKEN, 'the token itself stays nowhere');
  t.match(ask({ target: '/?token=wrong' }, THERE), { to: 'door', known: false, status: 401 });
  t.match(ask({ target: `/metrics?token=${TOKEN}` }, THERE), { status: 401 }, 'only at the door');
  t.match(ask({ target: `/?token=${TOKEN}` }), { to: 'page' }, 'without a guard it means nothing');
});

t.test('headers of every answer', async t => {
  const headers = safeHeaders({ style: 'sha256-a', script: 'sha256-b' });
  t.match(headers['content-security-policy'], /^default-src 'none'; style-src 'sha256-a'; script-src 'sha256-b'; connect-src 'self';/);
  t.notMatch(headers['content-security-policy'], /unsafe|\*|https?:/);
  t.match(headers, { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' });
});
