// Tests src/config/plan.ts: what a reload would add, remove, change and leave alone.
import t from 'tap';
import { difference } from '../../src/config/plan.ts';
import type { Plan, RouterSpec } from '../../src/vrrp/router.ts';
import { loadText, router } from '../fixtures/diagnose.ts';

async function plan(...routers: readonly string[]): Promise<Plan> {
  const { plan } = await loadText(routers.join(''));
  if (plan === null) throw new Error('the example is wrong');
  return plan;
}

const web = router('web');
const db = router('db', { vrid: '52', addresses: '["192.0.2.201/24", "192.0.2.202/24"]' });

t.test('the same plan is no difference, in any order and after a journey as JSON', async t => {
  const old = await plan(web, db);
  const next: Plan = JSON.parse(JSON.stringify(await plan(db, web)));
  const { added, removed, changed, unchanged } = difference(old, next);
  t.strictSame([added, removed, changed], [[], [], []]);
  t.strictSame(
    unchanged.map(spec => spec.name),
    ['db', 'web'],
  );
});

t.test('tells what came and went', async t => {
  const { added, removed, unchanged } = difference(await plan(web), await plan(db));
  t.strictSame([added.map(spec => spec.name), removed.map(spec => spec.name), unchanged], [['db'], ['web'], []]);
  t.strictSame(difference({ routers: [] }, { routers: [] }), { added: [], removed: [], changed: [], unchanged: [] });
});

t.test('two families of one name are two routers', async t => {
  const { routers } = await plan(web);
  const both: Plan = { routers: routers.flatMap(spec => [spec, { ...spec, family: 'ipv6' as const }]) };
  t.strictSame(difference({ routers }, both).added, [both.routers[1]]);
});

t.test('names the settings that differ', async t => {
  const old = await plan(web, db);
  const next = await plan(
    web.replace('vrid = 51', 'vrid = 61\npriority = 150\nadvert_interval = "100ms"'),
    db.replace('["192.0.2.201/24", "192.0.2.202/24"]', '["192.0.2.202/24", "192.0.2.201/24"]'),
  );
  const { changed } = difference(old, next);
  t.strictSame(
    changed.map(change => [change.from.name, change.to.vrid, change.keys]),
    [
      ['web', 61, ['vrid', 'priority', 'advertInterval', 'lease']],
      ['db', 52, ['addresses']],
    ],
  );
});

t.test('misses no setting', async t => {
  const [spec] = (await plan(web)).routers;
  t.ok(spec);
  const keys = Object.keys(spec ?? {}).filter(key => key !== 'name' && key !== 'family');
  t.equal(keys.length, 12);
  for (const key of keys) {
    const other = { ...spec, [key]: 'something else' } as RouterSpec;
    t.strictSame(difference(await plan(web), { routers: [other] }).changed[0]?.keys, [key]);
  }
});
