// docs/conformance.md names tests; this one holds that they exist and say what is quoted.
// Must not know what they test.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const root = join(import.meta.dirname, '..');
const rows = readFileSync(join(root, 'docs/conformance.md'), 'utf8')
  .split('\n')
  .filter(line => /^\| \d/.test(line))
  .map(line => line.split('|').map(cell => cell.trim()));

t.test('every requirement names the test that holds it, or says why there is none', async t => {
  t.ok(rows.length >= 45, 'the table is complete');
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
