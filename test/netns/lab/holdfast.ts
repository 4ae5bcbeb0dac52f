// The product under test: its executable, its configuration file, its two processes, what its status says.
// Must not know its sources: only the executable and the contracts of its command line.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf, type Daemon, start } from './daemon.ts';
import { run } from './exec.ts';
import type { Network, Node } from './network.ts';
import { type RouterSettings, withPrefix } from './router.ts';

export const EXECUTABLE = join(import.meta.dirname, '../../../dist/holdfast');

/** Why the product cannot be tested here.
 *  @returns null when it can */
export function missing(): string | null {
  return existsSync(EXECUTABLE) ? null : 'dist/holdfast is not built: ./build.sh binary';
}

export interface Holdfast extends Daemon {
  readonly socket: string;
  /** The PID of the agent, undefined while there is none. The engine's is `pid`. */
  agent(): number | undefined;
  status(): Promise<Status>;
}

/** The part of `status --json` that the drills read. */
export interface Status {
  readonly checks: readonly { readonly name: string; readonly state: string; readonly last: { readonly seen: string } | null }[];
  readonly watchdogs: readonly { readonly name: string; readonly state: string; readonly seen: string; readonly starts: number }[];
  readonly hooks: readonly { readonly on: string; readonly event: string; readonly ok: boolean; readonly seen: string }[];
  readonly routers: readonly {
    readonly name: string;
    readonly state: string;
    readonly reason: string;
    readonly counters: Readonly<Record<string, unknown>>;
  }[];
}

/** Starts `holdfast run` on a node, with a configuration of these routers. */
export function startHoldfast(network: Network, node: Node, routers: readonly RouterSettings[]): Holdfast {
  return startWith(network, node, ['run', '--config', writeHoldfast(network, node, routers)]);
}

/** Writes the configuration of a node, also anew for the SIGHUP that makes a running holdfast read it.
 *  @returns the path of the file */
export function writeHoldfast(network: Network, node: Node, routers: readonly RouterSettings[]): string {
  const config = join(network.folder, `${node.name}.toml`);
  const withFiles = routers.map(router => {
    if (router.password === undefined) return router;
    const file = join(network.folder, `${node.name}-${router.name}.password`);
    writeFileSync(file, `${router.password}\n`, { mode: 0o600 });
    return { ...router, passwordFile: file };
  });
  writeFileSync(config, configuration(withFiles));
  return config;
}

/** Starts the executable with arguments of its own; socket and node name are added. */
export function startWith(network: Network, node: Node, args: readonly string[]): Holdfast {
  const socket = join(network.folder, `${node.name}.sock`);
  const daemon = start(node, { name: `holdfast ${node.name}`, command: [EXECUTABLE, ...args, '--socket', socket, '--node', node.name] });
  return {
    ...daemon,
    socket,
    agent: () => childrenOf(daemon.pid)[0],
    async status() {
      return JSON.parse(await run(EXECUTABLE, ['status', '--socket', socket, '--json']));
    },
  };
}

type Written = RouterSettings & { readonly passwordFile?: string };

export function configuration(routers: readonly Written[]): string {
  return routers
    .map(router => {
      const texts = (list: readonly string[]) => `[${list.map(text => `"${text}"`).join(', ')}]`;
      const lines = [
        `[vrrp.${router.name}]`,
        `interface = "${router.interface ?? 'hf0'}"`,
        `vrid = ${router.vrid}`,
        `priority = ${router.priority}`,
        `addresses = ${texts(router.addresses.map(withPrefix))}`,
        `advert_interval = "${router.intervalMs}ms"`,
      ];
      if (router.version !== undefined) lines.push(`version = ${router.version}`);
      if (router.preempt !== undefined) lines.push(`preempt = ${router.preempt}`);
      if (router.accept !== undefined) lines.push(`accept = ${router.accept}`);
      if (router.peers !== undefined) lines.push(`peers = ${texts(router.peers)}`);
      if (router.passwordFile !== undefined) lines.push(`password = { file = "${router.passwordFile}" }`);
      if (router.source !== undefined) lines.push(`source = "${router.source}"`);
      if (router.track !== undefined) lines.push(`track = ${texts(router.track)}`);
      if (router.more !== undefined) lines.push(router.more);
      return [...lines, '', router.duties ?? ''].join('\n');
    })
    .join('\n\n')
    .concat('\n');
}

/** Memory of one process, KiB: what is its own alone, and its fair share of everything. */
export function memoryOf(pid: number): { readonly anonymous: number; readonly pss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  return { anonymous: field('Anonymous'), pss: field('Pss') };
}
