// What the kernel lets up to the receiving sockets, and what of it, with two namespaces on a cable.
// Must not know what advertisements mean: whether they are any good is for vrrp/admit.ts.
import t from 'tap';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { startWorker } from '../../fixtures/remote.ts';
import { until } from '../../netns/lab/clock.ts';
import { advert, another, BOUND, begin, FAR, frameOf, GROUP, indexOf, macOf, NEAR, type Packet } from './fixtures/cable.ts';
import type { WireMethods } from './fixtures/wire-worker.ts';

const FAMILIES = ['ipv4', 'ipv6'] as const;
const message = advert(51);
/** The longest that there can be: 255 addresses. */
const LONGEST = { ipv4: advert(51, `64ff00640000${'c00002c8'.repeat(255)}`), ipv6: advert(51, `64ff00640000${'ff'.repeat(16 * 255)}`) };

/** Router alert (RFC 2711) or nothing but padding, in one extension header of 8 bytes: RFC 8200 §4.3, §4.6. */
const hopByHop = (next: number): string => `${hex(next)}00050200000100`;
const destinationOptions = (next: number): string => `${hex(next)}00010400000000`;
const hex = (value: number, digits = 2): string => value.toString(16).padStart(digits, '0');

async function allowJumbo(near: { ip(...commands: readonly string[]): Promise<void> }, far: typeof near): Promise<void> {
  for (const side of [near, far]) await side.ip('link set hf0 mtu 9000');
}

for (const family of FAMILIES) {
  t.test(`${family}: what comes up says where it came from, where it went and its TTL`, needs, async t => {
    const { near, listen, tell } = await begin(t, family);
    await listen(51, 200);
    const elsewhere = { ipv4: '198.51.100.7', ipv6: '2001:db8:ffff::7' }[family];
    const [source, destination] = [FAR[family], GROUP[family]];
    const mac = await macOf(near);
    t.same(
      await tell({ message }, { message, ttl: 64, source: elsewhere }, ...NEAR[family].map(ours => ({ message, mac, destination: ours }))),
      [
        { message, source, destination, ttl: 255 },
        { message, source: elsewhere, destination, ttl: 64 },
        ...NEAR[family].map(ours => ({ message, source, destination: ours, ttl: 255 })),
      ],
    );
  });

  t.test(`${family}: only what it is told to listen for`, needs, async t => {
    const { link, listen, tell } = await begin(t, family);
    const heard = async (...vrids: readonly number[]) =>
      (await tell(...vrids.map(vrid => ({ message: advert(vrid) })))).map(({ message }) => message);
    await listen(200);
    t.same(await heard(51, 52), []);
    await link.listenFor([51, 200]);
    t.same(await heard(51, 52, 0, 255), [advert(51)]);
    await link.listenFor([52, 200]);
    t.same(await heard(51, 52), [advert(52)]);
    await link.listenFor(Array.from({ length: 255 }, (_, i) => i + 1));
    t.same(await heard(0, 1, 51, 255), [advert(1), advert(51), advert(255)]);
  });

  t.test(`${family}: before it is told anything it hears nothing, and keeps nothing for later`, needs, async t => {
    const { link, index, tell, pass } = await begin(t, family);
    t.equal(await link.open('hf0', index, family), null);
    await pass({ message });
    await link.listenFor([51, 200]);
    t.same(await tell(), []);
    t.same(await link.overhear(), []);
  });

  t.test(`${family}: the longest advertisement comes in, a longer one is cut and does not spill into the next`, needs, async t => {
    const { near, far, listen, tell } = await begin(t, family);
    await allowJumbo(near, far);
    await listen(51, 200);
    const long = advert(51, 'ab'.repeat(LONGEST[family].length / 2 + 100));
    const options = family === 'ipv4' ? '01'.repeat(40) : '';
    const [first, second, third, fourth] = await tell(
      { message: LONGEST[family] },
      { message: long },
      { message: long, options },
      { message },
    );
    t.equal(first?.message, LONGEST[family]);
    for (const cut of [second, third]) {
      t.ok(long.startsWith(cut?.message ?? '-'));
      t.ok((cut?.message.length ?? 0) > LONGEST[family].length, 'still too long to pass for an advertisement');
    }
    t.equal(fourth?.message, message);
  });

  t.test(`${family}: what another interface gets does not come up`, needs, async t => {
    const { near, link, listen, tell } = await begin(t, family);
    await near.ip(
      'link add hf2 type veth peer name hf3',
      'link set hf3 up',
      'link set hf2 up',
      'address add 203.0.113.1/24 dev hf2',
      'address add fe80::2/64 dev hf2 nodad',
    );
    await listen(51, 200);
    const other = startWorker<WireMethods>(new URL('fixtures/wire-worker.ts', import.meta.url), command => near.start(command));
    t.teardown(() => other.worker.kill());
    await other.call.open(await indexOf(near, 'hf3'));
    const source = { ipv4: '203.0.113.9', ipv6: 'fe80::9' }[family];
    const mac = await macOf(near, 'hf2');
    const unicast = [{ ipv4: '203.0.113.1', ipv6: 'fe80::2' }[family], ...NEAR[family]];
    await other.call.send(
      [{ message, source }, ...unicast.map(destination => ({ message, source, destination, mac }))].map(each => frameOf(family, each)),
    );
    t.same(await tell(), []);
    await link.listenFor([200]);
    t.same(await link.overhear(), []);
  });

  t.test(`${family}: the others are overheard, as a sample, and nobody is woken`, needs, async t => {
    const { near, link, listen, tell, pass } = await begin(t, family);
    await listen(51, 200);
    const mac = await macOf(near);
    const [ours] = NEAR[family];
    await tell({ message: advert(52) }, { message }, { message: advert(0), mac, destination: ours, ttl: 3 }, { message: '31' });
    const calls = await link.calls();
    t.same(await link.overhear(), [
      { message: advert(52), source: FAR[family], destination: GROUP[family], ttl: 255 },
      { message: advert(0), source: FAR[family], destination: ours, ttl: 3 },
    ]);
    t.same(await link.overhear(), []);
    for (let i = 0; i < 10; i++) await pass(...Array.from({ length: 30 }, (_, k) => ({ message: advert(60 + k) })));
    t.equal(await link.calls(), calls);
    const first = await link.overhear();
    t.ok(first.length >= 20 && first.length <= 64, `${first.length} in a round`);
    let kept = first.length;
    for (let round = await link.overhear(); round.length > 0; round = await link.overhear()) kept += round.length;
    t.ok(kept <= 128, `${kept} of 300 were kept`);
    t.same(
      first.slice(0, 20).map(({ message }) => message),
      Array.from({ length: 20 }, (_, k) => advert(60 + k)),
      'the oldest',
    );
    await link.listenFor([52, 200]);
    t.match(await tell({ message }, { message: advert(52) }), [{ message: advert(52) }]);
    t.match(await link.overhear(), [{ message }], 'what is no longer listened for is overheard');
  });
}

