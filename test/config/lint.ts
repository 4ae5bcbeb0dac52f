// src/config/lint.ts: what is allowed and most likely an oversight.
import t from 'tap';
import { lint } from '../../src/config/lint.ts';
import { loadText, router } from '../fixtures/diagnose.ts';

t.test('the VRID of the sample', async t => {
  const { machine } = await loadText(router('web') + router('db', { vrid: '52', addresses: '["192.0.2.201"]' }));
  t.match(lint(machine), [{ code: 'sample-vrid', severity: 'note', place: { path: ['vrrp', 'web', 'vrid'] } }]);
  t.equal(lint(machine).length, 1);
});
