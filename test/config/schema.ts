// Tests src/config/schema.ts: what lies at a path of the file, and the JSON Schema that comes out of it.
import t from 'tap';
import { z } from 'zod';
import { CHECK_KEYS } from '../../src/config/check-schema.ts';
import { ROUTER_KEYS } from '../../src/config/router-schema.ts';
import { configuration, exampleAt, KINDS, keysAt, kindAt, tableSteps } from '../../src/config/schema.ts';
import { WATCHDOG_KEYS } from '../../src/config/watchdog-schema.ts';

t.test('kinds of tables', async t => {
  t.strictSame(
    KINDS.map(({ word, keys }) => [word, keys]),
    [
      ['vrrp', Object.keys(ROUTER_KEYS)],
      ['check', Object.keys(CHECK_KEYS)],
      ['watchdog', Object.keys(WATCHDOG_KEYS)],
    ],
  );
  for (const [path, word, steps] of [
    [['vrrp', 'web'], 'vrrp', 2],
    [['check', 'x', 'tls', 'ca'], 'check', 2],
    [['node', 'a', 'watchdog', 'nginx', 'probe'], 'watchdog', 4],
  ] as const)
    t.match(kindAt(path), { kind: { word }, steps }, path.join('.'));
  for (const path of [[], ['vrrp'], ['node'], ['node', 'a'], ['node', 'a', 'vrrp'], ['web', 'x'], ['node', 'a', 'web', 'x']])
    t.equal(kindAt(path), null, path.join('.'));
});

t.test('how far the name of a table goes', async t => {
  for (const [path, steps] of [
    [['vrrp', 'web', 'vrid'], 2],
    [['node', 'a', 'check', 'x'], 4],
    [['http'], 1],
    [['http', 'token', 'file'], 1],
    [['node', 'a', 'http', 'listen'], 3],
    [['node', 'http'], null],
    [['vrrp'], null],
    [[], null],
  ] as const)
    t.equal(tableSteps(path), steps, path.join('.'));
});

t.test('keys of the table at a path, however deep', async t => {
  for (const [path, keys] of [
    [[], ['vrrp', 'check', 'watchdog', 'http', 'node']],
    [
      ['node', 'a'],
      ['vrrp', 'check', 'watchdog', 'http'],
    ],
    [['http'], ['listen', 'token']],
    [
      ['node', 'a', 'http', 'token'],
      ['file', 'env', 'credential'],
    ],
    [
      ['vrrp', 'web', 'addresses', 0],
      ['address', 'interface', 'label', 'scope'],
    ],
    [
      ['vrrp', 'web', 'password'],
      ['file', 'credential'],
    ],
    [
      ['vrrp', 'web', 'on_active'],
      ['run', 'user', 'post', 'secret', 'timeout'],
    ],
    [
      ['node', 'a', 'vrrp', 'web', 'on_active', 'secret'],
      ['file', 'env', 'credential'],
    ],
    [['vrrp', 'web', 'track', 3, 'on_fail'], ['weight']],
    [
      ['check', 'x', 'tls'],
      ['verify', 'ca', 'certificate', 'key', 'min_days'],
    ],
    [
      ['watchdog', 'x', 'probe', 'password'],
      ['file', 'env', 'credential'],
    ],
    [['vrrp'], []],
    [['check', 'x', 'headers'], []],
    [['check', 'x', 'port'], []],
    [['check', 'x', 'nothing'], []],
    [['nothing', 'x'], []],
  ] as const)
    t.strictSame(keysAt(path), keys, path.join('.'));
});

t.test('examples', async t => {
  t.equal(exampleAt(['vrrp', 'web', 'vrid']), 51);
  t.strictSame(exampleAt(['node', 'a', 'vrrp', 'web', 'addresses']), ['192.0.2.200/24']);
  t.equal(exampleAt(['watchdog', 'x', 'probe', 'url']), 'http://127.0.0.1/');
  for (const path of [[], ['vrrp'], ['vrrp', 'web'], ['vrrp', 'web', 'password', 'file'], ['x']]) t.equal(exampleAt(path), undefined);
});

t.test('yields a JSON Schema with bounds and defaults', async t => {
  const schema = z.toJSONSchema(configuration, { io: 'input' });
  const json: {
    properties: Record<string, { additionalProperties: { properties: Record<string, object>; additionalProperties: boolean } }>;
  } = JSON.parse(JSON.stringify(schema));
  const table = (word: string) => json.properties[word]?.additionalProperties ?? { properties: {}, additionalProperties: true };
  const { properties, additionalProperties } = table('vrrp');
  t.equal(additionalProperties, false);
  t.strictSame(Object.keys(properties), Object.keys(ROUTER_KEYS));
  t.match(properties.vrid, { type: 'integer', minimum: 1, maximum: 255 });
  t.match(properties.priority, { minimum: 2, maximum: 255, default: 100 });
  t.match(properties.advert_interval, { type: 'string', default: '1s', pattern: /ms\|s\|m\|h/ });
  t.match(properties.addresses, { type: 'array', maxItems: 345, items: { anyOf: [{ type: 'string' }, { required: ['address'] }] } });
  t.match(properties.peers, {
    default: [],
    items: { anyOf: [{ type: 'string' }, { properties: { min_ttl: { default: 255, minimum: 1 } } }] },
  });
  t.match(properties.password, { anyOf: [{ type: 'string' }, { additionalProperties: false }] });
  t.strictSame(Object.keys(table('check').properties), Object.keys(CHECK_KEYS));
  t.match(table('check').properties, {
    interval: { default: '1s', pattern: /ms/ },
    rise: { type: 'integer', minimum: 1, maximum: 100, default: 2 },
    type: { enum: ['tcp', 'http', 'ping', 'dns', 'command', 'unit', 'file', 'mysql', 'postgres', 'redis', 'process', 'interface'] },
    on_fail: {
      default: 'demote',
      anyOf: [
        { properties: { weight: { anyOf: [{ minimum: -253, maximum: 253 }, { const: 'number' }] } } },
        { enum: ['demote', 'release'] },
      ],
    },
  });
  t.match(table('watchdog').properties, {
    probe: { properties: { type: { enum: ['tcp'] }, timeout: { default: '1s' } } },
    hand_over: { default: 'if-not-revived' },
  });
});
