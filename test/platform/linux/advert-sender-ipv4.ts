// What raw-socket sends to the group, seen from the other end of a cable. Must not know what advertisements mean.
import t from 'tap';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { until } from '../../netns/lab/clock.ts';
import { advert, BOUND, begin, GROUP, GROUP_MAC } from './fixtures/cable.ts';

const destination = GROUP.ipv4;

t.test('what is sent arrives: to the group, TTL 255, network control, from the address that was chosen', needs, async t => {
  const { link, listen, arrived } = await begin(t, 'ipv4');
  await listen(51);
  await link.send([{ message: advert(51), source: '192.0.2.10', destination }]);
  const expected = { mac: GROUP_MAC.ipv4, tos: 0xc0, ttl: 255, source: '192.0.2.10', destination, message: advert(51) };
  t.same(await arrived(1), [expected]);
  await link.send([{ message: advert(51), source: '192.0.2.11', destination }]);
  t.same((await arrived(2))[1], { ...expected, source: '192.0.2.11' });
  await link.send([{ message: advert(52), source: '192.0.2.10', destination }]);
  t.same((await arrived(3))[2], { ...expected, message: advert(52) });
  t.same(await link.told(), []);
});

t.test('several in one turn each leave from their own address', needs, async t => {
  const { link, listen, arrived } = await begin(t, 'ipv4');
  await listen(51);
  const sources = ['192.0.2.10', '192.0.2.11', '192.0.2.10', '192.0.2.10', '192.0.2.11'];
  const all = sources.map((source, i) => ({ message: advert(i + 1), source, destination }));
  await link.send(all);
  t.same(
    (await arrived(5)).map(({ message, source, destination }) => ({ message, source, destination })),
    all,
  );
});

t.test('the longest advertisement goes out', needs, async t => {
  const { link, listen, arrived } = await begin(t, 'ipv4');
  await listen(51);
  const longest = advert(51, `64ff00640000${'c00002c8'.repeat(255)}`);
  t.equal(longest.length, 2 * (8 + 4 * 255));
  await link.send([{ message: longest, source: '192.0.2.10', destination }]);
  t.equal((await arrived(1))[0]?.message, longest);
});

t.test('of what waits, only the latest of each VRID leaves, in both forms of its checksum', needs, async t => {
  const { link, listen, arrived } = await begin(t, 'ipv4');
  await listen(51);
  const say = (message: string, source = '192.0.2.10') => ({ message, source, destination });
  const claim = (vrid: number, priority: string, checksum: string) => advert(vrid, `${priority}010064${checksum}c00002c8`);
  // The first one leaves at the end of this turn whatever comes after it.
  await link.send([
    say(advert(1)),
    say(claim(51, '64', 'aaaa')),
    say(claim(51, '64', 'bbbb')),
    say(claim(52, '64', 'aaaa')),
    say(claim(52, '64', 'bbbb')),
    say(claim(51, '00', 'cccc')),
    say(claim(51, '00', 'dddd')),
    say(claim(52, '64', 'aaaa')),
    say(claim(53, '64', 'aaaa')),
    say(claim(53, '64', 'bbbb'), '192.0.2.11'),
    say(claim(54, '64', 'aaaa')),
    say(`${claim(54, '64', 'bbbb')}c00002c9`),
  ]);
  t.same(
    (await arrived(7)).map(({ message }) => message),
    [
      advert(1),
      claim(51, '00', 'cccc'),
      claim(51, '00', 'dddd'),
      claim(52, '64', 'bbbb'),
      claim(52, '64', 'aaaa'),
      claim(53, '64', 'bbbb'),
      `${claim(54, '64', 'bbbb')}c00002c9`,
    ],
  );
});

t.test('what keeps an advertisement from leaving is told once per cause, and that one could leave again', needs, async t => {
  const { near, link, listen, arrived, told } = await begin(t, 'ipv4');
  await listen(51);
  const message = { message: advert(51), source: '192.0.2.10', destination };
  await near.ip('link set hf0 down');
  t.equal(await link.send([message]), 0, 'not before send has returned');
  const [down] = await told(1);
  t.match(down, { destination, error: { kind: 'system-error', op: 'send advertisement', target: 'hf0' } });
  t.match(down?.error?.code, /^ENET(DOWN|UNREACH)$/, 'by its errno name');
  await link.send([message, message, message]);
  await near.ip('link set hf0 up');
  await until('a carrier', BOUND, async () => (await near.run('ip', 'link', 'show', 'dev', 'hf0')).includes('LOWER_UP'));
  await link.send([message]);
  await arrived(1);
  t.same(await told(2), [down, { destination, error: null }]);
  await near.ip('link set hf0 down');
  await link.send([message]);
  t.same(await told(3), [down, { destination, error: null }, down]);
});

t.test('from an address that is gone nothing leaves, and the next one that is there does', needs, async t => {
  const { near, link, listen, arrived, told } = await begin(t, 'ipv4');
  await listen(51);
  await near.ip('address delete 192.0.2.11/24 dev hf0');
  const both = [
    { message: advert(51), source: '192.0.2.11', destination },
    { message: advert(52), source: '192.0.2.10', destination },
  ];
  await link.send(both);
  t.match(await arrived(1), [{ message: advert(52), source: '192.0.2.10' }]);
  await link.send(both);
  await arrived(2);
  t.match(await told(1), [{ destination, error: { op: 'send advertisement', code: /^E(INVAL|NETUNREACH|ADDRNOTAVAIL)$/ } }]);
  t.equal((await told(1)).length, 1, 'the other address says nothing about this one');
  await near.ip('address add 192.0.2.11/24 dev hf0');
  await link.send(both);
  t.match((await told(2))[1], { destination, error: null });
});
