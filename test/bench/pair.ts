// A running pair of daemons in a network of its own, and what every case does with it: wait, start again, read.
// Must not know cases or figures.
import { now, sleep } from '../netns/lab/clock.ts';
import type { Daemon } from '../netns/lab/daemon.ts';
import { makeNetwork, type Network, type Node } from '../netns/lab/network.ts';
import { type Observer, startObserver } from '../netns/lab/observer.ts';
import type { RouterSettings } from '../netns/lab/router.ts';
import type { Sightings } from '../netns/lab/sightings.ts';
import type { Contender } from './contender.ts';

export const PRIORITY = { a: 200, b: 100 };

/** One router, and what the client asks for. */
export interface Scene {
  readonly intervalMs: number;
  /** Of the router, in order. */
  readonly addresses: readonly string[];
  /** Those that the client asks for, 8 at most. */
  readonly probed: readonly string[];
  prepare?(network: Network): Promise<void>;
}

export interface Pair {
  readonly contender: Contender;
  readonly scene: Scene;
  readonly network: Network;
  readonly observer: Observer;
  readonly a: Node;
  readonly b: Node;
  /** The daemon of `a`, which most cases stop and start. */
  active: Daemon;
}

/** Starts a pair and waits until `a` serves. */
export async function startPair(contender: Contender, scene: Scene): Promise<Pair> {
  const network = await makeNetwork(['a', 'b']);
  try {
    await scene.prepare?.(network);
    const observer = await startObserver(network, { addresses: scene.probed });
    const [a, b] = [network.node('a'), network.node('b')];
    const active = contender.active.start(network, a, [router(scene, PRIORITY.a)]);
    const pair: Pair = { contender, scene, network, observer, a, b, active };
    await serves(pair, 'a');
    contender.backup.start(network, b, [router(scene, PRIORITY.b)]);
    // Long enough to have started, and to have taken over if it had not heard the first one.
    await sleep(1000 + 4 * scene.intervalMs);
    await serves(pair, 'a');
    return pair;
  } catch (error) {
    network.delete();
    throw error;
  }
}

export function endPair(pair: Pair): void {
  pair.observer.stop();
  pair.network.delete();
}

function router({ intervalMs, addresses }: Scene, priority: number): RouterSettings {
  return { name: 'web', vrid: 51, priority, intervalMs, addresses };
}

/** Waits until this node alone has answered for a while, for every address that is asked for. */
export async function serves({ observer, scene }: Pair, node: string): Promise<void> {
  for (const address of scene.probed) await observer.answersFrom(node, address, 20_000 + 10 * scene.intervalMs, 200);
}

/** Waits for a moment that lies at a known part of the interval after an advertisement, the same one for all contenders. */
export async function phase({ observer, scene }: Pair, part: number): Promise<void> {
  const interval = scene.intervalMs * 1000;
  const last = await observer.advert('an advertisement', 5 * scene.intervalMs + 2000, now(), advert => advert.node === 'a');
  // It was reported up to 20 ms late; short intervals have gone on by then.
  const due = last + part * interval;
  await sleep(((((due - now()) % interval) + interval) % interval) / 1000);
}

/** Starts `a` again once its daemon has ended, and waits until it serves. */
export async function restart(pair: Pair): Promise<void> {
  await pair.active.ended(20_000);
  pair.active = pair.contender.active.start(pair.network, pair.a, [router(pair.scene, PRIORITY.a)]);
  await serves(pair, 'a');
  await sleep(200 + pair.scene.intervalMs);
}

/** @throws Error when the observer did not see everything */
export async function complete(observer: Observer, from: number, to: number): Promise<Sightings> {
  const seen = await observer.seen(from, to);
  if (seen.lost > 0) throw new Error(`the observer lost ${seen.lost} frames`);
  return seen;
}
