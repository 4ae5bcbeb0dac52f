// Tests src/config/version.ts: what each version cannot do is said with its cure, and not when the version itself is wrong.
import t from 'tap';
import { diagnose, loadText, router } from '../fixtures/diagnose.ts';

const old = (settings: Readonly<Record<string, string>> = {}): string => router('old', { version: '2', ...settings });

t.test('version 2 runs as it is', async t => {
  const { plan, diagnostics } = await loadText(old({ advert_interval: '"40s"', password: '{ credential = "web" }' }));
  t.strictSame(diagnostics, []);
  t.match(plan?.routers, [{ version: 2, advertInterval: 40_000_000, family: 'ipv4', lease: 240_000_000 }]);
});

t.test('version 2 is IPv4 only', async t => {
  const message = '`version = 2` is IPv4 only (RFC 3768)';
  for (const [settings, place] of [
    [{ addresses: '["192.0.2.200", "fe80::1", "fe80::2"]' }, '4:29'],
    [{ addresses: '[]', peers: '["fe80::11"]' }, '6:10'],
    [{ addresses: '[]', source: '"fe80::10"' }, '6:10'],
  ] as const)
    t.strictSame(await diagnose(old(settings)), [`ipv6-needs-version-3 ${place} ${message}`], JSON.stringify(settings));
});

t.test('version 2 has whole seconds', async t => {
  for (const [interval, wrong] of [
    ['1s', false],
    ['2000ms', false],
    ['990ms', true],
    ['1.5s', true],
    ['40.95s', true],
  ] as const) {
    const expected = `out-of-range 6:19 with \`version = 2\`, \`advert_interval\` must be whole seconds, not ${interval}`;
    t.strictSame(await diagnose(old({ advert_interval: `"${interval}"` })), wrong ? [expected] : [], interval);
  }
});

t.test('a password in the file itself is a warning, without the password', async t => {
  const { plan, diagnostics } = await loadText(old({ password: '"secret12"' }));
  t.match(diagnostics, [{ code: 'password-exposed', severity: 'warning', span: { line: 6, column: 1 } }]);
  t.notMatch(JSON.stringify(diagnostics), 'secret12');
  t.equal(plan?.routers[0]?.password, 'secret12');
});

t.test('version 3 has no passwords', async t => {
  t.strictSame(await diagnose(router('web')), []);
  for (const password of ['"secret12"', '{ file = "/x" }', '{ credential = "web" }'])
    t.strictSame(await diagnose(router('web', { password })), ['password 5:1 version 3 has no passwords (RFC 9568 §9)'], password);
});

t.test('nothing is made up about a version that is wrong itself', async t => {
  t.strictSame(await diagnose(router('web', { version: '4', password: '"secret12"' })), [
    'out-of-range 5:11 `version` must be 2 or 3, not 4',
  ]);
});
