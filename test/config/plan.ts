// Tests src/config/plan.ts: what a reload would add, remove, change and leave alone.
// Must not know TOML: the plans are values.
import t from 'tap';
import { difference, isEmpty } from '../../src/config/plan.ts';
import type { Plan, RouterSpec } from '../../src/vrrp/router.ts';
import { millis, priority, vrid } from '../../src/vrrp/units.ts';
import { prefix, routerSpec } from '../fixtures/virtual-router.ts';

const plan = (...routers: readonly RouterSpec[]): Plan => ({ routers });
const web = routerSpec();
const [first, second] = [prefix('192.0.2.201/24'), prefix('192.0.2.202/24')];
const db = routerSpec({ name: 'db', vrid: vrid(52), addresses: [first, second] });

t.test('the same plan is no difference, in any order and after a journey as JSON', async t => {
  const next: Plan = JSON.parse(JSON.stringify(plan(db, web)));
  const change = difference(plan(web, db), next);
  t.strictSame([change.added, change.removed, change.changed], [[], [], []]);
  t.strictSame(
    change.unchanged.map(spec => spec.name),
    ['db', 'web'],
  );
  t.ok(isEmpty(change));
});

t.test('tells what came and went', async t => {
  const change = difference(plan(web), plan(db));
  t.strictSame([change.added.map(spec => spec.name), change.removed.map(spec => spec.name), change.unchanged], [['db'], ['web'], []]);
  t.strictSame(difference(plan(), plan()), { added: [], removed: [], changed: [], unchanged: [] });
  t.notOk(isEmpty(difference(plan(web), plan())));
  t.notOk(isEmpty(difference(plan(), plan(web))));
  t.ok(isEmpty(difference(plan(), plan())));
});

t.test('another name for the same VRID on the same interface is a change in place, also when two swap theirs', async t => {
  const [renamed] = difference(plan(web, db), plan({ ...web, name: 'www' }, db)).changed;
  t.strictSame([renamed?.keys, renamed?.restarts], [['name'], false]);
  const swapped = difference(plan(web, db), plan({ ...web, vrid: db.vrid }, { ...db, vrid: web.vrid }));
  t.strictSame([swapped.added, swapped.removed, swapped.changed.map(({ restarts }) => restarts)], [[], [], [false, false]]);
});

t.test('two families of one name are two routers', async t => {
  const other = { ...web, family: 'ipv6' as const };
  t.strictSame(difference(plan(web), plan(web, other)).added, [other]);
});

t.test('names the settings that differ, also where only the order does', async t => {
  const { changed } = difference(
    plan(web, db),
    plan(routerSpec({ vrid: vrid(61), priority: priority(150), advertInterval: millis(100) }), { ...db, addresses: [second, first] }),
  );
  t.strictSame(
    changed.map(change => [change.from.name, change.to.vrid, change.keys, change.restarts]),
    [
      ['web', 61, ['vrid', 'priority', 'advertInterval', 'lease'], true],
      ['db', 52, ['addresses'], false],
    ],
  );
  t.notOk(isEmpty(difference(plan(db), plan({ ...db, addresses: [second, first] }))));
});

t.test('how an address is put on its interface is a difference too', async t => {
  const put = (extra: object) => difference(plan(db), plan({ ...db, addresses: [{ ...first, ...extra }, second] })).changed.length;
  t.strictSame([put({ interface: 'hf1' }), put({ label: 'hf0:1' }), put({ scope: 'link' }), put({})], [1, 1, 1, 0]);
});

t.test('misses no setting; another interface or VRID starts anew, everything else is changed in place', async t => {
  const keys = Object.keys(web).filter(key => key !== 'name' && key !== 'family');
  t.equal(keys.length, 15);
  for (const key of keys) {
    const [change] = difference(plan(web), plan({ ...web, [key]: 'something else' } as RouterSpec)).changed;
    t.strictSame([change?.keys, change?.restarts], [[key], key === 'interface' || key === 'vrid'], key);
  }
});
