// Room for many virtual addresses and routers: a network of its own on hf0, and further interfaces, each on its own switch.
// Must not know daemons or cases.
import { ip, run } from '../netns/lab/exec.ts';
import type { Network, Node } from '../netns/lab/network.ts';

/** The virtual address of this number on this interface; those of one /24 belong together. @param number 0 to 32,000 */
export function wideAddress(interfaceNumber: number, number: number): string {
  return `10.${78 + interfaceNumber}.${1 + (number >> 7)}.${1 + (number & 127)}`;
}

/** The switch ports of a node. */
export function portsOf(node: Node, interfaces: number): readonly string[] {
  return Array.from({ length: interfaces }, (_, number) => (number === 0 ? node.name : `${node.name}${number}`));
}

/** Gives every node 10.78.0.0/16 on hf0, 10.79.0.0/16 on hf1 and so on; client and observer stay on the switch of hf0. */
export async function widen(network: Network, interfaces: number): Promise<void> {
  const place = (node: Node) => node.address.slice(node.address.lastIndexOf('.') + 1);
  for (let number = 1; number < interfaces; number++) {
    // br0 is the lab's switch, br1 the other side of its partitions.
    const bridge = `br${number + 1}`;
    await ip(network.switchNamespace, [
      `link add ${bridge} type bridge stp_state 0 mcast_snooping 0 forward_delay 0`,
      `link set ${bridge} up`,
      ...network.nodes.flatMap(node => [
        `link add name ${node.name}${number} type veth peer name hf${number} netns ${node.namespace}`,
        `link set dev ${node.name}${number} master ${bridge} up`,
      ]),
    ]);
  }
  for (const node of network.nodes) {
    const numbers = Array.from({ length: interfaces }, (_, number) => number);
    await ip(
      node.namespace,
      numbers.flatMap(number => [`address add 10.${78 + number}.0.${place(node)}/16 dev hf${number}`, `link set hf${number} up`]),
    );
  }
  await ip(network.client.namespace, [`address add 10.78.0.${place(network.client)}/16 dev hf0`]);
}

/** Nothing comes out of the node any more on any of its interfaces, and nothing reaches it: a dead machine. */
export async function blackholeAll(network: Network, node: Node, interfaces: number): Promise<void> {
  const lines = portsOf(node, interfaces).map(port => `link set dev ${port} state 0\n`);
  await run('bridge', ['-n', network.switchNamespace, '-batch', '-'], lines.join(''));
}
