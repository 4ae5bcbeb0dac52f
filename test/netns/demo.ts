// `./build.sh demo`: two machines and a client on one switch, one address, and a few deaths, told as they happen.
// Must not be needed by anything: it is for eyes. The executable is the real one, and so is nginx.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { now, sleep, until } from './lab/clock.ts';
import { addressesOf, blackhole, bringBack } from './lab/faults.ts';
import { whyNot } from './lab/guard.ts';
import { type Holdfast, missing, startHoldfast } from './lab/holdfast.ts';
import { longestWait, startHttpClient } from './lab/http.ts';
import { makeNetwork, type Node } from './lab/network.ts';
import { startNginx } from './lab/nginx.ts';
import { downMs } from './lab/protocol.ts';
import { VIP, web } from './lab/router.ts';

const INTERVAL = 100;
const REQUEST_EVERY = 4;
const PRIORITY: Record<string, number> = { 'edge-a': 150, 'edge-b': 100 };

const started = now();
const print = (text = '') => process.stdout.write(`${text}\n`);
const say = (text: string) => print(`${((now() - started) / 1e6).toFixed(1).padStart(6)} s  ${text}`);

const why = whyNot() ?? missing();
if (why !== null) {
  process.stderr.write(`demo: ${why}\n`);
  process.exit(1);
}

print(`
  One address, two machines. Each is a network namespace with its own nginx and its own holdfast;
  a third one is the client, which asks http://${VIP}/ for a page every ${REQUEST_EVERY} ms.

     edge-a  10.77.0.1  nginx, holdfast (priority 150) ──┐
                                                         ├── switch ── client
     edge-b  10.77.0.2  nginx, holdfast (priority 100) ──┘
                          ${VIP} lives on one of them
`);

const network = await makeNetwork(['edge-a', 'edge-b']);
const a = network.node('edge-a');
const b = network.node('edge-b');
const running = new Map<Node, Holdfast>();
const run = (node: Node) => running.set(node, startHoldfast(network, node, [web(PRIORITY[node.name] ?? 100, INTERVAL)]));
const daemon = (node: Node) => {
  const found = running.get(node);
  if (found === undefined) throw new Error(`no holdfast on ${node.name}`);
  return found;
};

/** Where the address is, as `ip address` on each machine shows it; a dead machine cannot be asked. */
async function holders(dead: readonly Node[] = []): Promise<string> {
  const found: string[] = [];
  for (const node of network.nodes) {
    if (!dead.includes(node) && (await addressesOf(node)).includes(`${VIP}/24`)) found.push(node.name);
  }
  return found.join(' and ') || 'nobody';
}

for (const node of network.nodes) startNginx(network, node);
const client = startHttpClient(network, VIP, REQUEST_EVERY);
run(a);
run(b);
await client.servedBy('edge-a', 15_000);

print('  /etc/holdfast/holdfast.toml of edge-a; on edge-b the priority is 100:\n');
for (const line of readFileSync(join(network.folder, 'edge-a.toml'), 'utf8').trim().split('\n')) print(`     ${line}`);
print();
say(`both run. The address is on ${await holders()}, the client reads pages of edge-a`);

interface Scene {
  readonly what: string;
  readonly waitedMs: number;
  readonly server: string;
  readonly note: string;
}
const scenes: Scene[] = [];

/** One thing that happens: does it, waits until `serves` serves alone, and measures what the client missed. */
async function scene(
  what: string,
  serves: Node,
  note: string,
  act: () => void | Promise<void>,
  settleMs = 800,
  dead: readonly Node[] = [],
): Promise<void> {
  await sleep(400);
  print();
  say(what);
  const from = now();
  await act();
  await client.servedBy(serves.name, 20_000);
  await sleep(settleMs);
  const to = now();
  const waitedMs = longestWait(client.pages(from, to), from, to);
  const missed = waitedMs < 6 * REQUEST_EVERY ? 'missed nothing' : `waited ${waitedMs.toFixed(0)} ms`;
  const holder = await holders(dead);
  say(`${serves.name} serves, the address is on ${holder}. The client ${missed}`);
  scenes.push({ what, waitedMs, server: serves.name, note });
}

const limit = `at most ${downMs(INTERVAL, 100).toFixed(0)} ms by the protocol`;
await scene('edge-a dies: nothing comes out of it any more', b, limit, () => blackhole(network, a), 800, [a]);
await scene('edge-a is back', a, 'both served: one gives way', () => bringBack(network, a));
await scene('edge-a: the daemon is stopped in order (SIGTERM)', b, 'serves until edge-b does', async () => {
  daemon(a).signal('SIGTERM');
  await daemon(a).ended(10_000);
});
await scene('edge-a: the daemon is started again', a, 'higher priority takes over', () => {
  run(a);
});
await scene(
  'edge-a: the daemon is killed (kill -9)',
  b,
  'its lease ends in the kernel',
  async () => {
    daemon(a).signal('SIGKILL');
    await until('the lease to end', 10_000, async () => !(await addressesOf(a)).includes(`${VIP}/24`));
  },
  400,
);
await scene('edge-a: the daemon is started again', a, 'higher priority takes over', () => {
  run(a);
});

const width = Math.max(...scenes.map(({ what }) => what.length));
print(`\n  ${'what happened'.padEnd(width)}  client waited  then serves`);
for (const { what, waitedMs, server, note } of scenes) {
  print(`  ${what.padEnd(width)}  ${`${waitedMs.toFixed(0)} ms`.padStart(13)}  ${server}   ${note}`);
}
print(
  `\n  Waits below ${6 * REQUEST_EVERY} ms are the client's own rhythm. Adverts go out every ${INTERVAL} ms here; the default is 1 s, and a`,
);
print('  dead machine is then missed for up to ten times as long.\n');
network.delete();
process.exit(0);
