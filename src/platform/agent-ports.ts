// What the agent needs of a machine, as interfaces: looks at services, programs, services themselves. `linux` gives it for
// real, `fake` in tests. Must not know how any of it is done. Nothing here throws or rejects for what the world does.
import type { Hook, Service } from '../check/duties.ts';
import type { PolledProbe, Seen, WatchedProbe } from '../check/probe.ts';
import type { ServiceState } from '../check/service.ts';
import type { Micros } from '../vrrp/units.ts';
import type { SystemError } from './ports.ts';

/** Monotonic time of the agent; instants compare with those of the engine. */
export interface Timers {
  now(): Micros;
  /** Calls back once, at or soon after `at`. @returns forgets it */
  schedule(at: Micros, run: () => void): () => void;
}

export interface Prober {
  /** One look. Never rejects and never takes longer than `timeout`; what it opened is closed by then. */
  look(probe: PolledProbe, timeout: Micros): Promise<Seen>;
  /** Tells what is there, at once and with each change, until it is closed. */
  watch(probe: WatchedProbe, tell: (seen: Seen) => void): Watch;
}

export interface Watch {
  close(): void;
}

/** How a program is to be run: in a session of its own, at normal priority, without capabilities that its user has not. */
export interface Program {
  /** By its full path, then its arguments. */
  readonly argv: readonly string[];
  /** Account; null: `holdfast` where that account exists, else the daemon's own. */
  readonly user: string | null;
  readonly environment: Readonly<Record<string, string>>;
  /** For its standard input. */
  readonly input: string;
  /** Then its whole process group ends. */
  readonly timeout: Micros;
}

/** How it ended. `output`: the end of what it said, both streams, at most 4 KiB. */
export type Ended =
  | { readonly kind: 'exit'; readonly status: number; readonly output: string; readonly took: Micros }
  | { readonly kind: 'signal'; readonly signal: string; readonly output: string; readonly took: Micros }
  | { readonly kind: 'timeout'; readonly output: string; readonly took: Micros }
  /** Somebody else than root could change it: what is wrong, and the command that mends it. */
  | { readonly kind: 'unsafe'; readonly message: string }
  | SystemError;

export interface Programs {
  run(program: Program): Promise<Ended>;
}

/** How one delivery of a hook went. */
export interface Delivery {
  readonly ok: boolean;
  /** `exit 0`, `HTTP 204`, `killed after 30 s`, ... */
  readonly seen: string;
}

/** What a hook is told. */
export interface HookCall {
  /** JSON, for the standard input of programs and the body of requests. */
  readonly json: string;
  readonly environment: Readonly<Record<string, string>>;
  /** As keepalived's notify scripts have them: INSTANCE, name, MASTER or BACKUP or FAULT or STOP, priority. */
  readonly arguments: readonly string[];
}

export interface HookRunner {
  /** @param superseded becomes aborted when another state came meanwhile: nothing is tried again then */
  deliver(hook: Hook, call: HookCall, superseded: AbortSignal): Promise<Delivery>;
}

/** One service under a watchdog. */
export interface ServiceHandle {
  /** Asks the machine. */
  state(): Promise<ServiceState>;
  /** Starts it, in a session or unit of its own, outside of our cgroup. What still runs of its former life is ended first:
   *  SIGQUIT, and SIGKILL for what stays. @returns null, or why it did not start, in words */
  start(timeout: Micros): Promise<string | null>;
  close(): void;
}

export interface Services {
  /** @param ended the process that stood for the service is gone; the kernel says so, nobody polls */
  open(service: Service, ended: () => void): ServiceHandle;
  /** Who listens on a TCP port of this machine, `apache2 (123)`; null: nobody. */
  holderOf(port: number): Promise<string | null>;
}

/** What somebody asks by HTTP. Its body, if it has one, is never read. */
export interface WebQuestion {
  readonly method: string;
  /** As it came. */
  readonly target: string;
  /** null: none, or several. */
  readonly host: string | null;
  readonly authorization: string | null;
  readonly cookie: string | null;
}

export interface WebAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body is only the beginning: what is told later goes there too. */
  readonly stream: boolean;
}

/** Bounded in everything: connections, time, what is kept for those who read slowly. */
export interface WebServer {
  /** Listens there, and no longer where it did, with all connections that came from there. What resolves, does so before the next
   *  connection is served. @returns null, or why it cannot, in words: then it listens where it did, unless `listening` says otherwise */
  listen(at: { readonly address: string; readonly port: number }): Promise<string | null>;
  listening(): boolean;
  close(): void;
  /** Ends every connection; who may, comes back. */
  dismiss(): void;
  /** To all streams. */
  tell(text: string): void;
  /** How many streams there are. */
  watchers(): number;
}
