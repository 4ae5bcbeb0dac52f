// Drill: with accept = false an Active says that it has the addresses and takes no packet to them, of either family; what the
// machine has of its own answers as ever. Must not know how packets are refused, but that `nft` can show it.
import { existsSync } from 'node:fs';
import type { Test } from 'tap';
import { now, sleep, until } from '../lab/clock.ts';
import { start } from '../lab/daemon.ts';
import { drill, type Lab, marginMs } from '../lab/drill.ts';
import { run } from '../lab/exec.ts';
import { addressesOf } from '../lab/faults.ts';
import { type Holdfast, startHoldfast, writeHoldfast } from '../lab/holdfast.ts';
import type { Node } from '../lab/network.ts';
import { type RouterSettings, VIP, VIP6, web } from '../lab/router.ts';
import { claims } from '../lab/timeline.ts';
import { exactlyOneHolder, outageAtMost, steadyAdverts, type Verdict, type Window } from '../lab/verdict.ts';

const INTERVAL = 100;
const MARGIN = marginMs(INTERVAL);
const BOTH = [VIP, VIP6];
/** The host's own of node a. */
const OWN = ['10.77.0.1', '2001:db8:77::1'];
const PORT = 8080;

const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? null : 'keepalived accepts in ways of its own';
const NFT = ['/usr/sbin', '/sbin', '/usr/bin'].some(folder => existsSync(`${folder}/nft`));
if (!NFT) process.stderr.write('SKIPPED the part of accept = false that looks at tables: no program `nft`\n');

const router = (priority: number, accept: boolean): RouterSettings => ({ ...web(priority), addresses: BOTH, accept });

function launch(lab: Lab, name: string, priority: number, accept: boolean): Holdfast {
  const daemon = startHoldfast(lab.network, lab.node(name), [router(priority, accept)]);
  lab.watch(daemon);
  return daemon;
}

/** A listener on all addresses that the node has or will have. */
async function listen(node: Node): Promise<void> {
  const code = `require('node:net').createServer(s => s.destroy()).listen(${PORT}, '::', () => console.log('listens'))`;
  const daemon = start(node, { name: `listener ${node.name}`, command: [process.execPath, '-e', code] });
  await daemon.says(/listens/, 10_000);
}

/** What TCP from the client meets with: `connect`, `timeout` after half a second, or an error code. */
async function tcp(lab: Lab, address: string): Promise<string> {
  const code = `const s = require('node:net').connect({ host: '${address}', port: ${PORT}, timeout: 500 });
    const tell = what => { console.log(what); process.exit(); };
    s.on('connect', () => tell('connect')).on('timeout', () => tell('timeout')).on('error', e => tell(e.code));`;
  return (await run('ip', ['netns', 'exec', lab.network.client.namespace, process.execPath, '-e', code])).trim();
}

async function tables(node: Node): Promise<readonly string[]> {
  const text = await run('ip', ['netns', 'exec', node.namespace, 'nft', 'list', 'tables']);
  return [...text.matchAll(/holdfast-\S+/g)].map(([name]) => name).sort();
}

const TABLES = ['holdfast-hf0/ipv4/51', 'holdfast-hf0/ipv6/51'];

async function showsTables(t: Test, node: Node, wanted: readonly string[], told: string): Promise<void> {
  if (NFT) t.strictSame(await tables(node), wanted, told);
}

/** It said to have the address whenever asked, and not one echo came back. */
function heldInSilence(window: Window, address: string, node: string): Verdict {
  const asked = claims(window.seen, address);
  const held = asked.filter(({ nodes }) => nodes.length === 1 && nodes[0] === node).length;
  const sent = window.seen.sent.filter(probe => probe.address === address).length;
  const answers = window.seen.answers.filter(answer => answer.address === address);
  const text = `${node} said ${held} of ${asked.length} times that it has ${address}, and answered ${answers.length} of ${sent} probes`;
  const ok = window.seen.lost === 0 && asked.length >= 10 && sent >= 50 && held > asked.length * 0.8 && answers.length === 0;
  return { ok, text, seen: { first: answers.slice(0, 5), others: asked.filter(({ nodes }) => nodes.some(name => name !== node)) } };
}

function noAnswer(t: Test, window: Window, told: string): void {
  const answers = window.seen.answers.filter(({ address }) => BOTH.includes(address));
  t.strictSame(answers.slice(0, 5), [], `${told}: ${answers.length} answers for the addresses`);
}

async function heldBy(lab: Lab, node: string): Promise<void> {
  for (const address of BOTH) await lab.observer.heldBy(node, address, 15_000);
}

