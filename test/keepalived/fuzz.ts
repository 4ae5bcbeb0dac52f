// Whatever stands in a keepalived.conf, the importer ends with a translation that checks and speaks of every line, or with refusals
// that have lines. HOLDFAST_FUZZ_SECONDS=600 goes on for longer; a failure prints its seed, and FAST_CHECK_SEED=NUMBER runs it again.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so keepalived.conf has it.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CLASSES, rowsOf } from '../../src/keepalived/keywords.ts';
import { broken, imported } from '../fixtures/keepalived.ts';
import fc from '../fixtures/property.ts';

const SECONDS = Number(process.env.HOLDFAST_FUZZ_SECONDS ?? 5);
const WORDS = [...new Set(CLASSES.flatMap(where => rowsOf(where).flatMap(({ words }) => words)))];
const SAMPLES = globSync('golden/*.conf', { cwd: import.meta.dirname })
  .sort()
  .map(path => readFileSync(join(import.meta.dirname, path), 'utf8'));

const value = fc.oneof(
  fc.constantFrom(
    ...[
      '1',
      '2',
      '3',
      '51',
      '100',
      '255',
      '0',
      '-20',
      '0.5',
      '1.5s',
      '99999999999',
      '192.0.2.1',
      '192.0.2.2/24',
      '2001:db8::1/64',
      'fe80::1',
      '224.0.0.18',
    ],
    ...[
      'eth0',
      'eth1',
      'lo',
      'MASTER',
      'BACKUP',
      'PASS',
      'AH',
      'weight',
      'dev',
      'label',
      'reverse',
      'chk',
      'VI_1',
      'on',
      'off',
      'root',
      'default',
    ],
    ...[
      '"killall -0 nginx"',
      '"/bin/x y"',
      "'a b'",
      '"',
      "'",
      '\\',
      '#',
      '!',
      '$A',
      '${A}',
      '${B}',
      '{',
      '}',
      '@a',
      '@^a',
      '<X>',
      '{{ x }}',
      '~SEQ(I,1,3)',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const line = fc
  .tuple(
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...WORDS) }, value),
    fc.array(value, { maxLength: 4 }),
    fc.constantFrom('', ' {', '\n{', ' }', ' # x', ';'),
  )
  .map(([word, values, end]) => [word, ...values].join(' ') + end);

/** Blocks as keepalived has them, filled with anything. */
const block = fc
  .tuple(
    fc.constantFrom(
      'vrrp_instance VI_1',
      'vrrp_instance b',
      'vrrp_script chk',
      'global_defs',
      'vrrp_sync_group g',
      'vrrp_track_process p',
      'track_file f',
      'virtual_server x',
      '$A=x \\',
    ),
    fc.array(fc.oneof({ weight: 3, arbitrary: line }, list()), { maxLength: 12 }),
    fc.boolean(),
  )
  .map(([head, lines, good]) => {
    const base =
      good && head.startsWith('vrrp_instance') ? 'interface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n192.0.2.9/24\n}\n' : '';
    return head.startsWith('$') ? `${head}\n${lines.join('\n')}` : `${head} {\n${base}${lines.join('\n')}\n}`;
  });

function list() {
  const names = fc.constantFrom(
    'virtual_ipaddress',
    'unicast_peer',
    'track_script',
    'track_interface',
    'track_process',
    'authentication',
    'group',
    'virtual_routes',
  );
  return fc
    .tuple(
      names,
      fc.array(
        fc.array(value, { minLength: 1, maxLength: 4 }).map(words => words.join(' ')),
        { maxLength: 4 },
      ),
    )
    .map(([word, lines]) => `${word} {\n${lines.join('\n')}\n}`);
}

/** A real file, with pieces of it cut out, doubled, or replaced. */
const mutant = fc
  .tuple(
    fc.constantFrom(...SAMPLES),
    fc.array(fc.tuple(fc.nat(), fc.nat(40), fc.oneof(value, line, fc.constant(''))), { minLength: 1, maxLength: 3 }),
  )
  .map(([text, changes]) =>
    changes.reduce((all, [at, length, by]) => all.slice(0, at % (all.length + 1)) + by + all.slice((at % (all.length + 1)) + length), text),
  );

const anything = fc.oneof(
  fc.array(fc.oneof(block, line), { maxLength: 8 }).map(lines => lines.join('\n')),
  { weight: 2, arbitrary: mutant },
  fc.string({ unit: 'binary', maxLength: 300 }),
);

t.test('never a crash, never silence, never a file that does not check', { timeout: SECONDS * 1000 + 60_000 }, async t => {
  let written = 0;
  let runs = 0;
  const property = fc.asyncProperty(anything, async text => {
    const outcome = await imported(text);
    runs += 1;
    if (outcome.toml !== null) written += 1;
    const wrong = await broken(text, outcome);
    if (wrong.length > 0) throw new Error(`${wrong.join('\n')}\n---\n${outcome.toml ?? ''}`);
  });
  await fc.assert(property, { numRuns: 10_000_000, interruptAfterTimeLimit: SECONDS * 1000 });
  t.comment(`${runs} files, ${written} of them translated`);
  t.ok(runs > 100, 'files were tried');
  t.ok(written > runs / 200, `${written} of ${runs} were translated`);
});
