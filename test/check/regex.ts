// src/check/regex.ts: expressions from users, in bounded time.
import fc from 'fast-check';
import t from 'tap';
import { checkRegex, compileRegex, type Matcher } from '../../src/check/regex.ts';

const KIB_64 = 1 << 16;

function must(text: string): Matcher {
  const compiled = compileRegex(text);
  if (typeof compiled === 'string') throw new Error(compiled);
  return compiled;
}

/** Processor time, so that it does not matter who else runs; fastest of three, in ms. */
function time(work: () => unknown): number {
  return Math.min(
    ...[0, 1, 2].map(() => {
      const begin = process.cpuUsage();
      work();
      return process.cpuUsage(begin).user / 1000;
    }),
  );
}

t.test('an expression is looked for anywhere', async t => {
  t.equal(must('ok|fine')('all is fine here'), true);
  t.equal(must('ok|fine')('nothing'), false);
  t.equal(must('^ok$')('not ok'), false);
  t.equal(must('(?i)OK')('ok'), true);
  t.equal(must('(?m)^b$')('a\nb\nc'), true);
  t.equal(must('a.c')('a\nc'), false);
  t.equal(must('(?s)a.c')('a\nc'), true);
  t.equal(must('')(''), true);
  t.equal(must('\\p{Greek}+')('γεια'), true);
});

t.test('it says what V8 says', async () => {
  const matchers = ['a+b', '(a|b)*c$', '^[^c]{2,4}$', '\\ba\\b', 'a?b??c'].map(text => [must(text), new RegExp(text)] as const);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), maxLength: 30 }), text =>
      matchers.every(([ours, theirs]) => ours(text) === theirs.test(text)),
    ),
  );
});

t.test('what cannot be taken says why', async t => {
  t.equal(checkRegex('a+'), null);
  t.match(checkRegex('a('), /missing closing \)/);
  t.match(checkRegex('(?=a)'), /invalid or unsupported Perl syntax/);
  t.match(checkRegex('(a)\\1'), /invalid escape sequence/);
  t.match(checkRegex('a{1001}'), /invalid repeat count/);
  t.match(checkRegex('(a{1000}){1000}'), /invalid repeat count/);
  t.match(checkRegex('('.repeat(1000)), /missing closing|nests too deeply/);
  t.match(checkRegex('a'.repeat(1001)), /more than 1000 characters/);
  t.match(checkRegex('.{400}'), /too big: \d+ steps, 250 at most/);
  t.equal(typeof compileRegex('a('), 'string');
});

t.test('nothing that is written here can throw', async () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab()[]{}*+?|^$.\\,-019pP:<>=!'), maxLength: 25 }), text => {
      const compiled = compileRegex(text);
      return typeof compiled === 'string' ? compiled.length > 0 : typeof compiled('ab01') === 'boolean';
    }),
    { numRuns: 2000 },
  );
});

t.test('an error that is none of the library’s is not hidden', async t => {
  const broken = { length: 1, toString: () => 'a' };
  // @ts-expect-error: nobody else can do this
  t.throws(() => compileRegex(broken));
});

t.test('what explodes elsewhere is bounded: a backtracking engine would not come to an end', async t => {
  for (const text of ['(a+)+$', '(a|a)*b', '(a*)*c', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*)(.*)(.*)(.*)(.*)x']) {
    const matcher = must(text);
    const took = time(() => matcher(`${'a'.repeat(KIB_64)}!`));
    t.ok(took < 1_000, `${text}: ${took} ms`);
  }
});

t.test('the worst of what is let in is bounded', async t => {
  // Any text without a period will do; this one is the same each time.
  let state = 1;
  const random = Array.from({ length: KIB_64 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return 'abefgh \n'[(state >>> 16) & 7];
  }).join('');
  for (const text of ['(?s)[ab].{200}[cd]', '(?s)[ab].{50}[cd]', '(?s)([ab].{9}){20}[cd]']) {
    const matcher = must(text);
    const before = process.memoryUsage().rss;
    const took = time(() => matcher(random));
    t.ok(took < 2_000, `${text}: ${took} ms`);
    // 50 MiB and more for each without our bound.
    const grown = (process.memoryUsage().rss - before) >> 20;
    t.ok(grown < 32, `${text}: ${grown} MiB`);
  }
});
