// The cases: what is done to a running pair, and what one round of it yields.
// Must not know who competes, or what is good enough.
import { now, sleep, until } from '../netns/lab/clock.ts';
import { run } from '../netns/lab/exec.ts';
import { blackhole, bringBack, heal, partition } from '../netns/lab/faults.ts';
import type { Node } from '../netns/lab/network.ts';
import { downMs } from '../netns/lab/protocol.ts';
import { linkLocal, VIP, VIP6, withPrefix } from '../netns/lab/router.ts';
import { controlIn, outages } from '../netns/lab/timeline.ts';
import { killAll } from './contender.ts';
import { complete, type Pair, PRIORITY, phase, restart, type Scene, serves } from './pair.ts';

/** kill -9: everything that has a lease has lost it by then: six intervals in whole seconds, and a second. */
const leaseMs = (intervalMs: number) => Math.max(1000, Math.ceil((6 * intervalMs) / 1000) * 1000) + 1000;

/** About how long a command takes until it acts. */
const COMMAND_US = 4000;

export function ipv4(intervalMs: number): Scene {
  return { intervalMs, addresses: [VIP], probed: [VIP] };
}

export function ipv6(intervalMs: number): Scene {
  return { intervalMs, addresses: [linkLocal(51), VIP6], probed: [VIP6] };
}

export interface Round {
  /** The longest time without an answer, ms. */
  readonly outageMs: number;
  /** How much of it may be the machine's fault. */
  readonly controlMs: number;
  /** From the last advertisement of the old Active that was heard to the first answer of the new one, beyond the protocol's
   *  own wait; null where that means nothing. */
  readonly beyondMs: number | null;
  /** Whether the old node still held the address when its lease, if any, had ended. */
  readonly secondHolder: boolean;
}

const addressOf = ({ scene }: Pair) => scene.probed[0] ?? VIP;

/** Waits for the middle between an advertisement of `b` and the next one of `a`. */
async function beforeTheWinnerSpeaks({ observer, scene }: Pair): Promise<void> {
  const interval = scene.intervalMs * 1000;
  const { adverts } = await observer.seen(now() - 3 * interval);
  const [a, b] = ['a', 'b'].map(name => adverts.findLast(({ node }) => node === name)?.at);
  if (a === undefined || b === undefined) throw new Error('one side of the partition does not advertise');
  const between = (((a - b) % interval) + interval) % interval;
  const due = b + between / 2 - COMMAND_US;
  await sleep(((((due - now()) % interval) + interval) % interval) / 1000);
}

async function measure(pair: Pair, from: number, to: number): Promise<{ outageMs: number; controlMs: number; beyondMs: number | null }> {
  const { intervalMs } = pair.scene;
  const address = addressOf(pair);
  const seen = await complete(pair.observer, from - intervalMs * 4000, to);
  const longest = outages(seen, address, from, to, 0)[0];
  const answer = seen.answers.find(({ at, node }) => at >= from && node === 'b');
  // A dead node goes on advertising into the void, so the last one that was heard is the last that lies three intervals back.
  const heardBy = (answer?.at ?? 0) - 3000 * intervalMs;
  const advert = seen.adverts.filter(({ at, node }) => node === 'a' && at < heardBy).at(-1);
  const waited = answer === undefined || advert === undefined ? null : (answer.at - advert.at) / 1000;
  return {
    outageMs: longest?.ms ?? 0,
    controlMs: longest === undefined ? 0 : controlIn(seen, address, longest.from, longest.to),
    beyondMs: waited === null ? null : waited - downMs(intervalMs, PRIORITY.b),
  };
}

async function holds(node: Node, address: string): Promise<boolean> {
  const text = await run('ip', ['-n', node.namespace, '-o', 'address', 'show', 'dev', 'hf0']);
  return text.includes(` ${withPrefix(address)} `);
}

export const CASES = {
  /** Nothing comes out of the Active's machine any more. */
  async dead(pair: Pair, part: number): Promise<Round> {
    await phase(pair, part);
    const from = now();
    await blackhole(pair.network, pair.a);
    await serves(pair, 'b');
    const found = await measure(pair, from, now());
    await bringBack(pair.network, pair.a);
    await serves(pair, 'a');
    await sleep(200 + pair.scene.intervalMs);
    return { ...found, secondHolder: false };
  },
  /** SIGTERM for the Active. */
  async stop(pair: Pair, part: number): Promise<Round> {
    await phase(pair, part);
    const from = pair.active.signal('SIGTERM');
    await serves(pair, 'b');
    const found = await measure(pair, from, now());
    await restart(pair);
    return { ...found, beyondMs: null, secondHolder: false };
  },
  /** Both serve on their side of a partition, the client is on the Backup's; then they hear each other again, at the worst
   *  moment: the node that will go on speaks first, and the other one falls silent before the first knows of it. */
  async heal(pair: Pair): Promise<Round> {
    await partition(pair.network, [pair.a]);
    await serves(pair, 'b');
    await sleep(5 * pair.scene.intervalMs);
    await beforeTheWinnerSpeaks(pair);
    const from = now();
    await heal(pair.network);
    await serves(pair, 'a');
    const found = await measure(pair, from, now());
    await sleep(200 + pair.scene.intervalMs);
    return { ...found, beyondMs: null, secondHolder: false };
  },
  /** kill -9 for every process of the Active's daemon. */
  async kill(pair: Pair, part: number): Promise<Round> {
    const { intervalMs } = pair.scene;
    await phase(pair, part);
    const from = now();
    killAll(pair.active);
    await serves(pair, 'b');
    await until('the lease to end', leaseMs(intervalMs) + 10_000, () => now() - from > leaseMs(intervalMs) * 1000);
    const found = await measure(pair, from, now());
    const secondHolder = await holds(pair.a, addressOf(pair));
    await restart(pair);
    return { ...found, secondHolder };
  },
} as const satisfies Record<string, (pair: Pair, part: number) => Promise<Round>>;

export type CaseName = keyof typeof CASES;
