// Tests src/config/regex-meaning.ts: expressions that cannot be used are said once, wherever they stand.
import t from 'tap';
import { diagnose, router, said, watchdog } from '../fixtures/diagnose.ts';

const check = (regex: string) =>
  `${router('web', { track: '["x"]' })}[check.x]\ntype = "http"\nurl = "http://a/"\nbody_regex = '${regex}'\n`;

t.test('good ones, and none', async t => {
  for (const fine of ['x', '^ok$', '(?i)ready: (yes|true)']) t.strictSame(await diagnose(check(fine)), [], fine);
  t.strictSame(await diagnose(router('web')), []);
});

t.test('bad ones', async t => {
  for (const wrong of ['(a', '(?=a)', '(a)\\1', '[b-a]'])
    t.match(
      await said(check(wrong)),
      [/^bad-regex: this is no regular expression that can be used: .*\(the syntax is that of RE2, /],
      wrong,
    );
  t.match(await diagnose(check('(a')), [/^bad-regex 9:14 /]);
  t.match(await diagnose(watchdog({ probe: '{ type = "http", url = "http://a/", body_regex = "(a" }' })), [/^bad-regex 8:58 /]);
});

t.test('of other machines too, once', async t => {
  const text = `${check('x')}[node.there.check.x]\nbody_regex = '('\n[node.elsewhere.check.x]\ninterval = "2s"\n`;
  t.match(await diagnose(text), [/^bad-regex 11:14 /]);
  t.match(await diagnose(`${check('(')}[node.there.check.x]\ninterval = "2s"\n`), [/^bad-regex 9:14 /]);
});
