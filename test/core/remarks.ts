// Tests src/core/remarks.ts: what is worth saying again, and when.
import t from 'tap';
import { createRemarks } from '../../src/core/remarks.ts';
import { after, micros, seconds } from '../../src/vrrp/units.ts';

const T = seconds(100);

t.test('the same is said once a minute, something else at once', async t => {
  const isNews = createRemarks();
  t.ok(isNews('a', T));
  t.notOk(isNews('a', T));
  t.ok(isNews('b', T));
  t.notOk(isNews('a', after(T, micros(seconds(60) - 1))), 'asking does not put it off');
  t.ok(isNews('a', after(T, seconds(60))));
  t.notOk(isNews('a', after(T, seconds(61))));
});

t.test('32 different things are kept, the oldest go first', async t => {
  const isNews = createRemarks();
  for (let i = 0; i < 33; i += 1) t.ok(isNews(String(i), T));
  t.notOk(isNews('1', T));
  t.ok(isNews('0', T), 'forgotten');
});
