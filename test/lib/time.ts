// Tests src/lib/time.ts: instants as the journal shows them.
import t from 'tap';
import { showTime } from '../../src/lib/time.ts';

process.env.TZ = 'UTC';
const NOW = Date.parse('2026-03-09T12:00:00Z');

t.test('today the time is enough, both ways', async t => {
  t.equal(showTime(NOW - 60_000, NOW), '11:59:00');
  t.equal(showTime(NOW + 60_000, NOW), '12:01:00');
  t.equal(showTime(NOW - 86_399_999, NOW), '12:00:00');
});

t.test('from 24 hours on with its day', async t => {
  t.equal(showTime(NOW - 86_400_000, NOW), '2026-03-08 12:00:00');
  t.equal(showTime(NOW + 86_400_000, NOW), '2026-03-10 12:00:00');
});
