// What is printed for `--help`, and for a call that makes no sense.
// Must not know what a verb does.
import { callsOf, STATUSES, sentencesOf, VERBS, type VerbManual } from './verbs.ts';

/** Of a terminal; a longer line is broken by it. */
const WIDTH = 100;

/** All verbs, one line each. */
export function usage(): string {
  const width = Math.max(...VERBS.map(({ name }) => name.length));
  const lines = VERBS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  const statuses = STATUSES.map(([status, meaning]) => `${status} ${meaning}`).join(', ');
  return [
    'usage: holdfast VERB [OPTION...]',
    '',
    ...lines,
    '',
    'holdfast VERB --help has its options, holdfast manual is the manual page, holdfast --version the version.',
    `Configuration: /etc/holdfast/holdfast.toml. Exit status: ${statuses}.`,
    '',
  ].join('\n');
}

/** One verb with its options.
 *  @returns null where there is none of that name */
export function usageOf(name: string): string | null {
  const verb = VERBS.find(each => each.name === name);
  return verb === undefined ? null : verbUsage(verb);
}

function verbUsage(verb: VerbManual): string {
  const { options } = verb;
  const flags = Math.max(0, ...options.map(({ flag }) => flag.length));
  return [
    ...callsOf(verb).map((call, index) => `${index === 0 ? 'usage:' : '      '} ${call}`),
    '',
    ...wrap(sentencesOf(verb).join(' '), ''),
    ...(options.length === 0 ? [] : ['']),
    ...options.flatMap(({ flag, text }) => {
      const [first = '', ...more] = wrap(text, ' '.repeat(flags + 4));
      return [`  ${flag.padEnd(flags)}  ${first.trimStart()}`, ...more];
    }),
    '',
  ].join('\n');
}

function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line.length + word.length > WIDTH && line !== indent) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}
