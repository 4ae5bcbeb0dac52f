// All that routers of one file depend on: each check is made once, when the first of them tracks it.
// Must not know virtual routers, nor how a check is made.
import type { Table, Value } from './document.ts';
import type { Globals } from './globals.ts';
import type { Ledger } from './ledger.ts';
import type { Surroundings } from './programs.ts';
import { scriptTable } from './scripts.ts';
import { listOf, type Section } from './section.ts';
import { fileTable, processTable } from './trackers.ts';
import type { Statement } from './tree.ts';
import { type Made, NO_WEIGHT, weightOf } from './weights.ts';

/** An element of `track`. */
export interface Tracked {
  readonly name: string;
  /** What follows for this router; null: what the check says. */
  readonly onFail: Value | null;
  /** keepalived has no weight for it: what fails one member of a group fails all. */
  readonly hard: boolean;
}

type Kind = 'script' | 'process' | 'file';

interface Definition {
  readonly statement: Statement;
  make(name: string): Made | null;
  /** Undefined: nobody has tracked it yet. */
  made?: { readonly name: string; readonly weight: Made['weight'] } | null;
}

export interface Checks {
  /** One line of `track_script`, `track_process` or `track_file`. */
  track(kind: Kind, line: Statement): Tracked | null;
  /** One line of `track_interface`. @param own interface of the router, which needs no check */
  trackInterface(line: Statement, own: string | null): Tracked | null;
  /** The name of a check that an interface is up, whoever asked for it. */
  interfaceUp(device: string): string;
  tables(): readonly Table[];
  /** Says of what nobody tracks that nobody does. */
  finish(): void;
}

/** @param names gives each check a name of its own */
export function makeChecks(
  root: readonly Statement[],
  names: (wanted: string) => string,
  globals: Globals,
  ledger: Ledger,
  machine: Surroundings,
): Checks {
  const tables: Table[] = [];
  const links = new Map<string, string>();
  const definitions = new Map<string, Definition>();
  const define = (kind: Kind, statement: Statement, make: Definition['make']) => {
    const [name] = statement.args;
    if (name === undefined || statement.block === null) {
      return ledger.say(statement, 'refused', `\`${statement.word}\` has a name, and its settings in braces`, 'whole');
    }
    const first = definitions.get(`${kind} ${name}`);
    if (first === undefined) definitions.set(`${kind} ${name}`, { statement, make });
    else ledger.say(statement, 'unsupported', `there is one of that name on line ${first.statement.line}`, 'whole');
  };
  for (const statement of root) {
    if (statement.word === 'vrrp_script') define('script', statement, name => scriptTable(name, statement, globals, ledger, machine));
    if (statement.word === 'vrrp_track_process') define('process', statement, name => processTable(name, statement, ledger));
    if (/^(vrrp_)?track_file$/.test(statement.word)) define('file', statement, name => fileTable(name, statement, ledger));
  }
  const interfaceUp = (device: string): string => {
    const known = links.get(device);
    if (known !== undefined) return known;
    const name = names(`link-${device}`);
    links.set(device, name);
    const entries = [
      { key: 'type', value: 'interface' },
      { key: 'interface', value: device },
    ];
    tables.push({ kind: 'check', name, remarks: [], entries });
    return name;
  };
  return {
    track(kind, line) {
      const definition = definitions.get(`${kind} ${line.word}`);
      if (definition === undefined) {
        ledger.say(line, 'unsupported', 'nothing of that name is defined: keepalived ignores it');
        return null;
      }
      if (definition.made === undefined) {
        const name = names(line.word);
        const result = definition.make(name);
        if (result !== null) tables.push(result.table);
        definition.made = result === null ? null : { name, weight: result.weight };
      }
      if (definition.made === null) {
        ledger.say(line, 'unsupported', `nothing came of line ${definition.statement.line}, which defines it`);
        return null;
      }
      return trackedAs(definition.made, line, ledger);
    },
    trackInterface(line, own) {
      const weight = weightOf(line, ledger) ?? 0;
      if (line.word === own) {
        ledger.say(line, 'dropped', 'the interface of the router is always watched');
        return null;
      }
      const name = interfaceUp(line.word);
      if (weight === 0) ledger.say(line, 'changed', `check \`${name}\`; ${NO_WEIGHT}`);
      else ledger.say(line, 'translated', `check \`${name}\`, with \`on_fail = { weight = ${weight} }\``);
      return { name, onFail: weight === 0 ? null : { weight }, hard: weight === 0 };
    },
    interfaceUp,
    tables: () => tables,
    finish() {
      for (const { statement, made } of definitions.values()) {
        if (made === undefined) ledger.say(statement, 'dropped', 'no instance tracks it, so keepalived never runs it', 'whole');
      }
    },
  };
}

function trackedAs({ name, weight }: { readonly name: string; readonly weight: Made['weight'] }, line: Statement, ledger: Ledger): Tracked {
  const own = weightOf(line, ledger);
  const plain = `\`track = ["${name}"]\``;
  if (weight === 'number') {
    if (own === null || own === 1) ledger.say(line, 'translated', plain);
    else ledger.say(line, 'unsupported', 'the number in the file is the weight itself: another factor than 1 is not supported');
    return { name, onFail: null, hard: false };
  }
  if (own === null || own === weight) {
    ledger.say(line, 'translated', plain);
    return { name, onFail: null, hard: weight === 0 };
  }
  if (own === 0) ledger.say(line, 'changed', `\`track\`, with \`on_fail = "demote"\`; ${NO_WEIGHT}`);
  else ledger.say(line, 'translated', `\`track\`, with \`on_fail = { weight = ${own} }\``);
  return { name, onFail: own === 0 ? 'demote' : { weight: own }, hard: own === 0 };
}

/** The lines of all lists of that word. */
export function trackedLines(section: Section, word: string, ledger: Ledger): readonly Statement[] {
  return section.all(word).flatMap(statement => {
    const lines = listOf(statement, ledger);
    if (!ledger.has(statement)) ledger.asTable(statement, 'vrrp');
    return lines;
  });
}
