// Tests src/config/password.ts: what a password may be, which ones are to be fetched, and that no word about one repeats it.
import t from 'tap';
import { passwordFlaw, readPassword, secretsOf, withPasswords } from '../../src/config/password.ts';
import { loadText, router } from '../fixtures/diagnose.ts';
import { planFor } from '../fixtures/virtual-router.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

t.test('has 1 to 8 bytes', async t => {
  for (const text of ['x', '12345678', 'pässe78', ' a b ', '日本']) t.equal(passwordFlaw(text, ''), null, text);
  t.match(passwordFlaw('', ''), { message: 'is empty' });
  t.match(passwordFlaw('a\0b', ''), { message: 'contains a NUL character' });
  for (const text of ['123456789', 'pässe789', '日本日'])
    t.strictSame(passwordFlaw(text, 'cut it'), {
      message: 'is longer than 8 bytes',
      hint: 'there is room for 8, and keepalived silently sends the first 8 of a longer one: cut it',
    });
});

t.test('comes out of a file without its line end', async t => {
  for (const [text, password] of [
    ['secret12', 'secret12'],
    ['secret12\n', 'secret12'],
    ['secret12\r\n', 'secret12'],
    [' x \n\n', ' x \n'],
    ['\ufeffx\n', '\ufeffx'],
  ] as const)
    t.strictSame(readPassword(bytes(text), ''), { password }, JSON.stringify(text));
  for (const [text, message] of [
    ['', 'is empty'],
    ['\n', 'is empty'],
    ['secret123\n', 'is longer than 8 bytes'],
    ['secret-for-sure\n', 'is longer than 8 bytes'],
    ['a\0', 'contains a NUL character'],
  ] as const)
    t.match(readPassword(bytes(text), ''), { message }, JSON.stringify(text));
  t.match(readPassword(Uint8Array.of(0x61, 0xe9), ''), { message: 'is not UTF-8 text' });
});

const OLD = { version: '2', password: '{ file = "/etc/holdfast/old.password" }' };

t.test('what version 2 needs from elsewhere is to be fetched', async t => {
  const text =
    router('old', OLD) +
    router('plain', { version: '2', password: '"secret12"', vrid: '52', addresses: '["192.0.2.201"]' }) +
    router('service', { version: '2', password: '{ credential = "web" }', vrid: '53', addresses: '["192.0.2.202"]' }) +
    router('none', { version: '2', vrid: '54', addresses: '["192.0.2.203"]' });
  const { secrets, plan, machine } = await loadText(text);
  t.match(secrets, [
    { router: 'old', password: { from: 'file', path: '/etc/holdfast/old.password' }, place: { path: ['vrrp', 'old', 'password', 'file'] } },
    { router: 'service', password: { from: 'credential', name: 'web' }, place: { path: ['vrrp', 'service', 'password', 'credential'] } },
  ]);
  t.strictSame(secretsOf(machine.routers), secrets);
  t.strictSame(
    plan?.routers.map(spec => spec.password),
    [null, 'secret12', null, null],
  );
  const whole = withPasswords(plan ?? planFor(), new Map([['old', 'fetched']]));
  t.strictSame(
    whole.routers.map(spec => spec.password),
    ['fetched', 'secret12', null, null],
  );
  t.strictSame((await loadText(router('new', { ...OLD, version: '3' }))).secrets, [], 'and nothing for version 3, which has none');
});
