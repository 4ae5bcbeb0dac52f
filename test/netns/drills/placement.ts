// Drill: a virtual address on another interface than the advertisements, with label and scope; and no address at all.
// Both interfaces are on one switch and each answers for its own addresses only, so the port tells where an address is.
// Must not know how the product watches interfaces.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { now, sleep, until } from '../lab/clock.ts';
import { statusOf } from '../lab/control.ts';
import { drill, HANDOVER_MS, type Lab, marginMs } from '../lab/drill.ts';
import { ip, run } from '../lab/exec.ts';
import { addressesOf, blackhole, bringBack, pullCable, putCableBack } from '../lab/faults.ts';
import { type Holdfast, startHoldfast, startWith } from '../lab/holdfast.ts';
import type { Node } from '../lab/network.ts';
import { downMs, skewMs } from '../lab/protocol.ts';
import { type RouterSettings, VIP, web } from '../lab/router.ts';
import { handovers } from '../lab/timeline.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost, steadyAdverts } from '../lab/verdict.ts';

const INTERVAL = 100;
const MARGIN = marginMs(INTERVAL);
/** Linux has one scope for all addresses of a network, and that of the host is global: hence /32 below. */
const FAR = '10.78.0.200';

const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? null : 'keepalived names the place of an address in another way';

/** The second interface of a node: `hf1`, whose switch port is the node's name and a 1. */
const second = (node: Node): Node => ({ ...node, name: `${node.name}1`, address: node.address.replace('10.77.', '10.78.') });

async function addSecond(lab: Lab, node: Node): Promise<void> {
  const { name, address } = second(node);
  await ip(lab.network.switchNamespace, [
    `link add name ${name} type veth peer name hf1 netns ${node.namespace}`,
    `link set dev ${name} master br0 up`,
  ]);
  // Linux answers on every interface for every address of the machine, unless it is told otherwise.
  const settings = ['all', 'default', 'hf0', 'hf1'].flatMap(on => [`net.ipv4.conf.${on}.arp_ignore=1`, `net.ipv4.conf.${on}.rp_filter=0`]);
  await run('ip', ['netns', 'exec', node.namespace, 'sysctl', '-qw', ...settings]);
  await ip(node.namespace, [`address add ${address}/24 dev hf1`, 'link set hf1 up']);
}

function launch(lab: Lab, name: string, priority: number): Holdfast {
  const config = join(lab.network.folder, `${name}.toml`);
  writeFileSync(
    config,
    `[vrrp.web]
interface = "hf0"
vrid = 51
priority = ${priority}
addresses = ["${VIP}/24", { address = "${FAR}/32", interface = "hf1", label = "hf1:far", scope = "link" }]
advert_interval = "${INTERVAL}ms"
`,
  );
  const daemon = startWith(lab.network, lab.node(name), ['run', '--config', config]);
  lab.watch(daemon);
  return daemon;
}

/** What `ip` shows of an address: the interface, label and scope; null where it is not. */
async function shown(node: Node, address: string): Promise<readonly (string | undefined)[] | null> {
  interface Link {
    readonly ifname: string;
    readonly addr_info: readonly { readonly local?: string; readonly label?: string; readonly scope?: string }[];
  }
  const links: readonly Link[] = JSON.parse(await run('ip', ['-n', node.namespace, '-j', 'address']));
  for (const { ifname, addr_info } of links) {
    const found = addr_info.find(({ local }) => local === address);
    if (found !== undefined) return [ifname, found.label, found.scope];
  }
  return null;
}

/** Waits until one node serves both addresses, each from its interface. */
async function servedBy(lab: Lab, name: string): Promise<void> {
  await lab.observer.servesAlone(name, VIP, 15_000);
  await lab.observer.servesAlone(`${name}1`, FAR, 5000);
}

