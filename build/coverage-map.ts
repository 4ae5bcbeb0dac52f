// Which source a test is to cover, for tap: test/x/y.ts covers src/x/y.ts and nothing else, so that no line counts as
// tested because something far away happened to run it. Must not know thresholds: tap asks for 100 %, build.sh says where.
import { existsSync, globSync, readFileSync } from 'node:fs';

// Coverage only sees files that a test names, so a file without a test would go unnoticed.
for (const source of globSync('src/{vrrp,check,config}/**/*.ts')) {
  const counterpart = source.replace('src/', 'test/');
  if (!existsSync(counterpart) && hasCode(source)) throw new Error(`${source} has code, and there is no ${counterpart}`);
}

/** Whether anything is left of it at run time, beside its imports. */
function hasCode(source: string): boolean {
  return /^(export )?(default )?(async )?(const|let|function|class) /m.test(readFileSync(source, 'utf8'));
}

/** @returns the sources to watch while `test` runs, null for none */
export default function coverageMap(test: string): string | null {
  const source = test.replace(/^test\//, 'src/');
  return existsSync(source) ? source : null;
}
