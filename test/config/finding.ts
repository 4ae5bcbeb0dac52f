// Tests src/config/finding.ts: places become spans, and findings come in the order of the files and their lines.
import t from 'tap';
import { type Finding, inOrder, type Place, resolve } from '../../src/config/finding.ts';
import type { SourceFile } from '../../src/config/tree.ts';

const first: SourceFile = { index: 0, file: 'a.toml', text: 'x = 1\ny = 2 # \ud83d\ude00\n' };
const second: SourceFile = { index: 1, file: 'b.toml', text: 'x = 3\n' };

function at(source: SourceFile, ...path: readonly string[]): Place {
  return { source, path, at: 'key' };
}

function finding(message: string, place: Finding['place'], related?: Finding['related']): Finding {
  return { code: 'syntax', severity: 'error', message, place, related };
}

t.test('sorts by file, then line, then column; what concerns a file as a whole comes first', async t => {
  const span = (line: number, column: number) => ({ line, column, endLine: line, endColumn: column + 1 });
  const found = await resolve([
    finding('6', at(second, 'x')),
    finding('5', at(first, 'y')),
    finding('3', at(first, 'x')),
    finding('4', { source: first, span: span(1, 5) }),
    finding('1', { source: first, span: null }),
    finding('2', at(first, 'nowhere')),
    finding('7', at(second, 'x')),
  ]);
  t.strictSame(
    found.map(({ message, file, span }) => [message, file, span && `${span.line}:${span.column}`]),
    [
      ['1', 'a.toml', null],
      ['2', 'a.toml', null],
      ['3', 'a.toml', '1:1'],
      ['4', 'a.toml', '1:5'],
      ['5', 'a.toml', '2:1'],
      ['6', 'b.toml', '1:1'],
      ['7', 'b.toml', '1:1'],
    ],
  );
  const wholes = await resolve([finding('b', at(first, 'x')), finding('a', { source: first, span: null }), finding('c', at(first, 'y'))]);
  t.strictSame(
    wholes.map(({ message }) => message),
    ['a', 'b', 'c'],
  );
});

t.test('looks up what is related, and keeps the rest', async t => {
  const place = { ...at(first, 'y'), at: 'value' } as const;
  const [found] = await resolve([{ ...finding('m', place, [{ message: 'see', place: at(second, 'x') }]), label: 'l', hint: 'h' }]);
  t.strictSame(found, {
    code: 'syntax',
    severity: 'error',
    message: 'm',
    label: 'l',
    hint: 'h',
    file: 'a.toml',
    span: { line: 2, column: 5, endLine: 2, endColumn: 6 },
    related: [{ message: 'see', file: 'b.toml', span: { line: 1, column: 1, endLine: 1, endColumn: 2 } }],
  });
  t.strictSame(await resolve([]), []);
});

t.test('what was found at different times, file by file', async t => {
  const early = await resolve([finding('3', at(first, 'y')), finding('4', at(second, 'x'))]);
  const late = await resolve([finding('2', at(first, 'x')), finding('1', { source: first, span: null })]);
  t.strictSame(
    inOrder([...early, ...late]).map(({ message }) => message),
    ['1', '2', '3', '4'],
  );
});
