// Tests src/vrrp/router.ts: the little that a router knows about itself.
import t from 'tap';
import { effectivePriority, isOwner, isUnicastRouter, placeOf, routerKey } from '../../src/vrrp/router.ts';
import { priority, vrid } from '../../src/vrrp/units.ts';
import { routerSpec, virtualRouter } from '../fixtures/virtual-router.ts';

const ROUTER = virtualRouter();

const DEMOTED = { demoted: true };

t.test('one name in two families is two routers', async t => {
  t.equal(routerKey(ROUTER), 'web/ipv4');
  t.equal(routerKey({ ...ROUTER, family: 'ipv6' }), 'web/ipv6');
});

t.test('the owner is whoever has priority 255, RFC 9568 §5.2.4', async t => {
  for (const level of [1, 254]) t.notOk(isOwner({ ...ROUTER, priority: priority(level) }), `${level}`);
  const owner = { ...ROUTER, priority: priority(255) };
  t.ok(isOwner(owner));
  t.ok(isOwner({ ...owner, ...DEMOTED }), 'also while demoted');
});

t.test('a demoted router counts as priority 1, whatever it is configured to', async t => {
  for (const level of [1, 2, 100, 254, 255]) {
    const router = { ...ROUTER, priority: priority(level) };
    t.equal(effectivePriority(router), level);
    t.equal(effectivePriority({ ...router, ...DEMOTED }), 1);
  }
});

t.test('with peers it is unicast', async t => {
  t.notOk(isUnicastRouter(ROUTER));
  t.ok(isUnicastRouter({ ...ROUTER, peers: [{ address: ROUTER.primary, minTtl: 255, maxTtl: 255 }] }));
});

t.test('a place is interface, family and VRID; the name does not matter', async t => {
  t.equal(placeOf(routerSpec()), 'hf0/ipv4/51');
  t.equal(placeOf(routerSpec({ name: 'other', family: 'ipv6', vrid: vrid(7) })), 'hf0/ipv6/7');
});
