// The machines that some configurations are for, as a proof wants them, and what it finds in each file.
// Must not know how it is proved (src/proof), nor how a report looks (check.ts).
import { basename } from 'node:path';
import { quote } from '../config/diagnostic.ts';
import type { Machine as Written } from '../config/duties.ts';
import type { PlacedFinding } from '../config/finding.ts';
import { type Loaded, planOf } from '../config/load.ts';
import { findingsOf } from '../proof/findings.ts';
import type { Machine } from '../proof/group.ts';
import { type Proof, prove } from '../proof/prove.ts';

export interface Proved {
  readonly proofs: readonly Proof[];
  /** Each belongs to the file that its place is in. */
  readonly findings: readonly PlacedFinding[];
}

/** Stands for each password that is not in the configuration: what is not known is taken to be the same. */
const SOME_PASSWORD = 'password';

/** Proves who serves, for all machines of all these configurations together.
 *  @param configurations with their paths
 *  @returns null where there is nothing to prove: one machine only, or an error that comes first */
export function proveAll(configurations: readonly { readonly path: string; readonly loaded: Loaded }[]): Proved | null {
  if (configurations.some(({ loaded }) => loaded.plan === null)) return null;
  const hidden = configurations.some(({ loaded }) => [...loaded.machines.values()].some(isHidden));
  const written = new Map<string, Written>();
  const machines: Machine[] = [];
  const findings: PlacedFinding[] = [];
  for (const { path, loaded } of configurations) {
    for (const [table, machine] of loaded.machines) {
      const name = loaded.named === null && configurations.length > 1 ? nameOf(path, configurations) : table;
      const plan = hidden ? withSomePasswords(planOf(machine), machine) : planOf(machine);
      const known = machines.find(other => other.name === name);
      if (known === undefined) {
        machines.push({ name, plan });
        written.set(name, machine);
      } else if (JSON.stringify(known.plan) !== JSON.stringify(plan)) findings.push(...differs(name, machine));
    }
  }
  if (machines.length < 2) return findings.length === 0 ? null : { proofs: [], findings };
  const proofs = prove(machines);
  return { proofs, findings: [...findings, ...proofs.flatMap(proof => findingsOf(proof, written))] };
}

/** A file without tables for machines is one machine, called after the file. */
function nameOf(path: string, all: readonly { readonly path: string }[]): string {
  const short = basename(path, '.toml');
  return all.filter(other => basename(other.path, '.toml') === short).length > 1 ? path : short;
}

/** Whether a password is not in the configurations: then none of them can be compared. */
function isHidden({ routers }: Written): boolean {
  return routers.some(({ settings: { password } }) => password !== undefined && password.from !== 'text');
}

function withSomePasswords(plan: Machine['plan'], { routers }: Written): Machine['plan'] {
  const guarded = new Set(routers.flatMap(({ name, settings: { password } }) => (password === undefined ? [] : [name])));
  return { ...plan, routers: plan.routers.map(spec => (guarded.has(spec.name) ? { ...spec, password: SOME_PASSWORD } : spec)) };
}

function differs(name: string, { routers }: Written): readonly PlacedFinding[] {
  return routers.slice(0, 1).map(({ placeOf }) => ({
    code: 'machine-differs',
    severity: 'error',
    message: `another file says something else of machine ${quote(name)}`,
    place: { ...placeOf([]), at: 'key' },
    hint: 'give all machines the same file, or each one a file without tables for others',
  }));
}
