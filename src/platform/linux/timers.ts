// The agent's time: CLOCK_MONOTONIC, as the engine has it, and timers on the event loop.
// Must not know what they are for. The engine has a timer of its own (clock.ts): here a millisecond does not matter.
import { micros } from '../../vrrp/units.ts';
import type { Timers } from '../agent-ports.ts';
import { sysnet } from './sysnet.ts';

/** The longest that `setTimeout` can wait; in ms. */
const LONGEST = 2 ** 31 - 1;

export const timers: Timers = {
  now: () => micros(sysnet.now()),
  schedule(at, run) {
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const left = (at - sysnet.now()) / 1000;
      // `setTimeout` counts from the beginning of the loop's turn and may be early.
      timer = setTimeout(() => (sysnet.now() < at ? wait() : run()), Math.min(Math.max(0, Math.ceil(left)), LONGEST));
    };
    wait();
    return () => clearTimeout(timer);
  },
};
