// `holdfast import`: what a keepalived.conf says, as a holdfast.toml, and what becomes of each of its lines.
// Must not know how a line is translated (src/keepalived).
import { accessSync, closeSync, constants, globSync, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Outcome, translate } from '../keepalived/import.ts';
import type { Open, Source } from '../keepalived/lexer.ts';
import type { Surroundings } from '../keepalived/programs.ts';
import { reportJson, reportText, summary } from '../keepalived/report.ts';
import type { Output } from './check.ts';
import { DEFAULT_CONFIG } from './defaults.ts';
import { EXIT } from './exit.ts';

const OPTIONS = {
  /** Where to write, passwords beside it; without, to standard output. */
  output: { type: 'string' },
  /** The machine that lines with @NAME are for. */
  'config-id': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** More than `lex` takes, so that it can say so. */
const MOST_BYTES = 16 * 1024 * 1024 + 1;
/** A script that is looked into. */
const SCRIPT_BYTES = 65_536;

/** @returns exit code: 0 complete, 1 with losses, 78 impossible, 2 for a call that makes no sense */
export async function importFile(argv: readonly string[], output: Output = process): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0 || values.output === '' || values['config-id'] === '') {
    output.stderr.write('usage: holdfast import FILE [--output FILE] [--config-id NAME] [--json]\n');
    return EXIT.usage;
  }
  const folder = dirname(values.output === undefined ? DEFAULT_CONFIG : resolve(values.output));
  const outcome = await translate({ main: readSource(file), open: openIncluded, machine: HERE, id: values['config-id'] ?? null, folder });
  let status = statusOf(outcome);
  const failure = outcome.toml === null || values.output === undefined ? null : writeAll(values.output, outcome.toml, outcome);
  if (failure !== null) status = EXIT.configuration;
  if (values.json) output.stdout.write(`${JSON.stringify(reportJson(outcome, status), null, 2)}\n`);
  else {
    output.stderr.write(reportText(outcome));
    if (outcome.toml !== null && values.output === undefined) output.stdout.write(outcome.toml);
    output.stderr.write(`${summary(outcome)}\n${failure === null ? followUp(outcome, values.output) : ''}`);
  }
  if (failure !== null) output.stderr.write(`holdfast: ${failure}\n`);
  return status;
}

function statusOf({ toml, findings }: Outcome): number {
  if (toml === null) return EXIT.configuration;
  return findings.some(({ verdict }) => verdict === 'unsupported') ? EXIT.failed : EXIT.done;
}

function followUp({ toml, secrets }: Outcome, output: string | undefined): string {
  if (toml === null) return '';
  const files = secrets.map(({ path }) => path).join(', ');
  if (output !== undefined) return `written: ${[output, ...secrets.map(({ path }) => path)].join(', ')}\n`;
  if (secrets.length === 0) return '';
  return `each password belongs into a file that root alone can read: ${files}; with --output ${DEFAULT_CONFIG} they are written too\n`;
}

/** Writes the passwords, then the configuration. Nothing that is there is overwritten.
 *  @returns why nothing was written; null when all was */
function writeAll(path: string, toml: string, { secrets }: Outcome): string | null {
  const taken = secrets.find(({ path: secret, password }) => contentOf(secret) !== null && contentOf(secret) !== `${password}\n`)?.path;
  const there = contentOf(path) !== null ? path : taken;
  if (there !== undefined) return `${there} is there already and is not overwritten`;
  try {
    for (const { path: secret, password } of secrets) {
      if (contentOf(secret) === null) writeFileSync(secret, `${password}\n`, { flag: 'wx', mode: 0o600 });
    }
    writeFileSync(path, toml, { flag: 'wx' });
    return null;
  } catch (error) {
    return `cannot write: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** null: no such file; what is there and cannot be read counts as there. */
function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? null : '';
  }
}

function readSource(file: string): Source {
  try {
    return { file, text: readUpTo(file, MOST_BYTES) };
  } catch (error) {
    return { file, text: '', trouble: error instanceof Error && 'code' in error ? `cannot be read: ${String(error.code)}` : String(error) };
  }
}

/** As glob(7) in keepalived: by name, relative to the file that asks. */
const openIncluded: Open = (pattern, from) => {
  const folder = dirname(from);
  const at = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
  const isFile = (path: string): boolean => {
    try {
      return statSync(path).isFile();
    } catch {
      return false;
    }
  };
  if (!/[*?[{]/.test(pattern)) return isFile(at(pattern)) ? [readSource(at(pattern))] : [];
  // glob(3) does not go down into folders, however many stars there are.
  const plain = at(pattern).replaceAll(/\*{2,}/g, '*');
  return globSync(plain).sort().filter(isFile).map(readSource);
};

/** Not `readFileSync`: a device has no end. @throws Error of the system */
function readUpTo(path: string, most: number): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const chunks: Buffer[] = [];
    for (let left = most; left > 0; ) {
      const chunk = Buffer.alloc(Math.min(left, 1_048_576));
      const length = readSync(file, chunk);
      if (length === 0) break;
      chunks.push(chunk.subarray(0, length));
      left -= length;
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    closeSync(file);
  }
}

const PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const HERE: Surroundings = {
  text(path) {
    try {
      return statSync(path).isFile() ? readUpTo(path, SCRIPT_BYTES) : null;
    } catch {
      return null;
    }
  },
  program(name) {
    const found = PATH.map(folder => join(folder, name)).find(path => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
    return found ?? null;
  },
};
