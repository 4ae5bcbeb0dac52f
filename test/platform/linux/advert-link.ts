// The sockets of one interface as a whole, against a kernel: opening, ending, and what one turn may take.
// Must not know what advertisements mean. What comes up: advert-receiver.ts. What leaves: advert-sender-*.ts.
import t from 'tap';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { startWorker } from '../../fixtures/remote.ts';
import { until } from '../../netns/lab/clock.ts';
import type { AdvertMethods } from './fixtures/advert-worker.ts';
import { advert, another, BOUND, begin, FAR, frameOf, GROUP, NEAR } from './fixtures/cable.ts';

const FAMILIES = ['ipv4', 'ipv6'] as const;

for (const family of FAMILIES) {
  t.test(`${family}: what was sent just before it is closed still leaves`, needs, async t => {
    const { link, listen, arrived } = await begin(t, family);
    await listen(51);
    const [source] = NEAR[family];
    const last = [51, 52, 53].map(vrid => ({ message: advert(vrid), source, destination: GROUP[family] }));
    await link.sendAndClose(last);
    t.same(
      (await arrived(3)).map(({ message, source, destination }) => ({ message, source, destination })),
      last,
    );
  });

  t.test(`${family}: close gives everything back, in the middle of a call back too`, needs, async t => {
    const { link, wire, listen, pass } = await begin(t, family);
    const [source] = NEAR[family];
    const before = await link.descriptors();
    const closed = () => until('its descriptors to be closed', BOUND, async () => (await link.descriptors()) === before);
    await listen(51);
    t.equal(await link.descriptors(), before + 3, 'one receives, one samples, one multicasts');
    await link.send([{ message: advert(51), source, destination: FAR[family] }]);
    t.equal(await link.descriptors(), before + 4, 'and one for a peer');
    await link.close();
    await closed();
    await listen(51);
    await link.closeWhenReady();
    await wire.send(Array.from({ length: 20 }, () => frameOf(family, { message: advert(51) })));
    await until('it to be closed', BOUND, async () => !(await link.isOpen()));
    const calls = await link.calls();
    await pass({ message: advert(51) });
    t.equal(await link.calls(), calls, 'and nobody is called afterwards');
    await closed();
  });

  t.test(`${family}: after it is closed nothing is told about a destination`, needs, async t => {
    const { near, link, listen } = await begin(t, family);
    const source = NEAR[family][1];
    await listen(51);
    await near.ip(`address delete ${source}/${family === 'ipv4' ? 24 : 64} dev hf0`);
    await link.sendAndClose([
      { message: advert(51), source, destination: GROUP[family] },
      { message: advert(51), source, destination: FAR[family] },
    ]);
    t.same(await link.told(), []);
  });

  t.test(`${family}: what cannot be opened is an error, and leaves nothing open`, needs, async t => {
    const { near, link, index } = await begin(t, family);
    const before = await link.descriptors();
    t.match(await link.open('hf7', 4711, family), { op: 'bind to interface', code: 'ENODEV', target: 'hf7' });
    t.match(await link.open('hf0', 4711, family), { code: 'ENODEV', target: 'hf0' }, 'an index of an earlier life');
    t.equal(await link.descriptors(), before);
    const start = (command: readonly string[]) => near.start(['setpriv', '--bounding-set', '-net_raw', '--', ...command]);
    const weak = startWorker<AdvertMethods>(new URL('fixtures/advert-worker.ts', import.meta.url), start);
    t.teardown(() => weak.worker.kill());
    t.match(await weak.call.open('hf0', index, family), { op: 'open VRRP socket', code: 'EPERM' });
  });
}

t.test('a flood does not hold the turn for ever', needs, async t => {
  const { link, listen } = await begin(t, 'ipv4');
  await listen(51);
  const [first = 0, second] = await link.flood(2);
  t.ok(first >= 256 && first <= 4096, `${first} in the first turn`);
  t.equal(second, first);
});

t.test('both families on one interface do not hear each other', needs, async t => {
  const { near, listen, tell, wire } = await begin(t, 'ipv4');
  await listen(51, 200);
  const { call: six } = await another(t, near, 'ipv6');
  await six.listenFor([52]);
  await wire.send([frameOf('ipv6', { message: advert(51) }), frameOf('ipv6', { message: advert(52) })]);
  t.match(await tell({ message: advert(52) }, { message: advert(51) }), [{ message: advert(51), destination: GROUP.ipv4 }]);
  await until('the other one to come up', BOUND, async () => (await six.heard()).length > 0);
  t.match(await six.heard(), [{ message: advert(52), destination: GROUP.ipv6 }]);
});
