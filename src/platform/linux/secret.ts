// Fetches a secret from where the configuration says that it is: a file, the environment, a credential of the service.
// Must not know what it is for. No text here ever repeats a secret, nor a part of one.
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretSource } from '../../check/probe.ts';
import { shared } from './patience.ts';
import { systemCode } from './system-code.ts';

/** `failure`: for people, what is wrong with the source. `open`: everybody on this machine may read the file, as far as its own
 *  mode goes. */
export type Fetched = { readonly secret: string; readonly open?: true } | { readonly failure: string };

/** Longest secret, in bytes. A certificate or a configuration that was named by mistake is larger as a rule. */
const MOST = 4096;

/** Reads a secret: UTF-8 text without the line end that editors put behind it. Never rejects, and waits for nobody: a pipe or a
 *  device is no file. A file system that hangs, hangs this too, so whoever asks sets a limit. */
export async function readSecret(source: SecretSource): Promise<Fetched> {
  switch (source.from) {
    case 'file':
      return readFile(source.path, source.path);
    case 'env':
      return fromText(process.env[source.name], `the environment variable ${source.name}`);
    case 'credential':
      return readCredential(source.name);
  }
}

/** systemd.exec(5): $CREDENTIALS_DIRECTORY is there for a service that has any. */
async function readCredential(name: string): Promise<Fetched> {
  const what = `the credential ${name}`;
  const directory = process.env.CREDENTIALS_DIRECTORY;
  if (directory === undefined || directory === '') {
    return { failure: `${what} is missing: this service has none; LoadCredential= in its unit gives it one` };
  }
  if (name === '' || name === '.' || name === '..' || name.includes('/')) return { failure: `${what} is no name of a credential` };
  return readFile(join(directory, name), what);
}

async function readFile(path: string, what: string): Promise<Fetched> {
  const read = await readBytes(path);
  if ('wrong' in read) return { failure: `${what} ${read.wrong}` };
  const fetched = decode(read.bytes, what);
  return 'secret' in fetched && read.open ? { ...fetched, open: true } : fetched;
}

type Read = { readonly bytes: Uint8Array; readonly open: boolean } | { readonly wrong: string };

const readBytes = shared(async (path: string): Promise<Read> => {
  try {
    // What is no file is not even opened. A symbolic link is followed: Kubernetes and others give secrets that way.
    if (!(await stat(path)).isFile()) return { wrong: 'is no plain file' };
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const about = await file.stat();
      if (!about.isFile()) return { wrong: 'is no plain file' };
      const { bytesRead, buffer } = await file.read(new Uint8Array(MOST + 1), 0, MOST + 1, 0);
      if (bytesRead > MOST) return { wrong: `is longer than ${MOST} bytes, which no password is` };
      return { bytes: buffer.subarray(0, bytesRead), open: (about.mode & 0o004) !== 0 };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { wrong: refusal(systemCode(error)) };
  }
});

/** @param code errno name */
function refusal(code: string): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read';
    default:
      return `cannot be read: ${code}`;
  }
}

function decode(bytes: Uint8Array, what: string): Fetched {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { failure: `${what} is not UTF-8 text` };
  }
  return fromText(text.replace(/\r?\n$/, ''), what);
}

function fromText(text: string | undefined, what: string): Fetched {
  if (text === undefined) return { failure: `${what} is not set` };
  if (text === '') return { failure: `${what} is empty` };
  // It ends a text in most protocols, and what follows would count for nothing.
  return text.includes('\0') ? { failure: `${what} contains a NUL character` } : { secret: text };
}
