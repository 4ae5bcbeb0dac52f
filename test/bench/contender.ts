// What is compared: holdfast and keepalived, each with its defaults, behind one face.
// Must not know cases or figures.
import { childrenOf, type Daemon } from '../netns/lab/daemon.ts';
import { kill } from '../netns/lab/guard.ts';
import { memoryOf, startHoldfast } from '../netns/lab/holdfast.ts';
import { startKeepalived } from '../netns/lab/keepalived.ts';
import type { Network, Node } from '../netns/lab/network.ts';
import type { RouterSettings } from '../netns/lab/router.ts';

export interface Contender {
  readonly name: string;
  start(network: Network, node: Node, router: RouterSettings): Daemon;
}

export const CONTENDERS: readonly Contender[] = [
  { name: 'holdfast', start: (network, node, router) => startHoldfast(network, node, [router]) },
  { name: 'keepalived', start: (network, node, router) => startKeepalived(network, node, [router]) },
];

/** Every process of a daemon, itself first. */
function processes(daemon: Daemon): readonly number[] {
  return [daemon.pid, ...childrenOf(daemon.pid)];
}

/** kill -9 for all processes of a daemon in one moment, so that none can clean up after another. */
export function killAll(daemon: Daemon): void {
  const all = processes(daemon);
  for (const pid of all) kill(pid, 'SIGKILL');
}

export interface Memory {
  /** Of the process that sends the advertisements, KiB. */
  readonly anonymous: number;
  /** Of all processes together, KiB. */
  readonly pss: number;
}

/** @param daemon one that has run for a while */
export function memory(daemon: Daemon): Memory {
  const all = processes(daemon).map(memoryOf);
  // holdfast's engine is the process that was started; keepalived's is the child of it.
  const engine = daemon.name.startsWith('keepalived') ? all.at(-1) : all[0];
  return { anonymous: engine?.anonymous ?? Number.NaN, pss: all.reduce((sum, one) => sum + one.pss, 0) };
}
