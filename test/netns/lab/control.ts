// holdfast's command line from a drill: verbs with their exit codes, and the whole of `status --json`.
// Must not know drills, nor how a daemon is started.
import { execFile } from 'node:child_process';
import { EXECUTABLE } from './holdfast.ts';

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What the drills read of `status --json`, schema 1. */
export interface FullStatus {
  readonly configuration: {
    readonly loaded_at: string | null;
    readonly confirm_by: string | null;
    readonly last_reload: { readonly at: string; readonly outcome: string; readonly problem: string | null } | null;
  };
  readonly routers: readonly RouterSeen[];
  readonly neighbours: readonly NeighbourSeen[];
}

export interface RouterSeen {
  readonly name: string;
  readonly family: string;
  readonly vrid: number;
  readonly state: string;
  readonly reason: string;
  readonly waiting: string | null;
  readonly priority: { readonly configured: number };
  readonly advert_interval_ms: number;
  readonly active: { readonly address: string; readonly priority: number; readonly self: boolean } | null;
  readonly conflict: { readonly what: string; readonly address: string } | null;
  readonly addresses: readonly { readonly address: string; readonly held: boolean }[];
  readonly counters: { readonly adverts_received: number; readonly rejected: Readonly<Record<string, number>> };
}

export interface NeighbourSeen {
  readonly address: string;
  readonly vrid: number;
  readonly router: string | null;
  readonly reason: string | null;
  readonly detail: string | null;
}

/** Runs `holdfast ARGS... --socket SOCKET` to its end. Never throws for what it ends with. */
export function holdfast(socket: string, ...args: readonly string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    execFile(EXECUTABLE, [...args, '--socket', socket], { encoding: 'utf8' }, (error, out, err) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, out, err });
      else reject(error);
    });
  });
}

/** @throws Error when no daemon answers */
export async function statusOf(socket: string): Promise<FullStatus> {
  const { code, out, err } = await holdfast(socket, 'status', '--json');
  if (code !== 0) throw new Error(`status ended with ${code}: ${err}`);
  return JSON.parse(out);
}
