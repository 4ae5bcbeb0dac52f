// Tests src/config/plan.ts: what a reload would add, remove, change and leave alone.
// Must not know TOML: the plans are values.
import t from 'tap';
import { type CheckSpec, type Duties, type Hook, NO_DUTIES, type Timing, type Track, type WatchdogSpec } from '../../src/check/duties.ts';
import { difference, isEmpty, type Plan } from '../../src/config/plan.ts';
import type { RouterSpec } from '../../src/vrrp/router.ts';
import { micros, millis, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { planFor, prefix, routerSpec } from '../fixtures/virtual-router.ts';

const plan = planFor;
const web = routerSpec();
const [first, second] = [prefix('192.0.2.201/24'), prefix('192.0.2.202/24')];
const timing: Timing = {
  interval: seconds(1),
  timeout: seconds(1),
  rise: 2,
  fall: 2,
  upDelay: micros(0),
  downDelay: micros(0),
  start: 'down',
  hold: seconds(30),
};
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
  const duties = { added: [], removed: [], changed: [] };
  t.strictSame(difference(plan(), plan()), { added: [], removed: [], changed: [], unchanged: [], duties });
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
  t.equal(keys.length, 16);
  for (const key of keys) {
    const [change] = difference(plan(web), plan({ ...web, [key]: 'something else' } as RouterSpec)).changed;
    t.strictSame([change?.keys, change?.restarts], [[key], key === 'interface' || key === 'vrid'], key);
  }
});

t.test('duties by name: what came, what went, what is another', async t => {
  const ping: CheckSpec = { name: 'gateway', probe: { type: 'ping', target: '192.0.2.1', interface: null }, timing };
  const tcp: CheckSpec = { name: 'port', probe: { type: 'tcp', host: '127.0.0.1', port: 80 }, timing };
  const nginx: WatchdogSpec = {
    name: 'nginx',
    service: { by: 'unit', unit: 'nginx.service' },
    probe: tcp.probe,
    timing,
    test: null,
    reviveWithin: seconds(2),
    handOver: 'if-not-revived',
    startLimit: 5,
    startLimitInterval: seconds(60),
  };
  const track = (router: string, of: string): Track => ({ router, of, consequence: { do: 'demote' } });
  const run: Hook = { do: 'run', run: ['/bin/true'], user: null, timeout: seconds(30) };
  const old: Duties = {
    checks: [ping, tcp],
    watchdogs: [nginx],
    tracks: [track('web', 'nginx'), track('web', 'gateway'), track('db', 'port')],
    hooks: [
      { router: 'web', on: { active: run } },
      { router: 'db', on: { stop: run } },
    ],
    http: null,
  };
  const compare = (one: Duties, two: Duties) => difference({ routers: [web], duties: one }, { routers: [web], duties: two });
  const next: Duties = {
    checks: [
      { ...ping, timing: { ...timing, fall: 3 } },
      { ...tcp, name: 'other' },
    ],
    watchdogs: [{ ...nginx, startLimit: 6 }],
    tracks: [track('web', 'gateway'), track('mail', 'other')],
    hooks: [{ router: 'web', on: { active: run, stop: run } }],
    http: { listen: { address: prefix('127.0.0.1/32').address, port: 9112 }, token: null },
  };
  t.strictSame(compare(old, next).duties, {
    added: ['check other', 'track of mail', 'http'],
    removed: ['check port', 'track of db', 'hooks of db'],
    changed: ['check gateway', 'watchdog nginx', 'track of web', 'hooks of web'],
  });
  t.strictSame([compare(NO_DUTIES, old).duties.added.length, compare(old, NO_DUTIES).duties.removed.length], [7, 7]);
  t.notOk(
    isEmpty(compare(NO_DUTIES, old)) || isEmpty(compare(old, NO_DUTIES)) || isEmpty(compare(old, { ...old, watchdogs: next.watchdogs })),
  );
  t.ok(isEmpty(compare(old, { ...structuredClone(old), tracks: old.tracks.toReversed() })), 'the order of a track says nothing');
});
