// The sockets of one interface against a kernel: two namespaces with a cable between them, ours on `near`, anybody's on `far`.
// Must not know what advertisements mean, only what leaves and what comes up.
import t, { type Test } from 'tap';
import { makePair, type Namespace, needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { startWorker } from '../../fixtures/remote.ts';
import { until } from '../../netns/lab/clock.ts';
import type { AdvertMethods, Heard } from './fixtures/advert-worker.ts';
import type { WireMethods } from './fixtures/wire-worker.ts';

const BOUND = 20_000;
const GROUP = '224.0.0.18';
const GROUP_MAC = '01005e000012';
const ADVERTS = new URL('fixtures/advert-worker.ts', import.meta.url);
const WIRE = new URL('fixtures/wire-worker.ts', import.meta.url);

/** A version 3 advertisement as far as these sockets care: its second byte is the VRID. */
const advert = (vrid: number, rest = '6401006400000000c00002c8'): string => `31${vrid.toString(16).padStart(2, '0')}${rest}`;

interface Packet {
  readonly message: string;
  readonly source?: string;
  readonly destination?: string;
  readonly mac?: string;
  readonly ttl?: number;
  readonly protocol?: number;
  /** Whole words, in hex. */
  readonly options?: string;
}

/** An Ethernet frame in hex with an IPv4 packet, written out from RFC 791. */
function frame(packet: Packet): string {
  const { message, source = '192.0.2.20', destination = GROUP, mac = GROUP_MAC, ttl = 255, protocol = 112, options = '' } = packet;
  const header = Buffer.alloc(20 + options.length / 2);
  header[0] = 0x40 | (header.length / 4);
  header.writeUInt16BE(header.length + message.length / 2, 2);
  header[8] = ttl;
  header[9] = protocol;
  header.set(source.split('.').map(Number), 12);
  header.set(destination.split('.').map(Number), 16);
  header.write(options, 20, 'hex');
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) sum += header.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  header.writeUInt16BE(~sum & 0xffff, 10);
  return `${mac}02000000beef0800${header.toString('hex')}${message}`;
}

/** The IPv4 packets of protocol 112 among frames, taken apart. */
function packets(frames: readonly string[]) {
  return frames
    .map(text => Buffer.from(text, 'hex'))
    .filter(bytes => bytes.readUInt16BE(12) === 0x0800 && bytes[14 + 9] === 112)
    .map(bytes => ({
      mac: bytes.subarray(0, 6).toString('hex'),
      tos: bytes[15],
      ttl: bytes[22],
      source: bytes.subarray(26, 30).join('.'),
      destination: bytes.subarray(30, 34).join('.'),
      message: bytes.subarray(34, 14 + bytes.readUInt16BE(16)).toString('hex'),
    }));
}

async function indexOf(space: Namespace, name: string): Promise<number> {
  return Number(/^(\d+):/.exec(await space.run('ip', '-o', 'link', 'show', 'dev', name))?.[1]);
}

