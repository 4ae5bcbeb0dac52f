// Pieces to statements and blocks, each with the line that it stands on; a block ends where its brace does.
// Must not know what a word means, but for those that only ever begin a block of their own.
import { type Finding, type Place, shown } from './finding.ts';
import type { Piece } from './lexer.ts';
import { splitWords } from './words.ts';

export interface Statement extends Place {
  readonly word: string;
  /** What stands behind the word. */
  readonly args: readonly string[];
  /** The line as it stands there, without comment. */
  readonly text: string;
  /** null: it has none. */
  readonly block: readonly Statement[] | null;
}

export interface Grown {
  readonly statements: readonly Statement[];
  readonly findings: readonly Finding[];
}

/** Blocks that stand in no other: one that seems to is behind a brace that was forgotten. */
const OUTERMOST =
  /^(global_defs|vrrp_instance|vrrp_script|vrrp_sync_group|vrrp_track_process|vrrp_track_file|virtual_server|virtual_server_group|garp_group|bfd_instance|static_\w+)$/;

/** keepalived has five at most. */
const DEEPEST = 32;

interface Open {
  statement: Place & { word: string; args: readonly string[]; text: string; block: Statement[] | null; endLine: number };
  readonly into: Statement[];
}

export function grow(pieces: readonly Piece[]): Grown {
  const root: Statement[] = [];
  const findings: Finding[] = [];
  const open: Open[] = [];
  let into = root;
  /** The statement whose brace may come on the next line. */
  let last: Open['statement'] | null = null;
  const refuse = ({ file, line }: Pick<Place, 'file' | 'line'>, text: string, says: string): Grown => {
    findings.push({ verdict: 'refused', file, line, endLine: line, text: shown(text), says });
    return { statements: root, findings };
  };
  for (const piece of pieces) {
    const { file, line, text } = piece;
    if (text === '{') {
      if (last === null || last.block !== null) return refuse(piece, text, 'a brace is opened, and nothing stands before it');
      if (open.length >= DEEPEST) return refuse(piece, text, `blocks stand ${DEEPEST} deep in each other`);
      last.block = [];
      open.push({ statement: last, into });
      into = last.block;
      last = null;
    } else if (text === '}') {
      const closed = open.pop();
      if (closed === undefined) return refuse(piece, text, 'a brace is closed that was never opened');
      if (closed.statement.file === file) closed.statement.endLine = line;
      into = closed.into;
      last = null;
    } else {
      const [word = '', ...args] = splitWords(text);
      const [outer] = open;
      if (outer !== undefined && OUTERMOST.test(word) && args.length <= 3 && begins(word, args, outer.statement.word)) {
        const around = open.at(-1)?.statement ?? outer.statement;
        return refuse(around, around.text, `its brace is still open where \`${shown(text)}\` begins, line ${line}`);
      }
      last = { file, line, endLine: line, word, args, text, block: null };
      into.push(last);
    }
  }
  const unclosed = open.at(-1)?.statement;
  return unclosed === undefined ? { statements: root, findings } : refuse(unclosed, unclosed.text, 'its brace is never closed');
}

/** A name in a list may be one of those words, and track_file is a list within an instance. */
function begins(word: string, args: readonly string[], outer: string): boolean {
  return word === 'global_defs' ? args.length === 0 && outer !== 'group' : args.length > 0;
}
