// network.toml to the interfaces of a box, or to everything that is wrong with it. Must not know systemd-networkd (networkd.ts), nor what
// interfaces this box has: one that is missing may be plugged in later.
import { type Diagnostic, quote } from '../config/diagnostic.ts';
import { type Finding, resolve } from '../config/finding.ts';
import { read } from '../config/load.ts';
import { type Flaw, interfaceFlaw } from '../config/rules.ts';
import { meantBy } from '../config/shape.ts';
import type { Source } from '../config/source.ts';
import { suggest } from '../config/suggest.ts';
import { type Path, type SourceFile, type Table, valueAt } from '../config/tree.ts';
import { type Address, familyOf, type Prefix } from '../vrrp/address.ts';
import { type InterfaceTable, keysOf, networkFile } from './network-schema.ts';

/** What an interface is made of; null: it is there, a port or a card. */
export type Made =
  | { readonly of: 'vlan'; readonly id: number; readonly on: string }
  | { readonly of: 'bond'; readonly members: readonly string[]; readonly mode: string }
  | { readonly of: 'bridge'; readonly members: readonly string[] };

export interface Interface {
  readonly name: string;
  readonly addresses: readonly Prefix[];
  readonly dhcp: boolean;
  readonly gateways: readonly Address[];
  readonly dns: readonly Address[];
  /** Bytes; null: as the kernel has it. */
  readonly mtu: number | null;
  readonly made: Made | null;
  /** VLANs that it carries. */
  readonly vlans: readonly string[];
  /** The bond or bridge that it belongs to. */
  readonly master: { readonly of: 'bond' | 'bridge'; readonly name: string } | null;
}

