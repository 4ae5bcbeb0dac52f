// Makes this process one that the kernel does not keep waiting: real time where allowed, else the best niceness.
// Must not know what it is in a hurry for. sched(7)
import { totalmem } from 'node:os';
import { errnoName, SCHED_RR, sysnet } from './sysnet.ts';

/** Above ordinary threads and below what the kernel itself runs at (50 is where threaded interrupts sit). */
const PRIORITY = 49;
const BEST_NICENESS = -20;
/** Of a machine, in bytes. With less, the 34 MB of a locked executable are missing to everybody, the agent first. */
const ROOM = 192 * 1024 * 1024;

export interface Scheduling {
  /** `rr 49`, `nice -20` or `normal`: for status. */
  readonly policy: string;
  /** Why it is not real time; null when it is. */
  readonly warning: string | null;
}

/** Children start as ordinary processes again.
 *  @param memory of this machine, bytes */
export function hurry(memory = totalmem()): Scheduling {
  // Pages of the executable that were used once stay in memory; without CAP_IPC_LOCK they may not, which is no reason to warn.
  if (memory >= ROOM) sysnet.lockText();
  const refused = sysnet.schedule(SCHED_RR, PRIORITY, true);
  if (refused >= 0) return { policy: `rr ${PRIORITY}`, warning: null };
  const cure = `no real-time scheduling (${errnoName(refused)}): grant CAP_SYS_NICE`;
  const unnice = sysnet.setNice(BEST_NICENESS);
  if (unnice >= 0)
    return {
      policy: `nice ${BEST_NICENESS}`,
      warning: `${cure}; niceness ${BEST_NICENESS} instead, keep advert_interval at 100ms or more`,
    };
  return { policy: 'normal', warning: `${cure}; no better niceness either, keep advert_interval at 1s` };
}
