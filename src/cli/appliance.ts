// `holdfast appliance apply`: on a box that boots from our image, what lies on CONFIG becomes what is in force.
// Must not know what makes a part good (src/appliance), nor mount anything: the script around it does.
import { execFile } from 'node:child_process';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { errorsText } from '../appliance/parts.ts';
import { type Files, settle } from '../appliance/settle.ts';
import { EXIT } from './exit.ts';

const OPTIONS = {
  /** What lay on CONFIG. */
  drop: { type: 'string', default: '/run/appliance/drop' },
  /** What is in force, made anew. */
  active: { type: 'string', default: '/run/appliance/active' },
  /** What was taken last, over restarts. */
  kept: { type: 'string', default: '/var/lib/appliance/kept' },
  /** What the image brings. */
  defaults: { type: 'string', default: '/usr/share/appliance' },
  /** Written where something was refused, removed where nothing was. */
  errors: { type: 'string', default: '/run/appliance/errors.txt' },
  'machine-id': { type: 'string', default: '/etc/machine-id' },
} as const;

/** In ms; nginx looks names of upstreams up, and there is no network yet. */
const NGINX_PATIENCE = 60_000;

const USAGE = 'usage: holdfast appliance apply\n';

/** @returns exit code: 0 all is in force as it was dropped, 1 something was refused, 2 usage */
export async function appliance(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  if (positionals.length !== 1 || positionals[0] !== 'apply') {
    process.stderr.write(USAGE);
    return EXIT.usage;
  }
  const [drop, kept, defaults] = await Promise.all([readTree(values.drop), readKept(values.kept), readTree(values.defaults)]);
  const machineId = await readFile(values['machine-id'], 'utf8').catch(() => '');
  const active = resolve(values.active);
  const settled = await settle({ drop, kept, defaults, machineId }, files => testNginx(active, files));
  await rm(active, { recursive: true, force: true });
  await writeTree(active, settled.active);
  if (!same(kept, settled.kept)) await replaceTree(values.kept, settled.kept);
  if (settled.refused.length === 0) {
    await rm(values.errors, { force: true });
    return EXIT.done;
  }
  const words = errorsText(settled.refused);
  process.stderr.write(words.replaceAll('\r\n', '\n'));
  await writeFile(values.errors, words);
  return EXIT.failed;
}

/** Where it will lie when it is in force, as its paths say where they lead.
 *  @returns what nginx says; null: it is in order */
async function testNginx(active: string, files: Files): Promise<string | null> {
  await rm(join(active, 'nginx'), { recursive: true, force: true });
  await writeTree(active, files);
  try {
    await promisify(execFile)('nginx', ['-t', '-q', '-c', join(active, 'nginx/nginx.conf')], { timeout: NGINX_PATIENCE });
    return null;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    return said === '' ? String(error) : said;
  }
}

/** Every file below a folder; none where there is no folder. */
async function readTree(folder: string): Promise<Files> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = new Map<string, Uint8Array>();
  for (const entry of entries.filter(each => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), await readFile(path));
  }
  return files;
}

/** A hostile path cannot leave the folder: readdir gave every one of them. */
async function writeTree(folder: string, files: Files): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [path, bytes] of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes, { mode: path === 'authorized_keys' ? 0o600 : 0o644 });
  }
}

/** Whatever instant the power fails at, the old tree or the new one is there as a whole: `readKept`. A full disk keeps what was. */
async function replaceTree(folder: string, files: Files): Promise<void> {
  const [fresh, old] = [`${folder}.new`, `${folder}.old`];
  try {
    await rm(fresh, { recursive: true, force: true });
    await writeTree(fresh, files);
    for (const path of files.keys()) await sync(join(fresh, path));
    await rm(old, { recursive: true, force: true });
    await rename(folder, old).catch(() => {});
    await rename(fresh, folder);
    await sync(dirname(folder));
    await rm(old, { recursive: true, force: true });
  } catch (error) {
    process.stderr.write(`holdfast: the last good configuration cannot be kept in ${folder}: ${String(error)}\n`);
  }
}

async function readKept(folder: string): Promise<Files> {
  const files = await readTree(folder);
  if (files.size > 0) return files;
  // Cut off between the two renames.
  await rename(`${folder}.old`, folder).catch(() => {});
  return readTree(folder);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function same(one: Files, other: Files): boolean {
  if (one.size !== other.size) return false;
  return [...one].every(([path, bytes]) => Buffer.compare(bytes, other.get(path) ?? Buffer.alloc(0)) === 0);
}
