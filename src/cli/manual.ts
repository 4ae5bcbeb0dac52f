// `holdfast manual`: the manual pages, and the JSON Schema of the configuration.
// Must not know what they say (src/manual).
import { parseArgs } from 'node:util';
import { version } from '../lib/version.ts';
import { configurationPage } from '../manual/configuration.ts';
import { jsonSchema } from '../manual/json-schema.ts';
import { programPage } from '../manual/program.ts';
import { roff } from '../manual/roff.ts';
import type { Output } from './check.ts';
import { EXIT } from './exit.ts';

/** A manual page for man(1). */
export function manualPage(section: 5 | 8): string {
  return roff(section === 8 ? programPage() : configurationPage(jsonSchema()), `holdfast ${version}`);
}

/** The JSON Schema of the configuration, for editors. */
export function schemaText(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`;
}

const WHAT: Readonly<Record<string, () => string>> = { 8: () => manualPage(8), 5: () => manualPage(5), schema: schemaText };

/** @returns exit code: 0, or 2 for a page that there is not */
export async function manual(argv: readonly string[], output: Output = process): Promise<number> {
  const { positionals } = parseArgs({ args: [...argv], options: {}, allowPositionals: true });
  const [name = '8', ...others] = positionals;
  const print = others.length === 0 && Object.hasOwn(WHAT, name) ? WHAT[name] : undefined;
  if (print === undefined) {
    output.stderr.write(`holdfast: there is no page ${positionals.map(word => `"${word}"`).join(' ')}: 8, 5 or schema\n`);
    return EXIT.usage;
  }
  output.stdout.write(print());
  return EXIT.done;
}
