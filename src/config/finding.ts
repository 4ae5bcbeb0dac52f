// A diagnostic before its place is known as line and column: what is found is said in terms of files and paths.
// Must not know who finds what.
import type { Code, Diagnostic, Severity, Span } from './diagnostic.ts';
import { type Locate, locator } from './locate.ts';
import type { Path, SourceFile } from './tree.ts';

/** A key or a value in one of the files. */
export interface Place {
  readonly source: SourceFile;
  readonly path: Path;
  readonly at: 'key' | 'value';
}

/** A stretch of a file that is known already; null for the file as a whole. */
export interface Spot {
  readonly source: SourceFile;
  readonly span: Span | null;
}

export interface Finding {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly place: Place | Spot;
  readonly label?: string | undefined;
  readonly hint?: string | undefined;
  readonly related?: readonly { readonly message: string; readonly place: Place }[] | undefined;
}

/** What is wrong, before anybody says where. */
export type Blame = Pick<Finding, 'code' | 'message' | 'hint'>;

/** One whose place is a key or a value. */
export interface PlacedFinding extends Finding {
  readonly place: Place;
}

/** Looks up all places.
 *  @returns diagnostics by file, in the order of reading, and line */
export async function resolve(findings: readonly Finding[]): Promise<readonly Diagnostic[]> {
  const locators = new Map<SourceFile, Promise<Locate>>();

  async function spanOf(place: Place | Spot): Promise<Span | null> {
    if ('span' in place) return place.span;
    const known = locators.get(place.source) ?? locator(place.source.text);
    locators.set(place.source, known);
    return (await known)(place.path, place.at);
  }

  const resolved: { index: number; diagnostic: Diagnostic }[] = [];
  for (const { place, related: others, ...rest } of findings) {
    const related = [];
    for (const other of others ?? []) {
      related.push({ message: other.message, file: other.place.source.file, span: await spanOf(other.place) });
    }
    resolved.push({ index: place.source.index, diagnostic: { ...rest, file: place.source.file, span: await spanOf(place), related } });
  }
  resolved.sort((a, b) => a.index - b.index || compareSpans(a.diagnostic.span, b.diagnostic.span));
  return resolved.map(({ diagnostic }) => diagnostic);
}

/** Diagnostics of one configuration that were found at different times, file by file and from top to bottom. */
export function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const files = [...new Set(diagnostics.map(({ file }) => file))];
  return diagnostics.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || compareSpans(a.span, b.span));
}

/** What concerns the whole file comes first. */
function compareSpans(a: Span | null, b: Span | null): number {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  return a.line - b.line || a.column - b.column;
}
