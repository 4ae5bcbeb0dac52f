// Reads the configuration and its passwords from disk and looks at this machine's interfaces: what `check` and the agent
// bring to `src/config`. Must not know TOML or what a setting means.
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Diagnostic, quote, render } from '../config/diagnostic.ts';
import { environment, type Interfaces } from '../config/environment.ts';
import { type Finding, resolve } from '../config/finding.ts';
import { type Loaded, load } from '../config/load.ts';
import { readPassword, type Secret, withPasswords } from '../config/password.ts';
import { decode, type Failure, MAX_BYTES, type Source } from '../config/source.ts';
import { type Prefix, parsePrefix } from '../vrrp/address.ts';

/** A configuration, and everything that is to be said about it. */
export interface Examined {
  /** Its plan is complete, passwords included; without them for another machine's configuration. */
  readonly loaded: Loaded;
  /** Those of the files, then those of this machine. */
  readonly diagnostics: readonly Diagnostic[];
  /** The diagnostics for people: each with its source line, an empty line behind each. */
  readonly report: string;
  /** The same without notes, for those who have read these before. */
  readonly warnings: string;
  /** What was read, by file. */
  readonly texts: ReadonlyMap<string, string>;
}

/** More than anybody reads; a file that is no configuration at all can have one for every line. */
const MOST_SHOWN = 100;

/** Reads and checks a configuration. What is wrong with it is in the result; never throws for what is on disk.
 *  @param node host name
 *  @param interfaces what to compare the plan with; null for another machine's configuration, whose passwords are not read either
 *  @param absent whether what is not there now will be missed: an interface, the service's credentials */
export async function examine(path: string, node: string, interfaces: Interfaces | null, absent: 'warn' | 'ignore'): Promise<Examined> {
  const sources = await readConfiguration(path);
  const loaded = await load(sources, node);
  const local = interfaces === null ? [] : await environment(loaded, interfaces, absent);
  const { passwords, findings } = await fetchPasswords(interfaces === null ? [] : loaded.secrets, absent);
  const diagnostics = [...loaded.diagnostics, ...local, ...(await resolve(findings))];
  const failed = loaded.plan === null || findings.some(({ severity }) => severity === 'error');
  const plan = failed ? null : withPasswords(loaded.plan, passwords);
  const texts = new Map(sources.map(source => [source.file, source.text]));
  const warnings = show(
    diagnostics.filter(({ severity }) => severity !== 'note'),
    texts,
  );
  return { loaded: { ...loaded, plan }, diagnostics, report: show(diagnostics, texts), warnings, texts };
}

/** Diagnostics for people: each with its source line, an empty line behind each. */
export function show(all: readonly Diagnostic[], texts: ReadonlyMap<string, string>): string {
  const shown = all.slice(0, MOST_SHOWN).map(diagnostic => `${render(diagnostic, texts.get(diagnostic.file) ?? '')}\n\n`);
  const rest = all.length - shown.length;
  return shown.join('') + (rest > 0 ? `and ${rest} more\n\n` : '');
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

interface Fetched {
  /** By the name of the virtual router. */
  readonly passwords: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
}

async function fetchPasswords(secrets: readonly Secret[], absent: 'warn' | 'ignore'): Promise<Fetched> {
  const passwords = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { router, password, place } of secrets) {
    const found = (words: Omit<Finding, 'place'>) => findings.push({ ...words, place });
    const directory = process.env.CREDENTIALS_DIRECTORY ?? '';
    if (password.from === 'credential' && directory === '') {
      const there = absent === 'warn';
      found({
        code: there ? 'password-unreadable' : 'password-not-checked',
        severity: there ? 'error' : 'note',
        message: `the credential ${quote(password.name)} is only known to the service: $CREDENTIALS_DIRECTORY is not set`,
        hint: `in the unit: \`LoadCredential=${password.name}:/etc/holdfast/web.password\`; holdfast reads it when the service starts`,
      });
      continue;
    }
    const path = password.from === 'file' ? password.path : join(directory, password.name);
    const secret = await readSecret(path);
    if ('failure' in secret) {
      found({
        code: 'password-unreadable',
        severity: 'error',
        message: `the password in ${path} cannot be read: ${secret.failure}`,
      });
      continue;
    }
    const read = readPassword(secret.bytes, `\`truncate -s 8 ${path}\` keeps those`);
    if ('password' in read) passwords.set(router, read.password);
    else found({ code: 'password', severity: 'error', message: `the password in ${path} ${read.message}`, hint: read.hint });
    if (secret.open) {
      const message = `everybody on this machine can read ${path}`;
      found({ code: 'password-exposed', severity: 'warning', message, hint: `\`chmod 600 ${path}\`` });
    }
  }
  return { passwords, findings };
}

/** Longer than any password, so that one that is too long is seen to be. */
const SECRET_BYTES = 64;

/** @returns the beginning of the file, and whether others than its owner and group may read it */
async function readSecret(path: string): Promise<{ bytes: Uint8Array; open: boolean } | { failure: string }> {
  let handle: FileHandle | undefined;
  try {
    // Opening a pipe would wait for somebody to write.
    if (!(await stat(path)).isFile()) return { failure: 'this is no file' };
    handle = await open(path, 'r');
    const { mode } = await handle.stat();
    return { bytes: await readUpTo(handle, SECRET_BYTES), open: (mode & 0o004) !== 0 };
  } catch (error) {
    return { failure: failureOf(errnoOf(error)).message };
  } finally {
    await handle?.close();
  }
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
