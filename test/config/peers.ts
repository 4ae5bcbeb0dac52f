// Tests src/config/peers.ts: which peers and which source a router can have, and that an error elsewhere makes up none here.
import t from 'tap';
import { diagnose, loadText, router } from '../fixtures/diagnose.ts';

const BOTH = '["192.0.2.200/24", "fe80::200/64"]';
const SIX = '["fe80::200/64"]';

async function found(settings: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return diagnose(router('web', settings));
}

t.test('peers as they may be', async t => {
  for (const settings of [
    { peers: '[]' },
    { peers: '["192.0.2.11", "198.51.100.12"]' },
    { peers: '["192.0.2.11"]', source: '"192.0.2.10"' },
    { peers: '["192.0.2.10"]', source: '"192.0.2.10"' },
    { addresses: BOTH, peers: '["192.0.2.11", "fe80::11"]' },
    { addresses: SIX, peers: '["2001:db8::11"]', source: '"2001:db8::10"' },
    { addresses: '[]', peers: '["192.0.2.11", "2001:db8::11"]' },
    { addresses: '[]', peers: '["2001:db8::11"]', source: '"fe80::1"' },
    { priority: '255', peers: '["192.0.2.200"]', source: '"192.0.2.200"' },
  ])
    t.strictSame(await found(settings), [], JSON.stringify(settings));
});

t.test('peers that cannot be', async t => {
  for (const [settings, ...expected] of [
    [{ peers: '["192.0.2.11", "192.0.2.11", "192.0.2.11"]' }, '5:24 192.0.2.11 is listed twice', '5:38 192.0.2.11 is listed twice'],
    [{ addresses: SIX, peers: '["fe80::11", "fe80:0::11"]' }, '5:22 fe80::11 is listed twice'],
    [{ peers: '["192.0.2.200", "192.0.2.11"]' }, '5:10 192.0.2.200 is a virtual address, not a peer'],
    [{ peers: '["192.0.2.11", "fe80::11"]' }, '5:24 fe80::11 is an IPv6 address, and virtual router `web` has none of that family'],
    [{ addresses: BOTH, peers: '["192.0.2.11"]' }, '5:9 virtual router `web` has IPv6 addresses, but no peer over IPv6'],
    [{ addresses: BOTH, peers: '["fe80::11"]' }, '5:9 virtual router `web` has IPv4 addresses, but no peer over IPv4'],
  ] as const)
    t.strictSame(
      await found(settings),
      expected.map(words => `bad-peer ${words}`),
      JSON.stringify(settings),
    );
  const { diagnostics } = await loadText(router('web', { peers: '["192.0.2.11", "192.0.2.11", "192.0.2.11"]' }));
  for (const { related } of diagnostics)
    t.match(related, [{ message: 'first listed at', span: { line: 5, column: 10 } }], 'each twin shows where the first is');
});

t.test('a source that cannot be', async t => {
  for (const [settings, expected] of [
    [{ source: '"192.0.2.200"' }, '5:10 192.0.2.200 is a virtual address'],
    [{ source: '"fe80::1"' }, '5:10 fe80::1 is an IPv6 address, and virtual router `web` has none of that family'],
    [
      { addresses: SIX, source: '"2001:db8::1"' },
      '5:10 2001:db8::1 is not link-local, as the source of IPv6 multicast must be (RFC 9568 §5.1.2.1)',
    ],
    [
      { addresses: '[]', peers: '["192.0.2.11"]', source: '"fe80::1"' },
      '6:10 fe80::1 is an IPv6 address, and virtual router `web` has none of that family',
    ],
  ] as const)
    t.strictSame(await found(settings), [`bad-source ${expected}`], JSON.stringify(settings));
  for (const source of ['"fe80::1"', '"192.0.2.10"']) t.strictSame(await found({ addresses: BOTH, source }), [], source);
});

t.test('says nothing that another error could be the reason for', async t => {
  for (const settings of [
    { addresses: '[7]', peers: '["192.0.2.11", "fe80::11"]', source: '"2001:db8::1"' },
    { addresses: SIX, peers: '["nobody"]', source: '"2001:db8::1"' },
  ])
    t.equal((await found(settings)).length, 1, JSON.stringify(settings));
});
