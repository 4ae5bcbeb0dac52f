// What the checks of one member can come to: each different outcome once, with the fewest failures that lead there.
// Must not know other members, nor what the network makes of it.

import type { Consequence, Track } from '../check/duties.ts';
import { type Fitness, fitness, MAX_WEIGHT, type Tracked } from '../check/fitness.ts';
import type { Condition } from './network.ts';

/** A state of a member, and what must be so for it. */
export interface Outcome {
  readonly condition: Condition;
  /** In words, such as `nginx` for a check that is down; empty when nothing fails. */
  readonly failures: readonly string[];
}

export const OFF: Outcome = { condition: 'off', failures: ['off'] };

/** The first one is that nothing fails; `OFF` is not among them. */
export function outcomesOf(tracks: readonly Track[]): readonly Outcome[] {
  let ways: readonly Way[] = [{ tracked: [], failures: [] }];
  for (const { of, consequence } of tracks) {
    const found = new Map<string, Way>();
    // Fitness is a sum: of two ways to the same one, the shorter is the shorter one whatever follows.
    for (const [index, looks] of looksOf(of, consequence).entries())
      for (const way of ways) {
        const next: Way = {
          tracked: [...way.tracked, looks.tracked],
          failures: index === 0 ? way.failures : [...way.failures, looks.failure],
        };
        const key = keyOf(fitness(next.tracked));
        const known = found.get(key);
        if (known === undefined || next.failures.length < known.failures.length) found.set(key, next);
      }
    ways = [...found.values()];
  }
  return ways
    .toSorted((a, b) => a.failures.length - b.failures.length)
    .map(({ tracked, failures }) => {
      const { standing, adjustment } = fitness(tracked);
      return { condition: { standing, adjustment }, failures };
    });
}

/** Each single failure, also where several come to the same. */
export function singlesOf(tracks: readonly Track[]): readonly Outcome[] {
  const healthy = tracks.flatMap(({ of, consequence }) => looksOf(of, consequence).slice(0, 1));
  return tracks.flatMap(({ of, consequence }, index) =>
    looksOf(of, consequence)
      .slice(1)
      .map(look => ({ condition: conditionOf(healthy.with(index, look)), failures: [look.failure] })),
  );
}

/** How a member is when nothing fails. */
export function healthyOf(tracks: readonly Track[]): Condition {
  return conditionOf(tracks.flatMap(({ of, consequence }) => looksOf(of, consequence).slice(0, 1)));
}

function conditionOf(looks: readonly Look[]): Condition {
  const { standing, adjustment } = fitness(looks.map(({ tracked }) => tracked));
  return { standing, adjustment };
}

/** What one check can say. */
interface Look {
  readonly tracked: Tracked;
  /** In words; empty when all is well. */
  readonly failure: string;
}

interface Way {
  readonly tracked: readonly Tracked[];
  readonly failures: readonly string[];
}

/** What one check can say; the first is that all is well. */
function looksOf(of: string, consequence: Consequence): readonly Look[] {
  const look = (up: boolean, number: number | null, failure: string): Look => ({ tracked: { of, consequence, up, number }, failure });
  if (consequence.do !== 'weight' || consequence.weight !== 'number') return [look(true, null, ''), look(false, null, of)];
  return [look(true, 0, ''), ...[-MAX_WEIGHT, MAX_WEIGHT].map(number => look(true, number, `${of} reads ${number}`))];
}

function keyOf({ standing, adjustment }: Fitness): string {
  return `${standing} ${adjustment}`;
}
