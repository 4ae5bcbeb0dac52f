// Tests src/config/meaning.ts: what settings mean together, on each machine, and that one mistake does not make up others.
import t from 'tap';
import { diagnose, loadText, router } from '../fixtures/diagnose.ts';

t.test('names what is missing', async t => {
  t.strictSame(await diagnose('[vrrp.web]\n[vrrp.db]\nvrid = 5\ninterface = "eth0"\n'), [
    'missing-key 1:2 virtual router `web` has no `interface`',
    'missing-key 1:2 virtual router `web` has no `vrid`',
    'missing-key 1:2 virtual router `web` has no `addresses`',
    'missing-key 2:2 virtual router `db` has no `addresses`',
  ]);
  t.strictSame(
    (await loadText('[vrrp.web]')).diagnostics.map(diagnostic => diagnostic.hint),
    ['for example `interface = "eth0"`', 'for example `vrid = 51`', 'for example `addresses = ["192.0.2.200/24"]`'],
  );
});

t.test('what is there and wrong is not missing', async t => {
  for (const text of [
    router('web', { interface: '7' }),
    router('web', { addresses: '["192.0.2.1", 7]' }),
    `${router('web', { interface: '' })}[node.here.vrrp.web]\ninterface = 7\n`,
    '[[vrrp.web]]\nvrid = 51\n[node.here.vrrp.web]\nvrid = 51\n',
    'vrrp = 1\n[node.here.vrrp.web]\nvrid = 51\n',
    router('web', { interface: 'eth0' }),
  ]) {
    const found = await diagnose(text);
    t.equal(found.length, 1, `${text} ${found.join()}`);
  }
});

t.test('a lease has at least six intervals', async t => {
  for (const [advert_interval, lease, least] of [
    ['1s', '5s', '6s'],
    ['100ms', '1s', null],
    ['1s', '6s', null],
    ['170ms', '1s', '2s'],
    ['40.95s', '245s', '246s'],
    ['40.95s', '246s', null],
    ['40.95s', 'auto', null],
    ['40.95s', 'off', null],
  ] as const) {
    const found = await diagnose(router('web', { advert_interval: `"${advert_interval}"`, lease: `"${lease}"` }));
    const message = `lease-too-short 6:9 \`lease\` must be at least ${least} at an \`advert_interval\` of ${advert_interval}`;
    t.strictSame(found, least === null ? [] : [message], `${lease} at ${advert_interval}`);
  }
  const unclear = await diagnose(router('web', { advert_interval: '1', lease: '"1s"' }));
  t.strictSame(unclear, ['bad-duration 5:19 `advert_interval` is a number without a unit'], 'nothing about a lease that may be right');
});

t.test('one VRID serves one router of an interface', async t => {
  const other = { addresses: '["192.0.2.201/24"]' };
  t.strictSame(await diagnose(router('web') + router('db', other) + router('mail', { addresses: '["192.0.2.202/24"]' })), [
    'vrid-clash 7:8 virtual routers `web` and `db` have the same `vrid` 51 on eth0',
    'vrid-clash 11:8 virtual routers `web` and `mail` have the same `vrid` 51 on eth0',
  ]);
  const [clash] = (await loadText(router('web') + router('db', other))).diagnostics;
  t.strictSame(clash?.related, [
    { message: '`web` has it at', file: 'holdfast.toml', span: { line: 3, column: 8, endLine: 3, endColumn: 10 } },
  ]);
  t.strictSame(await diagnose(router('web') + router('db', { ...other, interface: '"eth1"' })), [], 'another interface');
  t.strictSame(await diagnose(router('web') + router('db', { ...other, vrid: '52' })), [], 'another VRID');
  t.strictSame(await diagnose(router('web') + router('db', { ...other, vrid: '0' })), [
    'out-of-range 7:8 `vrid` must be a whole number from 1 to 255, not 0',
  ]);
  t.equal((await diagnose(router('web') + router('db', { ...other, interface: '0' }))).length, 1);
});

t.test('two routers of different families may share a VRID', async t => {
  const [four, six, both] = ['["192.0.2.201/24"]', '["fe80::201/64"]', '["192.0.2.202/24", "fe80::202/64"]'];
  const pair = (first: string, second: string, more = {}) =>
    diagnose(router('web', { addresses: first }) + router('db', { addresses: second, ...more }));
  const clash = 'vrid-clash 7:8 virtual routers `web` and `db` have the same `vrid` 51 on eth0';
  t.strictSame(await pair(four, six), []);
  t.strictSame(await pair(four, both), [clash]);
  t.strictSame(await pair(both, six), [clash]);
  t.strictSame(await pair(both, '["192.0.2.203", "fe80::203"]'), [clash], 'said once');
  t.strictSame(await pair(four, '[]', { source: '"fe80::1"' }), []);
  t.strictSame(await pair(four, '[7]'), [
    'wrong-type 8:14 `addresses` has an element that must be an address in quotes, or a table with `address`, not a number',
  ]);
});

