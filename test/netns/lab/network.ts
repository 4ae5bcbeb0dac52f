// The lab's network: a switch, nodes that may run daemons, a client and an observer, each a network namespace.
// Must not know what runs on the nodes, nor faults: see faults.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ip, run } from './exec.ts';
import { demolish, onExit, PREFIX, prepare } from './guard.ts';

/** One machine on the switch. Its interface is `hf0`; the switch port at the other end has the machine's name. */
export interface Node {
  readonly name: string;
  readonly namespace: string;
  /** Its own address, without the prefix length (/24). */
  readonly address: string;
  /** The same over IPv6 (/64), beside the link-local one that the kernel chose. */
  readonly address6: string;
}

export interface Network {
  readonly switchNamespace: string;
  readonly nodes: readonly Node[];
  readonly client: Node;
  readonly observer: Node;
  /** A private directory that goes away with the network. */
  readonly folder: string;
  /** @throws Error when there is no node of that name */
  node(name: string): Node;
  delete(): void;
}

let serial = 0;

/** Makes a network of 10.77.0.0/24 and 2001:db8:77::/64: nodes from .1 and ::1 on in the order of their names, the client
 *  .100, the observer .101. */
export async function makeNetwork(names: readonly string[]): Promise<Network> {
  await prepare();
  serial += 1;
  const namespace = (name: string) => `${PREFIX}${serial}-${name}`;
  const machine = (name: string, number: number): Node => ({
    name,
    namespace: namespace(name),
    address: `10.77.0.${number}`,
    address6: `2001:db8:77::${number}`,
  });
  const nodes = names.map((name, i) => machine(name, i + 1));
  const client = machine('client', 100);
  const observer = machine('observer', 101);
  const switchNamespace = namespace('switch');
  const machines = [...nodes, client, observer];
  const folder = mkdtempSync(join(tmpdir(), 'hf-lab-'));
  const remove = onExit(() => {
    for (const name of [...machines.map(m => m.namespace), switchNamespace]) demolish(name);
    rmSync(folder, { recursive: true, force: true });
  });
  try {
    await ip(
      null,
      [switchNamespace, ...machines.map(m => m.namespace)].map(name => `netns add ${name}`),
    );
    // A switch that forwards from the first moment on and decides nothing of its own: no spanning tree, no snooping.
    await ip(switchNamespace, [
      'link add br0 type bridge stp_state 0 mcast_snooping 0 forward_delay 0',
      'link add br1 type bridge stp_state 0 mcast_snooping 0 forward_delay 0',
      'link set br0 up',
      'link set br1 up',
    ]);
    for (const machine of machines) await plugIn(switchNamespace, machine);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    switchNamespace,
    nodes,
    client,
    observer,
    folder,
    node(name) {
      const found = nodes.find(n => n.name === name);
      if (found === undefined) throw new Error(`no node ${name} in this lab`);
      return found;
    },
    delete: remove,
  };
}

/** Gives a machine its `hf0`, with its address, and plugs it into the switch. */
export async function plugIn(switchNamespace: string, machine: Node): Promise<void> {
  await ip(switchNamespace, [
    `link add name ${machine.name} type veth peer name hf0 netns ${machine.namespace}`,
    `link set dev ${machine.name} master br0 up`,
  ]);
  // An address that still proves that it is alone (DAD) answers nobody, and the lab is not to wait for it.
  const settings = ['accept_dad', 'accept_ra', 'router_solicitations'];
  const quiet = ['hf0', 'default'].flatMap(device => settings.map(setting => `net.ipv6.conf.${device}.${setting}=0`));
  await run('ip', ['netns', 'exec', machine.namespace, 'sysctl', '-qw', ...quiet]);
  await ip(machine.namespace, [
    'link set lo up',
    `address add ${machine.address}/24 dev hf0`,
    `address add ${machine.address6}/64 dev hf0 nodad`,
    'link set hf0 up',
  ]);
}
