// Tests src/vrrp/router.ts: the little that a router knows about itself.
import t from 'tap';
import { effectivePriority, isOwner, isUnicastRouter, placeOf, routerKey, servesByRight } from '../../src/vrrp/router.ts';
import { priority, vrid } from '../../src/vrrp/units.ts';
import { routerSpec, virtualRouter } from '../fixtures/virtual-router.ts';

const ROUTER = virtualRouter();

const DEMOTED = { standing: 'demoted' } as const;
const RELEASED = { standing: 'released' } as const;

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

t.test('an owner serves by right only while it is well, whatever is weighed', async t => {
  const owner = { ...ROUTER, priority: priority(255) };
  t.ok(servesByRight({ ...owner, adjustment: -253 }));
  t.notOk(servesByRight({ ...owner, ...DEMOTED }));
  t.notOk(servesByRight({ ...owner, ...RELEASED }));
  t.notOk(servesByRight({ ...ROUTER, priority: priority(254), adjustment: 253 }), 'no weight makes an owner');
});

t.test('a router that is not well counts as priority 1, whatever it is configured to, and whatever is weighed', async t => {
  for (const level of [1, 2, 100, 254, 255]) {
    const router = { ...ROUTER, priority: priority(level) };
    t.equal(effectivePriority(router), level);
    for (const adjustment of [0, 60, -60]) {
      t.equal(effectivePriority({ ...router, ...DEMOTED, adjustment }), 1);
      t.equal(effectivePriority({ ...router, ...RELEASED, adjustment }), 1);
    }
  }
});

t.test('decision 0026: weights come to 2..254, never to what owners and the demoted have; an owner has none', async t => {
  // [configured, sum of the weights, effective]
  const cases = [
    [100, 0, 100],
    [100, 60, 160],
    [100, -60, 40],
    [100, -97, 3],
    [100, -98, 2],
    [100, -99, 2],
    [100, -1000, 2],
    [100, 153, 253],
    [100, 154, 254],
    [100, 155, 254],
    [100, 1000, 254],
    [1, 0, 1],
    [1, -1, 2],
    [1, 1, 2],
    [254, 253, 254],
    [255, -253, 255],
    [255, 253, 255],
  ] as const;
  for (const [configured, adjustment, effective] of cases)
    t.equal(effectivePriority({ ...ROUTER, priority: priority(configured), adjustment }), effective, `${configured} with ${adjustment}`);
});

t.test('with peers it is unicast', async t => {
  t.notOk(isUnicastRouter(ROUTER));
  t.ok(isUnicastRouter({ ...ROUTER, peers: [{ address: ROUTER.primary, minTtl: 255, maxTtl: 255 }] }));
});

t.test('a place is interface, family and VRID; the name does not matter', async t => {
  t.equal(placeOf(routerSpec()), 'hf0/ipv4/51');
  t.equal(placeOf(routerSpec({ name: 'other', family: 'ipv6', vrid: vrid(7) })), 'hf0/ipv6/7');
});