t.test('settings without effect are warnings', async t => {
  for (const [settings, ...expected] of [
    [
      { preempt: 'false', preempt_delay: '"30s"', priority: '255' },
      '5:1 `preempt = false` has no effect at priority 255: the owner always takes over',
      '6:1 `preempt_delay` has no effect with `preempt = false`',
    ],
    [{ preempt: 'false' }],
    [{ preempt_delay: '"30s"' }],
    [{ accept: 'false', priority: '255' }, '5:1 `accept = false` has no effect at priority 255: the owner answers on its own addresses'],
    [{ accept: 'false', priority: '254' }],
    [{ accept: 'true', priority: '255' }],
    [{ version: '2', checksum: '"rfc5798"' }, '6:1 `checksum` has no effect with `version = 2`, which has one form only'],
    [{ version: '2', checksum: '"auto"' }],
    [{ addresses: '["fe80::1"]', checksum: '"rfc9568"' }, '5:1 `checksum` has no effect over IPv6, which has one form only'],
    [{ addresses: '["fe80::1", "192.0.2.200"]', checksum: '"rfc9568"' }],
    [{ checksum: '"rfc5798"' }],
  ] as const)
    t.strictSame(
      await diagnose(router('web', settings)),
      expected.map(words => `setting-without-effect ${words}`),
      JSON.stringify(settings),
    );
  t.ok((await loadText(router('web', { preempt: 'false', priority: '255' }))).plan, 'and do not stop the plan');
});

t.test('points into the table that has the setting', async t => {
  const text = `${router('web')}
[node.a.vrrp.web]
lease = "1s"
[node.b.vrrp.db]
interface = "eth0"
vrid = 51
addresses = ["192.0.2.200"]
[node.b.vrrp.mail]
`;
  t.strictSame(await diagnose(text, 'a'), [
    'lease-too-short 7:9 `lease` must be at least 6s at an `advert_interval` of 1s (node `a`)',
    'vrid-clash 10:8 virtual routers `web` and `db` have the same `vrid` 51 on eth0 (node `b`)',
    'duplicate-address 11:14 192.0.2.200/32 belongs to `web` already (node `b`)',
    'missing-key 12:2 virtual router `mail` has no `interface` (node `b`)',
    'missing-key 12:2 virtual router `mail` has no `vrid` (node `b`)',
    'missing-key 12:2 virtual router `mail` has no `addresses` (node `b`)',
  ]);
});

t.test('checks and watchdogs are looked at too', async t => {
  const text = `${router('web', { track: '["a", "b", "c"]' })}[check.a]\ntype = "tcp"\n[watchdog.b]\nunit = "x.service"\n`;
  t.strictSame(await diagnose(text), [
    'unknown-check 5:20 there is no check or watchdog `c`',
    'missing-key 6:2 check `a` has no `port`, which type "tcp" needs',
    'missing-key 8:2 watchdog `b` has no `probe`',
  ]);
  const gaps = await diagnose(`${text}x y\n`);
  t.match(gaps, [/^syntax /], 'where a text has gaps, nothing is missing');
  t.equal(gaps.length, 1);
  t.strictSame(await diagnose(`${router('web', { track: '["a"]' })}[check.a]\ntype = "tcp"\nport = 0\n`), [
    'out-of-range 8:8 `port` must be a whole number from 1 to 65535, not 0',
  ]);
  t.strictSame(
    await diagnose(`${router('web', { track: '["a"]' })}[check.a]\ntype = "file"\npath = "/x"\non_fail = { weight = "number" }\n`),
    [],
  );
});

t.test('what a hook tells over the network', async t => {
  for (const [post, open] of [
    ['http://ops.example/hook', true],
    ['http://192.0.2.1/', true],
    ['https://ops.example/hook', false],
    ['HTTPS://ops.example/hook', false],
    ['http://localhost:8080/', false],
    ['http://[::1]/', false],
  ] as const)
    for (const key of ['on_active', 'on_change'])
      t.strictSame(
        await diagnose(router('web', { [key]: `{ post = "${post}" }` })),
        open ? [`post-not-encrypted 5:${key.length + 13} what \`${key}\` tells leaves this machine without encryption`] : [],
        post,
      );
  t.strictSame(await diagnose(router('web', { on_active: '"/x"' })), []);
});

t.test('a page that everybody could look at', async t => {
  t.match(await diagnose(`${router('web')}[http]\nlisten = "0.0.0.0:9112"\n`), [/^token-missing 6:10 /]);
  t.strictSame(await diagnose(`${router('web')}[http]\n`), []);
});