/** Two machines on a cable: `near` has 192.0.2.10 and 192.0.2.11 and the sockets, `far` a wire. */
async function begin(t: Test) {
  const [near, far] = await makePair(['192.0.2.10/24', '192.0.2.11/24'], ['192.0.2.20/24']);
  const link = startWorker<AdvertMethods>(ADVERTS, command => near.start(command));
  const wire = startWorker<WireMethods>(WIRE, command => far.start(command));
  t.teardown(() => Promise.all([link.worker.kill(), wire.worker.kill()]));
  const index = await indexOf(near, 'hf0');
  await wire.call.open(await indexOf(far, 'hf0'));
  let marks = 0;
  let told = 0;
  return {
    near,
    index,
    link: link.call,
    wire: wire.call,
    /** Opens and listens. */
    listen: async (...vrids: readonly number[]) => {
      t.equal(await link.call.open('hf0', index, 'ipv4'), null);
      await link.call.listenFor(vrids);
    },
    /** Sends packets from the far end, then one for VRID 200 that must come up; what came up before it and after the last one.
     *  Everything on a cable arrives in order. */
    async tell(...all: readonly Packet[]): Promise<readonly Heard[]> {
      marks += 1;
      const mark = advert(200, marks.toString(16).padStart(8, '0'));
      await wire.call.send([...all, { message: mark }].map(frame));
      return until('the mark to come up', BOUND, async () => {
        const heard = await link.call.heard();
        if (heard.at(-1)?.message !== mark) return false;
        const news = heard.slice(told, -1);
        told = heard.length;
        return news;
      });
    },
    /** Sends packets from the far end, and resolves when the near one has let them through to its sockets, or not. */
    async pass(...all: readonly Packet[]): Promise<void> {
      const witness = startWorker<WireMethods>(WIRE, command => near.start(command));
      await witness.call.open(index);
      const frames = all.map(frame);
      await wire.call.send(frames);
      await until('the frames to arrive', BOUND, async () => {
        const seen = await witness.call.seen();
        return frames.every(text => seen.includes(text));
      });
      await witness.worker.kill();
    },
    /** The advertisements that arrived at the far end, once there are so many. */
    arrived: (count: number) =>
      until(`${count} advertisements to arrive`, BOUND, async () => {
        const found = packets(await wire.call.seen());
        return found.length >= count && found;
      }),
  };
}

t.test('what is sent arrives: to the group, TTL 255, network control, from the address that was chosen', needs, async t => {
  const { link, listen, arrived } = await begin(t);
  await listen(51);
  await link.send([{ message: advert(51), source: '192.0.2.10' }]);
  const expected = { mac: GROUP_MAC, tos: 0xc0, ttl: 255, source: '192.0.2.10', destination: GROUP, message: advert(51) };
  t.same(await arrived(1), [expected]);
  await link.send([{ message: advert(51), source: '192.0.2.11' }]);
  t.same((await arrived(2))[1], { ...expected, source: '192.0.2.11' });
  await link.send([{ message: advert(52), source: '192.0.2.10' }]);
  t.same((await arrived(3))[2], { ...expected, message: advert(52) });
  t.same(await link.failures(), []);
});

t.test('several in one turn each leave from their own address', needs, async t => {
  const { link, listen, arrived } = await begin(t);
  await listen(51);
  const sources = ['192.0.2.10', '192.0.2.11', '192.0.2.10', '192.0.2.10', '192.0.2.11'];
  const all = sources.map((source, i) => ({ message: advert(i + 1), source }));
  await link.send(all);
  t.same(
    (await arrived(5)).map(({ message, source }) => ({ message, source })),
    all,
  );
});

t.test('the longest advertisement goes out and comes in', needs, async t => {
  const { link, listen, arrived, tell } = await begin(t);
  await listen(51, 200);
  const longest = advert(51, `64ff00640000${'c00002c8'.repeat(255)}`);
  t.equal(longest.length, 2 * (8 + 4 * 255));
  await link.send([{ message: longest, source: '192.0.2.10' }]);
  t.equal((await arrived(1))[0]?.message, longest);
  const heard = await tell({ message: longest }, { message: longest, options: '01'.repeat(40) });
  t.same(
    heard.map(({ message }) => message),
    [longest, longest],
  );
});

t.test('a longer one is cut and does not spill into the next', needs, async t => {
  const { listen, tell } = await begin(t);
  await listen(51, 200);
  const long = advert(51, 'ab'.repeat(1400));
  const [first, second] = await tell({ message: long }, { message: advert(51) });
  t.ok(long.startsWith(first?.message ?? '-'));
  t.ok((first?.message.length ?? 0) > 2 * (8 + 4 * 255), 'still too long to pass for an advertisement');
  t.equal(second?.message, advert(51));
});

t.test('what comes up says where it came from, where it went and its TTL', needs, async t => {
  const { listen, tell } = await begin(t);
  await listen(51, 200);
  t.same(await tell({ message: advert(51) }, { message: advert(51), ttl: 64, source: '198.51.100.7' }), [
    { message: advert(51), source: '192.0.2.20', destination: GROUP, ttl: 255 },
    { message: advert(51), source: '198.51.100.7', destination: GROUP, ttl: 64 },
  ]);
});

