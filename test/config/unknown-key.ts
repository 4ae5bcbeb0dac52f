// Tests src/config/unknown-key.ts: a key that does not belong is answered with what was meant, or where it belongs.
import t from 'tap';
import { check, router, said, watchdog } from '../fixtures/diagnose.ts';

const unknown = (key: string, hint?: string) =>
  `unknown-key: ${key === 'this' ? key : `\`${key}\``} is not a setting here${hint === undefined ? '' : ` (${hint})`}`;

t.test('in a check, what its type has is meant first', async t => {
  const tcp = { type: '"tcp"', port: '80' };
  const ping = { type: '"ping"', target: '"192.0.2.1"' };
  for (const [settings, key, hint] of [
    [tcp, 'connect_ip', 'it is called `host` here; for example `host = "127.0.0.1"`'],
    [ping, 'connect_ip', 'it is called `target` here; for example `target = "192.0.2.1"`'],
    [tcp, 'hots', 'did you mean `host`?'],
    [tcp, 'intervall', 'did you mean `interval`?'],
    [ping, 'uurl', undefined],
    [{ type: '"http"', url: '"http://a/"' }, 'uurl', 'did you mean `url`?'],
    [tcp, 'hlod', 'did you mean `hold`?'],
    [tcp, 'vrid', 'it belongs to a virtual router: `[vrrp.NAME]`'],
    [tcp, 'min_days', 'it belongs into `tls`'],
    [tcp, 'revive_within', 'it belongs to a watchdog: `[watchdog.NAME]`'],
    [tcp, 'weight', 'write `on_fail = { weight = -20 }`; without, a machine with a check that is down serves only if nobody else can'],
  ] as const)
    t.strictSame(await said(check({ ...settings, [key]: '1' })), [unknown(key, hint)], key);
  t.strictSame(await said(`${check({ ...tcp })}[node.here.check.x]\nhots = 1\n`), [unknown('hots', 'did you mean `host`?')]);
  t.strictSame(await said(`${check({ ...ping })}[node.here.check.x]\nhots = 1\nconnect_ip = 1\n`), [
    unknown('hots'),
    unknown('connect_ip', 'it is called `target` here; for example `target = "192.0.2.1"`'),
  ]);
  t.strictSame((await said(check({ hots: '1' }))).slice(1), [unknown('hots', 'did you mean `host`?')], 'without a type, what any has');
});

t.test('in a watchdog and in its probe', async t => {
  for (const [key, hint] of [
    ['url', 'it belongs into `probe`'],
    ['interval', 'it belongs into `probe`'],
    ['service', 'it is called `unit` here; for example `unit = "nginx.service"`'],
    ['exec', 'it is called `start` here; for example `start = ["/usr/sbin/nginx"]`'],
    ['tset', 'did you mean `test`?'],
    ['track', 'it belongs to a virtual router: `[vrrp.NAME]`'],
  ] as const)
    t.strictSame(await said(watchdog({ [key]: '1' })), [unknown(key, hint)], key);
  for (const [probe, key, hint] of [
    ['type = "http", url = "http://a/"', 'hold', 'it belongs to the watchdog itself, not to one of its values'],
    ['type = "http", url = "http://a/"', 'statsu', 'did you mean `status`?'],
    ['type = "http", url = "http://a/"', 'status_code', 'it is called `status` here; for example `status = ["200-399"]`'],
    ['type = "http", url = "http://a/"', 'nonsense', undefined],
  ] as const)
    t.strictSame(await said(watchdog({ probe: `{ ${probe}, ${key} = 1 }` })), [unknown(key, hint)], key);
});

t.test('in tables inside of settings', async t => {
  for (const [text, ...expected] of [
    [
      check({ type: '"http"', url: '"http://a/"', tls: '{ cert = "/x" }' }),
      unknown('cert', 'this table may have `verify`, `ca`, `certificate`, `key`, `min_days`'),
    ],
    [
      check({ type: '"http"', url: '"http://a/"', tls: '{ url = "/x" }' }),
      unknown('url', 'it belongs to the check itself, not to one of its values'),
    ],
    [check({ type: '"redis"', password: '{ fiel = "/x" }' }), unknown('this', 'did you mean `file`?')],
    [check({ type: '"redis"', password: '{ path = "/x" }' }), unknown('path', 'it is called `file` here')],
    [
      router('web', { on_active: '{ program = "/x" }' }),
      unknown('program', 'this table may have `run`, `user`, `post`, `secret`, `timeout`'),
    ],
    [router('web', { on_active: '{ webhook = "http://a/" }' }), unknown('webhook', 'it is called `post` here')],
    [router('web', { on_active: '{ url = "http://a/" }' }), unknown('url', 'it is called `post` here')],
    [router('web', { track: '[{ name = "a", onfail = "demote" }]' }), unknown('onfail', 'did you mean `on_fail`?')],
  ] as const)
    t.strictSame(await said(text), expected);
});

t.test('outside of tables', async t => {
  for (const [text, hint] of [
    ['interface = "eth0"\n', 'it belongs to a virtual router or a check: `[vrrp.NAME]` or `[check.NAME]`'],
    ['[node.a]\nunit = "x"\n', 'it belongs to a check or a watchdog: `[node.a.check.NAME]` or `[node.a.watchdog.NAME]`'],
    ['[gateway]\ntype = "ping"\ntarget = "192.0.2.1"\n', 'a check is called `[check.gateway]`'],
    ['[nginx]\nunit = "nginx.service"\nprobe = {}\nhold = "1s"\n', 'a watchdog is called `[watchdog.nginx]`'],
    ['[node.a.gateway]\ntarget = "192.0.2.1"\n', 'a check is called `[node.a.check.gateway]`'],
    ['[chekc.x]\ntype = "ping"\n', 'did you mean `check`?'],
    ['[check.www.example.org]\ntype = "ping"\n', 'a name with dots needs quotes: `[check."www.example.org"]`'],
    ['[node.a.example.org.check.x]\ntype = "ping"\n', 'a name with dots needs quotes: `[node."a.example.org".check.NAME]`'],
    ['[http]\ntype = "ping"\n', 'it belongs to a check: `[check.NAME]`'],
    ['[node.a]\nlisten = "127.0.0.1:80"\n', 'it belongs into `[node.a.http]`'],
    ['[web]\nroot = "/x"\n', undefined],
    ['[web]\n', undefined],
    ['web = 1\n', undefined],
    ['[check.a.b.c]\nx = { type = "y" }\nz = 1\n', undefined],
    [`[check.${'x.'.repeat(20)}y]\ntype = "tcp"\n`, undefined],
  ] as const) {
    const found = (await said(text)).filter(line => line.startsWith('unknown-key'));
    t.equal(found.length, 1, text);
    t.match(found[0], hint === undefined ? /here$/ : `(${hint})`, text);
  }
});
