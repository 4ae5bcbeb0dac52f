// What is sent to ff02::12, seen from the other end of a cable. Must not know what advertisements mean.
import t from 'tap';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { advert, begin, GROUP, GROUP_MAC } from './fixtures/cable.ts';

const destination = GROUP.ipv6;

t.test('what is sent arrives: to the group, hop limit 255, network control, from the address that was chosen', needs, async t => {
  const { link, listen, arrived } = await begin(t, 'ipv6');
  await listen(51);
  const expected = { mac: GROUP_MAC.ipv6, tos: 0xc0, ttl: 255, destination, message: advert(51) };
  const sources = ['fe80::10', '2001:db8::11', '2001:db8::10', 'fe80::10', 'fe80::10'];
  t.equal(await link.send(sources.map(source => ({ message: advert(51), source, destination }))), 0);
  t.same(
    await arrived(5),
    sources.map(source => ({ ...expected, source })),
  );
  t.same(await link.told(), []);
});

t.test('as many addresses as fit one frame', needs, async t => {
  const { link, listen, arrived } = await begin(t, 'ipv6');
  await listen(51);
  // 1500 - 40 bytes of IPv6 header.
  const longest = advert(51, `645a00640000${'fe80'.padEnd(32, '0').repeat(90)}`);
  await link.send([{ message: longest, source: 'fe80::10', destination }]);
  t.equal((await arrived(1))[0]?.message, longest);
});

t.test('from an address that is gone nothing leaves, and the next one that is there does', needs, async t => {
  const { near, link, listen, arrived, told } = await begin(t, 'ipv6');
  await listen(51);
  const both = [
    { message: advert(51), source: '2001:db8::11', destination },
    { message: advert(52), source: 'fe80::10', destination },
  ];
  await link.send(both);
  t.equal((await arrived(2)).length, 2);
  // 2001:db8::10 is still there, and with it the network: the kernel would send all the same.
  await near.ip('address delete 2001:db8::11/64 dev hf0');
  await link.send(both);
  t.equal(await link.send(both), 0, 'nothing is told inside of send');
  t.match((await arrived(4)).slice(2), [{ message: advert(52) }, { message: advert(52) }]);
  const gone = {
    destination,
    error: { kind: 'system-error', op: 'send advertisement', code: 'EADDRNOTAVAIL', target: 'hf0' },
  };
  t.same(await told(1), [gone], 'once, and the other address says nothing about this one');
  await near.ip('address add 2001:db8::11/64 dev hf0 nodad');
  await link.send(both);
  t.same(await told(2), [gone, { destination, error: null }]);
  t.equal((await arrived(6)).length, 6);
});

t.test('from an address that is still being checked for duplicates nothing leaves', needs, async t => {
  const { near, link, listen, told } = await begin(t, 'ipv6');
  await listen(51);
  // So many probes, one second apart, that no test sees the end of it.
  await near.run('sysctl', '-qw', 'net.ipv6.conf.hf0.dad_transmits=1000');
  await near.ip('address add fe80::112:51/64 dev hf0', 'address add fe80::112:52/64 dev hf0 nodad');
  await link.send([{ message: advert(51), source: 'fe80::112:51', destination }]);
  t.match(await told(1), [{ error: { code: 'EADDRNOTAVAIL' } }]);
  await link.send([{ message: advert(51), source: 'fe80::112:52', destination }]);
});

t.test('an interface that goes down takes its addresses along, and that is told', needs, async t => {
  const { near, link, listen, told } = await begin(t, 'ipv6');
  await listen(51);
  await near.ip('link set hf0 down');
  await link.send([{ message: advert(51), source: 'fe80::10', destination }]);
  t.match(await told(1), [{ destination, error: { op: 'send advertisement', code: 'EADDRNOTAVAIL' } }]);
});
