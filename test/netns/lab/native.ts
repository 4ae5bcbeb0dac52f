// Builds the lab's C programs with the machine's compiler, once per content.
// Must not know what they do.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './exec.ts';

const SOURCES = import.meta.dirname;
const BUILT = join(SOURCES, '../../../.cache/lab');

/** Compiles C sources of this directory, unless that has been done already.
 *  @returns the path of the program
 *  @throws Error with what the compiler said */
export async function build(name: string, sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const source of [...sources, 'observer.h']) hash.update(readFileSync(join(SOURCES, source)));
  const program = join(BUILT, `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  mkdirSync(BUILT, { recursive: true });
  const fresh = `${program}.${process.pid}`;
  const code = sources.filter(source => source.endsWith('.c')).map(source => join(SOURCES, source));
  await run('cc', ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-pthread', '-o', fresh, ...code]);
  renameSync(fresh, program);
  return program;
}
