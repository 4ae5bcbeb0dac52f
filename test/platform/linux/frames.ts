// Whole frames onto interfaces of a namespace: what leaves, what is lost, and what the one socket costs.
// Must not know what frames announce.
import { existsSync } from 'node:fs';
import t from 'tap';
import { makePair, needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { startWorker } from '../../fixtures/remote.ts';
import { until } from '../../netns/lab/clock.ts';
import type { NetworkMethods } from './fixtures/network-worker.ts';
import type { WireMethods } from './fixtures/wire-worker.ts';

const BOUND = 20_000;
const NETWORK = new URL('fixtures/network-worker.ts', import.meta.url);
const WIRE = new URL('fixtures/wire-worker.ts', import.meta.url);
const nft = (process.env.PATH ?? '').split(':').some(folder => existsSync(`${folder}/nft`));
const needsNft = needs.skip !== false || nft ? needs : { skip: 'needs nft: THE PRIORITY OF FRAMES IS NOT TESTED HERE' };

/** An EtherType that no kernel answers. */
const frame = (mark: string): string => `ffffffffffff02000000beef88b5${mark.padEnd(92, '0')}`;

async function begin(t: { teardown(done: () => unknown): void }) {
  const [near, far] = await makePair([], []);
  await near.ip('link add hf1 type veth peer name hf2', 'link set hf1 up', 'link set hf2 up');
  const port = startWorker<NetworkMethods>(NETWORK, command => near.start(command));
  const ends = [near, far].map(space => startWorker<WireMethods>(WIRE, command => space.start(command)));
  t.teardown(() => Promise.all([port.worker.kill(), ...ends.map(({ worker }) => worker.kill())]));
  const [beside, across] = ends;
  if (beside === undefined || across === undefined) throw new Error('two ends were started');
  const { call } = port;
  const [hf0, hf1, hf2] = await Promise.all([call.link('hf0'), call.link('hf1'), call.link('hf2')]);
  if (hf0 === null || hf1 === null || hf2 === null) throw new Error('three interfaces were made');
  await beside.call.open(hf2.index);
  await across.call.open(Number(/^(\d+):/.exec(await far.run('ip', '-o', 'link', 'show', 'dev', 'hf0'))?.[1]));
  const arrives = (wire: typeof across, wanted: string) =>
    until('the frame to arrive', BOUND, async () => (await wire.call.seen()).includes(wanted));
  return { near, call, hf0, hf1, beside, across, arrives };
}

t.test('a frame leaves byte by byte on its interface, and on no other', needs, async t => {
  const { call, hf0, hf1, beside, across, arrives } = await begin(t);
  await call.sendFrame(hf0, frame('01'));
  await call.sendFrame(hf1, frame('02'));
  await arrives(across, frame('01'));
  await arrives(beside, frame('02'));
  t.notOk((await across.call.seen()).includes(frame('02')));
  t.notOk((await beside.call.seen()).includes(frame('01')));
});

t.test('what cannot leave is lost, and the next one leaves', needs, async t => {
  const { near, call, hf0, across, arrives } = await begin(t);
  await call.sendFrame({ name: 'hf7', index: 4711 }, frame('01'));
  await call.sendFrame(hf0, '');
  await call.sendFrame(hf0, frame('02').padEnd(4000, '0'));
  await near.ip('link set hf0 down');
  await call.sendFrame(hf0, frame('03'));
  await near.ip('link set hf0 up');
  await call.sendFrame(hf0, frame('04'));
  await arrives(across, frame('04'));
  t.same(
    (await across.call.seen()).filter(text => text.includes('88b5')),
    [frame('04')],
  );
});

t.test('one socket for all interfaces, which receives nothing', needs, async t => {
  const { near, call, hf0, hf1, beside, across, arrives } = await begin(t);
  await across.worker.kill();
  await call.sendFrame(hf0, frame('01'));
  await call.sendFrame(hf1, frame('02'));
  await arrives(beside, frame('02'));
  await beside.call.send([frame('03')]);
  await beside.worker.kill();
  // sk RefCnt Type Proto Iface R Rmem User Inode
  const sockets = (await near.run('cat', '/proc/net/packet')).trim().split('\n').slice(1);
  t.equal(sockets.length, 1);
  const [, , type, protocol, , , memory] = (sockets[0] ?? '').trim().split(/\s+/);
  t.same([type, protocol, memory], ['3', '0000', '0']);
});

t.test('frames leave with the priority of network control', needsNft, async t => {
  const { near, call, hf0, across, arrives } = await begin(t);
  const chain = 'chain out { type filter hook egress device hf0 priority 0; meta priority 0:7 ether type 0x88b5 counter;\n}';
  await near.run('nft', `table netdev t {\n${chain}\n}`);
  await call.sendFrame(hf0, frame('01'));
  await arrives(across, frame('01'));
  t.match(await near.run('nft', 'list', 'ruleset'), /counter packets 1 /);
});
