// Tests src/config/parse.ts: one mistake does not hide the next, and does not make one up.
import t from 'tap';
import { parse } from '../../src/config/parse.ts';

function outcome(text: string): readonly [tree: string | undefined, lines: readonly number[]] {
  const { tree, text: rest, flaws } = parse(text);
  t.equal(rest.length, text.length, 'positions stay the same');
  t.equal(rest.split('\n').length, text.split('\n').length);
  return [tree && JSON.stringify(tree), flaws.map(flaw => flaw.span.line)];
}

t.test('reads what is right', async t => {
  t.strictSame(outcome(''), ['{}', []]);
  t.strictSame(outcome('[a]\r\nb = 1\r\n'), ['{"a":{"b":1}}', []]);
});

t.test('reads on behind a mistake', async t => {
  t.strictSame(outcome('[a]\nb = x\nc = 1\nd = y\n'), ['{"a":{"c":1}}', [2, 4]]);
  t.strictSame(outcome('[a]\r\nb = x\r\nc = 1\r\n'), ['{"a":{"c":1}}', [2]]);
  t.strictSame(outcome('[a]\nb = 1\nb = [\n2,\n]\nc = 1\n'), ['{"a":{"b":1,"c":1}}', [3]], 'a value of several lines goes as a whole');
  t.strictSame(outcome('[a]\nb = 1\nb = """\nx = y\n"""\nc = 1\n'), ['{"a":{"b":1,"c":1}}', [3]], 'a text of several lines too');
  t.strictSame(outcome('[a]\nb = [\n1\n2\n]\nc = 1\n'), ['{"a":{"b":[1],"c":1}}', [4]], 'an element of a list');
  t.strictSame(outcome('[a]\nb = 1\n[a]\nc = 2\n[d]\n'), ['{"a":{"b":1},"d":{}}', [3]], 'a table goes with everything in it');
  t.strictSame(outcome('[a]\nb = 1\n[a]\nc = 2'), ['{"a":{"b":1}}', [3]], 'to the end of the file');
});

t.test('gives up where reading on would make mistakes up', async t => {
  t.strictSame(outcome('[a]\nb = [\n1,\nc = 1\n[d]\ne = 1\n'), [undefined, [2]], 'an open bracket');
  t.strictSame(outcome('[a]\nb = x\nc = """\nd\n'), [undefined, [2, 3]], 'an open text');
  t.strictSame(outcome('[a]\nb = x\n\r'), [undefined, [2, 3]], 'nothing to take out');
  t.strictSame(outcome('root:x:0\nbin:x:1\n'), [undefined, [1]], 'no configuration at all');
  t.strictSame(outcome(`[a]\n${'b = x\n'.repeat(50)}`), [undefined, Array.from({ length: 20 }, (_, index) => index + 2)], 'too many');
  t.strictSame(outcome(`[a]\nb = x\nb = y\n#${' '.repeat(70_000)}`), [undefined, [2]], 'a large text is not read again and again');
  const long = `[a]\nb = 1\nb = [\n${'1,\n'.repeat(1_000)}]\n`;
  t.equal(parse(long).flaws[0]?.span.line, 3, 'nor a long value taken out line by line');
});
