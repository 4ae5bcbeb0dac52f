// Runs every script of this folder over the real engine and a fake world, and compares the narration that stands in it.
// REWRITE=1 writes the narration of this run into the scripts, to be read and judged before it is believed.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { perform } from './lab/script.ts';

const rewrite = process.env.REWRITE === '1';
const only = process.env.SCENARIO;

for (const file of readdirSync(new URL('.', import.meta.url)).sort()) {
  if (!file.endsWith('.txt') || (only !== undefined && file !== `${only}.txt`)) continue;
  t.test(file, async t => {
    const url = new URL(file, import.meta.url);
    const written = readFileSync(url, 'utf8');
    const performed = perform(written);
    if (rewrite) writeFileSync(url, performed);
    t.equal(performed, rewrite ? performed : written, 'what happens is what is written');
  });
}