t.test('IPv4 options are not the message', needs, async t => {
  const { listen, tell } = await begin(t, 'ipv4');
  await listen(51, 200);
  // Router alert and padding: the header is 20, 24 and 60 bytes long.
  const options = ['', '94040000', `94040000${'01'.repeat(36)}`];
  const heard = await tell(
    ...options.map(text => ({ message, options: text })),
    ...options.map(text => ({ message: advert(52), options: text })),
  );
  t.same(
    heard.map(({ message, destination }) => ({ message, destination })),
    options.map(() => ({ message, destination: GROUP.ipv4 })),
  );
});

t.test('IPv6 extension headers are not the message, and the filter sees through them', needs, async t => {
  const { near, listen, tell } = await begin(t, 'ipv6');
  await listen(51, 200);
  const extensions = [
    { first: 0, bytes: hopByHop(112) },
    { first: 60, bytes: destinationOptions(112) },
    { first: 0, bytes: `${hopByHop(60)}${destinationOptions(112)}` },
  ];
  const mac = await macOf(near);
  const heard = await tell(
    ...extensions.map(each => ({ message, extensions: each })),
    ...extensions.map(each => ({ message: advert(52), extensions: each })),
    ...extensions.map(each => ({ message, extensions: each, mac, destination: 'fe80::10', ttl: 254 })),
    // A segment of a source route that is over (RFC 8754) is not looked at unless it is allowed.
    { message, extensions: { first: 43, bytes: '7000040000000000' } },
  );
  t.same(heard, [
    ...extensions.map(() => ({ message, source: FAR.ipv6, destination: GROUP.ipv6, ttl: 255 })),
    ...extensions.map(() => ({ message, source: FAR.ipv6, destination: 'fe80::10', ttl: 254 })),
  ]);
});

/** An advertisement in two halves, the first of 8 bytes. */
function halves(family: 'ipv4' | 'ipv6', whole: string, ttls: readonly [number, number], id: number): readonly [Packet, Packet] {
  const [head, tail] = [whole.slice(0, 16), whole.slice(16)];
  if (family === 'ipv4') {
    return [
      { message: head, ttl: ttls[0], fragment: { id, offset: 0, more: true } },
      { message: tail, ttl: ttls[1], fragment: { id, offset: 8, more: false } },
    ];
  }
  const header = (offset: number, more: boolean) => ({ first: 44, bytes: `7000${hex(offset | (more ? 1 : 0), 4)}${hex(id, 8)}` });
  return [
    { message: head, ttl: ttls[0], extensions: header(0, true) },
    { message: tail, ttl: ttls[1], extensions: header(8, false) },
  ];
}