t.test('IP options are not the message', needs, async t => {
  const { listen, tell } = await begin(t);
  await listen(51, 200);
  // Router alert and padding: the header is 20, 24 and 60 bytes long.
  const options = ['', '94040000', `94040000${'01'.repeat(36)}`];
  const heard = await tell(...options.map(text => ({ message: advert(51), options: text })));
  t.same(
    heard.map(({ message, destination }) => ({ message, destination })),
    options.map(() => ({ message: advert(51), destination: GROUP })),
  );
});

t.test('the kernel drops what is not ours', needs, async t => {
  const { near, listen, tell } = await begin(t);
  await listen(51, 200);
  const mac = /link\/ether (\S+)/.exec(await near.run('ip', 'link', 'show', 'dev', 'hf0'))?.[1]?.replaceAll(':', '') ?? '';
  const message = advert(51);
  t.same(
    await tell(
      { message: advert(52) },
      { message: advert(0) },
      { message: advert(255) },
      { message, destination: '192.0.2.10', mac },
      { message, destination: '224.0.0.1', mac: '01005e000001' },
      { message, destination: '192.0.2.255', mac: 'ffffffffffff' },
      { message, protocol: 17 },
      { message, protocol: 2 },
      { message: '31' },
    ),
    [],
  );
});

t.test('only what it is told to listen for', needs, async t => {
  const { link, listen, tell } = await begin(t);
  const heard = async (...vrids: readonly number[]) =>
    (await tell(...vrids.map(vrid => ({ message: advert(vrid) })))).map(({ message }) => message);
  await listen(200);
  t.same(await heard(51, 52), []);
  await link.listenFor([51, 200]);
  t.same(await heard(51, 52), [advert(51)]);
  await link.listenFor([52, 200]);
  t.same(await heard(51, 52), [advert(52)]);
  await link.listenFor(Array.from({ length: 255 }, (_, i) => i + 1));
  t.same(await heard(1, 51, 255), [advert(1), advert(51), advert(255)]);
});

t.test('before it is told anything it hears nothing, and keeps nothing for later', needs, async t => {
  const { link, index, tell, pass } = await begin(t);
  t.equal(await link.open('hf0', index, 'ipv4'), null);
  await pass({ message: advert(51) });
  await link.listenFor([51, 200]);
  t.same(await tell(), []);
});

t.test('our own do not come back, nor do those of another interface come up', needs, async t => {
  const { near, link, listen, arrived, tell } = await begin(t);
  await near.ip(
    'link add hf2 type veth peer name hf3',
    'link set hf3 up',
    'link set hf2 up',
    'address add 203.0.113.1/24 dev hf2',
    'address add 203.0.113.2/24 dev hf3',
  );
  await listen(51, 200);
  const other = startWorker<WireMethods>(WIRE, command => near.start(command));
  t.teardown(() => other.worker.kill());
  await other.call.open(await indexOf(near, 'hf3'));
  await other.call.send([frame({ message: advert(51), source: '203.0.113.9' })]);
  await link.send([{ message: advert(51), source: '192.0.2.10' }]);
  await arrived(1);
  t.same(await tell(), []);
});

t.test('a flood does not hold the turn for ever', needs, async t => {
  const { link, listen } = await begin(t);
  await listen(51);
  const [first = 0, second] = await link.flood(2);
  t.ok(first >= 256 && first <= 4096, `${first} in the first turn`);
  t.equal(second, first);
});

t.test('frames leave as they are', needs, async t => {
  const { link, wire, listen } = await begin(t);
  await listen(51);
  const arp = 'ffffffffffff02000000beef0806 0001080006040001 0200000000aa c00002c8 000000000000 c00002c8'.replaceAll(' ', '');
  await link.sendFrame(arp);
  await until('the frame to arrive', BOUND, async () => (await wire.seen()).includes(arp));
  t.pass();
});

