// The mirror of interfaces and addresses, and requests to change them, against the kernel of a namespace.
// Must not know the bytes in between: see rtnetlink-codec.ts.
import t, { type Test } from 'tap';
import type { AddressRequest } from '../../../src/platform/ports.ts';
import { makeNamespace, type Namespace, needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { startWorker } from '../../fixtures/remote.ts';
import { prefix } from '../../fixtures/virtual-router.ts';
import { until } from '../../netns/lab/clock.ts';
import type { NetworkMethods, Shown } from './fixtures/network-worker.ts';

const BOUND = 20_000;
const WORKER = new URL('fixtures/network-worker.ts', import.meta.url);

/** A namespace with `hf0`, up, and its other end `hf1`; and a mirror of it. */
async function begin(t: Test, ...prepare: readonly string[]) {
  const space = await makeNamespace();
  // Without link-local addresses: that they have been checked is news of its own.
  const quiet = ['hf0', 'hf1'].map(name => `link set ${name} addrgenmode none`);
  await space.ip('link add hf0 type veth peer name hf1', ...quiet, 'link set hf1 up', 'link set hf0 up', ...prepare);
  const { worker, call } = startWorker<NetworkMethods>(WORKER, command => space.start(command));
  t.teardown(() => worker.kill());
  return {
    space,
    worker,
    call,
    /** Waits for the mirror to show something. */
    shows: (name: string, what: string, condition: (link: Shown | null) => boolean) => {
      let seen: Shown | null = null;
      return until(
        `${name} to show ${what}`,
        BOUND,
        async () => {
          seen = await call.link(name);
          return condition(seen) && { link: seen };
        },
        () => JSON.stringify(seen),
      ).then(({ link }) => link);
    },
    hf0: async (): Promise<Shown> => {
      const link = await call.link('hf0');
      if (link === null) throw new Error('no hf0');
      return link;
    },
  };
}

const request = (text: string, validFor: number | null): AddressRequest => ({ ...prefix(text), family: 'ipv4', validFor });
const has = (text: string) => (link: Shown | null) => link?.addresses.some(({ address }) => address === text) ?? false;
const hasNot = (text: string) => (link: Shown | null) => link !== null && !has(text)(link);
const ipv4 = (link: Shown | null): readonly string[] =>
  (link?.addresses ?? []).map(({ address, length }) => `${address}/${length}`).filter(text => !text.includes(':'));

/** What `ip` says that an interface has. */
async function truth(space: Namespace, name: string): Promise<readonly string[]> {
  const shown = await space.run('ip', '-4', '-o', 'address', 'show', 'dev', name);
  return [...shown.matchAll(/inet (\S+)/g)].map(([, address = '']) => address).sort();
}

/** So many changes of one address that no socket holds them all. */
async function storm(space: Namespace): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await space.ip(...Array.from({ length: 10_000 }, (_, i) => `address ${i % 2 === 0 ? 'add' : 'delete'} 203.0.113.1/24 dev hf0`));
  }
}

