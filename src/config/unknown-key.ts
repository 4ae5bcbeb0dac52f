// What is said about a key that does not belong where it stands: what was meant, or where it belongs.
// Must not know what the settings mean together.
import { isCheckType, isForeign } from './check-schema.ts';
import { quote } from './diagnostic.ts';
import type { Blame } from './finding.ts';
import { isSecretTable } from './mask.ts';
import { KINDS, type Kind, keysAt, kindAt, tableSteps } from './schema.ts';
import { suggest } from './suggest.ts';
import { isTable, type Path, type Table, valueAt } from './tree.ts';
import { answer, rename } from './vocabulary.ts';
import { exampleOf } from './wrong-value.ts';

/** @returns the words about it, and what was meant by it, if that can be told: a setting, or the table around it */
export function unknownKey(tree: Table, parent: Path, key: string): { words: Blame; meant: Path | null } {
  const table = kindAt(parent);
  const inner = table !== null && parent.length > table.steps;
  const known = knownAt(tree, parent);
  const renamed = rename(key, known);
  // Beside a password, only what is a word of somebody's is shown.
  const shown = isSecretTable(parent) && renamed === null && answer(key) === null ? 'this' : quote(key);
  const words = { code: 'unknown-key', message: `${shown} is not a setting here` } as const;
  if (renamed !== null) {
    const example = exampleOf([...parent, renamed]);
    const more = example === undefined ? '' : `; ${example}`;
    return { words: { ...words, hint: `it is called ${quote(renamed)} here${more}` }, meant: [...parent, renamed] };
  }
  const dotted = inner ? null : dottedName(valueAt(tree, [...parent, key]), [...parent, key]);
  if (dotted !== null) return { words: { ...words, hint: `a name with dots needs quotes: \`[${dotted}]\`` }, meant: parent };
  const advice = answer(key) ?? (inner ? displaced(table.kind, key) : misplaced(tree, parent, key));
  if (advice !== null) return { words: { ...words, hint: advice }, meant: null };
  const nearest = suggest(key, known);
  if (nearest !== null) return { words: { ...words, hint: `did you mean ${quote(nearest)}?` }, meant: [...parent, nearest] };
  const few = inner && known.length <= FEW;
  return { words: few ? { ...words, hint: `this table may have ${known.map(quote).join(', ')}` } : words, meant: null };
}

/** So many keys can be listed. */
const FEW = 8;

/** The keys that one may think of in a table; in a check whose type is known, those of that type. */
function knownAt(tree: Table, parent: Path): readonly string[] {
  const keys = keysAt(parent);
  if (!keys.includes('type')) return keys;
  const common = parent[0] === 'node' ? parent.slice(2) : parent;
  const type = valueAt(tree, [...parent, 'type']) ?? valueAt(tree, [...common, 'type']);
  return isCheckType(type) ? keys.filter(key => !isForeign(type, key)) : keys;
}

/** A setting of the table itself in a table inside of one. */
function displaced({ keys, called }: Kind, key: string): string | null {
  return keys.includes(key) ? `it belongs to the ${called} itself, not to one of its values` : null;
}

/** `[vrrp.web.1]` and `[node.edge-a.example.org.vrrp.web]` are tables in tables to TOML.
 *  @param path where `value` is; its second step begins the name
 *  @returns the header with the name in quotes, or null when `value` is something else */
function dottedName(value: unknown, path: Path): string | null {
  if (path.length < 3 || !isTable(value)) return null;
  const [first, ...name] = path;
  const [only, ...others] = Object.keys(value);
  const kind = KINDS.find(({ word }) => word === first);
  if (kind?.keys.some(key => Object.hasOwn(value, key))) return `${kind.word}."${name.join('.')}"`;
  const below = KINDS.find(({ word }) => first === 'node' && Object.hasOwn(value, word));
  if (below !== undefined) return `node."${name.join('.')}".${below.word}.NAME`;
  return only === undefined || others.length > 0 || name.length > 8 ? null : dottedName(value[only], [...path, only]);
}

/** The path without `http` and what is below it. */
function outside(parent: Path): Path {
  const steps = tableSteps(parent);
  return steps === null ? parent : parent.slice(0, steps - 1);
}

/** A setting outside of the table that it belongs to, or such a table without its first word. */
function misplaced(tree: Table, parent: Path, key: string): string | null {
  const table = kindAt(parent);
  const around = table === null ? outside(parent) : parent.slice(0, table.steps - 2);
  const prefix = around.map(step => `${step}.`).join('');
  const inside = table === null ? [] : table.kind.keys.filter(setting => keysAt([...parent, setting]).includes(key));
  if (inside.length === 1) return `it belongs into ${quote(inside.join())}`;
  if (keysAt([...around, 'http']).includes(key)) return `it belongs into \`[${prefix}http]\``;
  const homes = KINDS.filter(({ keys }) => keys.includes(key));
  if (homes.length > 0) {
    const headers = homes.map(({ word }) => `\`[${prefix}${word}.NAME]\``).join(' or ');
    return `it belongs to a ${homes.map(({ called }) => called).join(' or a ')}: ${headers}`;
  }
  const value = valueAt(tree, [...parent, key]);
  if (table !== null || !isTable(value)) return null;
  const [best] = KINDS.map(kind => ({ kind, fitting: kind.keys.filter(word => Object.hasOwn(value, word)).length }))
    .filter(({ fitting }) => fitting > 0)
    .sort((a, b) => b.fitting - a.fitting);
  return best === undefined ? null : `a ${best.kind.called} is called \`[${prefix}${best.kind.word}.${key}]\``;
}
