// What can go wrong in a network, done to the lab's: cables, losses one way or both, partitions, interfaces that vanish.
// Must not know what runs on the nodes. Every fault is made at the switch, except those of the interface itself.
import { ip, run } from './exec.ts';
import type { Network, Node } from './network.ts';
import { plugIn } from './network.ts';

/** Pulls the cable: the node's interface loses its carrier. */
export async function pullCable(network: Network, node: Node): Promise<void> {
  await ip(network.switchNamespace, [`link set dev ${node.name} down`]);
}

export async function putCableBack(network: Network, node: Node): Promise<void> {
  await ip(network.switchNamespace, [`link set dev ${node.name} up`]);
}

/** Nothing comes out of the node any more and nothing reaches it, while its carrier stays: a dead machine, seen from outside.
 *  The bridge port is disabled, which cuts both directions in one moment. */
export async function blackhole(network: Network, node: Node): Promise<void> {
  await run('bridge', ['-n', network.switchNamespace, 'link', 'set', 'dev', node.name, 'state', '0']);
}

export async function bringBack(network: Network, node: Node): Promise<void> {
  await run('bridge', ['-n', network.switchNamespace, 'link', 'set', 'dev', node.name, 'state', '3']);
}

/** Puts these nodes on a second switch that nobody else is on, the client neither. */
export async function partition(network: Network, away: readonly Node[]): Promise<void> {
  await ip(
    network.switchNamespace,
    away.map(node => `link set dev ${node.name} master br1`),
  );
}

export async function heal(network: Network): Promise<void> {
  await ip(
    network.switchNamespace,
    network.nodes.map(node => `link set dev ${node.name} master br0`),
  );
}

/** The nodes do not hear each other, while client and observer hear all of them. */
export async function isolate(network: Network, isolated: boolean): Promise<void> {
  for (const node of network.nodes) {
    await run('bridge', ['-n', network.switchNamespace, 'link', 'set', 'dev', node.name, 'isolated', isolated ? 'on' : 'off']);
  }
}

/** What the switch drops at a port. `from`: coming out of the node; `to`: on its way to it. */
export type Loss = 'all' | 'vrrp' | 'vrrp-ipv6' | 'priority-zero';

// Classic BPF on the whole Ethernet frame; 2 is TC_ACT_SHOT, -1 lets it pass. The only classifier of tc that needs no
// further module.
const PROGRAMS: Record<Loss, readonly string[]> = {
  all: ['6 0 0 2'],
  vrrp: ['40 0 0 12', '21 0 3 2048', '48 0 0 23', '21 0 1 112', '6 0 0 2', '6 0 0 4294967295'],
  'vrrp-ipv6': ['40 0 0 12', '21 0 3 34525', '48 0 0 20', '21 0 1 112', '6 0 0 2', '6 0 0 4294967295'],
  'priority-zero': [
    '40 0 0 12',
    '21 0 6 2048',
    '48 0 0 23',
    '21 0 4 112',
    '177 0 0 14',
    '80 0 0 16',
    '21 0 1 0',
    '6 0 0 2',
    '6 0 0 4294967295',
  ],
};

/** Drops frames at a node's port until `passAgain`. One loss per direction. */
export async function drop(network: Network, node: Node, direction: 'from' | 'to', loss: Loss): Promise<void> {
  const tc = (...args: string[]) => run('tc', ['-n', network.switchNamespace, ...args]);
  const program = PROGRAMS[loss];
  await tc('qdisc', 'replace', 'dev', node.name, 'clsact');
  const hook = direction === 'from' ? 'ingress' : 'egress';
  await tc(
    'filter',
    'replace',
    'dev',
    node.name,
    hook,
    'protocol',
    'all',
    'pref',
    '1',
    'bpf',
    'da',
    'bytecode',
    `${program.length},${program.join(',')}`,
  );
}

export async function passAgain(network: Network, node: Node): Promise<void> {
  await run('tc', ['-n', network.switchNamespace, 'qdisc', 'delete', 'dev', node.name, 'clsact']);
}

/** The client no longer knows the MAC address of an address, as it would after a while without answers. */
export async function forgetNeighbour(network: Network, address: string): Promise<void> {
  await ip(network.client.namespace, [`neigh flush to ${address} dev hf0`]);
}

export async function deleteInterface(node: Node): Promise<void> {
  await ip(node.namespace, ['link delete hf0']);
}

export async function makeInterface(network: Network, node: Node): Promise<void> {
  await plugIn(network.switchNamespace, node);
}

/** The addresses of `hf0` as `ip` prints them: `10.77.0.1/24`. Empty while there is no interface. */
export async function addressesOf(node: Node): Promise<readonly string[]> {
  const text = await run('ip', ['-n', node.namespace, '-4', '-o', 'address', 'show', 'dev', 'hf0']).catch(() => '');
  return [...text.matchAll(/inet (\S+)/g)].map(match => match[1] ?? '');
}
