// Holds a tree against the schema: every key that does not belong, every value that is not what it must be.
// Must not know what the settings mean together.
import type { z } from 'zod';
import type { Blame, Finding } from './finding.ts';
import { configuration, kindAt } from './schema.ts';
import { type Forest, isTable, MAX_DEPTH, type Path, prune, type Table, valueAt } from './tree.ts';
import { unknownKey } from './unknown-key.ts';
import { nameOf, settingOf, wrongValue } from './wrong-value.ts';

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
      blame(path, 'key', { code: 'bad-name', message: `${nameOf(path)} is no name for a ${kindAt(path)?.kind.called}`, hint });
    } else if (issue.code === 'custom') {
      blame(path, issue.params?.at ?? 'value', { code: issue.params?.code, message: issue.message, hint: issue.params?.hint });
    } else blame(path, 'value', wrongValue(issue, path, valueAt(forest.tree, path)));
  }
  for (const path of doomed) prune(forest.tree, path);
  return { findings, broken: new Set([...doomed, ...excused].map(path => JSON.stringify(path))) };
}

export interface Issue {
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
export function meantBy(issue: z.core.$ZodIssue, parent: Path): readonly Issue[] {
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
