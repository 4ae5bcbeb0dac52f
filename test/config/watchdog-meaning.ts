// Tests src/config/watchdog-meaning.ts: what the settings of a watchdog mean together, through whole texts.
import t from 'tap';
import { diagnose, said, watchdog } from '../fixtures/diagnose.ts';

t.test('one service', async t => {
  for (const fine of [
    {},
    { unit: '', start: '"/usr/sbin/nginx"' },
    { unit: '', start: '["/usr/sbin/nginx"]', pid_file: '"/x"', user: '"x"' },
  ])
    t.strictSame(await said(watchdog(fine)), [], JSON.stringify(fine));
  t.strictSame(await said(watchdog({ unit: '' })), [
    'missing-key: watchdog `x` has neither `unit` nor `start` (for example `unit = "nginx.service"`)',
  ]);
  t.strictSame(await said(watchdog({ start: '"/usr/sbin/nginx"' })), [
    'either-or: `unit` and `start` exclude each other: a service is started by systemd or by us (leave one of them out)',
  ]);
  for (const broken of [{ unit: '7' }, { unit: '', start: '7' }, { unit: '', start: 'x y' }, { unit: 'x y' }])
    t.equal((await said(watchdog(broken))).length, 1, `${JSON.stringify(broken)}: what is there and wrong is not missing`);
});

t.test('a probe that asks the service', async t => {
  t.strictSame(await said(watchdog({ probe: '' })), [
    'missing-key: watchdog `x` has no `probe` (for example `probe = { type = "http", url = "http://127.0.0.1/" }`)',
  ]);
  for (const type of ['process', 'interface'])
    t.match(await said(watchdog({ probe: `{ type = "${type}" }` })), [
      `bad-probe: a probe must ask the service itself, and type "${type}" does not`,
    ]);
  for (const broken of ['7', '{ type = "tpc", port = 80 }', '{ type = "tcp", port = 0 }', 'x y'])
    t.equal((await said(watchdog({ probe: broken }))).length, 1, broken);
});

t.test('the probe is a check like others', async t => {
  t.strictSame(await diagnose(watchdog({ probe: '{ type = "tcp", url = "http://a/" }' })), [
    'missing-key 8:1 the probe of watchdog `x` has no `port`, which type "tcp" needs',
    'setting-of-another-type 8:25 `url` is no setting of a tcp check; it has `host`, `port`',
  ]);
  t.strictSame(await diagnose(watchdog({ probe: '{ port = 80, rise = 1 }' })), ['missing-key 8:1 the probe of watchdog `x` has no `type`']);
  t.strictSame(await said(watchdog({ probe: '{ type = "file", path = "/x" }', on_fail: '{ weight = "number" }' })), []);
  t.equal((await said(watchdog({ probe: '{ type = "tcp" }', user: 'x y' }))).length, 1, 'where a text has gaps, nothing is missing');
  const own = `${watchdog({})}[node.here.watchdog.x]\nprobe = { type = "tcp", port = 80, record = "A" }\n`;
  t.match(await diagnose(own), [/^setting-of-another-type 10:36 `record`/]);
});

t.test('what has no effect', async t => {
  for (const [settings, ...expected] of [
    [{ pid_file: '"/x"' }, '`pid_file` has no effect with `unit`: systemd knows the process'],
    [{ user: '"x"' }, '`user` has no effect with `unit`: the unit says who it runs as'],
    [{ hand_over: '"never"', revive_within: '"2s"' }, '`revive_within` has no effect with `hand_over = "never"`'],
    [{ hand_over: '"immediately"', revive_within: '"0s"' }, '`revive_within` has no effect with `hand_over = "immediately"`'],
    [{ hand_over: '"never"' }],
    [{ hand_over: '"if-not-revived"', revive_within: '"1s"' }],
  ] as const)
    t.strictSame(
      await said(watchdog(settings)),
      expected.map(words => `setting-without-effect: ${words}`),
      JSON.stringify(settings),
    );
});

t.test('one way to say at once', async t => {
  t.strictSame(await said(watchdog({ revive_within: '"0s"' })), [
    'hands-over-at-once: `revive_within = "0s"` hands the addresses over at once (say so: `hand_over = "immediately"`)',
  ]);
});
