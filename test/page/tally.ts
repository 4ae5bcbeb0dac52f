// Tests src/page/tally.ts: counters by router, state and reason.
import t from 'tap';
import { createTally } from '../../src/page/tally.ts';

t.test('counts each way apart, for each router', async t => {
  const tally = createTally();
  t.strictSame(tally.of('web/ipv4'), []);
  for (const reason of ['preempt', 'priority-zero', 'preempt']) tally.count({ router: 'web/ipv4', to: 'active', reason });
  tally.count({ router: 'web/ipv6', to: 'backup', reason: 'startup' });
  t.strictSame(tally.of('web/ipv4'), [
    { to: 'active', reason: 'preempt', count: 2 },
    { to: 'active', reason: 'priority-zero', count: 1 },
  ]);
  t.strictSame(tally.of('web/ipv6'), [{ to: 'backup', reason: 'startup', count: 1 }]);
});
