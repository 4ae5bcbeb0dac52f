// What becomes of one line of keepalived.conf, as a value.
// Must not know how that is found out, nor how it is shown.

/** `translated`: means the same. `changed`: translated, and something about it is different. `dropped`: nothing is lost without it.
 *  `unsupported`: a loss. `refused`: nothing can be written before this is mended. */
export const VERDICTS = ['translated', 'changed', 'dropped', 'unsupported', 'refused'] as const;

export type Verdict = (typeof VERDICTS)[number];

/** A place in one of the files that were read. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The last line that the same is said of: the end of a block. */
  readonly endLine: number;
}

export interface Finding extends Place {
  readonly verdict: Verdict;
  /** What stands there, as far as one may see it: no password. */
  readonly text: string;
  readonly says: string;
}

/** Longest text of a line that a report repeats. */
const SHOWN = 60;

/** A line as a report may repeat it. Passwords and keys are not shown, wherever they stand on the line. */
export function shown(text: string): string {
  const masked = text
    .replace(/\b(auth_pass\w*|\w*passw\w*|key|secret\w*|token\w*)\b([\s=:]+)\S.*$/i, '$1$2***')
    .replace(/(:\/\/[^\s/:@]*:)[^\s@]+@/g, '$1***@')
    .replace(/(\s-u\s*[^\s:]+:|\s-p|\s-a\s+)[^\s"']+/g, '$1***')
    .replace(/\s+/g, ' ');
  const characters = Array.from(masked.slice(0, 4 * SHOWN));
  return characters.length > SHOWN ? `${characters.slice(0, SHOWN - 1).join('')}…` : masked;
}
