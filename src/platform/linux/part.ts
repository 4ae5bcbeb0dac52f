// Loads a part of the program that the executable keeps apart from its bundle: a library that few need, and whose source every
// process would hold in its heap. Only the bundle calls this, in the place of `import()` (build/bundle.ts); the sources import
// what they want from each other. Must not know what is in a part.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import { compileFunction } from 'node:vm';

/** The exports of a part, out of the executable or dist/parts. Runs it anew each time; esbuild's module around this call runs once.
 *  @param name of the file without `.cjs` */
export function loadPart(name: string): unknown {
  const file = `${name}.cjs`;
  const bytes = isSea() ? Buffer.from(getRawAsset(file)) : readFileSync(join(import.meta.dirname, '../../../dist/parts', file));
  // One byte for each character: the build leaves no others.
  return evaluate(bytes.toString('latin1'), `holdfast/${file}`);
}

/** Runs a CommonJS module that needs nothing but what Node has built in.
 *  @param file how stack traces name it
 *  @throws what the module throws; for a wish that nothing can fulfil, the error that require() gives */
export function evaluate(source: string, file: string): unknown {
  const module: { exports: unknown } = { exports: {} };
  compileFunction(source, ['module', 'exports', 'require'], { filename: file })(module, module.exports, requireBuiltin);
  return module.exports;
}

/** Inside the executable nothing lies beside a part; whatever is on the disk there is none of ours. */
function requireBuiltin(name: string): unknown {
  const found: unknown = process.getBuiltinModule(name);
  if (found === undefined) throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
  return found;
}
