// src/manual/roff.ts: pages in the macros of man(7), as groff reads them.
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { heading, items, literal, type Page, subheading, text } from '../../src/manual/page.ts';
import { roff } from '../../src/manual/roff.ts';

const there = spawnSync('groff', ['--version']).status === 0;
const needsGroff = { skip: there || process.getuid?.() === 0 ? false : 'needs groff' };

/** What a reader sees, without bold. */
function seen(source: string): string {
  const { stdout, stderr, status } = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-P-cbou', '-rLL=78n'], {
    input: source,
    encoding: 'utf8',
  });
  if (status !== 0 || stderr !== '') throw new Error(`groff: ${stderr}`);
  return stdout.replaceAll(/ +/g, ' ');
}

const PAGE: Page = {
  name: 'thing-d',
  section: 8,
  about: 'do it',
  blocks: [
    heading('A "HEADING"'),
    text('.first is no request,', 'and `--flag` is bold.', 'One’s back\\slash, ^caret and ~tilde.'),
    subheading('below'),
    literal(".x = 'y'\n  z - 1\n"),
    items([
      { term: '--one', blocks: [text('Words.'), items([{ term: 'inner', blocks: [text('deep')] }])] },
      { term: 'two', blocks: [literal('as is')] },
      { term: 'three', blocks: [] },
    ]),
  ],
};

t.test('nothing is lost, and nothing is taken for a request', needsGroff, async t => {
  const page = seen(roff(PAGE, 'thing 1.0'));
  t.match(page, /^THING-D\(8\)/);
  for (const words of [
    'thing-d - do it',
    'A "HEADING"',
    '.first is no request, and --flag is bold. One’s back\\slash, ^caret and ~tilde.',
    ".x = 'y'\n z - 1\n",
    '--one Words.',
    'inner deep',
    'as is',
    'three',
    'thing 1.0',
  ])
    t.ok(page.replaceAll(/ *\n */g, words.includes('\n') ? '\n ' : ' ').includes(words), words);
});

t.test('what is typed is bold', async t => {
  t.match(roff(PAGE, 'x'), /and \\fB\\-\\-flag\\fR is bold/);
  t.match(roff(PAGE, 'x'), /\n\\&\.first/);
});
