// src/config/lint.ts: what is allowed and most likely an oversight.
import t from 'tap';
import { lint, tooShort } from '../../src/config/lint.ts';
import { millis } from '../../src/vrrp/units.ts';
import { loadText, router } from '../fixtures/diagnose.ts';

t.test('the VRID of the sample', async t => {
  const { machine } = await loadText(router('web') + router('db', { vrid: '52', addresses: '["192.0.2.201"]' }));
  t.match(lint(machine), [{ code: 'sample-vrid', severity: 'note', place: { path: ['vrrp', 'web', 'vrid'] } }]);
  t.equal(lint(machine).length, 1);
});

t.test('an interval that is too short for the machine', async t => {
  const fast = router('web', { advert_interval: '"100ms"' });
  const { machine } = await loadText(fast + router('db', { vrid: '52', addresses: '["192.0.2.201"]' }));
  t.strictSame(tooShort(machine, millis(49)), []);
  const [only, ...others] = tooShort(machine, millis(50));
  t.match(only, {
    code: 'interval-too-short',
    severity: 'warning',
    message: 'this machine is up to 50ms late, too late for an `advert_interval` of 100ms',
    hint: /^write at least "110ms",/,
    place: { path: ['vrrp', 'web', 'advert_interval'] },
  });
  t.strictSame(others, []);
  const [larger] = tooShort((await loadText(router('web', { advert_interval: '"110ms"' }))).machine, millis(50));
  t.equal(larger, undefined, 'what the hint says is enough');
  t.match(tooShort((await loadText(router('web', { advert_interval: '"10ms"' }))).machine, millis(20)), [{ hint: /"50ms"/ }]);
});
