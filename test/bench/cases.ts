// The cases: what is done to a running pair, and what one round of it yields.
// Must not know who competes, or what is good enough.
import { now, sleep, until } from '../netns/lab/clock.ts';
import type { Daemon } from '../netns/lab/daemon.ts';
import { addressesOf, blackhole, bringBack, heal, partition } from '../netns/lab/faults.ts';
import { makeNetwork, type Network, type Node } from '../netns/lab/network.ts';
import { type Observer, startObserver } from '../netns/lab/observer.ts';
import { downMs } from '../netns/lab/protocol.ts';
import { VIP, web } from '../netns/lab/router.ts';
import { controlIn, outages } from '../netns/lab/timeline.ts';
import { type Contender, killAll, type Memory, memory } from './contender.ts';

const PRIORITY = { a: 200, b: 100 };
/** kill -9: everything that has a lease has lost it by then: six intervals in whole seconds, and a second. */
const leaseMs = (intervalMs: number) => Math.max(1000, Math.ceil((6 * intervalMs) / 1000) * 1000) + 1000;

/** About how long a command takes until it acts. */
const COMMAND_US = 4000;

export interface Pair {
  readonly contender: Contender;
  readonly intervalMs: number;
  readonly network: Network;
  readonly observer: Observer;
  readonly a: Node;
  readonly b: Node;
  /** The daemon of `a`, which most cases stop and start. */
  active: Daemon;
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

/** Starts a pair and waits until `a` serves. */
export async function startPair(contender: Contender, intervalMs: number): Promise<Pair> {
  const network = await makeNetwork(['a', 'b']);
  const observer = await startObserver(network, { addresses: [VIP] });
  const [a, b] = [network.node('a'), network.node('b')];
  const active = contender.start(network, a, web(PRIORITY.a, intervalMs));
  await serves(observer, 'a', intervalMs);
  contender.start(network, b, web(PRIORITY.b, intervalMs));
  // Long enough to have started, and to have taken over if it had not heard the first one.
  await sleep(1000 + 4 * intervalMs);
  await serves(observer, 'a', intervalMs);
  return { contender, intervalMs, network, observer, a, b, active };
}

export function endPair(pair: Pair): void {
  pair.observer.stop();
  pair.network.delete();
}

export function pairMemory(pair: Pair): Memory {
  return memory(pair.active);
}

function serves(observer: Observer, node: string, intervalMs: number): Promise<void> {
  return observer.answersFrom(node, VIP, 20_000 + 10 * intervalMs, 200);
}

/** Waits for a moment that lies at a known part of the interval after an advertisement, the same one for all contenders. */
async function phase(pair: Pair, part: number): Promise<void> {
  const interval = pair.intervalMs * 1000;
  const last = await pair.observer.advert('an advertisement', 5 * pair.intervalMs + 2000, now(), advert => advert.node === 'a');
  // It was reported up to 20 ms late; short intervals have gone on by then.
  const due = last + part * interval;
  await sleep(((((due - now()) % interval) + interval) % interval) / 1000);
}

/** Waits for the middle between an advertisement of `b` and the next one of `a`. */
async function beforeTheWinnerSpeaks(pair: Pair): Promise<void> {
  const interval = pair.intervalMs * 1000;
  const { adverts } = await pair.observer.seen(now() - 3 * interval);
  const [a, b] = ['a', 'b'].map(name => adverts.findLast(({ node }) => node === name)?.at);
  if (a === undefined || b === undefined) throw new Error('one side of the partition does not advertise');
  const between = (((a - b) % interval) + interval) % interval;
  const due = b + between / 2 - COMMAND_US;
  await sleep(((((due - now()) % interval) + interval) % interval) / 1000);
}

async function measure(pair: Pair, from: number, to: number): Promise<{ outageMs: number; controlMs: number; beyondMs: number | null }> {
  const seen = await pair.observer.seen(from - pair.intervalMs * 4000, to);
  if (seen.lost > 0) throw new Error(`the observer lost ${seen.lost} frames`);
  const longest = outages(seen, VIP, from, to, 0)[0];
  const answer = seen.answers.find(({ at, node }) => at >= from && node === 'b');
  // A dead node goes on advertising into the void, so the last one that was heard is the last that lies three intervals back.
  const heardBy = (answer?.at ?? 0) - 3000 * pair.intervalMs;
  const advert = seen.adverts.filter(({ at, node }) => node === 'a' && at < heardBy).at(-1);
  const waited = answer === undefined || advert === undefined ? null : (answer.at - advert.at) / 1000;
  return {
    outageMs: longest?.ms ?? 0,
    controlMs: longest === undefined ? 0 : controlIn(seen, VIP, longest.from, longest.to),
    beyondMs: waited === null ? null : waited - downMs(pair.intervalMs, PRIORITY.b),
  };
}

async function restart(pair: Pair): Promise<void> {
  await pair.active.ended(20_000);
  pair.active = pair.contender.start(pair.network, pair.a, web(PRIORITY.a, pair.intervalMs));
  await serves(pair.observer, 'a', pair.intervalMs);
  await sleep(200 + pair.intervalMs);
}

export const CASES = {
  /** Nothing comes out of the Active's machine any more. */
  async dead(pair: Pair, part: number): Promise<Round> {
    await phase(pair, part);
    const from = now();
    await blackhole(pair.network, pair.a);
    await serves(pair.observer, 'b', pair.intervalMs);
    const found = await measure(pair, from, now());
    await bringBack(pair.network, pair.a);
    await serves(pair.observer, 'a', pair.intervalMs);
    await sleep(200 + pair.intervalMs);
    return { ...found, secondHolder: false };
  },
  /** SIGTERM for the Active. */
  async stop(pair: Pair, part: number): Promise<Round> {
    await phase(pair, part);
    const from = pair.active.signal('SIGTERM');
    await serves(pair.observer, 'b', pair.intervalMs);
    const found = await measure(pair, from, now());
    await restart(pair);
    return { ...found, beyondMs: null, secondHolder: false };
  },
  /** Both serve on their side of a partition, the client is on the Backup's; then they hear each other again, at the worst
   *  moment: the node that will go on speaks first, and the other one falls silent before the first knows of it. */
  async heal(pair: Pair): Promise<Round> {
    await partition(pair.network, [pair.a]);
    await serves(pair.observer, 'b', pair.intervalMs);
    await sleep(5 * pair.intervalMs);
    await beforeTheWinnerSpeaks(pair);
    const from = now();
    await heal(pair.network);
    await serves(pair.observer, 'a', pair.intervalMs);
    const found = await measure(pair, from, now());
    await sleep(200 + pair.intervalMs);
    return { ...found, beyondMs: null, secondHolder: false };
  },
  /** kill -9 for every process of the Active's daemon. */
  async kill(pair: Pair, part: number): Promise<Round> {
    await phase(pair, part);
    const from = now();
    killAll(pair.active);
    await serves(pair.observer, 'b', pair.intervalMs);
    await until('the lease to end', leaseMs(pair.intervalMs) + 10_000, () => now() - from > leaseMs(pair.intervalMs) * 1000);
    const found = await measure(pair, from, now());
    const secondHolder = (await addressesOf(pair.a)).includes(`${VIP}/24`);
    await restart(pair);
    return { ...found, secondHolder };
  },
} as const satisfies Record<string, (pair: Pair, part: number) => Promise<Round>>;

export type CaseName = keyof typeof CASES;
