// The statements of all files to tables of holdfast.toml, with something said of each statement.
// Must not know text: neither the one that comes in nor the one that goes out.
import { makeChecks } from './checks.ts';
import { type Entry, makeNames, type Secret, type Table } from './document.ts';
import type { Finding } from './finding.ts';
import { type Globals, globalsOf } from './globals.ts';
import { applyGroup, type Member, tracksOf } from './groups.ts';
import { hooksOf } from './hooks.ts';
import { type Core, coreOf } from './instance.ts';
import { type Ledger, makeLedger } from './ledger.ts';
import type { Surroundings } from './programs.ts';
import { sectionOf } from './section.ts';
import type { Statement } from './tree.ts';

export interface Meaning {
  readonly tables: readonly Table[];
  readonly secrets: readonly Secret[];
  readonly findings: readonly Finding[];
  /** Where the table of a name comes from, `vrrp.web`. */
  readonly origins: ReadonlyMap<string, Statement>;
}

interface Draft extends Member {
  readonly name: string;
  readonly statement: Statement;
  readonly core: Core;
}

/** What stands at the top of a file and belongs to no instance. */
const OUTER = new Set([
  'static_ipaddress',
  'static_routes',
  'static_rules',
  'track_group',
  'garp_group',
  'linkbeat_interfaces',
  'interface_up_down_delays',
]);
const OUTER_GLOBAL = /^(linkbeat_use_polling|net_namespace|net_namespace_ipvs|namespace_with_ipsets|use_pid_dir|instance|child_wait_time)$/;
const TAKEN = new Set([
  'global_defs',
  'vrrp_instance',
  'vrrp_sync_group',
  'vrrp_script',
  'vrrp_track_process',
  'vrrp_track_file',
  'track_file',
]);

const NO_FAULT = 'a check that is down demotes and is no fault: nothing is called until another machine serves, and then `on_backup`';

/** @param folder where passwords are to be kept */
export function meaningOf(root: readonly Statement[], machine: Surroundings, folder: string): Meaning {
  const ledger = makeLedger();
  const globals: Globals = globalsOf(root, ledger);
  const checks = makeChecks(root, makeNames(), globals, ledger, machine);
  const names = makeNames();
  const drafts: Draft[] = [];
  for (const statement of root.filter(({ word }) => word === 'vrrp_instance')) {
    const [called, ...more] = statement.args;
    if (called === undefined || more.length > 0 || statement.block === null) {
      ledger.say(statement, 'refused', '`vrrp_instance` has one name, and its settings in braces', 'whole');
      continue;
    }
    const first = drafts.find(draft => draft.called === called);
    if (first !== undefined) {
      ledger.say(
        statement,
        'unsupported',
        `there is an instance of that name on line ${first.statement.line}: keepalived skips this one`,
        'whole',
      );
      continue;
    }
    const section = sectionOf(statement.block, ledger);
    const name = names(called);
    ledger.say(statement, name === called ? 'translated' : 'changed', `\`[vrrp.${name}]\``);
    const core = coreOf(statement, section, globals, ledger);
    const watched = section.last('dont_track_primary') === null ? core.device : null;
    const tracks = [...tracksOf(section, watched, checks, ledger)];
    const hooks = [...hooksOf(section, globals, ledger, machine)];
    const fault = section.first('notify_fault');
    if (fault !== null && tracks.some(({ hard }) => hard)) ledger.say(fault, 'changed', NO_FAULT);
    for (const left of section.left()) ledger.leftOver(left, 'vrrp');
    drafts.push({ called, name, statement, device: core.device, core, tracks, hooks });
  }
  for (const group of root.filter(({ word }) => word === 'vrrp_sync_group')) {
    if (group.block === null) ledger.say(group, 'refused', '`vrrp_sync_group` has a name, and its settings in braces');
    else applyGroup(group, drafts, globals, checks, ledger, machine);
  }
  checks.finish();
  for (const statement of root) {
    if (TAKEN.has(statement.word) || ledger.has(statement)) continue;
    const whole = statement.block === null ? undefined : 'whole';
    if (OUTER.has(statement.word)) ledger.asTable(statement, 'vrrp', whole);
    else if (OUTER_GLOBAL.test(statement.word)) ledger.asTable(statement, 'global', whole);
    else if (statement.word === 'bfd_instance') ledger.asTable(statement, 'bfd', whole);
    else if (/^(virtual_server|virtual_server_group|SSL)$/.test(statement.word)) ledger.asTable(statement, 'lvs', whole);
    else ledger.leftOver(statement, 'file');
  }
  sweep(root, ledger);
  const secrets = drafts.flatMap(({ name, core: { password } }) =>
    password === null ? [] : [{ router: name, path: `${folder}/${name}.password`, password }],
  );
  const tables = [...drafts.map(draft => tableOf(draft, secrets)), ...checks.tables()];
  const origins = new Map(drafts.map(({ name, statement }) => [`vrrp.${name}`, statement]));
  return { tables, secrets, findings: ledger.findings(), origins };
}

/** Nothing is silent: what stands in braces behind a word that has none has not been read by anybody. */
function sweep(root: readonly Statement[], ledger: Ledger): void {
  const spoken = new Map<string, Set<number>>();
  for (const { file, line, endLine } of ledger.findings()) {
    const lines = spoken.get(file) ?? new Set<number>();
    for (let each = line; each <= endLine; each += 1) lines.add(each);
    spoken.set(file, lines);
  }
  const visit = (statement: Statement): void => {
    if (spoken.get(statement.file)?.has(statement.line) === true) for (const inner of statement.block ?? []) visit(inner);
    else
      ledger.say(
        statement,
        'refused',
        'the word before the brace around it has no block: keepalived reads this as something else',
        'whole',
      );
  };
  for (const statement of root) visit(statement);
}

function tableOf({ name, statement, core, tracks, hooks }: Draft, secrets: readonly Secret[]): Table {
  const secret = secrets.find(({ router }) => router === name);
  const entries: Entry[] = [...core.entries];
  if (secret !== undefined) entries.push({ key: 'password', value: { file: secret.path } });
  entries.push({ key: 'addresses', value: core.addresses });
  const unique = tracks.filter((each, at) => tracks.findIndex(other => other.name === each.name) === at);
  if (unique.length > 0) {
    entries.push({
      key: 'track',
      value: unique.map(each => (each.onFail === null ? each.name : { name: each.name, on_fail: each.onFail })),
    });
  }
  entries.push(...hooks);
  return { kind: 'vrrp', name, remarks: [`vrrp_instance ${statement.args.join(' ')}, line ${statement.line}`, ...core.remarks], entries };
}
