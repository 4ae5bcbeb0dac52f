// src/proof/group.ts: which routers of several machines are one, and by which address each is known.
import t from 'tap';
import { type Group, groupsOf } from '../../src/proof/group.ts';
import { router } from '../fixtures/diagnose.ts';
import { machinesOf } from '../fixtures/machines.ts';

const names = (groups: readonly Group[]) => groups.map(group => group.map(({ machine, spec }) => `${machine} ${spec.name}/${spec.family}`));
const primaries = (groups: readonly Group[]) => groups.map(group => group.map(({ primary, guessed }) => `${primary}${guessed ? '?' : ''}`));

async function groups(...texts: readonly string[]): Promise<readonly Group[]> {
  return groupsOf((await machinesOf(...texts)).machines);
}

t.test('an address, a name or a place makes them one; families stay apart', async t => {
  const other = { vrid: '9', addresses: '["192.0.2.9/24"]' };
  const both = router('web', { addresses: '["192.0.2.200/24", "2001:db8::200/64"]' });
  t.strictSame(names(await groups(both, both)), [
    ['a web/ipv4', 'b web/ipv4'],
    ['a web/ipv6', 'b web/ipv6'],
  ]);
  t.strictSame(
    names(await groups(router('web'), router('site', { vrid: '9', interface: '"eth1"' }))),
    [['a web/ipv4', 'b site/ipv4']],
    'address',
  );
  t.strictSame(
    names(await groups(router('web'), router('web', { ...other, interface: '"eth1"' }))),
    [['a web/ipv4', 'b web/ipv4']],
    'name',
  );
  t.strictSame(names(await groups(router('web'), router('db', { addresses: '["192.0.2.9/24"]' }))), [['a web/ipv4', 'b db/ipv4']], 'place');
  t.strictSame(names(await groups(router('web'), router('db', other))), [['a web/ipv4'], ['b db/ipv4']]);
});

t.test('a third one may join two that had nothing in common', async t => {
  const bridge = router('web', { vrid: '8', interface: '"eth2"', addresses: '["192.0.2.9/24"]' });
  const all = await groups(router('web'), router('db', { vrid: '9', addresses: '["192.0.2.9/24"]' }), bridge);
  t.strictSame(names(all), [['a web/ipv4', 'b db/ipv4', 'c web/ipv4']]);
});

t.test('own addresses: as written, as the others say, or made up', async t => {
  const peers = (...list: readonly string[]) => router('web', { peers: JSON.stringify(list) });
  t.strictSame(primaries(await groups(peers('192.0.2.11'), peers('192.0.2.10'))), [['192.0.2.10', '192.0.2.11']]);
  t.strictSame(
    primaries(await groups(peers('192.0.2.11', '192.0.2.12'), peers('192.0.2.10', '192.0.2.12'), peers('192.0.2.10', '192.0.2.11'))),
    [['192.0.2.10', '192.0.2.11', '192.0.2.12']],
  );
  t.strictSame(primaries(await groups(peers('192.0.2.10', '192.0.2.11'), peers('192.0.2.10', '192.0.2.11'))), [
    ['192.0.2.10?', '192.0.2.11?'],
  ]);
  t.strictSame(primaries(await groups(router('web', { source: '"192.0.2.7"' }), router('web'))), [['192.0.2.7', '198.51.100.2?']]);
  t.strictSame(primaries(await groups(router('web', { addresses: '["2001:db8::200/64"]' }))), [['fe80::1?']]);
});
