// Tests src/config/schema.ts: every key is described, its example and default are valid, and a JSON Schema comes out of it.
import t from 'tap';
import { z } from 'zod';
import { configuration, REQUIRED, ROUTER_KEYS, routerTable } from '../../src/config/schema.ts';

const EXAMPLE = { interface: 'eth0', vrid: 51, addresses: ['192.0.2.200/24'] };

t.test('every key has a description that is a sentence, and a valid example where it is available', async t => {
  for (const [key, schema] of Object.entries(ROUTER_KEYS)) {
    const { description = '', ...more } = schema.meta() ?? {};
    const examples = Array.isArray(more.examples) ? more.examples : [];
    t.match(description, /^[A-Z][\s\S]*\.$/, key);
    t.ok(examples.length > 0 || /Not available in this version\.$/.test(description), `${key} has an example`);
    for (const example of examples) t.ok(schema.safeParse(example).success, `${key} = ${JSON.stringify(example)}`);
  }
});

t.test('defaults are those of the manual', async t => {
  t.strictSame(routerTable.parse({}), {
    priority: 100,
    track: [],
    version: 3,
    advert_interval: 1_000_000,
    preempt: true,
    preempt_delay: 0,
    accept: true,
    checksum: 'auto',
    peers: [],
    lease: 'auto',
  });
  for (const key of REQUIRED) t.notOk(ROUTER_KEYS[key].safeParse(undefined).success, `${key} has none`);
});

t.test('accepts and refuses', async t => {
  const issues = (settings: object): readonly unknown[] =>
    routerTable
      .safeParse({ ...EXAMPLE, ...settings })
      .error?.issues.map(issue => (issue.code === 'custom' ? issue.params?.code : issue.code)) ?? [];
  for (const fine of [
    {},
    { version: 3, accept: true, peers: [], track: [] },
    { version: 2, accept: false, peers: ['192.0.2.11', { address: '192.0.2.12', min_ttl: 254 }], source: '192.0.2.10' },
    { password: { file: '/x' } },
    { password: 'secret12' },
    { addresses: [] },
    { addresses: ['192.0.2.200', { address: '2001:db8::1', interface: 'eth1' }] },
    { lease: 'off' },
    { lease: '1s' },
    { lease: '1h' },
    { preempt_delay: '1h' },
    { preempt_delay: '1ms' },
    { checksum: 'rfc9568' },
    { addresses: Array.from({ length: 255 }, (_, index) => `192.0.2.${index}`) },
  ])
    t.strictSame(issues(fine), [], JSON.stringify(fine).slice(0, 60));
  for (const [wrong, code] of [
    [{ version: 1 }, 'out-of-range'],
    [{ track: ['x'] }, 'not-available'],
    [{ version: 2.5 }, 'out-of-range'],
    [{ source: '192.0.2.1/24' }, 'bad-address'],
    [{ lease: '1.5s' }, 'out-of-range'],
    [{ lease: 'never' }, 'bad-duration'],
    [{ preempt_delay: '61m' }, 'out-of-range'],
    [{ checksum: 'both' }, 'invalid_value'],
    [{ colour: 'blue' }, 'unrecognized_keys'],
  ] as const)
    t.strictSame(issues(wrong), [code], JSON.stringify(wrong).slice(0, 60));
});

t.test('tables of later versions are refused one by one', async t => {
  t.strictSame(configuration.safeParse({ watchdog: {}, check: {} }).success, true);
  t.match(configuration.safeParse({ watchdog: { nginx: {} }, check: { gateway: 1 } }).error?.issues, [
    { path: ['watchdog', 'nginx'], params: { code: 'not-available' } },
    { path: ['check', 'gateway'], params: { code: 'not-available' } },
  ]);
});

t.test('yields a JSON Schema with bounds and defaults', async t => {
  const schema = z.toJSONSchema(configuration, { io: 'input' });
  const json: { properties: { vrrp: { additionalProperties: { properties: Record<string, object>; additionalProperties: boolean } } } } =
    JSON.parse(JSON.stringify(schema));
  const { properties, additionalProperties } = json.properties.vrrp.additionalProperties;
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
});