await drill('accept = false', { addresses: [...BOTH, ...OWN], missing }, async (t, lab) => {
  const [nodeA, nodeB] = [lab.node('a'), lab.node('b')];
  await listen(nodeA);
  await listen(nodeB);
  const from = now();
  const a = launch(lab, 'a', 200, false);
  await heldBy(lab, 'a');
  const b = launch(lab, 'b', 100, false);
  await b.says(/router=web .*to=backup/, 15_000);

  const steady = now();
  for (const address of BOTH) t.equal(await tcp(lab, address), 'timeout', `TCP to ${address} gets no answer, not even a refusal`);
  for (const address of OWN) t.equal(await tcp(lab, address), 'connect', `TCP to ${address} does`);
  const window = await lab.window(steady);
  for (const address of BOTH) lab.judge(heldInSilence(window, address, 'a'), 'steady');
  for (const address of OWN) lab.judge(outageAtMost(window, address, MARGIN), "the host's own address");
  await showsTables(t, nodeA, TABLES, 'the Active has a table for each family');
  await showsTables(t, nodeB, [], 'the Backup has none');

  a.signal('SIGTERM');
  t.equal((await a.ended(5000)).code, 0, 'leaves with exit code 0');
  await heldBy(lab, 'b');
  await showsTables(t, nodeA, [], 'a clean stop leaves no table');
  await showsTables(t, nodeB, TABLES, 'the new Active has them');
  const whole = await lab.window(from);
  noAnswer(t, whole, 'neither before nor after nor in between');
  for (const address of OWN) lab.judge(outageAtMost(whole, address, MARGIN), "the host's own address");
});

await drill('kill -9 with accept = false, and a restart that accepts', { addresses: BOTH, nodes: ['a'], missing }, async (t, lab) => {
  const node = lab.node('a');
  const a = launch(lab, 'a', 200, false);
  await heldBy(lab, 'a');
  a.signal('SIGKILL');
  await a.ended(1000);
  await until('the leases to end', 4000, async () => (await addressesOf(node)).length === 1);
  await showsTables(t, node, TABLES, 'the tables outlive it');
  const again = launch(lab, 'a', 200, true);
  for (const address of BOTH) await lab.observer.servesAlone('a', address, 15_000);
  await showsTables(t, node, [], 'the next run took them away');
  again.signal('SIGKILL');
  await again.ended(1000);
  // The addresses of the former life are still there and answer: the filter comes before they are kept.
  const third = launch(lab, 'a', 200, false);
  await heldBy(lab, 'a');
  for (const address of BOTH) await lab.observer.silence(address, 5000);
  const from = now();
  await sleep(300);
  const window = await lab.window(from);
  for (const address of BOTH) lab.judge(heldInSilence(window, address, 'a'), 'adopted');
  // Nobody takes over, so the client goes on asking this machine until the addresses are gone.
  const stopped = third.signal('SIGTERM');
  t.equal((await third.ended(5000)).code, 0, 'leaves with exit code 0');
  await showsTables(t, node, [], 'and takes its tables along');
  noAnswer(t, await lab.window(stopped), 'the filter outlives the addresses');
});

await drill('a reload switches accept', { addresses: BOTH, missing }, async (t, lab) => {
  const node = lab.node('a');
  const a = launch(lab, 'a', 200, true);
  for (const address of BOTH) await lab.observer.servesAlone('a', address, 15_000);
  const b = launch(lab, 'b', 100, true);
  await b.says(/router=web .*to=backup/, 15_000);
  const from = now();

  writeHoldfast(lab.network, node, [router(200, false)]);
  a.signal('SIGHUP');
  for (const address of BOTH) await lab.observer.silence(address, 5000);
  const off = now();
  await sleep(300);
  const silent = await lab.window(off);
  for (const address of BOTH) lab.judge(heldInSilence(silent, address, 'a'), 'off');
  await showsTables(t, node, TABLES, 'off: a table for each family');

  writeHoldfast(lab.network, node, [router(200, true)]);
  a.signal('SIGHUP');
  for (const address of BOTH) await lab.observer.servesAlone('a', address, 5000);
  await showsTables(t, node, [], 'on again: none');

  const on = now();
  await sleep(300);
  const window = await lab.window(on);
  for (const address of BOTH) lab.judge(exactlyOneHolder(window, address, 'a'), 'on again');
  const all = await lab.window(from);
  for (const address of BOTH) lab.judge(exactlyOneHolder(all, address, 'a'), 'through both reloads');
  const adverts = (six: boolean) => all.seen.adverts.filter(({ source }) => source.includes(':') === six);
  for (const six of [false, true]) {
    lab.judge(steadyAdverts({ ...all, seen: { ...all.seen, adverts: adverts(six) } }, 51, 'a', INTERVAL, MARGIN), six ? 'IPv6' : 'IPv4');
  }
});
