// Tests src/config/watchdog-schema.ts: every key is described, its example is valid, defaults and bounds are those of the manual.
import t from 'tap';
import { WATCHDOG_KEYS, watchdogTable } from '../../src/config/watchdog-schema.ts';
import { descriptionFlaws, readValue } from '../fixtures/read-value.ts';

t.test('every key has a description and an example', async t => {
  t.strictSame(descriptionFlaws(WATCHDOG_KEYS), []);
  for (const [key, schema] of Object.entries(WATCHDOG_KEYS)) t.ok(schema.meta()?.examples, `${key} has an example`);
});

t.test('defaults are those of the manual', async t => {
  t.strictSame(watchdogTable.parse({}), {
    revive_within: 2_000_000,
    hand_over: 'if-not-revived',
    start_limit: 5,
    start_limit_interval: 60_000_000,
    hold: 30_000_000,
    on_fail: { do: 'demote' },
  });
});

t.test('bounds', async t => {
  for (const [key, good, bad] of [
    ['unit', ['nginx.service', 'pg@16.service'], ['nginx', 'x.socket', 'pg@.service']],
    ['start', ['/usr/sbin/nginx', ['/usr/sbin/nginx', '-c', '/x']], ['nginx', [], '/x y']],
    ['pid_file', ['/run/x.pid'], ['x.pid']],
    ['user', ['www-data'], ['']],
    ['probe', [{ type: 'tcp', port: 80 }, {}], ['tcp', { hold: '1s' }, { port: 0 }]],
    ['test', [['/usr/sbin/nginx', '-t'], '/bin/true', []], ['nginx -t', ['nginx'], 1, [1]]],
    ['revive_within', ['0s', '10m'], ['11m', 2]],
    ['hand_over', ['if-not-revived', 'immediately', 'never'], ['always']],
    ['start_limit', [1, 100], [0, 101]],
    ['start_limit_interval', ['1s', '1h'], ['999ms', '61m']],
  ] as const) {
    for (const value of good) t.ok(WATCHDOG_KEYS[key].safeParse(value).success, `${key} = ${JSON.stringify(value)}`);
    for (const value of bad) t.notOk(WATCHDOG_KEYS[key].safeParse(value).success, `${key} = ${JSON.stringify(value)}`);
  }
  t.strictSame(readValue(WATCHDOG_KEYS.test, []), []);
});
