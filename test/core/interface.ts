// Tests src/core/interface.ts: whether its interfaces can carry a virtual router, and from which address it speaks.
import t from 'tap';
import { footing, heldOn, interfacesOf } from '../../src/core/interface.ts';
import type { HeldAddress, Link } from '../../src/platform/ports.ts';
import type { RouterSpec } from '../../src/vrrp/router.ts';
import { priority } from '../../src/vrrp/units.ts';
import { ip, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const VIRTUAL = new Set(['192.0.2.200', '192.0.2.201', 'fe80::112:51', '2001:db8::200'].map(ip));
const V6 = routerSpec({ family: 'ipv6', addresses: [prefix('fe80::112:51/64'), prefix('2001:db8::200/64')] });

function held(text: string, details: Partial<HeldAddress> = {}): HeldAddress {
  return { ...prefix(text), validFor: null, marked: false, secondary: false, tentative: false, ...details };
}

function link(addresses: readonly HeldAddress[], unusable: Link['unusable'] = null, name = 'hf0'): Link {
  return { name, index: 2, unusable, mac: Uint8Array.of(2, 0, 0, 0, 0, 1), addresses };
}

function look(...links: readonly Link[]): (name: string) => Link | undefined {
  return name => links.find(each => each.name === name);
}

function primary(addresses: readonly HeldAddress[], spec: RouterSpec = routerSpec(), current: string | null = null): string {
  const ground = footing(spec, look(link(addresses)), VIRTUAL, current === null ? null : ip(current));
  return ground.usable ? ground.primary : ground.reason;
}

function peers(...addresses: readonly string[]): Pick<RouterSpec, 'peers'> {
  return { peers: addresses.map(address => ({ address: ip(address), minTtl: 255, maxTtl: 255 })) };
}

t.test('why an interface cannot carry it', async t => {
  const own = [held('192.0.2.11/24')];
  const why = (...links: readonly Link[]) => footing(routerSpec(), look(...links), VIRTUAL, null);
  const blamed = { usable: false, interface: 'hf0', link: null };
  t.strictSame(why(), { ...blamed, reason: 'interface-missing' });
  t.strictSame(why(link(own, 'interface-down')), { ...blamed, reason: 'interface-down' });
  t.strictSame(why(link(own, 'no-carrier')), { ...blamed, reason: 'no-carrier' });
  t.strictSame(why(link([])), { ...blamed, reason: 'no-address' });
  const usable = link(own);
  t.strictSame(why(usable), { usable: true, link: usable, links: new Map([['hf0', usable]]), primary: ip('192.0.2.11') });
});

t.test('an address on a second interface needs that one too; the one to blame is named, and whether one may still speak', async t => {
  const spec = routerSpec({ addresses: [prefix('192.0.2.200/24'), { ...prefix('198.51.100.200/24'), interface: 'hf1' }] });
  const first = link([held('192.0.2.11/24')]);
  const why = (...links: readonly Link[]) => footing(spec, look(...links), VIRTUAL, null);
  const blamed = { usable: false, interface: 'hf1', link: first };
  t.strictSame(interfacesOf(spec), ['hf0', 'hf1']);
  t.strictSame(why(first), { ...blamed, reason: 'interface-missing' });
  t.strictSame(why(first, link([], 'interface-down', 'hf1')), { ...blamed, reason: 'interface-down' });
  t.strictSame(why(first, link([], 'no-carrier', 'hf1')), { ...blamed, reason: 'no-carrier' });
  const both = { usable: false, interface: 'hf0', link: null };
  t.strictSame(why(link([], 'no-carrier'), link([], 'no-carrier', 'hf1')), { ...both, reason: 'no-carrier' }, 'that of the adverts first');
  t.strictSame(why(link([]), link([], 'no-carrier', 'hf1')), { ...both, reason: 'no-address' });
  const second = link([], null, 'hf1');
  t.match(why(first, second), { usable: true, link: first, primary: '192.0.2.11' }, 'it needs no address of its own');
  const found = why(first, second);
  t.ok(found.usable && found.links.get('hf1') === second && found.links.size === 2);
});

t.test('track_interface = false: its own carrier does not matter, that of the others does', async t => {
  const cable = link([held('192.0.2.11/24')], 'no-carrier');
  const spec = routerSpec({ trackInterface: false });
  const why = (of: RouterSpec, ...links: readonly Link[]) => footing(of, look(...links), VIRTUAL, null);
  t.strictSame(why(spec, cable), { usable: true, link: cable, links: new Map([['hf0', cable]]), primary: ip('192.0.2.11') });
  t.match(why(spec, link([held('192.0.2.11/24')], 'interface-down')), { usable: false, reason: 'interface-down' });
  t.match(why(spec, link([], 'no-carrier')), { usable: false, reason: 'no-address' });
  t.match(why(spec), { usable: false, reason: 'interface-missing' });
  const elsewhere = { ...spec, addresses: [{ ...prefix('198.51.100.200/24'), interface: 'hf1' }] };
  t.match(why(elsewhere, cable, link([], null, 'hf1')), { usable: true, link: cable });
  t.match(why(elsewhere, cable, link([], 'no-carrier', 'hf1')), { usable: false, reason: 'no-carrier', interface: 'hf1', link: cable });
});

t.test('the interface of the advertisements is needed though every address lives elsewhere', async t => {
  const spec = routerSpec({ addresses: [{ ...prefix('198.51.100.200/24'), interface: 'hf1' }] });
  t.strictSame(interfacesOf(spec), ['hf0', 'hf1']);
  t.strictSame(interfacesOf(routerSpec({ addresses: [] })), ['hf0'], 'and without any address');
  t.match(footing(spec, look(link([], null, 'hf1')), VIRTUAL, null), { reason: 'interface-missing', interface: 'hf0' });
});

t.test('RFC 9568 §1.7: one of its own addresses, of the right family, not a virtual one', async t => {
  t.equal(primary([held('192.0.2.200/24'), held('192.0.2.11/24')]), '192.0.2.11');
  t.equal(primary([held('192.0.2.200/24'), held('192.0.2.201/24')]), 'no-address', "also not another router's");
  t.equal(primary([held('2001:db8::11/64')]), 'no-address');
  t.equal(primary([held('2001:db8::11/64'), held('192.0.2.11/24')]), '192.0.2.11');
});

t.test('RFC 9568 §5.1.2.1: over IPv6 a link-local address, of its own, that nobody else may have', async t => {
  t.equal(primary([held('2001:db8::11/64'), held('fe80::11/64')], V6), 'fe80::11');
  t.equal(primary([held('192.0.2.11/24'), held('2001:db8::11/64')], V6), 'no-address', 'a global one will not do');
  t.equal(primary([held('fe80::11/64', { tentative: true })], V6), 'no-address', 'while duplicate address detection runs');
  t.equal(primary([held('fe80::11/64', { tentative: true }), held('fe80::12/64')], V6), 'fe80::12');
  t.equal(primary([held('fe80::112:51/64')], V6), 'no-address', 'the virtual one is nobody’s own');
  t.equal(primary([held('fe80::112:51/64'), held('fe80::11/64')], V6), 'fe80::11');
  t.equal(
    primary([held('fe80::11/64', { tentative: true }), held('fe80::12/64')], V6, 'fe80::11'),
    'fe80::12',
    'also not the one until now',
  );
});

t.test('unicast over IPv6: link-local to peers on the link, global as soon as one is beyond it', async t => {
  const own = [held('fe80::11/64'), held('2001:db8::11/64')];
  t.equal(primary(own, { ...V6, ...peers('fe80::12') }), 'fe80::11');
  t.equal(primary(own, { ...V6, ...peers('2001:db8:1::12') }), '2001:db8::11');
  t.equal(primary(own, { ...V6, ...peers('fe80::12', '2001:db8:1::12') }), '2001:db8::11');
  t.equal(primary([held('fe80::11/64')], { ...V6, ...peers('2001:db8:1::12') }), 'no-address');
  t.equal(primary([held('2001:db8::11/64', { tentative: true })], { ...V6, ...peers('2001:db8:1::12') }), 'no-address');
  t.equal(primary([held('fe80::11/64'), held('2001:db8::200/64')], { ...V6, ...peers('2001:db8:1::12') }), 'no-address', 'virtual');
  t.equal(
    primary([held('2001:db8::99/64', { secondary: true }), held('2001:db8::11/64')], { ...V6, ...peers('2001:db8:1::12') }),
    '2001:db8::11',
    'a temporary address only when there is no other',
  );
});

t.test('a primary address of the kernel before a secondary one, which is better than none', async t => {
  t.equal(primary([held('192.0.2.9/24', { secondary: true }), held('192.0.2.11/24')]), '192.0.2.11');
  t.equal(primary([held('192.0.2.9/24', { secondary: true })]), '192.0.2.9');
});

t.test('also not the virtual address of another daemon, which nobody here knows but by its mark', async t => {
  t.equal(primary([held('192.0.2.66/24', { marked: true }), held('192.0.2.11/24')]), '192.0.2.11');
  t.equal(primary([held('192.0.2.66/24', { marked: true })]), 'no-address');
  t.equal(primary([held('fe80::66/64', { marked: true, secondary: true }), held('fe80::11/64')], V6), 'fe80::11');
  t.equal(primary([held('192.0.2.66/24', { marked: true }), held('192.0.2.11/24')], routerSpec(), '192.0.2.66'), '192.0.2.11');
  const named = routerSpec({ source: ip('192.0.2.66') });
  t.equal(primary([held('192.0.2.66/24', { marked: true })], named), 'no-address', 'even where it is named');
  t.equal(
    primary([held('192.0.2.200/24', { marked: true })], routerSpec({ priority: priority(255) })),
    '192.0.2.200',
    'but an owner’s is its own',
  );
});

t.test('an address that is to be used no more, as other daemons add theirs, only when there is no other', async t => {
  const deprecated = held('fe80::66/64', { secondary: true });
  t.equal(primary([deprecated, held('fe80::11/64')], V6), 'fe80::11');
  t.equal(primary([deprecated], V6), 'fe80::66');
});

t.test('an address for ever before one that may end, as leased ones do', async t => {
  t.equal(primary([held('192.0.2.66/24', { validFor: 6 }), held('192.0.2.11/24')]), '192.0.2.11');
  t.equal(primary([held('192.0.2.66/24', { validFor: 600 })]), '192.0.2.66', 'DHCP');
  const secondary = held('192.0.2.9/24', { secondary: true });
  t.equal(primary([secondary, held('192.0.2.66/24', { validFor: 600 })]), '192.0.2.66', 'but a primary one first');
});

t.test('the addresses of an interface by themselves, once for each prefix length', async t => {
  const own = link([held('192.0.2.11/24'), held('192.0.2.200/24'), held('192.0.2.11/32')]);
  t.strictSame(
    heldOn(own, ip('192.0.2.11')).map(({ length }) => length),
    [24, 32],
  );
  t.strictSame(heldOn(own, ip('192.0.2.12')), []);
  t.strictSame(heldOn({ ...own, addresses: [] }, ip('192.0.2.11')), [], 'another view is another interface');
});

t.test('source: that address and no other, once it is there and may be spoken from', async t => {
  const spec = routerSpec({ source: ip('192.0.2.12') });
  t.equal(primary([held('192.0.2.11/24'), held('192.0.2.12/24')], spec), '192.0.2.12');
  t.equal(primary([held('192.0.2.11/24'), held('192.0.2.12/24')], spec, '192.0.2.11'), '192.0.2.12', 'before the one until now');
  t.equal(primary([held('192.0.2.11/24')], spec), 'no-address');
  t.equal(primary([held('192.0.2.11/24')], spec, '192.0.2.11'), 'no-address');
  t.equal(primary([held('192.0.2.9/24'), held('192.0.2.12/24', { secondary: true })], spec), '192.0.2.12', 'secondary or not');
  const v6 = { ...V6, ...peers('2001:db8:1::12'), source: ip('fe80::11') };
  t.equal(primary([held('2001:db8::11/64'), held('fe80::11/64')], v6), 'fe80::11', 'whoever names it knows why');
  t.equal(primary([held('fe80::11/64', { tentative: true })], v6), 'no-address');
  t.equal(primary([held('192.0.2.200/24')], routerSpec({ source: ip('192.0.2.200') })), 'no-address', 'never a virtual one');
});

t.test('the one it spoke from stays, as long as it is there: no election over nothing', async t => {
  const both = [held('192.0.2.11/24'), held('198.51.100.11/24')];
  t.equal(primary(both, routerSpec(), '198.51.100.11'), '198.51.100.11');
  t.equal(primary([held('192.0.2.11/24')], routerSpec(), '198.51.100.11'), '192.0.2.11');
  t.equal(primary([held('192.0.2.200/24'), held('192.0.2.11/24')], routerSpec(), '192.0.2.200'), '192.0.2.11', 'unless it became virtual');
  t.equal(primary([held('fe80::11/64'), held('fe80::12/64')], V6, 'fe80::12'), 'fe80::12');
  t.equal(
    primary([held('fe80::11/64'), held('2001:db8::11/64')], { ...V6, ...peers('2001:db8:1::12') }, 'fe80::11'),
    '2001:db8::11',
    'unless it cannot be answered any more',
  );
});

t.test('an owner may speak from the virtual address, which is its own', async t => {
  const owner = routerSpec({ priority: priority(255) });
  t.equal(primary([held('192.0.2.200/24')], owner), '192.0.2.200');
  t.equal(primary([held('fe80::112:51/64')], { ...V6, priority: priority(255) }), 'fe80::112:51');
});
