// Holds a tree against the schema: every key that does not belong, every value that is not what it must be.
// Must not know what the settings mean together.
import type { z } from 'zod';
import { quote } from './diagnostic.ts';
import { ADDRESS_KEYS, PASSWORD_KEYS, PEER_KEYS } from './elements.ts';
import type { Finding } from './finding.ts';
import { isSecretTable, shownPath } from './mask.ts';
import { MUST } from './rules.ts';
import { configuration, ROUTER_KEYS } from './schema.ts';
import { suggest } from './suggest.ts';
import { type Forest, isTable, MAX_DEPTH, type Path, prune, type Table, valueAt } from './tree.ts';
import { answer, rename } from './vocabulary.ts';

type Blame = Pick<Finding, 'code' | 'message' | 'hint'>;

/** Finds what is wrong key by key, and takes it out of the tree, so that what is left can be understood.
 *  @returns findings, and the paths that were meant or taken out, as JSON */
export function checkShape(forest: Forest): { findings: readonly Finding[]; broken: ReadonlySet<string> } {
  const findings: Finding[] = [];
  const doomed: Path[] = [];
  const excused: Path[] = [];
  const blame = (path: Path, at: 'key' | 'value', words: Blame) => {
    findings.push({ ...words, severity: 'error', place: { source: forest.sourceOf(path), path, at } });
    doomed.push(settingOf(path));
  };

  for (const path of unspeakable(forest.tree, [])) blame(path, 'key', { code: 'bad-name', message: '`__proto__` cannot be a name' });
  for (const path of doomed) prune(forest.tree, path);
  for (const { issue, path } of issuesOf(forest.tree)) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const { words, meant } = unknownKey(forest.tree, path, key);
        blame([...path, key], 'key', words);
        // What is there under a wrong name is not missing.
        if (meant !== null) excused.push(meant);
      }
    } else if (issue.code === 'invalid_key') {
      const hint = 'a name has letters, digits, `_`, `.` and `-`, at most 64';
      blame(path, 'key', { code: 'bad-name', message: `${nameOf(path)} is no name for a virtual router`, hint });
    } else if (issue.code === 'custom') {
      blame(path, issue.params?.at ?? 'value', { code: issue.params?.code, message: issue.message, hint: issue.params?.hint });
    } else blame(path, 'value', wrongValue(issue.message, path, valueAt(forest.tree, path)));
  }
  for (const path of doomed) prune(forest.tree, path);
  return { findings, broken: new Set([...doomed, ...excused].map(path => JSON.stringify(path))) };
}

interface Issue {
  readonly issue: z.core.$ZodIssue;
  readonly path: Path;
}

/** Everything that the schema finds; where a key is unknown, nothing about what is missing beside it. */
function issuesOf(tree: Table): readonly Issue[] {
  const issues = (configuration.safeParse(tree).error?.issues ?? []).flatMap(issue => meantBy(issue, []));
  const strange = new Set(issues.flatMap(({ issue, path }) => (issue.code === 'unrecognized_keys' ? [JSON.stringify(path)] : [])));
  return issues.filter(({ issue, path }) => {
    if (issue.code === 'custom') return !strange.has(JSON.stringify(path));
    return valueAt(tree, path) !== undefined || !strange.has(JSON.stringify(path.slice(0, -1)));
  });
}

/** Of a value that may be written in several ways, the issues with the way that was meant: the one whose type is right. */
function meantBy(issue: z.core.$ZodIssue, parent: Path): readonly Issue[] {
  const path = [...parent, ...issue.path.map(step => (typeof step === 'number' ? step : String(step)))];
  const ways = issue.code === 'invalid_union' ? issue.errors : [];
  const meant = ways.find(errors => !errors.some(error => error.code === 'invalid_type' && error.path.length === 0));
  return meant === undefined ? [{ issue, path }] : meant.flatMap(inner => meantBy(inner, path));
}

/** The schema's library passes over this key in silence. */
function unspeakable(value: unknown, path: Path): Path[] {
  if (path.length >= MAX_DEPTH) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => unspeakable(item, [...path, index]));
  if (!isTable(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, key];
    return key === '__proto__' ? [here] : unspeakable(inner, here);
  });
}

/** The setting that a path leads into: what is wrong inside a value makes the whole of it unusable. */
function settingOf(path: Path): Path {
  switch (path[0]) {
    case 'vrrp':
      return path.slice(0, 3);
    case 'node':
      return path.slice(0, 5);
    default:
      return path;
  }
}

const ROUTER_WORDS = Object.keys(ROUTER_KEYS);

/** The tables inside of settings, and what they may have. */
const INNER_WORDS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['addresses', Object.keys(ADDRESS_KEYS)],
  ['peers', Object.keys(PEER_KEYS)],
  ['password', Object.keys(PASSWORD_KEYS)],
]);

/** @returns the words about it, and what was meant by it, if that can be told: a setting, or the table around it */
function unknownKey(tree: Table, parent: Path, key: string): { words: Blame; meant: Path | null } {
  const inner = innerWords(parent);
  const known = inner ?? keysAt(parent);
  const renamed = rename(key, known);
  // Beside a password, only what is a word of somebody's is shown.
  const shown = isSecretTable(parent) && renamed === null && answer(key) === null ? 'this' : quote(key);
  const words = { code: 'unknown-key', message: `${shown} is not a setting here` } as const;
  if (renamed !== null) {
    const example = exampleOf(renamed);
    const more = example !== undefined ? `; ${example}` : inner === null ? ', which is not available in this version' : '';
    return { words: { ...words, hint: `it is called ${quote(renamed)} here${more}` }, meant: [...parent, renamed] };
  }
  const dotted = inner === null ? dottedName(valueAt(tree, [...parent, key]), [...parent, key]) : null;
  if (dotted !== null) return { words: { ...words, hint: `a name with dots needs quotes: \`[${dotted}]\`` }, meant: parent };
  const advice = answer(key) ?? (inner === null ? misplaced(tree, parent, key) : displaced(key));
  if (advice !== null) return { words: { ...words, hint: advice }, meant: null };
  const nearest = suggest(key, known);
  if (nearest === null)
    return { words: inner === null ? words : { ...words, hint: `this table may have ${inner.map(quote).join(', ')}` }, meant: null };
  return { words: { ...words, hint: `did you mean ${quote(nearest)}?` }, meant: [...parent, nearest] };
}

