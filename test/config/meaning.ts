// Tests src/config/meaning.ts: what settings mean together, on each machine, and that one mistake does not make up others.
import t from 'tap';
import { specOf } from '../../src/config/meaning.ts';
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

t.test('an address has one place', async t => {
  t.strictSame(await diagnose(router('web', { addresses: '["192.0.2.1/24", "192.0.2.1", "192.0.2.2"]' })), [
    'duplicate-address 4:30 192.0.2.1/32 is listed twice',
  ]);
  t.strictSame(await diagnose(router('web') + router('db', { interface: '"eth1"', addresses: '["192.0.2.200/25"]' })), [
    'duplicate-address 8:14 192.0.2.200/25 belongs to `web` already',
  ]);
  t.strictSame(await diagnose(router('web') + router('db', { vrid: '52', addresses: '[]' })), [
    'too-few-addresses 8:13 `addresses` is empty',
  ]);
});

t.test('settings without effect are warnings', async t => {
  t.strictSame(await diagnose(router('web', { preempt: 'false', preempt_delay: '"30s"', priority: '255' })), [
    'setting-without-effect 5:1 `preempt = false` has no effect at priority 255: the owner always takes over',
    'setting-without-effect 6:1 `preempt_delay` has no effect with `preempt = false`',
  ]);
  t.strictSame(await diagnose(router('web', { preempt: 'false' })), []);
  t.strictSame(await diagnose(router('web', { preempt_delay: '"30s"' })), []);
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

t.test('a router with something missing is none', async t => {
  const whole = (await loadText(router('web'))).routers[0];
  t.ok(whole && specOf(whole));
  for (const key of ['interface', 'vrid', 'addresses']) {
    const [part] = (await loadText(router('web', { [key]: '' }))).routers;
    t.ok(part && specOf(part) === undefined, key);
  }
});
