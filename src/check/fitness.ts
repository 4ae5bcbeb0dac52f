// What the checks of a virtual router come to: how it stands, and by how much its priority differs, with the sum that made it.
// Must not know how a check came to its verdict, nor what the protocol makes of a priority.
import type { Consequence } from './duties.ts';

/** `well`: takes part with its priority. `demoted`: serves only if nobody else can. `released`: does not serve at all. */
export type Standing = 'well' | 'demoted' | 'released';

/** One check or watchdog that a router depends on, as it is now. */
export interface Tracked {
  readonly of: string;
  readonly consequence: Consequence;
  readonly up: boolean;
  /** The number that its last look read; null: none. */
  readonly number: number | null;
}

/** What one of them does to the router now: a number is what its priority gains or loses. */
export interface Part {
  readonly of: string;
  readonly effect: 'none' | 'demote' | 'release' | number;
}

export interface Fitness {
  readonly standing: Standing;
  readonly adjustment: number;
  /** In the order of `track`. */
  readonly parts: readonly Part[];
}

/** The largest weight, as keepalived has it: more could not change an order of priorities. */
export const MAX_WEIGHT = 253;

export function fitness(tracked: readonly Tracked[]): Fitness {
  const parts = tracked.map(each => ({ of: each.of, effect: effectOf(each) }));
  const effects = parts.map(({ effect }) => effect);
  return {
    standing: effects.includes('release') ? 'released' : effects.includes('demote') ? 'demoted' : 'well',
    adjustment: effects.reduce<number>((sum, effect) => (typeof effect === 'number' ? sum + effect : sum), 0),
    parts,
  };
}

function effectOf({ consequence, up, number }: Tracked): Part['effect'] {
  switch (consequence.do) {
    case 'demote':
      return up ? 'none' : 'demote';
    case 'release':
      return up ? 'none' : 'release';
    case 'weight':
      if (consequence.weight === 'number') return number === null ? 'none' : clamp(number);
      // keepalived.conf(5): a bonus while it is good, or a malus while it is not.
      return consequence.weight > 0 === up ? consequence.weight : 'none';
  }
}

function clamp(number: number): number {
  return Math.max(-MAX_WEIGHT, Math.min(MAX_WEIGHT, Math.trunc(number)));
}
