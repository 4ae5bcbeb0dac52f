// Tests src/lib/timestamp.ts. Must not know who reads it.
import t from 'tap';
import { timestamp } from '../../src/lib/timestamp.ts';

t.test('RFC 3339 in UTC, whole milliseconds', async t => {
  t.equal(timestamp(0), '1970-01-01T00:00:00.000Z');
  t.equal(timestamp(1_772_366_400_123.9), '2026-03-01T12:00:00.123Z');
});