t.test('what keeps an advertisement from leaving is told once per cause, and again after one could leave', needs, async t => {
  const { near, link, listen, arrived } = await begin(t);
  await listen(51);
  const message = { message: advert(51), source: '192.0.2.10' };
  const failed = (count: number) =>
    until(`${count} failures`, BOUND, async () => {
      const failures = await link.failures();
      return failures.length >= count && failures;
    });
  await near.ip('link set hf0 down');
  await link.send([message]);
  const [down] = await failed(1);
  t.match(down, { kind: 'system-error', op: 'send advertisement', target: 'hf0' });
  t.match(down?.code, /^ENET(DOWN|UNREACH)$/, 'by its errno name');
  await link.send([message, message, message]);
  await near.ip('link set hf0 up');
  await until('a carrier', BOUND, async () => (await near.run('ip', 'link', 'show', 'dev', 'hf0')).includes('LOWER_UP'));
  await link.send([message]);
  await arrived(1);
  t.equal((await link.failures()).length, 1);
  await near.ip('link set hf0 down');
  await link.send([message]);
  t.equal((await failed(2))[1]?.code, down?.code);
});

t.test('from an address that is gone nothing leaves, and the next one that is there does', needs, async t => {
  const { near, link, listen, arrived } = await begin(t);
  await listen(51);
  await near.ip('address delete 192.0.2.11/24 dev hf0');
  await link.send([
    { message: advert(51), source: '192.0.2.11' },
    { message: advert(52), source: '192.0.2.10' },
  ]);
  t.match(await arrived(1), [{ message: advert(52), source: '192.0.2.10' }]);
  t.match(await link.failures(), [{ op: 'send advertisement', code: /^E(INVAL|NETUNREACH|ADDRNOTAVAIL)$/ }]);
});

t.test('what was sent just before it is closed still leaves', needs, async t => {
  const { link, listen, arrived } = await begin(t);
  await listen(51);
  const last = [51, 52, 53].map(vrid => ({ message: advert(vrid), source: '192.0.2.10' }));
  await link.sendAndClose(last);
  t.same(
    (await arrived(3)).map(({ message, source }) => ({ message, source })),
    last,
  );
});

t.test('close gives everything back, in the middle of a call back too', needs, async t => {
  const { link, wire, listen, pass } = await begin(t);
  const before = await link.descriptors();
  await listen(51);
  t.equal(await link.descriptors(), before + 3);
  await link.close();
  await until('its descriptors to be closed', BOUND, async () => (await link.descriptors()) === before);
  await listen(51);
  await link.closeWhenReady();
  await wire.send(Array.from({ length: 20 }, () => frame({ message: advert(51) })));
  await until('it to be closed', BOUND, async () => !(await link.isOpen()));
  const calls = await link.calls();
  await pass({ message: advert(51) });
  t.equal(await link.calls(), calls, 'and nobody is called afterwards');
  t.equal(await link.descriptors(), before);
});

t.test('what cannot be opened is an error, and leaves nothing open', needs, async t => {
  const { near, link, index } = await begin(t);
  const before = await link.descriptors();
  t.same(await link.open('hf0', index, 'ipv6'), { kind: 'system-error', op: 'open sockets', code: 'EAFNOSUPPORT', target: 'hf0' });
  t.match(await link.open('hf7', 4711, 'ipv4'), { op: 'bind to interface', code: 'ENODEV', target: 'hf7' });
  t.match(await link.open('hf0', 4711, 'ipv4'), { code: 'ENODEV', target: 'hf0' }, 'an index of an earlier life');
  t.equal(await link.descriptors(), before);
  const start = (command: readonly string[]) => near.start(['setpriv', '--bounding-set', '-net_raw', '--', ...command]);
  const weak = startWorker<AdvertMethods>(ADVERTS, start);
  t.teardown(() => weak.worker.kill());
  t.match(await weak.call.open('hf0', index, 'ipv4'), { op: 'open VRRP socket', code: 'EPERM' });
});
