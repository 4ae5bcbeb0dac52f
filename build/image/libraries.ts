// Finds the shared libraries in a root that no program there needs any more.
// Must not know programs or libraries by name. Those that are opened by name while running have to be kept by the caller.
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from './run.ts';

const ELF_PLACES = ['usr/bin', 'usr/sbin', 'usr/lib'];

function files(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !/\.(ko|xz)$|\/modules\//.test(join(entry.parentPath, entry.name)))
    .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1));
}

/** For each file of the root that is an ELF object: the names of the libraries it is linked to. */
function neededBy(root: string): Map<string, string[]> {
  const paths = ELF_PLACES.flatMap(folder => files(root, folder));
  // readelf complains about what is not ELF, and goes on.
  const text = run('sh', ['-c', 'xargs -0 readelf -d 2>/dev/null || true'], { cwd: root, input: paths.join('\0') });
  const needed = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of text.split('\n')) {
    const file = /^File: (.*)$/.exec(line)?.[1];
    if (file !== undefined) {
      current = [];
      needed.set(file, current);
    }
    const name = /\(NEEDED\).*\[(.*)\]/.exec(line)?.[1];
    if (name !== undefined) current.push(name);
  }
  return needed;
}

/** @param folder that of the libraries, below root
 *  @param kept whether a path below root is to stay whoever needs it
 *  @param extra libraries that a program needs which is not in the root yet
 *  @returns paths below root, of files and links */
export function unneeded(root: string, folder: string, kept: (path: string) => boolean, extra: readonly string[]): string[] {
  const needed = neededBy(root);
  const libraries = readdirSync(join(root, folder)).filter(
    name => /\.so(\.|$)/.test(name) && !lstatSync(join(root, folder, name)).isDirectory(),
  );
  const target = (name: string): string => {
    const path = join(root, folder, name);
    return lstatSync(path).isSymbolicLink() ? basename(readlinkSync(path)) : name;
  };
  const used = new Set<string>();
  const use = (name: string): void => {
    if (used.has(name) || !libraries.includes(name)) return;
    used.add(name);
    const file = target(name);
    use(file);
    for (const other of needed.get(join(folder, file)) ?? []) use(other);
  };
  for (const name of extra) use(name);
  for (const [path, names] of needed) if (!path.startsWith(`${folder}/lib`)) names.forEach(use);
  for (const name of libraries) if (kept(join(folder, name)) || name.startsWith('ld-linux')) use(name);
  return libraries.filter(name => !used.has(name)).map(name => join(folder, name));
}
