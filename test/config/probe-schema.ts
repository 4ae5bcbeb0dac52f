// Tests src/config/probe-schema.ts: every key is described, its example is valid, and its bounds are those of the description.
import t from 'tap';
import { PROBE_KEYS, TLS_KEYS } from '../../src/config/probe-schema.ts';
import { descriptionFlaws, readValue } from '../fixtures/read-value.ts';

t.test('every key has a description and an example', async t => {
  t.strictSame([...descriptionFlaws(PROBE_KEYS), ...descriptionFlaws(TLS_KEYS)], []);
  for (const [key, schema] of Object.entries(PROBE_KEYS)) t.ok(schema.meta()?.examples, `${key} has an example`);
});

t.test('bounds', async t => {
  for (const [key, good, bad] of [
    ['port', [1, 65_535], [0, 65_536, 1.5]],
    ['count', [1, 10_000], [0, 10_001]],
    ['minimum', [-1.5, 0, 1e9], ['1', Number.NaN]],
    ['max_latency', ['1ms', '1m'], ['0s', '61s']],
    ['max_lag', ['0s', '24h'], ['25h']],
    ['status', [[200], ['200-399', 404]], [[], [99], 'ok', [true]]],
    ['json', [{}, { a: 'x', 'b.0.c': 1, d: true }], [{ a: [] }, 1]],
    ['expect', [[], ['x']], [[''], 'x']],
    ['cgroup', ['/system.slice/x.service', 'system.slice', '/sys'], ['/sys/fs/cgroup/x', '/a/../b', '..', '', '/', 'a\0']],
    ['method', ['GET', 'HEAD'], ['get', 'TRACE']],
    ['role', ['primary', 'master'], ['slave']],
    ['password', [{ env: 'X' }], ['hidden', {}]],
    ['run', ['/bin/true', ['/bin/true', 'x']], ['true', [], 1]],
    ['unit', ['x.service', 'x.timer'], ['x']],
    ['interface', ['eth0'], ['a b', '']],
    ['target', ['127.0.0.1', 'fe80::1'], ['localhost']],
    ['host', ['127.0.0.1', 'localhost'], ['a b']],
    ['writable', [true, false], ['yes']],
  ] as const) {
    for (const value of good) t.ok(PROBE_KEYS[key].safeParse(value).success, `${key} = ${JSON.stringify(value)}`);
    for (const value of bad) t.notOk(PROBE_KEYS[key].safeParse(value).success, `${key} = ${JSON.stringify(value)}`);
  }
});

t.test('TLS', async t => {
  const none = { verify: true, ca: null, certificate: null, key: null, minDays: 0 };
  t.strictSame(readValue(PROBE_KEYS.tls, undefined), none);
  t.strictSame(readValue(PROBE_KEYS.tls, { verify: false, ca: '/ca.pem', min_days: 3650 }), {
    ...none,
    verify: false,
    ca: '/ca.pem',
    minDays: 3650,
  });
  t.strictSame(readValue(PROBE_KEYS.tls, { certificate: '/c.pem', key: '/k.pem' }), { ...none, certificate: '/c.pem', key: '/k.pem' });
  t.equal(
    readValue(PROBE_KEYS.tls, { certificate: '/c.pem' }),
    'missing-key: `tls` has a `certificate` and no `key` (for example `key = "/etc/holdfast/client.key"`)',
  );
  t.equal(
    readValue(PROBE_KEYS.tls, { key: '/k.pem' }),
    'missing-key: `tls` has a `key` and no `certificate` (for example `certificate = "/etc/holdfast/client.pem"`)',
  );
  t.match(readValue(PROBE_KEYS.tls, { min_days: 3651 }), /^out-of-range: /);
});