export interface Network {
  /** Also those that only a VLAN, a bond or a bridge names. Empty as soon as there is an error. */
  readonly interfaces: readonly Interface[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads network.toml. Never throws, whatever the text. */
export async function readNetwork(file: Source): Promise<Network> {
  const { source, tree, findings: flaws } = read(file, 0);
  const findings = [...flaws];
  const shape = tree === undefined ? { tables: {}, findings: [] } : shapeOf(tree, source);
  findings.push(...shape.findings);
  const tables = new Map(Object.entries(shape.tables));
  findings.push(...[...tables].flatMap(([name, table]) => contradictions(name, table, source)), ...conflicts(tables, source));
  const failed = findings.some(({ severity }) => severity === 'error');
  return { interfaces: failed ? [] : assemble(tables), diagnostics: await resolve(findings) };
}

interface Shape {
  readonly tables: Readonly<Record<string, InterfaceTable>>;
  readonly findings: readonly Finding[];
}

/** Holds the tree against the schema. */
function shapeOf(tree: Table, source: SourceFile): Shape {
  const result = networkFile.safeParse(tree);
  if (result.success) return { tables: result.data.interface, findings: [] };
  const issues = result.error.issues.flatMap(issue => meantBy(issue, []));
  const findings = issues.flatMap(({ issue, path }): Finding[] => {
    const at = (place: Path, words: Omit<Finding, 'place' | 'severity'>, what: 'key' | 'value'): Finding => ({
      ...words,
      severity: 'error',
      place: { source, path: place, at: what },
    });
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(key => {
        const meant = suggest(key, keysOf(path));
        const hint = meant === null ? `here may stand ${keysOf(path).map(quote).join(', ')}` : `did you mean ${quote(meant)}?`;
        return at([...path, key], { code: 'unknown-key', message: `${quote(key)} is not a setting here`, hint }, 'key');
      });
    }
    if (issue.code === 'custom') {
      const flaw = flawOf(issue.params);
      return [at(path, { code: flaw.code, message: issue.message, hint: flaw.hint }, 'value')];
    }
    const missing = issue.code === 'invalid_type' && valueAt(tree, path) === undefined;
    const name = quote(path.map(String).join('.'));
    if (missing) return [at(path.slice(0, -1), { code: 'missing-key', message: `${name} is missing` }, 'key')];
    return [at(path, { code: 'wrong-type', message: `${name} ${issue.message}` }, 'value')];
  });
  return { tables: {}, findings };
}

/** What a rule said besides the words. */
function flawOf(params: unknown): Flaw {
  const { code = 'bad-text', hint } = (params ?? {}) as Partial<Flaw>;
  return hint === undefined ? { code } : { code, hint };
}

/** What cannot be together in one table. */
function contradictions(name: string, table: InterfaceTable, source: SourceFile): Finding[] {
  const found = (words: Omit<Finding, 'place' | 'severity'>, key?: string): Finding => {
    const path = ['interface', name, ...(key === undefined ? [] : [key])];
    return { ...words, severity: 'error', place: { source, path, at: 'key' } };
  };
  const findings: Finding[] = [];
  const flaw = interfaceFlaw(name);
  if (flaw !== null) {
    const hint = 'the console of the box shows the names of its interfaces';
    findings.push(found({ code: 'bad-interface', message: `${quote(name)} cannot be the name of an interface: ${flaw}`, hint }));
  }
  const kinds = (['vlan', 'bond', 'bridge'] as const).filter(kind => table[kind] !== undefined);
  if (kinds.length > 1) {
    findings.push(found({ code: 'either-or', message: `${quote(name)} cannot be ${kinds.map(quote).join(' and ')} at once` }, kinds[1]));
  }
  for (const family of ['ipv4', 'ipv6'] as const) {
    if (table.gateway.filter(gateway => familyOf(gateway) === family).length < 2) continue;
    findings.push(found({ code: 'either-or', message: `there can be one ${family === 'ipv4' ? 'IPv4' : 'IPv6'} gateway only` }, 'gateway'));
  }
  return findings;
}

/** Interfaces that two others claim, or that claim themselves. */
function conflicts(tables: ReadonlyMap<string, InterfaceTable>, source: SourceFile): Finding[] {
  const findings: Finding[] = [];
  const owners = new Map<string, string>();
  const blame = (name: string, kind: string, key: string, message: string): void => {
    findings.push({
      code: 'name-clash',
      severity: 'error',
      message,
      place: { source, path: ['interface', name, kind, key], at: 'value' },
    });
  };
  for (const [name, table] of tables) {
    if (table.vlan?.on === name) blame(name, 'vlan', 'on', `${quote(name)} cannot be a VLAN on itself`);
    for (const kind of ['bond', 'bridge'] as const) {
      for (const member of table[kind]?.members ?? []) {
        const owner = owners.get(member);
        if (member === name) blame(name, kind, 'members', `${quote(name)} cannot be a member of itself`);
        else if (owner !== undefined) blame(name, kind, 'members', `${quote(member)} belongs to ${quote(owner)} already`);
        owners.set(member, name);
      }
    }
  }
  for (const [member, owner] of owners) {
    const table = tables.get(member);
    if (table === undefined || table.addresses.length === 0) continue;
    findings.push({
      code: 'setting-without-effect',
      severity: 'warning',
      message: `${quote(member)} belongs to ${quote(owner)}, so its addresses are of no use`,
      place: { source, path: ['interface', member, 'addresses'], at: 'key' },
      hint: `write them in \`[interface.${owner}]\``,
    });
  }
  return findings;
}

function assemble(tables: ReadonlyMap<string, InterfaceTable>): readonly Interface[] {
  const names = new Set(tables.keys());
  for (const { vlan, bond, bridge } of tables.values()) {
    if (vlan !== undefined) names.add(vlan.on);
    for (const member of [...(bond?.members ?? []), ...(bridge?.members ?? [])]) names.add(member);
  }
  return [...names].map(name => {
    const table = tables.get(name);
    const vlans = [...tables].filter(([, other]) => other.vlan?.on === name).map(([vlan]) => vlan);
    const master = masterOf(name, tables);
    const addresses = table?.addresses ?? [];
    return {
      name,
      addresses,
      // Without a table of its own it only carries others.
      dhcp: table?.dhcp ?? (table !== undefined && addresses.length === 0 && master === null),
      gateways: table?.gateway ?? [],
      dns: table?.dns ?? [],
      mtu: table?.mtu ?? null,
      made: table === undefined ? null : madeOf(table),
      vlans,
      master,
    };
  });
}

function masterOf(name: string, tables: ReadonlyMap<string, InterfaceTable>): Interface['master'] {
  for (const [owner, { bond, bridge }] of tables) {
    if (bond?.members.includes(name)) return { of: 'bond', name: owner };
    if (bridge?.members.includes(name)) return { of: 'bridge', name: owner };
  }
  return null;
}

function madeOf({ vlan, bond, bridge }: InterfaceTable): Made | null {
  if (vlan !== undefined) return { of: 'vlan', ...vlan };
  if (bond !== undefined) return { of: 'bond', ...bond };
  return bridge === undefined ? null : { of: 'bridge', ...bridge };
}
