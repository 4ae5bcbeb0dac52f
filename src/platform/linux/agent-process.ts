// Keeps the agent running: the same executable in its second role, at the other end of a socket pair.
// Must not know what the two say to each other.
import { constants } from 'node:os';
import { isSea } from 'node:sea';
import { type Channel, openChannel } from './channel.ts';
import { errnoName, sysnet } from './sysnet.ts';

const FIRST_WAIT = 100;
const LAST_WAIT = 5_000;
/** An agent that lived so long was fine; the next death starts the waits anew. */
const SETTLED = 10_000;
/** How long it may go on without its end of the channel; in ms. */
const PATIENCE = 1_000;

/** The descriptor at which the agent finds its end. */
export const AGENT_FD = 3;

export interface AgentProcess<Out> {
  /** @param must see `Channel` */
  send(message: Out, must?: boolean): void;
  /** Whether one is there to hear. */
  connected(): boolean;
  /** Ends it; another one is started. */
  replace(): void;
  restarts(): number;
  stop(): void;
}

/** @param argv of the agent, behind the name of the program
 *  @param started is called with each new agent, before anything is heard from it
 *  @param died tells why, and after how many ms the next one starts */
export function keepAgent<In extends object, Out extends object>(
  argv: readonly string[],
  events: { received(message: In): void; started(send: (message: Out) => void): void; died(why: string, again: number): void },
): AgentProcess<Out> {
  let channel: Channel<Out> | null = null;
  let wait = FIRST_WAIT;
  let starts = 0;
  let stopped = false;

  function start(): void {
    if (stopped) return;
    starts += 1;
    const pair = sysnet.socketpair();
    if (typeof pair === 'number') {
      again(`socketpair: ${errnoName(pair)}`);
      return;
    }
    const [ours, theirs] = pair;
    // The file may have been replaced by an upgrade; engine and agent must be of one build.
    const program = isSea() ? [] : process.argv.slice(1, 2);
    const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`);
    const pid = sysnet.spawn('/proc/self/exe', ['holdfast', ...program, ...argv], environment, Int32Array.of(theirs, AGENT_FD), true, null);
    sysnet.close(theirs);
    if (pid < 0) {
      sysnet.close(ours);
      again(`start: ${errnoName(pid)}`);
      return;
    }
    const born = sysnet.now();
    channel = openChannel<In, Out>(ours, events.received, () => {
      channel = null;
      if (stopped) return;
      if (sysnet.now() - born > SETTLED * 1000) wait = FIRST_WAIT;
      bury(pid, sysnet.now() + PATIENCE * 1000);
    });
    events.started(message => channel?.send(message));
  }

  /** The socket closes a moment before the process is gone. One that is deaf and lives on makes room for the next. */
  function bury(pid: number, patience: number): void {
    const status = sysnet.reap(pid);
    if (status === -constants.errno.EAGAIN) {
      if (sysnet.now() > patience) process.kill(pid, 'SIGKILL');
      setTimeout(bury, 10, pid, patience);
      return;
    }
    again(status >= 256 ? `killed by signal ${status - 256}` : `exited with status ${status}`);
  }

  function again(why: string): void {
    events.died(why, wait);
    setTimeout(start, wait);
    wait = Math.min(wait * 2, LAST_WAIT);
  }

  start();
  return {
    send: (message, must) => channel?.send(message, must),
    connected: () => channel !== null,
    replace: () => channel?.close(),
    restarts: () => starts - 1,
    stop() {
      stopped = true;
      channel?.close();
    },
  };
}
