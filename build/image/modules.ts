// Picks kernel modules from modules.list with all that they need, also what they ask for by a soft dependency, and puts them
// unpacked into a root: the root's own compression does better, and loading them costs the box less.
// Must not know which ones, nor whose root.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { entries, pattern } from './lists.ts';
import { run, runBytes } from './run.ts';

/** In names - and _ are the same to the kernel. */
const nameOf = (path: string): string =>
  basename(path)
    .replace(/\.ko.*$/, '')
    .replaceAll('-', '_');

export class Kernel {
  readonly version: string;
  readonly #folder: string;
  /** path -> paths it depends on */
  readonly #needs = new Map<string, readonly string[]>();
  readonly #paths = new Map<string, string>();
  readonly #soft = new Map<string, readonly string[]>();
  readonly #builtin: ReadonlySet<string>;

  /** @param unpacked where the kernel's package was unpacked, and depmod has run */
  constructor(unpacked: string) {
    const version = readdirSync(join(unpacked, 'lib/modules'))[0];
    if (version === undefined) throw new Error(`no modules below ${unpacked}`);
    this.version = version;
    this.#folder = join(unpacked, 'lib/modules', version);
    const read = (name: string): string[] => readFileSync(join(this.#folder, name), 'utf8').split('\n');
    for (const line of read('modules.dep')) {
      const [path, needs] = line.split(':');
      if (path === undefined || needs === undefined) continue;
      this.#needs.set(path, needs.trim().split(' ').filter(Boolean));
      this.#paths.set(nameOf(path), path);
    }
    for (const line of read('modules.softdep')) {
      const [keyword, name, ...words] = line.split(' ');
      if (keyword !== 'softdep' || name === undefined) continue;
      const names = words.filter(word => word !== '' && !word.endsWith(':'));
      this.#soft.set(name, [...(this.#soft.get(name) ?? []), ...names]);
    }
    this.#builtin = new Set(read('modules.builtin').map(nameOf));
  }

  /** The paths of the modules that the entries of a list name, with what they need. */
  pick(list: readonly string[]): string[] {
    const picked = new Set<string>();
    const add = (path: string): void => {
      if (picked.has(path)) return;
      picked.add(path);
      for (const other of this.#needs.get(path) ?? []) add(other);
      for (const name of this.#soft.get(nameOf(path)) ?? []) {
        // A soft dependency that this kernel does not have is none.
        const other = this.#paths.get(name.replaceAll('-', '_'));
        if (other !== undefined) add(other);
      }
    };
    for (const entry of list) {
      const found = this.#find(entry);
      if (found.length === 0 && !this.#builtin.has(entry.replaceAll('-', '_'))) throw new Error(`modules.list: no module ${entry}`);
      for (const path of found) add(path);
    }
    return [...picked].sort();
  }

  /** Copies modules into a root, unpacked, and writes the tables that modprobe reads there. */
  install(paths: readonly string[], root: string): void {
    const target = join(root, 'usr/lib/modules', this.version);
    for (const path of paths) {
      const to = join(target, path.replace(/\.xz$/, ''));
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, runBytes('xz', ['-dc', join(this.#folder, path)]));
    }
    for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo']) {
      writeFileSync(join(target, name), readFileSync(join(this.#folder, name)));
    }
    run('depmod', ['-b', root, this.version]);
  }

  #find(entry: string): string[] {
    const named = this.#paths.get(entry.replaceAll('-', '_'));
    if (named !== undefined) return [named];
    // Below a folder means at any depth.
    const wanted = pattern(entry.replace(/\*$/, '**'));
    return [...this.#needs.keys()].filter(path => wanted.test(path));
  }
}

/** The entries of modules.list below [section]. */
export function section(path: string, name: string): string[] {
  const all = entries(path);
  const from = all.indexOf(`[${name}]`) + 1;
  if (from === 0) throw new Error(`${path}: no [${name}]`);
  const to = all.findIndex((line, index) => index >= from && line.startsWith('['));
  return all.slice(from, to === -1 ? undefined : to);
}
