// A service that a command starts and that stays in the foreground, as a child of ours: it ends when the command does. After a
// restart of ours it is found again by a note, since a child goes on without its parent.
// Must not know of systemd, which does all this better where it runs us.
import type { ServiceState } from '../../check/service.ts';
import type { Micros } from '../../vrrp/units.ts';
import type { ServiceHandle } from '../agent-ports.ts';
import { lookAt, type ProcessInfo } from './process-table.ts';
import { openFollower } from './service-follower.ts';
import { type Command, sessionLauncher, spawnCommand } from './service-launcher.ts';
import type { ServiceMemory } from './service-memory.ts';
import { type Ancestor, ancestorOf, endThem, relativesOf, remainsWords } from './service-remains.ts';
import { exitWords } from './signals.ts';
import { sysnet } from './sysnet.ts';
import { distrust } from './trust.ts';

/** Long enough to see that a program cannot be run at all; in ms. What ends later is told as any end, and nobody who waits for the
 *  service has waited for us. */
const ALIVE = 10;
/** Nobody stops a service so soon after its start; in µs. */
const SOON = 1_000_000;
const DAEMON = 'it has ended at once, with exit status 0: a daemon needs a pid_file';

/** What a good end means.
 *  @param lived µs */
export function afterGoodEnd(lived: number): ServiceState {
  return lived < SOON ? { name: 'dead', how: DAEMON } : { name: 'stopped' };
}

export function openForegroundService(command: Command, memory: ServiceMemory, ended: () => void): ServiceHandle {
  let ancestor: Ancestor | null = null;
  /** How the last one ended; null: it was not there, or lives. As `reap` gives it, which is -ECHILD for one that an agent before us
   *  has started. */
  let status: number | null = null;
  /** When the last one was started here, and how long it lived; in µs. */
  let born = -SOON;
  let lived = SOON;
  let starting = false;
  let closed = false;
  const follower = openFollower(({ pid }) => {
    status = sysnet.reap(pid);
    lived = sysnet.now() - born;
    // Whoever starts it tells how that went.
    if (!starting) ended();
  });
  const recalled = recall();

  async function recall(): Promise<void> {
    const note = await memory.recall();
    if (note === null || closed || ancestor !== null) return;
    ancestor = note;
    const process = lookAt(note.pid);
    if (process !== null && process.started === note.started) follower.follow(process);
    // What we did not see end may have been stopped on purpose; that it is not there is all that can be said.
    else status = -1;
  }

  async function state(): Promise<ServiceState> {
    await recalled;
    const known = follower.current();
    if (known !== null) return { name: 'running', pid: known.pid };
    if (status === null) return { name: 'stopped' };
    return status === 0 ? afterGoodEnd(lived) : { name: 'dead', how: exitWords(status) };
  }

  async function start(timeout: Micros): Promise<string | null> {
    await recalled;
    const doubt = await distrust(command.run[0] ?? '');
    if (doubt !== null) return doubt;
    starting = true;
    try {
      return await replace(timeout);
    } finally {
      starting = false;
    }
  }

  async function replace(timeout: Micros): Promise<string | null> {
    const stubborn = await endThem(await formerLife(), sessionLauncher.signal);
    if (stubborn.length > 0) return `what is left of its former life does not end: ${remainsWords(stubborn)}`;
    const pid = await spawnCommand(command);
    if (typeof pid === 'string') return pid;
    born = sysnet.now();
    const process = lookAt(pid);
    status = process === null ? sysnet.reap(pid) : null;
    lived = 0;
    if (process !== null) {
      follower.follow(process);
      await new Promise(resolve => setTimeout(resolve, Math.min(ALIVE, timeout / 1000)));
    }
    if (process !== null) {
      ancestor = await ancestorOf(process);
      void memory.remember(ancestor);
    }
    // Until here an end is not told, from here on it is.
    return whyGone();
  }

  /** null: it lives. */
  function whyGone(): string | null {
    if (status === null) return null;
    return status === 0 ? DAEMON : exitWords(status);
  }

  async function formerLife(): Promise<readonly ProcessInfo[]> {
    const known = follower.current();
    const relatives = await relativesOf(ancestor === null ? [] : [ancestor]);
    return known === null || relatives.some(({ pid }) => pid === known.pid) ? relatives : [...relatives, known];
  }

  return {
    state,
    start,
    close() {
      closed = true;
      follower.close();
    },
  };
}
