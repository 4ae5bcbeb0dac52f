// The configuration that an install finds: whether the holdfast that is being installed takes it, and what of the machine it uses.
// Must not know what is installed.
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../config/plan.ts';
import type { Configured, RunOptions, There } from '../install/facts.ts';
import { CONFIG_PATH } from '../install/paths.ts';
import type { Host } from '../platform/install-ports.ts';
import { examine, interfacesHere } from './files.ts';

/** What the plan of this machine uses; nothing, where there is none yet. */
export interface Used {
  readonly configured: Configured;
  readonly interfaces: readonly string[];
  readonly multicast: boolean;
  readonly addresses: boolean;
  readonly watched: readonly string[];
  /** Warnings for people; empty: there are none. */
  readonly warnings: string;
}

export interface Refused {
  /** What is wrong, for people. */
  readonly report: string;
}

const NONE: Omit<Used, 'configured'> = { interfaces: [], multicast: false, addresses: false, watched: [], warnings: '' };

/** @param there what lies at CONFIG_PATH
 *  @param untouched sums of files that an install puts there
 *  @param options how the unit starts holdfast; a file that it names is nobody's example */
export async function configurationHere(
  host: Host,
  root: string | null,
  there: There,
  untouched: readonly string[],
  options: RunOptions | null,
): Promise<Used | Refused> {
  const path = options?.config ?? CONFIG_PATH;
  if (path === CONFIG_PATH) {
    if (there.kind === 'absent') return { configured: 'none', ...NONE };
    if (there.kind === 'file' && untouched.includes(there.sha256)) return { configured: 'example', ...NONE };
  }
  const node = options?.node ?? (root === null ? hostname() : ((await host.read('/etc/hostname')) ?? '').trim());
  const file = root === null ? path : join(root, path);
  const { loaded, report, warnings } = await examine(file, node, root === null ? await interfacesHere() : null, 'ignore');
  if (loaded.plan === null) return { report };
  return { configured: 'real', warnings, ...usedBy(loaded.plan) };
}

/** What a plan uses of its machine. */
export function usedBy({ routers, duties }: Plan): Omit<Used, 'configured' | 'warnings'> {
  const units = [
    ...duties.watchdogs.flatMap(({ service }) => (service.by === 'unit' ? [service.unit] : [])),
    ...duties.checks.flatMap(({ probe }) => (probe.type === 'unit' ? [probe.unit] : [])),
  ];
  const interfaces = routers.flatMap(router => [router.interface, ...router.addresses.flatMap(address => address.interface ?? [])]);
  return {
    interfaces: [...new Set(interfaces)],
    multicast: routers.some(({ peers }) => peers.length === 0),
    addresses: routers.some(({ addresses }) => addresses.length > 0),
    watched: [...new Set(units)],
  };
}
