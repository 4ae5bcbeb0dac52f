// Tests src/config/elements.ts: addresses, peers and passwords in their short and their long form.
import t from 'tap';
import type { z } from 'zod';
import { passwordValue, peerElement, virtualAddressElement } from '../../src/config/elements.ts';

/** The value, or the code of each refusal. */
function read(schema: z.ZodType, value: unknown): unknown {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  const codes = (issue: z.core.$ZodIssue): unknown[] => {
    if (issue.code === 'invalid_union') return issue.errors.flat().flatMap(codes);
    return [issue.code === 'custom' ? issue.params?.code : issue.code];
  };
  return error.issues.flatMap(codes).filter(code => code !== 'invalid_type');
}

t.test('addresses', async t => {
  for (const [value, expected] of [
    ['192.0.2.200/24', { address: '192.0.2.200', length: 24 }],
    ['2001:DB8::1', { address: '2001:db8::1', length: 128 }],
    [{ address: '192.0.2.200/24' }, { address: '192.0.2.200', length: 24 }],
    [
      { address: '192.0.2.200/24', interface: 'eth1', label: 'eth1:web', scope: 'link' },
      { address: '192.0.2.200', length: 24, interface: 'eth1', label: 'eth1:web', scope: 'link' },
    ],
    ['192.0.2', ['bad-address']],
    [{ address: '192.0.2' }, ['bad-address']],
    [{ address: '192.0.2.1', interface: '' }, ['bad-interface']],
    [{ address: '192.0.2.1', label: 'a label' }, ['bad-label']],
    [{ address: '192.0.2.1', scope: 'site' }, ['invalid_value']],
    [{ address: '192.0.2.1', dev: 'eth1' }, ['unrecognized_keys']],
  ] as const)
    t.strictSame(read(virtualAddressElement, value), expected, JSON.stringify(value));
});

t.test('peers', async t => {
  for (const [value, expected] of [
    ['192.0.2.11', { address: '192.0.2.11', minTtl: 255, maxTtl: 255 }],
    [{ address: 'fe80::11' }, { address: 'fe80::11', minTtl: 255, maxTtl: 255 }],
    [
      { address: '192.0.2.11', min_ttl: 1 },
      { address: '192.0.2.11', minTtl: 1, maxTtl: 255 },
    ],
    [
      { address: '192.0.2.11', min_ttl: 250, max_ttl: 250 },
      { address: '192.0.2.11', minTtl: 250, maxTtl: 250 },
    ],
    [{ address: '192.0.2.11', min_ttl: 251, max_ttl: 250 }, ['out-of-range']],
    [{ address: '192.0.2.11', max_ttl: 254 }, ['out-of-range']],
    [{ address: '192.0.2.11', min_ttl: 0 }, ['out-of-range']],
    [{ address: '192.0.2.11', max_ttl: 256 }, ['out-of-range']],
    ['192.0.2.11/24', ['bad-address']],
    ['224.0.0.18', ['bad-address']],
  ] as const)
    t.strictSame(read(peerElement, value), expected, JSON.stringify(value));
});

t.test('passwords', async t => {
  for (const [value, expected] of [
    ['12345678', { from: 'text', text: '12345678' }],
    [{ file: '/etc/x' }, { from: 'file', path: '/etc/x' }],
    [{ credential: 'web.password' }, { from: 'credential', name: 'web.password' }],
    ['123456789', ['password']],
    ['', ['password']],
    [{}, ['password']],
    [{ file: '/etc/x', credential: 'web' }, ['password']],
    [{ file: 'x' }, ['password']],
    [{ file: '/x\0' }, ['password']],
    [{ credential: '' }, ['password']],
    [{ credential: '..' }, ['password']],
    [{ credential: 'a/b' }, ['password']],
    [{ credential: 'a\0' }, ['password']],
  ] as const)
    t.strictSame(read(passwordValue, value), expected, JSON.stringify(value));
});
