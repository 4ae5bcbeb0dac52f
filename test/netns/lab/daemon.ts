// Processes that stay: started in a namespace of the lab, never outside, with what they say and when they said it.
// Must not know what they are: see holdfast.ts, keepalived.ts, nginx.ts.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { now, until } from './clock.ts';
import { kill, mayStartIn, onExit } from './guard.ts';
import type { Node } from './network.ts';

export interface Line {
  /** When it arrived, µs. */
  readonly at: number;
  readonly text: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly at: number;
}

export interface Daemon {
  readonly name: string;
  readonly pid: number;
  /** Lines of its standard error, then more as they come. */
  readonly lines: readonly Line[];
  /** Set once it has ended. */
  exit(): Exit | undefined;
  /** Sends a signal.
   *  @returns the instant just before */
  signal(signal: NodeJS.Signals): number;
  /** @throws Error when it has not ended after `boundMs` */
  ended(boundMs: number): Promise<Exit>;
  /** Waits for a line at or after `since`.
   *  @throws Error with the last lines when there is none after `boundMs` */
  says(pattern: RegExp, boundMs: number, since?: number): Promise<Line>;
  /** SIGTERM, and SIGKILL when that does nothing for 10 s. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a program on a node. Its PID is the program's own: `ip netns exec` replaces itself.
 *  @throws Error when the guard refuses the node */
export function start(node: Node, options: StartOptions): Daemon {
  mayStartIn(node.namespace);
  const child = spawn('ip', ['netns', 'exec', node.namespace, ...options.command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.env ?? { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  const { name } = options;
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} could not be started`);
  const lines: Line[] = [];
  let exit: Exit | undefined;
  let rest = '';
  const take = (text: string) => {
    const pieces = (rest + text).split('\n');
    rest = pieces.pop() ?? '';
    const at = now();
    for (const piece of pieces) lines.push({ at, text: piece });
  };
  child.stderr.setEncoding('utf8').on('data', take);
  child.stdout.setEncoding('utf8').on('data', take);
  child.on('exit', (code, signal) => {
    exit = { code, signal, at: now() };
  });
  const forget = onExit(() => {
    if (exit === undefined) kill(pid, 'SIGKILL');
  });
  const tail = () =>
    lines
      .slice(-6)
      .map(line => line.text)
      .join('\n  ') || 'nothing was said';

  const daemon: Daemon = {
    name,
    pid,
    lines,
    exit: () => exit,
    signal(signal) {
      const at = now();
      if (exit === undefined) kill(pid, signal);
      return at;
    },
    ended: boundMs => until(`${name} to end`, boundMs, () => exit, tail),
    says: (pattern, boundMs, since = 0) =>
      until(
        `${name} to say ${pattern}`,
        boundMs,
        () => {
          const line = lines.find(l => l.at >= since && pattern.test(l.text));
          if (line === undefined && exit !== undefined) throw new Error(`${name} ended with ${exit.code ?? exit.signal}:\n  ${tail()}`);
          return line;
        },
        tail,
      ),
    async stop() {
      daemon.signal('SIGCONT');
      daemon.signal('SIGTERM');
      await daemon.ended(10_000).catch(() => undefined);
      forget();
      await daemon.ended(2000);
    },
  };
  return daemon;
}

/** The processes that a process has started and that live, oldest first. */
export function childrenOf(pid: number): readonly number[] {
  const found: number[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      // The name stands in brackets and may hold anything; state and parent follow it.
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(parent) === pid && state !== 'Z') found.push(Number(entry));
    } catch {
      // It ended while we looked.
    }
  }
  return found.sort((a, b) => a - b);
}

/** Whether a process runs; one that ended and was not waited for does not. */
export function runs(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}
