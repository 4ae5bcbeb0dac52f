// Virtual IPv6 addresses against a real kernel, asked by a client on the wire; and many addresses of both families.
// Must not know the bytes in between: see rtnetlink-codec.ts.
import t, { type Test } from 'tap';
import { footing } from '../../../src/core/interface.ts';
import { type Address, type Family, isLinkLocal } from '../../../src/vrrp/address.ts';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { ip, prefix, routerSpec } from '../../fixtures/virtual-router.ts';
import { until } from '../../netns/lab/clock.ts';
import { BOUND, held, type Lan, makeLan, many, request, routes, shown } from './fixtures/client.ts';

const VIP = ip('2001:db8::200');
const PUT = 'scope global nodad deprecated dynamic noprefixroute';

t.test('put: usable at once, and answers the first who asks', needs, async t => {
  const lan = await makeLan(t);
  for (const question of ['discovery', 'reachability', 'ping', 'tcp'] as const) {
    t.equal(await lan.call.put(lan.link, request('2001:db8::200/64', 60)), null);
    t.same(await lan.ask(question, 'ipv6', [VIP]), [VIP], question);
    t.equal(await lan.call.remove(lan.link, prefix('2001:db8::200/64')), null);
    t.same(await lan.ask(question, 'ipv6', [VIP]), [], `${question} when it is gone`);
  }
});

t.test('put: is done when the address can be reached, which is later than the kernel’s answer', needs, async t => {
  const lan = await makeLan(t);
  // near has no other route to these.
  const requests = Array.from({ length: 100 }, (_, i) => request(`2001:db8:7::${(i + 1).toString(16)}/64`, 60));
  const afresh = requests.map(each => ({ ...each, validFor: null }));
  t.same(await lan.call.unreachable(lan.link, requests, false), []);
  t.same(await lan.call.unreachable(lan.link, requests, false), [], 'a renewal too');
  t.same(await lan.call.unreachable(lan.link, afresh, true), [], 'and one that was taken away just now');
});

t.test('put: what is removed before it has come is not there', needs, async t => {
  const lan = await makeLan(t);
  for (let round = 0; round < 20; round++) {
    const error = await lan.call.putAndRemove(lan.link, request('2001:db8:7::1/64', 60));
    if (error !== null) t.match(error, { op: 'add address', code: 'EADDRNOTAVAIL', target: '2001:db8:7::1/64 on hf0' });
    t.equal(await shown(lan, ip('2001:db8:7::1')), '');
  }
});

t.test('put: while the tables cannot be read, the kernel’s answer has to do', needs, async t => {
  const lan = await makeLan(t);
  const known = request('2001:db8:7::1/64', 60);
  t.equal(await lan.call.put(lan.link, known), null);
  await until('the mirror to show it', BOUND, () => held(lan, known.address));
  await lan.call.goBlind();
  await lan.near.ip('address add 203.0.113.1/24 dev hf0');
  await until('reports to be lost', BOUND, () => lan.call.lost());
  t.equal(await lan.call.put(lan.link, known), null, 'a renewal');
  t.equal(await lan.call.put(lan.link, request('2001:db8:7::2/64', 60)), null, 'a new one');
  t.equal(await held(lan, ip('2001:db8:7::2')), undefined, 'of which nothing is known');
});

t.test('put: another length of an IPv6 address is the same one to the kernel', needs, async t => {
  const lan = await makeLan(t);
  t.equal(await lan.call.put(lan.link, request('2001:db8:7::1/64', 60)), null);
  t.equal(await lan.call.put(lan.link, request('2001:db8:7::1/128', 60)), null);
  t.match(await shown(lan, ip('2001:db8:7::1')), /2001:db8:7::1\/64/);
});

t.test('put: unchecked, deprecated, without a route, with our mark', needs, async t => {
  const lan = await makeLan(t);
  const before = await routes(lan);
  t.equal(await lan.call.put(lan.link, request('2001:db8:1::200/64', 60)), null);
  t.match(await shown(lan, ip('2001:db8:1::200')), new RegExp(`2001:db8:1::200/64 ${PUT}.* preferred_lft 0sec`));
  t.equal(await routes(lan), before);
  const seen = await until('the mirror to show it', BOUND, () => held(lan, ip('2001:db8:1::200')));
  t.match(seen, { address: '2001:db8:1::200', length: 64, validFor: 60, marked: true, secondary: true, tentative: false });
  t.equal(await lan.call.put(lan.link, request('2001:db8:2::200/64', null)), null);
  t.match(await shown(lan, ip('2001:db8:2::200')), /nodad deprecated noprefixroute .*valid_lft forever preferred_lft 0sec/);
  t.equal(await routes(lan), before);
});

t.test('nothing speaks from it unasked', needs, async t => {
  const lan = await makeLan(t);
  // It lies nearer to the destination than the own one does: RFC 6724 section 5, rule 8. Rule 3 comes first.
  const near = ip('2001:db8::21');
  const source = async () => / src (\S+)/.exec(await lan.near.run('ip', '-6', 'route', 'get', '2001:db8::20'))?.[1];
  t.equal(await lan.call.put(lan.link, request(`${near}/64`, 60)), null);
  t.equal(await source(), '2001:db8::10');
  await lan.near.ip(`address change ${near}/64 dev hf0 valid_lft 60 preferred_lft 60 nodad`);
  t.equal(await source(), near, 'as it would without care');
  t.equal(await lan.call.put(lan.link, request(`${near}/64`, 60)), null);
  t.equal(await source(), '2001:db8::10', 'a renewal sets that right');
});

