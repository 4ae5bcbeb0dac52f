// Parsed TOML as nested tables, and several files grafted into one tree with a note of who brought what.
// Must not know which keys have a meaning.

/** Keys and indices from the root. */
export type Path = readonly (string | number)[];

/** A TOML table. `toml` gives it no prototype, so that every key is the operator's. */
export interface Table {
  [key: string]: unknown;
}

/** One file of the configuration. The same object stands for it everywhere. */
export interface SourceFile {
  /** Its place in the order of reading. */
  readonly index: number;
  readonly file: string;
  /** What its tree was read from; paths are about this text. */
  readonly text: string;
}

/** Deeper than any key of ours; tables below are compared as a whole, and no recursion goes beyond. */
export const MAX_DEPTH = 8;

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}

/** The value at a path, undefined where there is none. */
export function valueAt(tree: Table, path: Path): unknown {
  let value: unknown = tree;
  for (const step of path) {
    if (isTable(value)) value = value[step];
    else if (Array.isArray(value)) value = value[Number(step)];
    else return undefined;
  }
  return value;
}

/** The table at a path, an empty one where there is none. */
export function tableAt(tree: Table, path: Path): Table {
  const value = valueAt(tree, path);
  return isTable(value) ? value : {};
}

/** Takes the key at a path out of its table, in place. */
export function prune(tree: Table, path: Path): void {
  const key = path.at(-1);
  if (key !== undefined) delete tableAt(tree, path.slice(0, -1))[key];
}

/** All files as one tree. A table may be spread over files, any other value belongs to one. */
export interface Forest {
  readonly tree: Table;
  /** The file that has the value, or that had the table first; the main file for what is nowhere. */
  sourceOf(path: Path): SourceFile;
  /** Values that a later file has too. */
  readonly clashes: readonly { readonly path: Path; readonly first: SourceFile; readonly second: SourceFile }[];
}

/** Grafts the trees of all files that could be read, the earlier one winning. */
export function graft(main: SourceFile, trees: readonly { readonly source: SourceFile; readonly tree: Table }[]): Forest {
  const root: Table = Object.create(null);
  const owners = new Map<string, SourceFile>([['[]', main]]);
  const clashes: { path: Path; first: SourceFile; second: SourceFile }[] = [];

  function sourceOf(path: Path): SourceFile {
    return owners.get(JSON.stringify(path)) ?? sourceOf(path.slice(0, -1));
  }

  function merge(into: Table, from: Table, source: SourceFile, parent: Path): void {
    for (const [key, value] of Object.entries(from)) {
      const path = [...parent, key];
      const old = into[key];
      const spread = isTable(value) && path.length < MAX_DEPTH;
      if (old === undefined) {
        owners.set(JSON.stringify(path), source);
        const own: Table = Object.create(null);
        into[key] = spread ? own : value;
        if (spread) merge(own, value, source, path);
      } else if (spread && isTable(old)) merge(old, value, source, path);
      else clashes.push({ path, first: sourceOf(path), second: source });
    }
  }

  for (const { source, tree } of trees) merge(root, tree, source, []);
  return { tree: root, sourceOf, clashes };
}
