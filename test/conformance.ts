// docs/conformance.md names tests; this one holds that they exist and say what is quoted.
// Must not know what they test.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const root = join(import.meta.dirname, '..');
const lines = readFileSync(join(root, 'docs/conformance.md'), 'utf8').split('\n');

/** The rows of all sections whose title begins so. */
function rowsOf(title: string): readonly (readonly string[])[] {
  let inside = false;
  return lines.flatMap(line => {
    if (line.startsWith('## ')) inside = line.startsWith(`## ${title}`);
    return inside && /^\| \d/.test(line) ? [line.split('|').map(cell => cell.trim())] : [];
  });
}

for (const [title, least] of [
  ['RFC 9568', 63],
  ['RFC 3768', 42],
  ['Not in the RFCs', 11],
] as const) {
  t.test(`${title}: every requirement names the test that holds it, or says why there is none`, async t => {
    const rows = rowsOf(title);
    t.ok(rows.length >= least, `the table is complete: ${rows.length} rows`);
    for (const [, clause, requirement, held = ''] of rows) {
      const cited = [...held.matchAll(/`(test\/[^`]+)` "([^"]+)"/g)];
      const excused = /^(not yet|n\/a): \S/.test(held);
      t.ok(excused || cited.length > 0, `${clause} ${requirement}`);
      for (const [, path = '', quoted = ''] of cited) {
        const file = join(root, path);
        if (!existsSync(file)) t.fail(`${clause}: there is no ${path}`);
        else t.ok(readFileSync(file, 'utf8').includes(quoted), `${clause}: ${path} says "${quoted}"`);
      }
    }
  });
}

t.test('no row is left out of the count', async t => {
  const counted = ['RFC 9568', 'RFC 3768', 'Not in the RFCs'].flatMap(rowsOf);
  t.equal(counted.length, lines.filter(line => /^\| \d/.test(line)).length);
});
