// Text to meaning: the files of one configuration to the plan of one machine, or to everything that is wrong with them.
// Must not know where the texts come from, nor what this machine has (environment.ts).
import { type Diagnostic, quote } from './diagnostic.ts';
import { dutiesOf, type Machine, machineOf } from './duties.ts';
import type { Sound } from './entry.ts';
import { type Finding, resolve } from './finding.ts';
import { shownPath } from './mask.ts';
import { checkMeaning } from './meaning.ts';
import { parse } from './parse.ts';
import { type Secret, secretsOf } from './password.ts';
import type { Plan } from './plan.ts';
import { checkRegexes } from './regex-meaning.ts';
import { isComplete, specsOf } from './router.ts';
import { checkShape } from './shape.ts';
import { MAX_BYTES, type Source, TOO_LARGE } from './source.ts';
import { untracked } from './track-meaning.ts';
import { graft, type SourceFile, type Table, tableAt } from './tree.ts';

export interface Loaded {
  /** null as soon as there is one error, whichever machine it concerns. Without the passwords that `secrets` are about. */
  readonly plan: Plan | null;
  /** What the plan is still to be completed with, see `withPasswords`. */
  readonly secrets: readonly Secret[];
  /** Everything found, by file and line. */
  readonly diagnostics: readonly Diagnostic[];
  /** The machine that the plan is for, as the file calls it. */
  readonly node: string;
  /** Whether the file has a table for it; null when it has tables for nobody. */
  readonly named: boolean | null;
  /** Where all that the plan has is written, for findings that come later. */
  readonly machine: Machine;
  /** All machines that the file has tables for, by name; where it has none, the one that the plan is for. */
  readonly machines: ReadonlyMap<string, Machine>;
}

/** What a machine is to do, as far as it is complete; meant for those of a configuration without errors. */
export function planOf(machine: Machine): Plan {
  return { routers: machine.routers.filter(isComplete).flatMap(specsOf), duties: dutiesOf(machine) };
}

/** Reads a configuration: the main file, then the drop-ins. Never throws, whatever the texts.
 *  @param node the host name; without a table of that name, its part before the first dot counts */
export async function load(sources: readonly Source[], node: string): Promise<Loaded> {
  const files = sources.map(read);
  const main = files[0]?.source ?? { index: 0, file: '', text: '' };
  const trees = files.flatMap(({ source, tree }) => (tree === undefined ? [] : [{ source, tree }]));
  const forest = graft(main, trees);
  const shape = checkShape(forest);
  const sound: Sound = { forest, broken: shape.broken, gaps: files.some(file => file.findings.length > 0) };

  const tables = Object.keys(tableAt(forest.tree, ['node']));
  const self = tables.includes(node) ? node : (tables.find(name => name === node.split('.', 1)[0]) ?? node);
  const named = tables.length === 0 ? null : tables.includes(self);
  const machine = machineOf(sound, self);
  const { routers } = machine;

  const findings: Finding[] = [...files.flatMap(file => file.findings), ...shape.findings];
  for (const { path, first, second } of forest.clashes) {
    findings.push({
      code: 'duplicate-key',
      severity: 'error',
      message: `${quote(shownPath(path))} is set in two files`,
      place: { source: second, path, at: 'key' },
      hint: 'remove one of the two',
      related: [{ message: 'first set at', place: { source: first, path, at: 'key' } }],
    });
  }
  if (findings.length === 0 && routers.length === 0) findings.push(noRouters(main, self, tables, machine));
  const others = tables.filter(name => name !== self).map(name => [name, machineOf(sound, name)] as const);
  const nodes = new Map([[self, machine], ...others]);
  const machines = [...nodes.values()];
  findings.push(...checkNodes(sound, nodes, self, named), ...(sound.gaps ? [] : untracked(machines)), ...(await checkRegexes(machines)));

  const failed = findings.some(finding => finding.severity === 'error');
  return {
    plan: failed ? null : planOf(machine),
    secrets: secretsOf(routers),
    diagnostics: await resolve(findings),
    node: self,
    named,
    machine,
    machines: named === false ? new Map(others) : nodes,
  };
}

/** One file as a tree, and what is wrong with its text. */
export interface Read {
  readonly source: SourceFile;
  readonly tree: Table | undefined;
  readonly findings: readonly Finding[];
}

export function read({ file, text, failure }: Source, index: number): Read {
  const broken = failure ?? (text.length > MAX_BYTES ? TOO_LARGE : undefined);
  if (broken !== undefined) {
    const source = { index, file, text: '' };
    const { span, ...words } = broken;
    return { source, tree: undefined, findings: [{ ...words, severity: 'error', place: { source, span } }] };
  }
  const parsed = parse(text.replace(/^\ufeff/, ''));
  const source = { index, file, text: parsed.text };
  const findings = parsed.flaws.map(
    ({ span, last: _last, ...words }): Finding => ({ ...words, severity: 'error', place: { source, span } }),
  );
  return { source, tree: parsed.tree, findings };
}

/** A mistake as a rule; but whoever only wants a service brought back may have a watchdog and nothing else. */
function noRouters(main: SourceFile, self: string, tables: readonly string[], { watchdogs }: Machine): Finding {
  const everywhere = 'a virtual router looks like this: `[vrrp.web]`, then `interface`, `vrid` and `addresses`';
  const elsewhere = `this machine is node ${quote(self)}, the file has tables for ${tables.map(quote).join(', ')}; \`--node NAME\` checks for another`;
  return {
    code: 'no-routers',
    severity: watchdogs.length > 0 && tables.length === 0 ? 'warning' : 'error',
    message: 'there is no virtual router',
    place: { source: main, span: null },
    hint: tables.length === 0 ? everywhere : elsewhere,
  };
}

/** Checks what comes out for every machine. What is wrong on all of them is said once, without their names. */
function checkNodes(sound: Sound, nodes: ReadonlyMap<string, Machine>, self: string, named: boolean | null): Finding[] {
  const found = new Map<string, { finding: Finding; on: string[] }>();
  for (const [node, machine] of nodes) {
    for (const finding of checkMeaning(sound, node, machine)) {
      const places = [finding.place, ...(finding.related ?? []).map(other => other.place)];
      const key = JSON.stringify([finding.message, ...places.map(place => [place.source.index, place.path])]);
      const entry = found.get(key) ?? { finding, on: [] };
      entry.on.push(node);
      found.set(key, entry);
    }
  }
  return Array.from(found.values(), ({ finding, on }) => {
    if (on.length === nodes.size) return finding;
    const stranger = named === false && on.length === 1 && on[0] === self;
    const hint = stranger ? `the file has no table for this machine, ${quote(self)}; \`--node NAME\` checks for another` : finding.hint;
    return { ...finding, message: `${finding.message} (node ${on.map(quote).join(', ')})`, hint };
  });
}