async function aloneOn(lab: Lab, name: string, told: string): Promise<void> {
  await servedBy(lab, name);
  const from = now();
  await sleep(300);
  const window = await lab.window(from);
  lab.judge(exactlyOneHolder(window, VIP, name), told);
  lab.judge(exactlyOneHolder(window, FAR, `${name}1`), told);
}

interface Bounds {
  readonly vip: number;
  readonly far: number;
  readonly overlap: number;
}

async function moved(lab: Lab, from: number, told: string, { vip, far, overlap }: Bounds): Promise<void> {
  const window = await lab.window(from);
  lab.judge(outageAtMost(window, VIP, vip), told);
  lab.judge(outageAtMost(window, FAR, far), told);
  lab.judge(overlapAtMost(window, VIP, overlap), told);
  lab.judge(overlapAtMost(window, FAR, overlap), told);
}

async function begin(lab: Lab): Promise<{ readonly a: Holdfast; readonly b: Holdfast }> {
  for (const node of lab.network.nodes) await addSecond(lab, node);
  await ip(lab.network.client.namespace, ['address add 10.78.0.100/24 dev hf0']);
  const a = launch(lab, 'a', 200);
  await servedBy(lab, 'a');
  const b = launch(lab, 'b', 100);
  await b.says(/router=web .*to=backup/, 15_000);
  return { a, b };
}

await drill('an address on another interface', { addresses: [VIP, FAR], missing }, async (t, lab) => {
  const { a } = await begin(lab);
  const [nodeA, nodeB] = [lab.node('a'), lab.node('b')];
  await aloneOn(lab, 'a', 'election');
  t.strictSame(await shown(nodeA, FAR), ['hf1', 'hf1:far', 'link'], 'interface, label and scope');
  t.strictSame(await shown(nodeA, VIP), ['hf0', 'hf0', 'global'], 'the other one is where the advertisements are');
  t.equal(await shown(nodeB, FAR), null, 'the Backup has it nowhere');

  const stopped = a.signal('SIGTERM');
  t.equal((await a.ended(5000)).code, 0, 'leaves with exit code 0');
  await servedBy(lab, 'b');
  await moved(lab, stopped, 'a clean stop', { vip: 5, far: 5, overlap: 50 });
  t.equal(await shown(nodeA, FAR), null, 'a clean stop takes it away');
  t.strictSame(await shown(nodeB, FAR), ['hf1', 'hf1:far', 'link'], 'the new Active has it in the same way');
  const started = now();
  launch(lab, 'a', 200);
  await aloneOn(lab, 'a', 'the return');
  await moved(lab, started, 'the return', { vip: HANDOVER_MS, far: HANDOVER_MS, overlap: 50 });

  // The far one first: then the router is Active for a moment with half a network, and notices nothing by its carrier.
  const died = now();
  await blackhole(lab.network, second(nodeA));
  const half = (now() - died) / 1000;
  await blackhole(lab.network, nodeA);
  await aloneOn(lab, 'b', 'a dead node');
  const dead = await lab.window(died);
  const down = downMs(INTERVAL, 100) + MARGIN;
  lab.judge(outageAtMost(dead, VIP, down), 'a dead node');
  lab.judge(outageAtMost(dead, FAR, down + half), 'a dead node');
  const back = now();
  await bringBack(lab.network, second(nodeA));
  await bringBack(lab.network, nodeA);
  await aloneOn(lab, 'a', 'its return');
  const heal = await lab.window(back);
  for (const address of [VIP, FAR]) lab.judge(outageAtMost(heal, address, HANDOVER_MS), 'its return');
});

