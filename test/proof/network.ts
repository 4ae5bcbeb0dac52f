// src/proof/network.ts: who holds the addresses once a network has come to rest.
import t from 'tap';
import { type Group, groupsOf } from '../../src/proof/group.ts';
import { type Condition, settle, switchedOff } from '../../src/proof/network.ts';
import { router } from '../fixtures/diagnose.ts';
import { machinesOf } from '../fixtures/machines.ts';

const WELL: Condition = { standing: 'well', adjustment: 0 };
const DEMOTED: Condition = { standing: 'demoted', adjustment: 0 };
const RELEASED: Condition = { standing: 'released', adjustment: 0 };

async function groupOf(...texts: readonly string[]): Promise<Group> {
  const [group = []] = groupsOf((await machinesOf(...texts)).machines);
  return group;
}

/** Who holds after each of these in a row. */
function played(group: Group, ...rows: readonly (readonly Condition[])[]): readonly (readonly number[])[] {
  let moment = switchedOff(group);
  return rows.map(conditions => {
    const settled = settle(group, moment, conditions);
    moment = settled.moment;
    return settled.holders;
  });
}

t.test('the highest serves, the next when it is gone, and back', async t => {
  const group = await groupOf(router('web', { priority: '150' }), router('web', { priority: '120' }), router('web'));
  t.strictSame(played(group, [WELL, WELL, WELL], ['off', WELL, WELL], ['off', 'off', WELL], [WELL, 'off', WELL], ['off', 'off', 'off']), [
    [0],
    [1],
    [2],
    [0],
    [],
  ]);
});

t.test('nobody preempts: whoever was there goes on, but not while it is ill', async t => {
  const calm = { preempt: 'false' };
  const group = await groupOf(router('web', { ...calm, priority: '150' }), router('web', calm));
  t.strictSame(played(group, ['off', WELL], [WELL, WELL], [WELL, DEMOTED], [WELL, WELL]), [[1], [1], [0], [0]]);
  t.strictSame(
    played(group, [WELL, 'off'], [WELL, WELL], ['off', WELL], [WELL, WELL]),
    [[0], [0], [1], [1]],
    'and one that was off begins anew',
  );
});

t.test('all ill: the holder stays; released: nobody', async t => {
  const group = await groupOf(router('web', { priority: '150' }), router('web'));
  t.strictSame(played(group, [WELL, WELL], [DEMOTED, DEMOTED], [RELEASED, DEMOTED], [RELEASED, RELEASED], [RELEASED, WELL]), [
    [0],
    [0],
    [1],
    [],
    [1],
  ]);
});

t.test('a delay of an hour ends', async t => {
  const group = await groupOf(router('web', { priority: '150', preempt_delay: '"1h"' }), router('web'));
  t.strictSame(played(group, ['off', WELL], [WELL, WELL]), [[1], [0]]);
});

t.test('version 2 with its password, unicast across routers, IPv6 and the owner of the addresses', async t => {
  const two = (more: Readonly<Record<string, string>> = {}) => router('web', { version: '2', password: '"secret"', ...more });
  t.strictSame(played(await groupOf(two({ priority: '150' }), two()), [WELL, WELL]), [[0]]);
  const far = (peer: string, more: Readonly<Record<string, string>> = {}) =>
    router('web', { peers: `[{ address = "${peer}", min_ttl = 250, max_ttl = 253 }]`, ...more });
  t.strictSame(played(await groupOf(far('192.0.2.11', { priority: '150' }), far('198.51.100.10')), [WELL, WELL]), [[0]]);
  const six = { addresses: '["2001:db8::200/64"]' };
  t.strictSame(played(await groupOf(router('web', { ...six, priority: '150' }), router('web', six)), [WELL, WELL]), [[0]]);
  t.strictSame(played(await groupOf(router('web', { priority: '255' }), router('web')), ['off', WELL], [WELL, WELL]), [[1], [0]]);
});

t.test('who does not believe the other serves too, and the reason is kept once', async t => {
  const group = await groupOf(router('web'), router('web', { version: '2' }));
  const { holders, rejects } = settle(group, switchedOff(group), [WELL, WELL]);
  t.strictSame(holders, [0, 1]);
  t.strictSame(
    rejects.map(({ by, from, reason, detail }) => [by, from, reason, detail]),
    [
      [1, 0, 'wrong-version', 'version 3'],
      [0, 1, 'wrong-version', 'version 2'],
    ],
  );
});

t.test('a condition that is missing is off', async t => {
  const group = await groupOf(router('web'), router('web'));
  t.strictSame(settle(group, { ...switchedOff(group), nodes: [] }, [WELL]).holders, [0]);
});
