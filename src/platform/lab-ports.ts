// What the laboratory (`holdfast lab`) needs of a machine: network namespaces, processes in them, files of its own.
// Must not know what is built out of them.

/** A process as it was when it was seen: together, the two numbers are no other process's. */
export interface LabProcess {
  readonly pid: number;
  /** Clock ticks after the machine has started. proc(5) */
  readonly started: number;
}

export interface SeenProcess extends LabProcess {
  /** What the kernel calls it, at most 15 bytes. */
  readonly name: string;
  /** Whether it belongs to a terminal: a person who looks around. */
  readonly terminal: boolean;
}

/** A file that grows, from near its end on. */
export interface Follower {
  /** What was appended since the last call. */
  next(): string;
  close(): void;
}

/** The machine does not do what it was asked for; `message` says what and why. */
export class MachineRefused extends Error {
  override readonly name = 'MachineRefused';
}

/** Paths of files are relative to the laboratory's own folder. What the machine does not do is thrown as MachineRefused. */
export interface LabMachine {
  /** Where its files are, from / on. */
  readonly folder: string;
  /** The command line that is this very program. */
  readonly self: readonly string[];
  /** nginx by its full path, null where there is none that may be trusted. */
  readonly nginx: string | null;
  /** What keeps a laboratory from running here; null when nothing does. */
  whyNot(): string | null;
  /** CLOCK_MONOTONIC in µs, the same for all processes. */
  now(): number;
  /** ms since 1970 */
  wallNow(): number;
  sleep(ms: number): Promise<void>;
  /** Two at once would undo each other's work. The turn ends with this process.
   *  @returns false when somebody else has it */
  takeTurn(): Promise<boolean>;
  /** Network namespaces whose names begin so. */
  namespaces(prefix: string): readonly string[];
  addNamespace(name: string): Promise<void>;
  /** Does nothing when there is none. Who is still in it keeps it alive, without a name. */
  removeNamespace(name: string): Promise<void>;
  /** Commands of ip(8), in one go; null: those that only speak of namespaces. */
  ip(namespace: string | null, commands: readonly string[]): Promise<void>;
  /** Interfaces in a namespace, without `lo`. */
  interfaces(namespace: string): Promise<readonly string[]>;
  /** Kernel settings below /proc/sys/net, inside a namespace. */
  settings(namespace: string, values: Readonly<Record<string, string>>): Promise<void>;
  /** Everybody in a namespace. */
  processes(namespace: string): readonly SeenProcess[];
  runs(process: LabProcess): boolean;
  /** Only if it is the very same process. @returns whether it was */
  signal(process: LabProcess, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): boolean;
  /** Starts a program that outlives us. In the namespace itself it is made sure, before the program begins, that this is not the
   *  host's network and that `hf0` is there; and systemd of the host is out of reach.
   *  @param log where its output is appended */
  start(namespace: string, argv: readonly string[], log: string): Promise<LabProcess>;
  /** null: there is no such file. */
  read(file: string): string | null;
  /** The last bytes of a file, from the beginning of a line on; empty where there is none. */
  tail(file: string, bytes: number): string;
  /** Written as a whole or not at all, folders included; for root's eyes only. */
  write(file: string, text: string): void;
  follow(file: string, back: number): Follower;
  /** The whole folder. */
  clear(): void;
}