t.test('what is there already', needs, async t => {
  const { call, hf0 } = await begin(
    t,
    'address add 192.0.2.10/24 dev hf0',
    'address add 192.0.2.11/24 dev hf0 valid_lft 600 preferred_lft 300',
  );
  const { index, mac, unusable, addresses } = await hf0();
  t.ok(index > 1);
  t.match(mac, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
  t.equal(unusable, null);
  const [first, second] = addresses.filter(({ address }) => !address.includes(':'));
  t.match(first, { address: '192.0.2.10', length: 24, validFor: null, marked: false, secondary: false, tentative: false });
  t.match(second, { address: '192.0.2.11', length: 24, marked: false, secondary: true });
  t.ok(second?.validFor != null && second.validFor > 500 && second.validFor <= 600, 'the seconds that are left');
  t.equal(await call.link('hf7'), null);
  t.equal((await call.link('lo'))?.unusable, null);
});

t.test('interfaces go up and down, lose their carrier and get it back', needs, async t => {
  const { space, shows } = await begin(t);
  await space.ip('link set hf1 down');
  await shows('hf0', 'no carrier', link => link?.unusable === 'no-carrier');
  await space.ip('link set hf0 down');
  await shows('hf0', 'down', link => link?.unusable === 'interface-down');
  await space.ip('link set hf1 up', 'link set hf0 up');
  await shows('hf0', 'in use again', link => link?.unusable === null);
});

t.test('an interface that is deleted and made again is another one', needs, async t => {
  const { space, shows, hf0 } = await begin(t, 'address add 192.0.2.10/24 dev hf0');
  const before = await hf0();
  await space.ip('link delete hf0');
  await shows('hf0', 'nothing', link => link === null);
  await space.ip('link add hf5 type veth peer name hf6', 'link add hf0 type veth peer name hf1', 'link set hf1 up', 'link set hf0 up');
  const after = await shows('hf0', 'a new one', link => link?.unusable === null);
  t.not(after?.index, before.index);
  t.same(ipv4(after), [], 'which does not inherit addresses');
});

t.test('an interface keeps its index and addresses when it is renamed', needs, async t => {
  const { space, call, shows, hf0 } = await begin(t, 'address add 192.0.2.10/24 dev hf0');
  const before = await hf0();
  await space.ip('link set hf0 down');
  await shows('hf0', 'down', link => link?.unusable === 'interface-down');
  await space.ip('link set hf0 name hf9', 'link set hf9 up');
  const after = await shows('hf9', 'the renamed one', link => link?.unusable === null);
  t.equal(after?.index, before.index);
  t.same(ipv4(after), ['192.0.2.10/24']);
  t.equal(await call.link('hf0'), null);
  await space.ip('link set hf1 down', 'link set hf1 name hf0');
  const other = await shows('hf0', 'another one under the old name', link => link !== null);
  t.not(other?.index, before.index);
});

t.test('a port that leaves its bridge still exists', needs, async t => {
  const { space, shows, call, hf0 } = await begin(
    t,
    'link add br0 type bridge',
    'link set hf0 master br0',
    'address add 192.0.2.10/24 dev hf0',
  );
  const before = await hf0();
  await space.ip('link set hf0 nomaster');
  // A later report, so that all of the earlier ones have been heard.
  await space.ip('address add 192.0.2.11/24 dev hf0');
  const after = await shows('hf0', 'the address', has('192.0.2.11'));
  t.equal(after?.index, before.index);
  t.same(ipv4(after), ['192.0.2.10/24', '192.0.2.11/24']);
  await space.ip('link set hf0 master br0', 'link delete br0', 'address add 192.0.2.12/24 dev hf0');
  t.match(await shows('hf0', 'the last address', has('192.0.2.12')), { index: before.index, unusable: null });
  t.equal(await call.link('br0'), null);
});

t.test('put: added with our mark and a lifetime, which the kernel ends', needs, async t => {
  const { space, call, shows, hf0 } = await begin(t);
  const link = await hf0();
  t.equal(await call.put(link, request('192.0.2.200/24', 1)), null);
  t.same(await truth(space, 'hf0'), ['192.0.2.200/24']);
  const shown = await shows('hf0', 'the address', has('192.0.2.200'));
  t.match(
    shown?.addresses.find(({ address }) => address === '192.0.2.200'),
    { length: 24, validFor: 1, marked: true, secondary: false },
  );
  await shows('hf0', 'no address any more', hasNot('192.0.2.200'));
  t.same(await truth(space, 'hf0'), []);
});

t.test('put: again is a renewal, which is no news; and permanent when that is asked for', needs, async t => {
  const { space, call, shows, hf0 } = await begin(t, 'address add 192.0.2.10/24 dev hf0');
  const link = await hf0();
  const held = (shown: Shown | null) => shown?.addresses.find(({ address }) => address === '192.0.2.200');
  const left = async () =>
    Number(/192\.0\.2\.200\/24.*?valid_lft (\d+)sec/s.exec(await space.run('ip', 'address', 'show', 'dev', 'hf0'))?.[1]);
  t.equal(await call.put(link, request('192.0.2.200/24', 10)), null);
  await shows('hf0', 'the lease', shown => held(shown)?.validFor === 10);
  t.ok((await left()) <= 10);
  await call.same('hf0');
  const changes = await call.changes();
  t.equal(await call.put(link, request('192.0.2.200/24', 100)), null);
  t.ok((await left()) > 10, 'renewed');
  // Its report has gone through before this one.
  await space.ip('address add 192.0.2.1/24 dev hf1');
  await shows('hf1', 'the address', has('192.0.2.1'));
  t.equal(await call.same('hf0'), true);
  t.equal(await call.changes(), changes + 1, 'only hf1 has changed');
  t.equal(await call.put(link, request('192.0.2.200/24', null)), null);
  const forGood = await shows('hf0', 'the address for good', shown => held(shown)?.validFor === null);
  t.match(held(forGood), { marked: true, secondary: true });
  t.same(await truth(space, 'hf0'), ['192.0.2.10/24', '192.0.2.200/24'], 'there is one of it');
});

t.test('put: a label and a scope, which a renewal leaves alone', needs, async t => {
  const { space, call, hf0 } = await begin(t);
  const link = await hf0();
  const shown = async () => (await space.run('ip', '-4', '-o', 'address', 'show', 'dev', 'hf0')).replaceAll(/\s+/g, ' ').trim();
  t.equal(await call.put(link, { ...request('192.0.2.200/24', 60), label: 'hf0:web', scope: 'link' }), null);
  t.match(await shown(), /inet 192\.0\.2\.200\/24 scope link dynamic hf0:web\\/);
  t.equal(await call.put(link, { ...request('192.0.2.200/24', 600), label: 'hf0:web', scope: 'link' }), null);
  t.match(await shown(), /inet 192\.0\.2\.200\/24 scope link dynamic hf0:web\\.* valid_lft (600|5\d\d)sec/);
  t.equal(await call.remove(link, prefix('192.0.2.200/24')), null);
  t.equal(await call.put(link, { ...request('192.0.2.200/24', null), scope: 'host', interface: 'hf1' }), null);
  t.match(await shown(), /inet 192\.0\.2\.200\/24 scope host hf0\\/, 'the caller’s interface counts');
  t.equal(await call.remove(link, prefix('192.0.2.200/24')), null);
  t.equal(await call.put(link, { ...request('192.0.2.200/24', null), scope: 'global' }), null);
  t.match(await shown(), /inet 192\.0\.2\.200\/24 scope global hf0\\/, 'without a broadcast address');
  t.match(await call.put(link, { ...request('192.0.2.201/24', null), label: 'hf0:sixteen-long' }), { code: 'ERANGE' });
});

t.test('remove', needs, async t => {
  const { space, call, shows, hf0 } = await begin(t);
  const link = await hf0();
  await call.put(link, request('192.0.2.200/24', null));
  await shows('hf0', 'the address', has('192.0.2.200'));
  t.equal(await call.remove(link, prefix('192.0.2.200/24')), null);
  t.same(await truth(space, 'hf0'), []);
  await shows('hf0', 'no address', hasNot('192.0.2.200'));
});

t.test('what the kernel refuses comes back by its name', needs, async t => {
  const { call, hf0 } = await begin(t, 'address add 192.0.2.10/24 dev hf0');
  const link = await hf0();
  t.same(await call.put({ name: 'hf7', index: 4711 }, request('192.0.2.200/24', 6)), {
    kind: 'system-error',
    op: 'add address',
    code: 'ENODEV',
    target: '192.0.2.200/24 on hf7',
  });
  t.match(await call.remove(link, prefix('192.0.2.77/24')), {
    op: 'remove address',
    code: 'EADDRNOTAVAIL',
    target: '192.0.2.77/24 on hf0',
  });
  t.match(await call.remove(link, prefix('192.0.2.10/32')), { code: 'EADDRNOTAVAIL' }, 'another length is another address');
  t.match(await call.protect({ name: 'hf7', index: 4711 }), { op: 'set promote_secondaries', code: 'ENODEV', target: 'hf7' });
});

t.test('the kernel acts before `put` returns, also for the last of many', needs, async t => {
  const { call, hf0 } = await begin(t);
  const many = Array.from({ length: 20 }, (_, i) => `192.0.2.${i + 1}`);
  const there = await call.immediately(
    await hf0(),
    many.map(address => request(`${address}/32`, 60)),
  );
  t.same(there, many);
});

t.test('five hundred addresses', needs, async t => {
  const { space, call, shows, hf0 } = await begin(t);
  const link = await hf0();
  const many = Array.from({ length: 500 }, (_, i) => request(`10.${i >> 8}.${i & 255}.1/24`, 60));
  t.same(await call.putAll(link, many), []);
  const full = await shows('hf0', 'all of them', shown => ipv4(shown).length === 500);
  t.same([...ipv4(full)].sort(), await truth(space, 'hf0'));
  t.same(await call.putAll(link, many), [], 'and again, as every renewal does');
  await space.ip('address flush dev hf0');
  await shows('hf0', 'none of them', shown => ipv4(shown).length === 0);
});

t.test('more requests in one turn than an ordinary socket holds answers for', needs, async t => {
  const { call, hf0, shows } = await begin(t);
  const many = Array.from({ length: 4000 }, (_, i) => request(`10.${i >> 8}.${i & 255}.1/32`, 60));
  t.same(await call.putAll(await hf0(), many), []);
  await shows('hf0', 'all of them', shown => ipv4(shown).length === 4000);
});

t.test('promote_secondaries: an own address survives the virtual one that came before it', needs, async t => {
  const { space, call, shows, hf0 } = await begin(t);
  // An interface starts with what the kernel's default says; that is 1 where systemd has been.
  await space.run('sh', '-c', 'echo 0 >/proc/sys/net/ipv4/conf/hf0/promote_secondaries');
  const setting = async () => (await space.run('cat', '/proc/sys/net/ipv4/conf/hf0/promote_secondaries')).trim();
  const link = await hf0();
  const trial = async (): Promise<readonly string[]> => {
    await call.put(link, request('192.0.2.200/24', null));
    await space.ip('address add 192.0.2.10/24 dev hf0');
    await shows('hf0', 'both', shown => has('192.0.2.10')(shown) && has('192.0.2.200')(shown));
    t.equal(await call.remove(link, prefix('192.0.2.200/24')), null);
    return truth(space, 'hf0');
  };
  t.equal(await setting(), '0');
  t.same(await trial(), [], 'without it the own address goes too');
  t.equal(await call.protect(link), null);
  t.equal(await setting(), '1');
  t.same(await trial(), ['192.0.2.10/24']);
  await shows(
    'hf0',
    'the own address as the first',
    shown => shown?.addresses.some(({ address, secondary }) => address === '192.0.2.10' && !secondary) ?? false,
  );
});

t.test('where secondaries cannot be promoted, addresses are put alone in their network', needs, async t => {
  const space = await makeNamespace();
  await space.ip('link add hf0 type veth peer name hf1', 'link set hf1 up', 'link set hf0 up');
  const start = (command: readonly string[]) => space.start(['setpriv', '--bounding-set', '-net_admin', '--', ...command]);
  const { worker, call } = startWorker<NetworkMethods>(WORKER, start);
  t.teardown(() => worker.kill());
  const link = await call.link('hf0');
  if (link === null) throw new Error('no hf0');
  t.match(await call.put(link, request('192.0.2.200/24', 6)), { code: 'EPERM', target: '192.0.2.200/24 on hf0' });
  t.match(await call.protect(link), { code: 'EPERM' });
  t.match(await call.put(link, request('192.0.2.200/24', 6)), { target: '192.0.2.200/32 on hf0' });
  t.match(await call.remove(link, prefix('192.0.2.200/24')), { target: '192.0.2.200/32 on hf0' });
  t.match(await call.put(link, { ...prefix('2001:db8::1/64'), family: 'ipv6', validFor: 6 }), { target: '2001:db8::1/64 on hf0' });
});

t.test('where there is no IPv4, nothing needs to be protected, and addresses keep their length', needs, async t => {
  const { space, call, shows } = await begin(t);
  // Below 68 bytes Linux takes IPv4 off an interface; of those that need nothing else, only lo can be so small.
  await space.ip('address flush dev lo', 'link set lo mtu 60');
  const lo = await shows('lo', 'no IPv4', link => link !== null && ipv4(link).length === 0);
  if (lo === null) throw new Error('no lo');
  t.equal(await call.protect(lo), null);
  t.match(await call.put(lo, request('192.0.2.200/24', 6)), { code: 'ENOBUFS', target: '192.0.2.200/24 on lo' });
  t.equal(await call.put(lo, { ...prefix('2001:db8::200/64'), family: 'ipv6', validFor: 6 }), null, 'IPv6 is another matter');
  await space.ip('link set lo mtu 1500');
  t.equal(await call.put(lo, request('192.0.2.200/24', 6)), null);
  t.same(await truth(space, 'lo'), ['192.0.2.200/24']);
});

t.test('link() gives the same object until something about that interface changes', needs, async t => {
  const { space, call, shows } = await begin(t);
  await call.same('hf0');
  t.equal(await call.same('hf0'), true);
  await space.ip('address add 192.0.2.10/24 dev hf1');
  await shows('hf1', 'the address', has('192.0.2.10'));
  t.equal(await call.same('hf0'), true, 'another interface changed');
  await space.ip('address add 192.0.2.11/24 dev hf0');
  await shows('hf0', 'the address', has('192.0.2.11'));
  t.equal(await call.same('hf0'), false);
  t.equal(await call.same('hf0'), true);
});

t.test('each change is told', needs, async t => {
  const { space, call } = await begin(t);
  const before = await call.changes();
  await space.ip('address add 192.0.2.10/24 dev hf0');
  await until('a change to be told', BOUND, async () => (await call.changes()) > before);
  t.pass();
});

t.test('reports that the kernel had to drop end in a correct mirror that goes on hearing', needs, async t => {
  const { space, worker, call, shows } = await begin(t, 'address add 192.0.2.10/24 dev hf0');
  await call.link('hf0');
  worker.signal('SIGSTOP');
  t.teardown(() => worker.signal('SIGCONT'));
  // That 198.51.100.1 was added waits for it to wake up; that it was deleted again is dropped.
  await space.ip('address add 198.51.100.1/24 dev hf0', 'address add 198.51.100.2/24 dev hf0');
  await storm(space);
  await space.ip(
    'address delete 198.51.100.1/24 dev hf0',
    'address delete 192.0.2.10/24 dev hf0',
    'address add 203.0.113.2/24 dev hf0',
    'link add hf5 type veth peer name hf6',
  );
  worker.signal('SIGCONT');
  const seen = await shows('hf0', 'the last address', has('203.0.113.2'));
  t.same([...ipv4(seen)].sort(), await truth(space, 'hf0'));
  t.ok(await call.link('hf5'));
  t.ok(await call.lost(), 'and reports were dropped, or this proved nothing');
  await space.ip('address add 203.0.113.3/24 dev hf0', 'link set hf1 down');
  const after = await shows('hf0', 'what happens afterwards', link => has('203.0.113.3')(link) && link?.unusable === 'no-carrier');
  t.same([...ipv4(after)].sort(), await truth(space, 'hf0'));
});

t.test('an interface never seems to vanish while the tables are read again', needs, async t => {
  const { space, worker, call, shows } = await begin(t, 'address add 192.0.2.10/24 dev hf0');
  await call.watch('hf0');
  worker.signal('SIGSTOP');
  t.teardown(() => worker.signal('SIGCONT'));
  await storm(space);
  await space.ip('address add 203.0.113.2/24 dev hf0');
  worker.signal('SIGCONT');
  await shows('hf0', 'the last address', has('203.0.113.2'));
  t.ok(await call.lost());
  const { turns, missing } = await call.watched();
  t.equal(missing, 0, `of ${turns} turns`);
});

t.test('a storm of changes while it starts', needs, async t => {
  const { space } = await begin(t);
  await space.ip(...Array.from({ length: 40 }, (_, i) => `link add hfa${i} type veth peer name hfb${i}`));
  const changes = storm(space);
  const { worker, call } = startWorker<NetworkMethods>(WORKER, command => space.start(command));
  t.teardown(() => worker.kill());
  await call.link('hf0');
  await changes;
  await space.ip('address add 203.0.113.2/24 dev hf0');
  await until('the mirror to be the truth', BOUND, async () => has('203.0.113.2')(await call.link('hf0')));
  t.same(ipv4(await call.link('hf0')), await truth(space, 'hf0'));
  t.ok(await call.link('hfa39'));
});
