// src/check/duties.ts: plain data that crosses between two processes as JSON.
import t from 'tap';
import { NO_DUTIES } from '../../src/check/duties.ts';

t.test('no duties are none of any kind, also behind JSON', async t => {
  t.strictSame(Object.values(NO_DUTIES), [[], [], [], [], null]);
  t.strictSame(JSON.parse(JSON.stringify(NO_DUTIES)), NO_DUTIES);
});
