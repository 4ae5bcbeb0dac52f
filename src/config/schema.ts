// The shape of holdfast.toml as a whole: the kinds of tables that it has, and what lies at a path of it. Validator, manual page
// and JSON Schema all come from here. Must not know TOML, files, positions, nor how two settings depend on each other.
import { z } from 'zod';
import { checkTable } from './check-schema.ts';
import { httpTable } from './http-schema.ts';
import { routerTable } from './router-schema.ts';
import { MUST } from './rules.ts';
import { NAME } from './service-elements.ts';
import type { Path } from './tree.ts';
import { watchdogTable } from './watchdog-schema.ts';

/** A kind of table that stands under a name, in the file or in `[node.HOST]`. */
export interface Kind {
  /** What stands before the name: `[vrrp.NAME]`. */
  readonly word: 'vrrp' | 'check' | 'watchdog';
  /** What people call one. */
  readonly called: string;
  readonly keys: readonly string[];
}

export const KINDS: readonly Kind[] = [
  { word: 'vrrp', called: 'virtual router', keys: Object.keys(routerTable.shape) },
  { word: 'check', called: 'check', keys: Object.keys(checkTable.shape) },
  { word: 'watchdog', called: 'watchdog', keys: Object.keys(watchdogTable.shape) },
];

const named = <Table extends z.ZodType>(table: Table) => z.record(z.string().regex(new RegExp(NAME)), table, { error: MUST.table });

const tables = {
  vrrp: named(routerTable).optional().meta({ description: 'Virtual routers by name.' }),
  check: named(checkTable).optional().meta({ description: 'Checks by name: what virtual routers depend on.' }),
  watchdog: named(watchdogTable).optional().meta({ description: 'Watchdogs by name: each looks after a service and brings it back.' }),
  http: httpTable.optional(),
};

/** The whole file, or all files together. */
export const configuration = z
  .strictObject(
    {
      ...tables,
      node: z
        .record(z.string(), z.strictObject(tables, { error: MUST.table }), { error: MUST.table })
        .optional()
        .meta({ description: 'Settings of single machines by host name; they replace those of the other tables.' }),
    },
    { error: MUST.table },
  )
  .meta({ title: 'holdfast.toml', description: 'Configuration of holdfast.' });

/** The kind whose tables a path leads to or into, and how many of its steps name the table.
 *  @returns null for what is no such table */
export function kindAt(path: Path): { readonly kind: Kind; readonly steps: number } | null {
  const [at, steps] = path[0] === 'node' ? [2, 4] : [0, 2];
  const kind = path.length < steps ? undefined : KINDS.find(({ word }) => word === path[at]);
  return kind === undefined ? null : { kind, steps };
}

/** How many steps of a path name the table of settings that it leads to or into: one under a name, or `[http]`.
 *  @returns null for what is no such table */
export function tableSteps(path: Path): number | null {
  const at = path[0] === 'node' ? 2 : 0;
  return kindAt(path)?.steps ?? (path[at] === 'http' ? at + 1 : null);
}

/** The keys that the table at a path may have; none where it may have any, or where no table belongs. */
export function keysAt(path: Path): readonly string[] {
  const [table] = layersAt(path).flatMap(layer => (layer instanceof z.ZodObject ? [layer] : []));
  return table === undefined ? [] : Object.keys(table.shape);
}

/** What one may write there, as a value. */
export function exampleAt(path: Path): unknown {
  const [example] = layersAt(path).flatMap(layer => z.globalRegistry.get(layer)?.examples ?? []);
  return example;
}

type Schema = z.core.$ZodType;

/** Everything that describes the value at a path, the outermost first; nothing where none can be. */
function layersAt(path: Path): readonly Schema[] {
  return path.reduce<readonly Schema[]>((around, step) => around.flatMap(layer => inside(layer, step)), unwrapped(configuration));
}

/** A schema with those that it is made of. */
function unwrapped(schema: Schema): readonly Schema[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional || schema instanceof z.ZodPrefault)
    return [schema, ...unwrapped(schema.unwrap())];
  if (schema instanceof z.ZodPipe) return [schema, ...unwrapped(schema.in)];
  return schema instanceof z.ZodUnion ? [schema, ...schema.options.flatMap(unwrapped)] : [schema];
}

/** What a schema says about one key or element. */
function inside(schema: Schema, step: string | number): readonly Schema[] {
  if (schema instanceof z.ZodArray) return unwrapped(schema.element);
  if (schema instanceof z.ZodRecord) return unwrapped(schema.valueType);
  const key = schema instanceof z.ZodObject && Object.hasOwn(schema.shape, step) ? schema.shape[step] : undefined;
  return key === undefined ? [] : unwrapped(key);
}
