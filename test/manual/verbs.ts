// src/manual/verbs.ts and the pages and the usage that are made of it: every verb and every option that there is, and no other.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import t from 'tap';
import { programPage } from '../../src/manual/program.ts';
import { roff } from '../../src/manual/roff.ts';
import { usage, usageOf } from '../../src/manual/usage.ts';
import { VERBS } from '../../src/manual/verbs.ts';

/** For the processes of holdfast and its image, not for people. */
const INNER = ['agent', 'appliance'];

t.test('every verb of the command line has its lines', async t => {
  const table = /const VERBS[^{]*\{([\s\S]*?)\n\};/.exec(readFileSync('src/main.ts', 'utf8'))?.[1] ?? '';
  const there = [...table.matchAll(/^ {2}(\w+): async/gm)].map(([, name]) => name ?? '').filter(name => !INNER.includes(name));
  t.ok(there.length > 10);
  t.strictSame(VERBS.map(({ name }) => name).toSorted(), there.toSorted());
});

t.test('every option is one that some verb reads, and every one that a verb reads is told', async t => {
  const sources = globSync('src/cli/*.ts').filter(path => !/appliance|agent/.test(path));
  const read = new Set(
    sources.flatMap(path =>
      [...readFileSync(path, 'utf8').matchAll(/\b'?([\w-]+)'?: \{ type: '(?:string|boolean)'/g)].map(([, name]) => name),
    ),
  );
  const told = new Set(VERBS.flatMap(({ options }) => options.map(({ flag }) => /^--([\w-]+)/.exec(flag)?.[1])));
  t.strictSame([...told].toSorted(), [...read].toSorted());
  for (const { name, synopsis, options } of VERBS)
    for (const { flag } of options) t.ok(synopsis.join(' ').includes(flag), `${name} ${flag} is in its synopsis`);
});

t.test('all verbs in one line each, and one with its options', async t => {
  for (const { name, summary } of VERBS) t.match(usage(), new RegExp(`^  ${name} +${summary.replaceAll(/[.()]/g, '.')}$`, 'm'));
  t.ok(
    usage()
      .split('\n')
      .every(line => line.length < 130),
  );
  t.match(
    usageOf('drain'),
    /^usage: holdfast drain \[ROUTER\.\.\.\] .*\n\nLet others serve, without losing a packet\.\n\n {2}--for TIME +Take it back/,
  );
  t.match(usageOf('manual'), /^usage: holdfast manual \[8 \| 5 \| schema\]\n\nPrint [\s\S]*\n$/);
  t.ok((usageOf('check') ?? '').split('\n').every(line => line.length < 130));
  t.equal(usageOf('nothing'), null);
});

t.test(
  'holdfast(8) without a complaint of groff',
  { skip: spawnSync('groff', ['--version']).status === 0 ? false : 'needs groff' },
  async t => {
    const { status, stderr } = spawnSync('groff', ['-man', '-ww', '-z'], { input: roff(programPage(), 'holdfast'), encoding: 'utf8' });
    t.strictSame([status, stderr], [0, '']);
  },
);
