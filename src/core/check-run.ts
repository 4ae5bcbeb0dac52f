// Runs one check: looks again and again, or listens, and keeps its verdict. Must not know what follows from a verdict, nor how
// anything is looked at.
import type { CheckSpec } from '../check/duties.ts';
import { type CheckState, deadline, type Look, look, type Manner, settle, unknown } from '../check/health.ts';
import { isWatched, type PolledProbe, type Seen } from '../check/probe.ts';
import type { Prober, Timers } from '../platform/agent-ports.ts';
import { after, type Micros, micros, millis } from '../vrrp/units.ts';

/** Looks begin together in slots: a loop that wakes for each of 300 of them by itself takes half as much time again, and one in which too many
 *  begin at once keeps what they need beyond a scavenge (+15 MiB with 50 ms). */
const SLOT = millis(20);
/** But no check waits for more than this part of its interval. */
const PART = 20;

export interface CheckRun {
  readonly spec: CheckSpec;
  state(): CheckState;
  close(): void;
}

export interface CheckPorts {
  readonly prober: Prober;
  readonly timers: Timers;
  /** After each look and each change; `before` is the state before it. */
  seen(run: CheckRun, before: CheckState): void;
}

/** @param phase 0..1: where in its interval it looks, so that many checks do not look at once
 *  @param delay until the first look */
export function runCheck(spec: CheckSpec, { prober, timers, seen }: CheckPorts, phase: number, delay: Micros): CheckRun {
  const { timing, probe } = spec;
  const manner: Manner = isWatched(probe) ? 'watched' : 'polled';
  let state = unknown(timers.now());
  let closed = false;
  let cancelLook = (): void => {};
  let cancelSettle = (): void => {};
  let release = (): void => {};

  const run: CheckRun = {
    spec,
    state: () => state,
    close() {
      closed = true;
      cancelLook();
      cancelSettle();
      release();
    },
  };

  function take(next: CheckState): void {
    const before = state;
    state = next;
    cancelSettle();
    const due = deadline(timing, manner, state);
    cancelSettle = due === null ? (): void => {} : timers.schedule(due, () => take(settle(timing, manner, state, timers.now())));
    seen(run, before);
  }

  function taken(result: Seen, began: Micros): Look {
    return { seen: result, began, ended: timers.now() };
  }

  /** @param due when it was to begin; the next one is an interval after that, and not after a beginning that was late */
  async function poll(asked: PolledProbe, due: Micros): Promise<void> {
    const began = timers.now();
    const result = await prober.look(asked, timing.timeout);
    if (closed) return;
    take(look(timing, manner, state, taken(result, began)));
    const next = after(due, timing.interval);
    schedule(asked, next > timers.now() ? next : inSlot(timers.now()));
  }

  function schedule(asked: PolledProbe, due: Micros): void {
    cancelLook = timers.schedule(due, () => void poll(asked, due));
  }

  function inSlot(at: Micros): Micros {
    const slot = Math.min(SLOT, timing.interval / PART);
    return micros(Math.ceil(at / slot) * slot);
  }

  if (isWatched(probe)) {
    const watch = prober.watch(probe, result => {
      if (!closed) take(look(timing, manner, state, taken(result, timers.now())));
    });
    release = () => watch.close();
  } else {
    // The first look soon; then in its place in the interval.
    const begin = after(timers.now(), delay);
    cancelLook = timers.schedule(begin, () => void poll(probe, inSlot(after(begin, micros(timing.interval * phase)))));
  }
  return run;
}
