// What is said about a value that is not of the right type, and what one could write instead.
// Must not know what the settings mean together.
import type { z } from 'zod';
import { quote } from './diagnostic.ts';
import type { Blame } from './finding.ts';
import { shownPath } from './mask.ts';
import { MUST } from './rules.ts';
import { exampleAt, kindAt, tableSteps } from './schema.ts';
import { suggest } from './suggest.ts';
import { isTable, type Path } from './tree.ts';
import { typeNamed } from './vocabulary.ts';

/** The setting that a path leads into: what is wrong inside a value makes the whole of it unusable. */
export function settingOf(path: Path): Path {
  const steps = tableSteps(path);
  return steps === null ? path : path.slice(0, steps + 1);
}

/** Settings that other programs fill with something else. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['track_interface', 'another interface is a check of its own: `[check.NAME]` with `type = "interface"`, and its name in `track`'],
]);

/** @param issue one that a type gives; its message is what the value must be */
export function wrongValue(issue: z.core.$ZodIssue, path: Path, value: unknown): Blame {
  const must = issue.message;
  const last = path.findLastIndex(step => typeof step === 'string');
  const [key, at] = [path.slice(last, last + 1).join(), path.slice(0, last + 1)];
  if (value === undefined) return { code: 'missing-key', message: `this table has no ${quote(key)}`, hint: exampleOf(settingOf(path)) };
  if (must === MUST.table) {
    const hint = headerHint(path, value) ?? exampleOf(path);
    return { code: 'wrong-type', message: `${nameOf(path)} ${must}, not ${describe(value)}`, hint };
  }
  if (must === MUST.secret && typeof value === 'string') {
    const hint = `write \`${key} = { file = "/etc/holdfast/${key}" }\`, and \`chmod 600\` that file`;
    return { code: 'bad-secret', message: 'secrets are not written here', hint };
  }
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const words = issue.values.map(String);
    const nearest = (key === 'type' ? typeNamed(value) : null) ?? suggest(value, words);
    const hint = nearest === null ? undefined : `did you mean "${nearest}"?`;
    return { code: 'bad-choice', message: `${quote(key)} ${must}, not ${quote(value)}`, hint };
  }
  if (must === MUST.duration && typeof value === 'number') {
    const seconds = Number.isInteger(value) && value >= 0;
    const text = seconds ? `${value}s` : Number.isInteger(value * 1000) && value > 0 ? `${value * 1000}ms` : '1s';
    return { code: 'bad-duration', message: `${quote(key)} is a number without a unit`, hint: `write \`${key} = "${text}"\`` };
  }
  const element = typeof path.at(-1) === 'number';
  const message = `${quote(key)} ${element ? 'has an element that ' : ''}${must}, not ${describe(value)}`;
  if (must === MUST.list && typeof value === 'string') return { code: 'wrong-type', message, hint: `write \`${key} = ["${value}"]\`` };
  if (must === MUST.field && isTable(value)) {
    const [inner = 'name'] = Object.keys(value);
    return { code: 'wrong-type', message, hint: `a field inside is written as a path in quotes: \`"${key}.${inner}" = "..."\`` };
  }
  return { code: 'wrong-type', message, hint: INSTEAD.get(key) ?? exampleOf(at) };
}

function headerHint(path: Path, value: unknown): string | undefined {
  if (Array.isArray(value)) return `write \`[${path.join('.')}]\`, with single brackets`;
  const table = kindAt(path);
  if (table === null || path.length > table.steps) return undefined;
  const { keys, called } = table.kind;
  return keys.includes(path.slice(-1).join()) ? `a ${called} has a name: \`[${path.slice(0, -1).join('.')}.NAME]\`` : undefined;
}

/** The setting at a path as one writes it. */
export function exampleOf(path: Path): string | undefined {
  const example = exampleAt(path);
  return example === undefined ? undefined : `for example \`${path.slice(-1).join()} = ${written(example)}\``;
}

/** A value as TOML has it. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).map(([key, inner]) => `${key} = ${written(inner)}`);
  return `{ ${pairs.join(', ')} }`;
}

/** A path in quotes, as far as it may be shown. */
export function nameOf(path: Path): string {
  return quote(shownPath(path));
}

function describe(value: unknown): string {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : `${value}`;
  if (typeof value === 'boolean') return `${value}`;
  if (Array.isArray(value)) return 'a list';
  return isTable(value) ? 'a table' : 'a date';
}