await drill('the other interface loses its carrier', { addresses: [VIP, FAR], missing }, async (t, lab) => {
  const { a } = await begin(lab);
  const far = second(lab.node('a'));
  const pulled = now();
  await pullCable(lab.network, far);
  await servedBy(lab, 'b');
  const window = await lab.window(pulled);
  lab.judge(outageAtMost(window, VIP, 5), 'pulled: it leaves in order');
  lab.judge(outageAtMost(window, FAR, skewMs(INTERVAL, 100) + MARGIN), 'pulled: the peer has it as soon as it may');
  lab.judge(overlapAtMost(window, VIP, 50), 'pulled');
  const resigned = window.seen.adverts.filter(advert => advert.node === 'a' && advert.priority === 0);
  t.ok(resigned.length > 0, `${resigned.length} resignations`);
  const waiting = await until('a to have left', 5000, async () => {
    const [router] = (await statusOf(a.socket)).routers;
    return router?.state === 'initialize' && (router.waiting ?? 'for nothing');
  });
  t.match(waiting, /hf1/, `status names the interface: ${waiting}`);
  await aloneOn(lab, 'b', 'pulled');
  const alone = await lab.window(now() - 300_000);
  lab.judge(steadyAdverts(alone, 51, 'b', INTERVAL, MARGIN), 'pulled: a is quiet');

  const back = now();
  await putCableBack(lab.network, far);
  await aloneOn(lab, 'a', 'put back');
  await moved(lab, back, 'put back', { vip: HANDOVER_MS, far: HANDOVER_MS, overlap: INTERVAL + MARGIN });
});

const bare = (priority: number): RouterSettings => ({ ...web(priority), addresses: [] });

/** State in status and the host's own address alone on the interface. */
async function role(t: Test, lab: Lab, name: string, daemon: Holdfast, state: string, told: string): Promise<void> {
  const { routers } = await statusOf(daemon.socket);
  t.match(routers, [{ name: 'web', state, addresses: [] }], `${told}: ${name} is ${state} in status`);
  t.equal(routers.length, 1, `${told}: one router`);
  t.strictSame(await addressesOf(lab.node(name)), [`${lab.node(name).address}/24`], `${told}: nothing is put on ${name}`);
}

await drill('no addresses at all', { missing }, async (t, lab) => {
  const launch = (name: string, priority: number) => {
    const daemon = startHoldfast(lab.network, lab.node(name), [bare(priority)]);
    lab.watch(daemon);
    return daemon;
  };
  const a = launch('a', 200);
  await a.says(/router=web .*to=active/, 15_000);
  const b = launch('b', 100);
  await b.says(/router=web .*to=backup/, 15_000);
  const from = now();
  await sleep(500);
  const window = await lab.window(from);
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, MARGIN), 'election');
  t.ok(
    window.seen.adverts.every(({ count }) => count === 0),
    'with a count of 0',
  );
  await role(t, lab, 'a', a, 'active', 'election');
  await role(t, lab, 'b', b, 'backup', 'election');

  const stopped = a.signal('SIGTERM');
  t.equal((await a.ended(5000)).code, 0, 'leaves with exit code 0');
  await b.says(/router=web .*to=active/, 2000, stopped);
  const [stop] = handovers((await lab.window(stopped)).seen.adverts);
  t.match(stop, { from: 'a', to: 'b' }, 'a clean stop: b follows a');
  const bound = skewMs(INTERVAL, 100) + MARGIN;
  t.ok((stop?.ms ?? Number.NaN) <= bound, `a clean stop: ${stop?.ms.toFixed(1)} ms between them, ${bound.toFixed(1)} allowed`);
  await role(t, lab, 'b', b, 'active', 'a clean stop');

  const started = now();
  const again = launch('a', 200);
  await again.says(/router=web .*to=active/, 15_000);
  await b.says(/router=web .*to=backup/, 2000, started);
  const killed = again.signal('SIGKILL');
  await b.says(/router=web .*to=active/, 3000, killed);
  const alone = now();
  await sleep(300);
  lab.judge(steadyAdverts(await lab.window(alone), 51, 'b', INTERVAL, MARGIN), 'after kill -9');
  const answers = (await lab.window(from)).seen.answers.length;
  t.equal(answers, 0, 'nobody ever answered for an address that nobody listed');
});