/** The keys of a table inside of a setting; null when the path leads to none. */
function innerWords(path: Path): readonly string[] | null {
  return INNER_WORDS.get(path[0] === 'vrrp' ? path[2] : path[4]) ?? null;
}

/** A setting of the router in a table inside of one. */
function displaced(key: string): string | null {
  return ROUTER_WORDS.includes(key) ? 'it belongs to the virtual router itself, not to one of its values' : null;
}

/** `[vrrp.web.1]` and `[node.edge-a.example.org.vrrp.web]` are tables in tables to TOML.
 *  @param path where `value` is; its second step begins the name
 *  @returns the header with the name in quotes, or null when `value` is something else */
function dottedName(value: unknown, path: Path): string | null {
  if (path.length < 3 || !isTable(value)) return null;
  const [kind, ...name] = path;
  const [only, ...others] = Object.keys(value);
  if (kind === 'vrrp' && ROUTER_WORDS.some(word => Object.hasOwn(value, word))) return `vrrp."${name.join('.')}"`;
  if (kind === 'node' && Object.hasOwn(value, 'vrrp')) return `node."${name.join('.')}".vrrp.NAME`;
  return only === undefined || others.length > 0 || name.length > 8 ? null : dottedName(value[only], [...path, only]);
}

function keysAt(parent: Path): readonly string[] {
  if (parent.length === 0) return Object.keys(configuration.shape);
  return parent.at(-2) === 'vrrp' ? ROUTER_WORDS : ['vrrp'];
}

/** A setting outside of any virtual router, or a virtual router outside of `vrrp`. */
function misplaced(tree: Table, parent: Path, key: string): string | null {
  if (parent.at(-2) === 'vrrp') return null;
  const prefix = parent.length === 0 ? 'vrrp' : `${parent.join('.')}.vrrp`;
  if (ROUTER_WORDS.includes(key)) return `it belongs to a virtual router: \`[${prefix}.NAME]\``;
  const value = valueAt(tree, [...parent, key]);
  if (isTable(value) && Object.keys(value).some(inner => ROUTER_WORDS.includes(inner)))
    return `a virtual router is called \`[${prefix}.${key}]\``;
  return null;
}

const CHOICES = new Map<string, readonly string[]>([
  [MUST.checksum, ROUTER_KEYS.checksum.unwrap().options],
  [MUST.scope, ADDRESS_KEYS.scope.unwrap().options],
]);

/** @param must what the schema says about the type, out of `MUST` */
function wrongValue(must: string, path: Path, value: unknown): Blame {
  const key = String(path.findLast(step => typeof step === 'string'));
  const element = typeof path.at(-1) === 'number';
  if (value === undefined)
    return { code: 'missing-key', message: `this table has no ${quote(key)}`, hint: exampleOf(String(settingOf(path).at(-1))) };
  if (must === MUST.table)
    return { code: 'wrong-type', message: `${nameOf(path)} ${must}, not ${describe(value)}`, hint: headerHint(path, value) };
  const choices = CHOICES.get(must);
  if (choices !== undefined && typeof value === 'string') {
    const nearest = suggest(value, choices);
    const hint = nearest === null ? undefined : `did you mean "${nearest}"?`;
    return { code: 'bad-choice', message: `${quote(key)} ${must}, not ${quote(value)}`, hint };
  }
  if (must === MUST.duration && typeof value === 'number') {
    const seconds = Number.isInteger(value) && value >= 0;
    const text = seconds ? `${value}s` : Number.isInteger(value * 1000) && value > 0 ? `${value * 1000}ms` : '1s';
    return { code: 'bad-duration', message: `${quote(key)} is a number without a unit`, hint: `write \`${key} = "${text}"\`` };
  }
  const message = `${quote(key)} ${element ? 'has an element that ' : ''}${must}, not ${describe(value)}`;
  if (must === MUST.list && typeof value === 'string') return { code: 'wrong-type', message, hint: `write \`${key} = ["${value}"]\`` };
  return { code: 'wrong-type', message, hint: exampleOf(key) };
}

function headerHint(path: Path, value: unknown): string | undefined {
  if (Array.isArray(value)) return `write \`[${path.join('.')}]\`, with single brackets`;
  return path.at(-2) === 'vrrp' && ROUTER_WORDS.includes(String(path.at(-1)))
    ? `a virtual router has a name: \`[${path.slice(0, -1).join('.')}.NAME]\``
    : undefined;
}

/** The setting as one writes it. */
export function exampleOf(key: string): string | undefined {
  const [example] = Object.entries(ROUTER_KEYS).flatMap(([name, schema]) => (name === key ? (schema.meta()?.examples ?? []) : []));
  if (example === undefined) return undefined;
  return `for example \`${key} = ${written(example)}\``;
}

/** A value as TOML has it. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value).map(([key, inner]) => `${key} = ${written(inner)}`)} }`;
}

function nameOf(path: Path): string {
  return quote(shownPath(path));
}

function describe(value: unknown): string {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : `${value}`;
  if (typeof value === 'boolean') return `${value}`;
  if (Array.isArray(value)) return 'a list';
  return isTable(value) ? 'a table' : 'a date';
}
