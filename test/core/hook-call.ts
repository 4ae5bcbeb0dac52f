// Tests src/core/hook-call.ts: every field that scripts and receivers may rely on, by value.
// Must not know who is told.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { hookCall, type RoleChange } from '../../src/core/hook-call.ts';
import { seconds } from '../../src/vrrp/units.ts';

const change: RoleChange = {
  router: 'web/ipv4',
  name: 'web',
  family: 'ipv4',
  vrid: 51,
  interface: 'eth0',
  from: 'backup',
  to: 'active',
  reason: 'active-down-expired',
  why: 'serving 192.0.2.200: 192.0.2.12 (priority 200) fell silent 3.6 s ago',
  stopping: false,
  at: seconds(100),
  priority: 150,
  addresses: ['192.0.2.200/24', '192.0.2.201/24'],
  active: { address: '192.0.2.11', priority: 150, self: true },
};

t.test('the same in three forms', async t => {
  const call = hookCall({ role: 'active', what: change, to: ['own', 'change'], skipped: 2 }, 'edge-a', 1_772_366_400_123.9);
  t.strictSame(JSON.parse(call.json), {
    schema: 1,
    router: 'web',
    family: 'ipv4',
    vrid: 51,
    interface: 'eth0',
    event: 'active',
    state: 'active',
    previous_state: 'backup',
    reason: 'active-down-expired',
    why: 'serving 192.0.2.200: 192.0.2.12 (priority 200) fell silent 3.6 s ago',
    priority: 150,
    addresses: ['192.0.2.200/24', '192.0.2.201/24'],
    active: { address: '192.0.2.11', priority: 150, self: true },
    at: '2026-03-01T12:00:00.123Z',
    node: 'edge-a',
    skipped: 2,
  });
  t.strictSame(call.environment, {
    HOLDFAST_ROUTER: 'web',
    HOLDFAST_FAMILY: 'ipv4',
    HOLDFAST_EVENT: 'active',
    HOLDFAST_STATE: 'active',
    HOLDFAST_PREVIOUS_STATE: 'backup',
    HOLDFAST_REASON: 'active-down-expired',
    HOLDFAST_PRIORITY: '150',
    HOLDFAST_INTERFACE: 'eth0',
    HOLDFAST_VRID: '51',
    HOLDFAST_ADDRESSES: '192.0.2.200/24 192.0.2.201/24',
  });
  t.strictSame(call.arguments, ['INSTANCE', 'web', 'MASTER', '150']);
});

t.test('the manual shows the same fields', async t => {
  const manual = readFileSync(new URL('../../docs/hooks.md', import.meta.url), 'utf8');
  const [, example = '{}'] = /```json\n([^`]*)```/.exec(manual) ?? [];
  const { json, environment } = hookCall({ role: 'active', what: change, to: ['own'], skipped: 0 }, 'edge-a', 0);
  t.strictSame(Object.keys(JSON.parse(example)), Object.keys(JSON.parse(json)));
  for (const name of Object.keys(environment)) t.ok(manual.includes(`\`${name}\``), name);
});

t.test('a stop, of which nobody saw where it came from', async t => {
  const what = { ...change, from: null, to: 'initialize', reason: 'shutdown', why: null, active: null, addresses: [] } as const;
  const call = hookCall({ role: 'stop', what, to: ['change'], skipped: 0 }, 'edge-a', 0);
  t.match(JSON.parse(call.json), { event: 'stop', state: 'initialize', previous_state: null, why: null, active: null, addresses: [] });
  t.match(call.environment, { HOLDFAST_EVENT: 'stop', HOLDFAST_STATE: 'initialize', HOLDFAST_PREVIOUS_STATE: '', HOLDFAST_ADDRESSES: '' });
  t.strictSame(call.arguments, ['INSTANCE', 'web', 'STOP', '150']);
});
