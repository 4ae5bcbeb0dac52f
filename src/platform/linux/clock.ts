// The monotonic clock and the engine's one alarm: a timerfd on the loop.
// Must not know what happens when it rings.
import { micros } from '../../vrrp/units.ts';
import type { Clock } from '../ports.ts';
import { errnoName, sysnet } from './sysnet.ts';

/** @param ring is called when the alarm is due
 *  @throws Error when the kernel gives no timer: nothing can run then */
export function openClock(ring: () => void): Clock {
  const fd = sysnet.timerfd();
  if (fd < 0) throw new Error(`timerfd: ${errnoName(fd)}`);
  sysnet.watch(fd, () => {
    // An alarm that was set again meanwhile has nothing to read and does not ring.
    if (sysnet.timerRead(fd) > 0) ring();
  });
  return {
    now: () => micros(sysnet.now()),
    wakeAt(at) {
      // 0 disarms, so the beginning of time is one microsecond later.
      sysnet.timerSet(fd, at === null ? 0 : Math.max(1, at));
    },
  };
}
