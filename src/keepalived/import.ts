// A keepalived.conf to a holdfast.toml that `holdfast check` passes, or to the lines that keep it from being one.
// Must not know where files lie: whoever asks brings them, and what may be known of the machine.
import type { Diagnostic } from '../config/diagnostic.ts';
import { load } from '../config/load.ts';
import type { Secret } from './document.ts';
import type { Finding } from './finding.ts';
import { lex, type Open, type Source } from './lexer.ts';
import { type Meaning, meaningOf } from './meaning.ts';
import type { Surroundings } from './programs.ts';
import { grow } from './tree.ts';
import { writeToml } from './write.ts';

export interface Request {
  readonly main: Source;
  readonly open: Open;
  readonly machine: Surroundings;
  /** What `--config-id` says; null: nothing. */
  readonly id: string | null;
  /** Where passwords are to be kept. */
  readonly folder: string;
}

export interface Outcome {
  /** null: impossible, and `refused` findings say why. */
  readonly toml: string | null;
  /** What belongs into files of its own beside it. */
  readonly secrets: readonly Secret[];
  /** By file and line. */
  readonly findings: readonly Finding[];
}

/** Never throws, whatever the files. */
export async function translate({ main, open, machine, id, folder }: Request): Promise<Outcome> {
  const lexed = lex(main, open, id);
  const grown = grow(lexed.pieces);
  const read = [...lexed.findings, ...grown.findings];
  // What stands behind a brace that is missing means something else, and without a line others seem to be wrong.
  if (read.some(({ verdict }) => verdict === 'refused')) return refused(read);
  const meaning = meaningOf(grown.statements, machine, folder);
  const findings = [...read, ...meaning.findings];
  if (findings.some(({ verdict }) => verdict === 'refused')) return refused(findings);
  const { tables, secrets } = meaning;
  if (!tables.some(({ kind }) => kind === 'vrrp')) {
    return refused([...findings, whole(main.file, 'there is no vrrp_instance: nothing here is for holdfast')]);
  }
  const toml = writeToml(headOf(main.file, inOrder(findings)), tables);
  const { diagnostics } = await load([{ file: 'holdfast.toml', text: toml }], 'import');
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return refused([...findings, ...errors.map(error => blame(error, toml, meaning, main.file))]);
  return { toml, secrets, findings: inOrder(findings) };
}

function refused(findings: readonly Finding[]): Outcome {
  return { toml: null, secrets: [], findings: inOrder(findings) };
}

function whole(file: string, says: string): Finding {
  return { verdict: 'refused', file, line: 1, endLine: 1, text: '', says };
}

/** Files in the order in which they were read. */
function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const files = [...new Set(findings.map(({ file }) => file))];
  const order = new Map(files.map((file, at) => [file, at]));
  return findings.toSorted((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line);
}

/** More is in the report. */
const MOST_LISTED = 40;

function headOf(file: string, findings: readonly Finding[]): readonly string[] {
  const lost = findings.filter(({ verdict }) => verdict === 'unsupported');
  const listed = lost.slice(0, MOST_LISTED).map(({ file, line, text, says }) => `- ${file}:${line} ${text}: ${says}`);
  const more = lost.length > MOST_LISTED ? [`and ${lost.length - MOST_LISTED} more`] : [];
  const rest = lost.length === 0 ? [] : ['', 'Not translated:', ...listed, ...more];
  return [`From ${file}, by \`holdfast import\`. Each key with its default: docs/holdfast.example.toml.`, ...rest];
}

/** What is wrong with settings of one router together, at the line where keepalived.conf has it. */
function blame({ message, hint, span }: Diagnostic, toml: string, { origins }: Meaning, file: string): Finding {
  const before = toml.split('\n').slice(0, span?.line ?? 0);
  const header = before.findLast(line => line.startsWith('[')) ?? '';
  const origin = origins.get(header.slice(1, -1).replaceAll('"', ''));
  const says = `${message}${hint === undefined ? '' : `; ${hint}`}`;
  if (origin === undefined) return whole(file, says);
  return { verdict: 'refused', file: origin.file, line: origin.line, endLine: origin.endLine, text: origin.text, says };
}
