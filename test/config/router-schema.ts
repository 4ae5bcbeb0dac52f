// Tests src/config/router-schema.ts: every key of a virtual router is described, its example and default are valid.
import t from 'tap';
import { REQUIRED, ROUTER_KEYS, routerTable } from '../../src/config/router-schema.ts';
import { descriptionFlaws } from '../fixtures/read-value.ts';

const EXAMPLE = { interface: 'eth0', vrid: 51, addresses: ['192.0.2.200/24'] };

t.test('every key has a description that is a sentence, and a valid example', async t => {
  t.strictSame(descriptionFlaws(ROUTER_KEYS), []);
  for (const [key, schema] of Object.entries(ROUTER_KEYS)) t.ok(schema.meta()?.examples, `${key} has an example`);
});

t.test('defaults are those of the manual', async t => {
  t.strictSame(routerTable.parse({}), {
    priority: 100,
    track: [],
    track_interface: true,
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
    { track: ['x', { name: 'y', on_fail: 'release' }], track_interface: false },
    { on_active: '/x', on_backup: ['/x', 'y'], on_fault: { run: '/x' }, on_stop: { post: 'http://a/' }, on_change: '/x' },
    { checksum: 'rfc9568' },
    { addresses: Array.from({ length: 255 }, (_, index) => `192.0.2.${index}`) },
  ])
    t.strictSame(issues(fine), [], JSON.stringify(fine).slice(0, 60));
  for (const [wrong, code] of [
    [{ version: 1 }, 'out-of-range'],
    [{ track: ['a b'] }, 'invalid_union'],
    [{ track_interface: 'no' }, 'invalid_type'],
    [{ on_active: 'x.sh' }, 'invalid_union'],
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
