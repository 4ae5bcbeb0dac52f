// Many addresses in one router: how long until the last one of them has moved.
// Must not know who competes, or what is good enough.
import { now, sleep } from '../netns/lab/clock.ts';
import { blackhole, bringBack, forgetNeighbour } from '../netns/lab/faults.ts';
import type { Sightings } from '../netns/lab/sightings.ts';
import { controlIn, outages } from '../netns/lab/timeline.ts';
import { complete, type Pair, phase, restart, type Scene, serves } from './pair.ts';
import { wideAddress, widen } from './wide.ts';

export interface Move {
  /** The longest time without an answer for any of the addresses asked for, ms. */
  readonly outageMs: number;
  readonly controlMs: number;
  /** From the first advertisement of the new Active until the last address was announced, ms. */
  readonly announcedMs: number;
  /** From there until the last of the addresses asked for answered, ms. */
  readonly answeringMs: number;
}

/** The client asks for the first, a middle one and the last. */
export function manyAddresses(count: number): Scene {
  const addresses = Array.from({ length: count }, (_, number) => wideAddress(0, number));
  const probed = [...new Set([0, count >> 1, count - 1])].flatMap(number => addresses[number] ?? []);
  return { intervalMs: 100, addresses, probed, prepare: network => widen(network, 1) };
}

/** The instant at which each address was first announced, by the address. */
export function announcements({ arps }: Sightings, ports: readonly string[], from: number): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { at, node, sender, target } of arps) {
    if (at >= from && sender === target && ports.includes(node) && !first.has(sender)) first.set(sender, at);
  }
  return first;
}

async function measure({ observer, scene }: Pair, from: number, to: number): Promise<Move> {
  const seen = await complete(observer, from, to);
  const advert = seen.adverts.find(({ node, priority }) => node === 'b' && priority > 0);
  if (advert === undefined) throw new Error('nobody took over');
  const announced = announcements(seen, ['b'], from);
  const missing = scene.addresses.filter(address => !announced.has(address));
  if (missing.length > 0) throw new Error(`${missing.length} addresses were not announced`);
  const answers = scene.probed.map(address => seen.answers.find(answer => answer.node === 'b' && answer.address === address)?.at ?? to);
  const dark = scene.probed.flatMap(address => outages(seen, address, from, to, 0)[0] ?? []);
  return {
    outageMs: Math.max(...dark.map(({ ms }) => ms)),
    controlMs: controlIn(seen, null, from, Math.max(...answers)),
    announcedMs: (Math.max(...announced.values()) - advert.at) / 1000,
    answeringMs: (Math.max(...answers) - advert.at) / 1000,
  };
}

export const MOVES = {
  /** Nothing comes out of the Active's machine any more. */
  async dead(pair: Pair, part: number): Promise<Move> {
    await phase(pair, part);
    const from = now();
    await blackhole(pair.network, pair.a);
    await serves(pair, 'b');
    const found = await measure(pair, from, now());
    await bringBack(pair.network, pair.a);
    await sleep(5 * pair.scene.intervalMs);
    // That clients may go on believing the wrong node is the case `heal`; here it would only take time.
    for (const address of pair.scene.probed) await forgetNeighbour(pair.network, address);
    await serves(pair, 'a');
    await sleep(200 + pair.scene.intervalMs);
    return found;
  },
  /** SIGTERM for the Active. */
  async stop(pair: Pair, part: number): Promise<Move> {
    await phase(pair, part);
    const from = pair.active.signal('SIGTERM');
    await serves(pair, 'b');
    const found = await measure(pair, from, now());
    await restart(pair);
    return found;
  },
} as const satisfies Record<string, (pair: Pair, part: number) => Promise<Move>>;

export type MoveName = keyof typeof MOVES;
