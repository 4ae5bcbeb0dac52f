// The segment that guests are plugged into: the laboratory's switch, where each node is the socket of one guest, and a packet capture.
// Must not know guests: a tap is a cable with nobody at its other end yet.
import { join } from 'node:path';
import { type Daemon, start } from '../../netns/lab/daemon.ts';
import { ip } from '../../netns/lab/exec.ts';
import { makeNetwork, type Network, type Node } from '../../netns/lab/network.ts';

/** The taps of a node, the first for the first card of its guest. */
export const TAPS = ['hf-tap0', 'hf-tap1'] as const;

export interface Segment {
  readonly network: Network;
  /** The capture file: VRRP and ARP of all ports. */
  readonly pcap: string;
  delete(): void;
}

/** Makes the segment with a socket for each name. A guest gets frames as they come: nothing on the way has an address or an opinion. */
export async function makeSegment(names: readonly string[]): Promise<Segment> {
  const network = await makeNetwork(names);
  const pcap = join(network.folder, 'segment.pcap');
  try {
    for (const node of network.nodes) await makeSocket(node);
    await capture(network, pcap);
  } catch (error) {
    network.delete();
    throw error;
  }
  return { network, pcap, delete: () => network.delete() };
}

/** Turns a node into a socket: its `hf0` becomes a port of a bridge to the taps, and it has no address any more. */
async function makeSocket(node: Node): Promise<void> {
  await ip(node.namespace, [
    'link set dev hf0 down',
    'address flush dev hf0',
    'link set dev hf0 addrgenmode none',
    'link add hf-br type bridge stp_state 0 mcast_snooping 0 forward_delay 0',
    'link set dev hf-br addrgenmode none',
    ...TAPS.flatMap(tap => [
      `tuntap add dev ${tap} mode tap`,
      `link set dev ${tap} addrgenmode none`,
      `link set dev ${tap} master hf-br up`,
    ]),
    'link set dev hf0 master hf-br',
    'link set hf-br up',
    'link set hf0 up',
  ]);
}

async function capture(network: Network, pcap: string): Promise<Daemon> {
  // At the observer's port: the switch sends what is for all to it, and everything that the VRRP group hears is.
  const filter = 'ip proto 112 or arp or (vlan and (ip proto 112 or arp))';
  const daemon = start(network.observer, {
    name: 'tcpdump',
    command: ['tcpdump', '-i', 'hf0', '-n', '-U', '-Z', 'root', '-w', pcap, filter],
  });
  await daemon.says(/listening on/, 10_000);
  return daemon;
}
