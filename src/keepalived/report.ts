// What became of each line, for people and for programs.
// Must not know how it was found out.
import { printable } from '../config/diagnostic.ts';
import type { Secret } from './document.ts';
import type { Finding, Verdict } from './finding.ts';
import type { Outcome } from './import.ts';

/** In the order of the summary. */
const COUNTED: readonly (readonly [Verdict, string])[] = [
  ['translated', 'translated'],
  ['changed', 'with another meaning'],
  ['dropped', 'not needed'],
  ['unsupported', 'lost'],
  ['refused', 'to be mended first'],
];

/** How a verdict is called before a line. */
const CALLED: Readonly<Record<Verdict, string>> = {
  translated: 'ok',
  changed: 'changed',
  dropped: 'dropped',
  unsupported: 'LOST',
  refused: 'REFUSED',
};

/** One line for each finding: place, verdict, what stands there, what became of it. */
export function reportText({ findings }: Outcome): string {
  const shown = findings.some(({ verdict }) => verdict === 'refused') ? findings.filter(isWorse) : findings;
  const places = shown.map(placeOf);
  const width = Math.min(60, Math.max(0, ...places.map(place => place.length)));
  return shown
    .map(({ verdict, text, says }, at) => {
      const what = text === '' ? '' : `${printable(text)}: `;
      return `${(places[at] ?? '').padEnd(width)}  ${CALLED[verdict].padEnd(7)}  ${what}${printable(says)}\n`;
    })
    .join('');
}

/** Before a file that cannot be translated, nobody wants to hear of the lines that could. */
function isWorse({ verdict }: Finding): boolean {
  return verdict === 'refused' || verdict === 'unsupported';
}

function placeOf({ file, line, endLine }: Finding): string {
  return `${printable(file)}:${line}${endLine > line ? `-${endLine}` : ''}`;
}

/** `41 lines translated, 3 with another meaning, 2 lost` */
export function summary({ findings, toml }: Outcome): string {
  const counts = COUNTED.map(([verdict, words]) => [findings.filter(finding => finding.verdict === verdict).length, words] as const);
  const said = counts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
  return `${toml === null ? 'nothing is written: ' : ''}${said.length === 0 ? 'nothing stands there' : said.join(', ')}`;
}

/** Schema 1. Passwords are not in it. */
export function reportJson({ findings, toml, secrets }: Outcome, status: number): unknown {
  return {
    schema: 1,
    status,
    toml,
    passwords: secrets.map(({ router, path }: Secret) => ({ router, file: path })),
    lines: findings.map(({ file, line, endLine, verdict, text, says }) => ({ file, line, end_line: endLine, verdict, text, says })),
  };
}
