// Tests src/config/http.ts: the table of one machine, what it comes to, and that a page for everybody has a token.
import t from 'tap';
import { httpOf, httpSpecOf } from '../../src/config/http.ts';
import { diagnose, loadText, router, said } from '../fixtures/diagnose.ts';
import { soundOf } from '../fixtures/sound.ts';

const spec = (text: string, node = 'here') => httpSpecOf(httpOf(soundOf(text), node));

t.test('nothing is served without the table', async t => {
  t.equal(spec('[vrrp.web]\nvrid = 1\n'), null);
  t.equal(spec('[node.there.http]\n'), null);
});

t.test('defaults, and what a machine has of its own', async t => {
  t.strictSame(spec('[http]\n'), { listen: { address: '127.0.0.1', port: 9112 }, token: null });
  t.strictSame(spec('[node.here.http]\nlisten = "[::1]:80"\n'), { listen: { address: '::1', port: 80 }, token: null });
  t.strictSame(spec('[http]\ntoken = { env = "TOKEN" }\n[node.here.http]\nlisten = "192.0.2.1:80"\n'), {
    listen: { address: '192.0.2.1', port: 80 },
    token: { from: 'env', name: 'TOKEN' },
  });
});

t.test('a page for everybody has a token', async t => {
  const all = `${router('web')}[http]\nlisten = "0.0.0.0:9112"\n`;
  t.strictSame(await diagnose(all), ['token-missing 6:10 everybody who reaches 0.0.0.0:9112 could look at the page: it needs a `token`']);
  t.match(await said(all), [/token = \{ file = .*listen = "127.0.0.1:9112"/]);
  const own = `${router('web')}[http]\n[node.here.http]\nlisten = "[2001:db8::1]:9112"\n`;
  t.match(await diagnose(own), [/^token-missing 7:10 .*\[2001:db8::1\]:9112/]);
  for (const text of [
    `${all}token = { file = "/etc/holdfast/token" }\n`,
    `${router('web')}[http]\nlisten = "127.9.9.9:9112"\n`,
    `${router('web')}[http]\nlisten = "[::1]:9112"\n`,
  ])
    t.strictSame(await diagnose(text), [], text);
});

t.test('a broken token is said once, and none is shown', async t => {
  const lines = await said(`${router('web')}[http]\nlisten = "0.0.0.0:9112"\ntoken = "hunter2hunter2hunter2"\n`);
  t.match(lines, [/^bad-secret: secrets are not written here/]);
  t.equal(lines.length, 1);
  t.notMatch(lines.join(), /hunter2/);
  t.match(await diagnose(`${router('web')}[http]\nlisten = "0.0.0.0:9112"\ntoken = { file = "x" }\n`), [/^bad-secret 7:9/]);
  t.match(await diagnose(`${router('web')}[http]\ntoken = { file = 5 }\n`), [/^wrong-type 6:18/], 'and nothing follows from it');
});

t.test('words that people try', async t => {
  for (const [lines, words] of [
    ['[http]\nbind = "x"', /it is called `listen` here; for example `listen = "127.0.0.1:9112"`/],
    ['[http]\nport = 80', /it is called `listen` here/],
    ['[http]\nlisen = "x"', /did you mean `listen`/],
    ['[http]\nvrid = 5', /it belongs to a virtual router: `\[vrrp.NAME\]`/],
    ['[node.here.http]\nvrid = 5', /it belongs to a virtual router: `\[node.here.vrrp.NAME\]`/],
    ['[prometheus]\nport = 80', /it is called `http` here/],
    ['[node.here]\nlisten = "127.0.0.1:80"', /it belongs into `\[node.here.http\]`/],
    ['[vrrp.mail]\nlisten = "127.0.0.1:80"', /it belongs into `\[http\]`/],
  ] as const)
    t.match((await said(`${router('web')}${lines}\n`)).join('\n'), words, lines);
  t.match((await diagnose(`listen = "127.0.0.1:80"\n${router('web')}`)).join(), /unknown-key 1:1/);
  t.match(await diagnose(`http = 5\n${router('web')}`), [/wrong-type 1:8 `http` must be a table, not a number/]);
});

t.test('the plan has it', async t => {
  const { plan } = await loadText(`${router('web')}[http]\n`);
  t.strictSame(plan?.duties.http, { listen: { address: '127.0.0.1', port: 9112 }, token: null });
});
