// From single looks to a verdict: rise and fall, delays, and damping of what flaps. Pure: a state and a result come in, the
// next state goes out. Must not know what is looked at, nor what follows from a verdict.
import { after, between, type Micros } from '../vrrp/units.ts';
import { type Falls, fell, heldUntil } from './damping.ts';
import type { Timing } from './duties.ts';
import type { Seen } from './probe.ts';

/** `polled`: so many looks in a row decide. `watched`: what lasts so long decides. */
export type Manner = 'polled' | 'watched';

/** One look, or one word of the kernel. */
export interface Look {
  readonly seen: Seen;
  /** When it began and when it was over. */
  readonly began: Micros;
  readonly ended: Micros;
}

/** Looks of one kind, good or bad, without one of the other in between. */
interface Row {
  readonly good: boolean;
  readonly count: number;
  /** Beginning of the first one. */
  readonly since: Micros;
}

export interface CheckState {
  readonly verdict: 'unknown' | 'up' | 'down';
  /** Since when it is so: the beginning of the first look that said so. */
  readonly since: Micros;
  readonly row: Row | null;
  readonly last: Look | null;
  readonly falls: Falls;
  /** Good again, and held down until then because it flaps. */
  readonly heldUntil: Micros | null;
}

export function unknown(now: Micros): CheckState {
  return { verdict: 'unknown', since: now, row: null, last: null, falls: [], heldUntil: null };
}

/** Takes a look into account. */
export function look(timing: Timing, manner: Manner, state: CheckState, seen: Look): CheckState {
  const good = seen.seen.trouble === null;
  const row = state.row?.good === good ? { ...state.row, count: state.row.count + 1 } : { good, count: 1, since: seen.began };
  // A hold lasts as long as all goes well, and begins anew after the next bad look.
  return settle(timing, manner, { ...state, row, last: seen, heldUntil: good ? state.heldUntil : null }, seen.ended);
}

/** What time alone changes: a delay or a hold is over. */
export function settle(timing: Timing, manner: Manner, state: CheckState, now: Micros): CheckState {
  const { row, verdict } = state;
  if (row === null || verdict === (row.good ? 'up' : 'down') || !isRipe(timing, manner, state, row, now)) return state;
  if (!row.good) return { ...state, verdict: 'down', since: row.since, falls: verdict === 'up' ? fell(state.falls, now) : state.falls };
  const until = state.heldUntil ?? heldUntil(state.falls, timing.hold, now);
  if (until !== null && now < until) return { ...state, heldUntil: until };
  return { ...state, verdict: 'up', since: row.since, heldUntil: null };
}

/** When `settle` may change something; null: only a look can. */
export function deadline(timing: Timing, manner: Manner, state: CheckState): Micros | null {
  if (state.heldUntil !== null) return state.heldUntil;
  const { row, verdict } = state;
  if (manner === 'polled' || row === null || verdict === (row.good ? 'up' : 'down')) return null;
  return after(row.since, delay(timing, row));
}

/** Whether it counts as up: before the first verdict as its settings say. */
export function isUp(timing: Timing, { verdict }: CheckState): boolean {
  return verdict === 'unknown' ? timing.start === 'up' : verdict === 'up';
}

function isRipe(timing: Timing, manner: Manner, { verdict }: CheckState, row: Row, now: Micros): boolean {
  // The first look is believed, unless it contradicts what its settings presume.
  if (verdict === 'unknown' && (row.good || timing.start === 'down')) return true;
  if (manner === 'watched') return between(row.since, now) >= delay(timing, row);
  return row.count >= (row.good ? timing.rise : timing.fall);
}

function delay(timing: Timing, { good }: Row): Micros {
  return good ? timing.upDelay : timing.downDelay;
}
