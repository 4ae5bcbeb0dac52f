// Tests src/core/interface.ts: whether an interface can carry a virtual router, and from which address it speaks.
import t from 'tap';
import { footing } from '../../src/core/interface.ts';
import type { HeldAddress, Link } from '../../src/platform/ports.ts';
import { priority } from '../../src/vrrp/units.ts';
import { ip, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const VIP = ip('192.0.2.200');
const VIRTUAL = new Set([VIP, ip('192.0.2.201')]);

function held(text: string, details: Partial<HeldAddress> = {}): HeldAddress {
  return { ...prefix(text), validFor: null, marked: false, secondary: false, ...details };
}

function link(addresses: readonly HeldAddress[], unusable: Link['unusable'] = null): Link {
  return { name: 'hf0', index: 2, unusable, mac: Uint8Array.of(2, 0, 0, 0, 0, 1), addresses };
}

function primary(addresses: readonly HeldAddress[], current: string | null = null, spec = routerSpec()): string {
  const ground = footing(spec, link(addresses), VIRTUAL, current === null ? null : ip(current));
  return ground.usable ? ground.primary : ground.reason;
}

t.test('why an interface cannot carry it', async t => {
  const own = [held('192.0.2.11/24')];
  t.strictSame(footing(routerSpec(), undefined, VIRTUAL, null), { usable: false, reason: 'interface-missing' });
  t.strictSame(footing(routerSpec(), link(own, 'interface-down'), VIRTUAL, null), { usable: false, reason: 'interface-down' });
  t.strictSame(footing(routerSpec(), link(own, 'no-carrier'), VIRTUAL, null), { usable: false, reason: 'no-carrier' });
  t.strictSame(footing(routerSpec(), link([]), VIRTUAL, null), { usable: false, reason: 'no-address' });
  const usable = link(own);
  t.strictSame(footing(routerSpec(), usable, VIRTUAL, null), { usable: true, link: usable, primary: ip('192.0.2.11') });
});

t.test('RFC 9568 §1.7: one of its own addresses, of the right family, not a virtual one', async t => {
  t.equal(primary([held('192.0.2.200/24'), held('192.0.2.11/24')]), '192.0.2.11');
  t.equal(primary([held('192.0.2.200/24'), held('192.0.2.201/24')]), 'no-address', "also not another router's");
  t.equal(primary([held('2001:db8::11/64')]), 'no-address');
  t.equal(primary([held('2001:db8::11/64'), held('192.0.2.11/24')]), '192.0.2.11');
});

t.test('a primary address of the kernel before a secondary one, which is better than none', async t => {
  t.equal(primary([held('192.0.2.9/24', { secondary: true }), held('192.0.2.11/24')]), '192.0.2.11');
  t.equal(primary([held('192.0.2.9/24', { secondary: true })]), '192.0.2.9');
});

t.test('the one it spoke from stays, as long as it is there: no election over nothing', async t => {
  const both = [held('192.0.2.11/24'), held('198.51.100.11/24')];
  t.equal(primary(both, '198.51.100.11'), '198.51.100.11');
  t.equal(primary([held('192.0.2.11/24')], '198.51.100.11'), '192.0.2.11');
  t.equal(primary([held('192.0.2.200/24'), held('192.0.2.11/24')], '192.0.2.200'), '192.0.2.11', 'unless it became virtual');
});

t.test('an owner may speak from the virtual address, which is its own', async t => {
  const owner = routerSpec({ priority: priority(255) });
  t.equal(primary([held('192.0.2.200/24')], null, owner), '192.0.2.200');
});
