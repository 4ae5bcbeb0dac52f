// The shape of holdfast.toml as JSON Schema, for editors and for the manual page.
// Must not know which keys there are.
import { z } from 'zod';
import { configuration } from '../config/schema.ts';

/** What of JSON Schema our configuration needs. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** Draft 2020-12. It allows more than `holdfast check`: what depends on other keys is not in it. */
export function jsonSchema(): Schema {
  return z.toJSONSchema(configuration, { io: 'input', unrepresentable: 'any' }) as Schema;
}