t.test('RFC 9568 §5.1.2.1: another daemon’s link-local virtual address is no source, though the kernel lists it first', needs, async t => {
  const lan = await makeLan(t);
  const other = ip('fe80::66');
  const own = ip('fe80::11');
  await lan.near.ip(`address add ${own}/64 dev hf0 nodad`, `address add ${other}/64 dev hf0 nodad preferred_lft 0`);
  for (const show of await lan.near
    .run('ip', '-6', '-o', 'address', 'show', 'dev', 'hf0', 'scope', 'link')
    .then(text => text.split('\n'))) {
    const found = /inet6 (fe80\S+)/.exec(show)?.[1];
    if (found !== `${own}/64` && found !== `${other}/64` && found !== undefined) await lan.near.ip(`address del ${found} dev hf0`);
  }
  await lan.restart();
  const local = async () => ((await lan.call.link('hf0'))?.addresses ?? []).filter(({ address }) => isLinkLocal(address));
  t.match(
    await local(),
    [
      { address: other, secondary: true, marked: false },
      { address: own, secondary: false },
    ],
    'in that order',
  );
  const source = async (): Promise<string> => {
    const seen = await lan.call.link('hf0');
    const link = seen === null ? undefined : { ...seen, mac: new Uint8Array(6) };
    const ground = footing(routerSpec({ family: 'ipv6', addresses: [prefix('fe80::112:51/64')] }), () => link, new Set(), null);
    return ground.usable ? ground.primary : ground.reason;
  };
  t.equal(await source(), own);
  // One of holdfast's own, of a router that this daemon does not run.
  await lan.near.ip(`address del ${other}/64 dev hf0`);
  t.equal(await lan.call.put(lan.link, request('fe80::112:52/64', null)), null);
  await lan.restart();
  t.match(await local(), [{ address: 'fe80::112:52', secondary: true, marked: true }, { address: own }]);
  t.equal(await source(), own);
  await lan.near.ip(`address del ${own}/64 dev hf0`);
  await until('the own one to be gone', BOUND, async () => (await local()).length === 1);
  t.equal(await source(), 'no-address', 'rather none');
});

t.test('link-local, as the first address of a router is', needs, async t => {
  const lan = await makeLan(t);
  const vip = ip('fe80::112:51');
  t.equal(await lan.call.put(lan.link, request(`${vip}/64`, 60)), null);
  t.match(await shown(lan, vip), /fe80::112:51\/64 scope link nodad deprecated dynamic noprefixroute/);
  t.same(await lan.ask('discovery', 'ipv6', [vip]), [vip]);
  t.equal(await lan.call.put(lan.link, { ...request(`${vip}/64`, 60), scope: 'global', label: 'hf0:web' }), null);
  t.match(await shown(lan, vip), /scope link/, 'the kernel knows better than we, and IPv6 has no labels');
});

t.test('an address is tentative until it was checked, and a duplicate stays so', needs, async t => {
  const lan = await makeLan(t);
  const becomes = (address: Address, tentative: boolean) =>
    until(
      `${address} to be ${tentative ? '' : 'no longer '}tentative`,
      BOUND,
      async () => (await held(lan, address))?.tentative === tentative,
    );
  // Two probes a second apart: longer than this test can fail to look.
  await lan.near.run('sh', '-c', 'echo 2 >/proc/sys/net/ipv6/conf/hf0/dad_transmits');
  await lan.near.ip('address add 2001:db8::11/64 dev hf0');
  await becomes(ip('2001:db8::11'), true);
  await lan.call.same('hf0');
  const changes = await lan.call.changes();
  await becomes(ip('2001:db8::11'), false);
  t.ok((await lan.call.changes()) > changes, 'that is told');
  t.equal(await lan.call.same('hf0'), false);
  await lan.near.ip('address add 2001:db8::20/64 dev hf0');
  await until('far’s address to be a duplicate here', BOUND, async () => /dadfailed/.test(await shown(lan, ip('2001:db8::20'))));
  // A later report, so that the earlier one was heard.
  await lan.near.ip('address add 2001:db8::12/64 dev hf0 nodad');
  await becomes(ip('2001:db8::12'), false);
  t.match(await held(lan, ip('2001:db8::20')), { tentative: true });
});

t.test('an interface without IPv6 refuses by name', needs, async t => {
  const lan = await makeLan(t);
  await lan.near.run('sh', '-c', 'echo 1 >/proc/sys/net/ipv6/conf/hf0/disable_ipv6');
  t.match(await lan.call.put(lan.link, request('2001:db8::200/64', 60)), {
    op: 'add address',
    code: 'EACCES',
    target: '2001:db8::200/64 on hf0',
  });
});

for (const [family, count, length] of [
  ['ipv4', 255, 22],
  ['ipv6', 90, 64],
] as const) {
  t.test(`${family}: ${count} addresses put, answering, denied and allowed again`, needs, async t => {
    const lan = await makeLan(t);
    const all = many(family, count);
    const requests = all.map(address => request(`${address}/${length}`, 60));
    await everyAnswer(t, lan, family, all, []);
    t.same(await lan.call.putAll(lan.link, requests), []);
    await everyAnswer(t, lan, family, all, all);
    t.same(await lan.call.putAll(lan.link, requests), [], 'and again, as every renewal does');
    t.equal(await lan.call.deny('web', family, all), null);
    await everyAnswer(t, lan, family, all, []);
    t.same(await lan.ask('discovery', family, all), all, 'all of them are found nevertheless');
    t.equal(await lan.call.deny('web', family, []), null);
    await everyAnswer(t, lan, family, all, all);
  });
}

async function everyAnswer(t: Test, lan: Lan, family: Family, asked: readonly Address[], wanted: readonly Address[]): Promise<void> {
  t.same(await lan.ask('ping', family, asked), wanted);
}
