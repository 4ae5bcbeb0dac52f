// Reads the configuration from disk and looks at this machine's interfaces: what `check` and the agent bring to `src/config`.
// Must not know TOML or what a setting means.
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Diagnostic, render } from '../config/diagnostic.ts';
import { environment, type Interfaces } from '../config/environment.ts';
import { type Loaded, load } from '../config/load.ts';
import { decode, type Failure, MAX_BYTES, type Source } from '../config/source.ts';
import { type Prefix, parsePrefix } from '../vrrp/address.ts';

/** A configuration, and everything that is to be said about it. */
export interface Examined {
  readonly loaded: Loaded;
  /** Those of the files, then those of this machine. */
  readonly diagnostics: readonly Diagnostic[];
  /** The diagnostics for people: each with its source line, an empty line behind each. */
  readonly report: string;
}

/** More than anybody reads; a file that is no configuration at all can have one for every line. */
const MOST_SHOWN = 100;

/** Reads and checks a configuration. What is wrong with it is in the result; never throws for what is on disk.
 *  @param node host name
 *  @param interfaces what to compare the plan with; null for another machine's configuration
 *  @param absent whether an interface that is not there is worth a warning */
export async function examine(path: string, node: string, interfaces: Interfaces | null, absent: 'warn' | 'ignore'): Promise<Examined> {
  const sources = await readConfiguration(path);
  const loaded = await load(sources, node);
  const local = interfaces === null ? [] : await environment(loaded, interfaces, absent);
  const diagnostics = [...loaded.diagnostics, ...local];
  const texts = new Map(sources.map(source => [source.file, source.text]));
  const shown = diagnostics.slice(0, MOST_SHOWN).map(diagnostic => `${render(diagnostic, texts.get(diagnostic.file) ?? '')}\n\n`);
  const rest = diagnostics.length - shown.length;
  return { loaded, diagnostics, report: shown.join('') + (rest > 0 ? `and ${rest} more\n\n` : '') };
}

/** Reads a configuration: the file, then `*.toml` in the directory beside it whose name is the file's with `.d` for
 *  `.toml`, by name. A file that cannot be read is a source too, with its `failure`. */
export async function readConfiguration(path: string): Promise<readonly Source[]> {
  const directory = join(dirname(path), `${basename(path, '.toml')}.d`);
  return [await readSource(path), ...(await readDirectory(directory))];
}

async function readDirectory(directory: string): Promise<readonly Source[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    const code = errnoOf(error);
    // A file of that name is none of our business.
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    return [{ file: directory, text: '', failure: failureOf(code) }];
  }
  // Editors keep their locks and copies under names that begin with a dot.
  const wanted = names.filter(name => name.endsWith('.toml') && !name.startsWith('.')).sort();
  return Promise.all(wanted.map(name => readSource(join(directory, name))));
}

async function readSource(file: string): Promise<Source> {
  let handle: FileHandle | undefined;
  try {
    if ((await stat(file)).isDirectory()) return { file, text: '', failure: failureOf('EISDIR') };
    handle = await open(file, 'r');
    return decode(file, await readUpTo(handle, MAX_BYTES + 1));
  } catch (error) {
    return { file, text: '', failure: failureOf(errnoOf(error)) };
  } finally {
    await handle?.close();
  }
}

/** Not `readFile`: a device has no end. */
async function readUpTo(handle: FileHandle, most: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(most);
  let length = 0;
  while (length < most) {
    const { bytesRead } = await handle.read(buffer, length, most - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function failureOf(code: string): Failure {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { code: 'file-missing', message: 'there is no such file', span: null };
    case 'EISDIR':
      return { code: 'file-unreadable', message: 'this is a directory', hint: 'name the file in it', span: null };
    case 'EACCES':
    case 'EPERM':
      return { code: 'file-unreadable', message: 'the file may not be read', hint: 'run as root, or let this user read it', span: null };
    default:
      return { code: 'file-unreadable', message: `the file cannot be read: ${code}`, span: null };
  }
}

/** The interfaces of this network namespace with their addresses; one that is down shows none. */
export async function interfacesHere(): Promise<Interfaces> {
  // networkInterfaces() leaves out what has no address. This file follows the namespace; /sys may not.
  return interfacesFrom(await readFile('/proc/self/net/dev', 'utf8').catch(() => ''), networkInterfaces());
}

/** @param devices text of /proc/net/dev
 *  @param addresses as `networkInterfaces` gives them */
export function interfacesFrom(devices: string, addresses: ReturnType<typeof networkInterfaces>): Interfaces {
  const found = new Map<string, Prefix[]>();
  for (const [, name = ''] of devices.matchAll(/^ *([^\s|]+):/gm)) found.set(name, []);
  for (const [label, infos = []] of Object.entries(addresses)) {
    // An IPv4 address can have a label of its own, "eth0:1", in the place of the interface's name.
    const name = label.replace(/:.*$/, '');
    const prefixes = infos.flatMap(info => parsePrefix(info.cidr ?? '') ?? []);
    found.set(name, [...(found.get(name) ?? []), ...prefixes]);
  }
  return found;
}