for (const family of FAMILIES) {
  t.test(`${family}: fragments come up when they are whole again, with the TTL of the first`, needs, async t => {
    const { listen, tell } = await begin(t, family);
    await listen(51, 200);
    const [first, last] = halves(family, message, [255, 254], 1);
    t.same(await tell(first), [], 'a part is nothing');
    const whole = { message, source: FAR[family], destination: GROUP[family] };
    t.same(await tell(last), [{ ...whole, ttl: 255 }]);
    const [second, third] = [halves(family, message, [254, 255], 2), halves(family, message, [255, 1], 3)];
    t.same(await tell(...second), [{ ...whole, ttl: 254 }]);
    t.same(await tell(third[1], third[0]), [{ ...whole, ttl: 255 }], 'in any order');
    t.same(await tell(...halves(family, advert(52), [255, 255], 4)), [], 'and the filter sees the whole');
  });
}

t.test('our own, come back from the wire: IPv4 drops them, IPv6 gives them', needs, async t => {
  const four = await begin(t, 'ipv4');
  await four.listen(51, 200);
  t.same(await four.tell(...NEAR.ipv4.map(source => ({ message, source }))), []);
  await four.near.run('sysctl', '-qw', 'net.ipv4.conf.hf0.accept_local=1');
  t.match(await four.tell({ message, source: NEAR.ipv4[0] }), [{ message, source: NEAR.ipv4[0] }], 'unless accept_local is set');
  const six = await begin(t, 'ipv6');
  await six.listen(51, 200);
  t.match(
    await six.tell(...NEAR.ipv6.map(source => ({ message, source }))),
    NEAR.ipv6.map(source => ({ message, source })),
  );
});

t.test('our own do not come back from the sockets that sent them', needs, async t => {
  for (const family of FAMILIES) {
    const { near, link, listen, arrived, tell } = await begin(t, family);
    await listen(51, 200);
    const { call: beside } = await another(t, near, family);
    await beside.listenFor([51]);
    const [source] = NEAR[family];
    await link.send([{ message, source, destination: GROUP[family] }]);
    await arrived(1);
    t.same(await tell(), []);
    t.same(await beside.heard(), [], 'nor to anybody else on this machine');
    t.same(await link.overhear(), []);
  }
});

t.test('IPv4: the kernel drops what is not for us', needs, async t => {
  const { near, listen, tell, link } = await begin(t, 'ipv4');
  await listen(51, 200);
  const mac = await macOf(near);
  t.same(
    await tell(
      { message, destination: '224.0.0.1', mac: '01005e000001' },
      { message, destination: '192.0.2.255', mac: 'ffffffffffff' },
      { message, destination: '255.255.255.255', mac: 'ffffffffffff' },
      { message, destination: '192.0.2.10', mac: 'ffffffffffff' },
      { message, destination: '192.0.2.99', mac },
      { message, destination: '192.0.2.10', mac: '02000000abcd' },
      { message, protocol: 17 },
      { message, protocol: 2 },
      { message: '31' },
    ),
    [],
  );
  t.same(await link.overhear(), []);
});

t.test('IPv6: the kernel drops what is not for us', needs, async t => {
  const { near, listen, tell, link } = await begin(t, 'ipv6');
  await listen(51, 200);
  const mac = await macOf(near);
  t.same(
    await tell(
      { message, destination: 'ff02::1', mac: '333300000001' },
      { message, destination: 'ff02::1:ff00:10', mac: '3333ff000010' },
      { message, destination: 'ff01::12' },
      { message, destination: 'ff02::1:0:12' },
      { message, destination: 'ff02:1::12' },
      { message, destination: '2001:db8::99', mac },
      { message, destination: 'fe80::10', mac: '02000000abcd' },
      { message, protocol: 17 },
      { message: '31' },
    ),
    [],
  );
  t.same(await link.overhear(), []);
});

t.test('what comes up in a turn is there at once', needs, async t => {
  const { wire, link, listen } = await begin(t, 'ipv4');
  await listen(51);
  const many = Array.from({ length: 100 }, (_, i) => frameOf('ipv4', { message: advert(51, hex(i, 8)) }));
  await wire.send(many);
  const heard = await until('all of them', BOUND, async () => {
    const all = await link.heard();
    return all.length >= 100 && all;
  });
  t.same(
    heard.map(({ message }) => message),
    many.map((_, i) => advert(51, hex(i, 8))),
    'in order, over several batches',
  );
});
