// Loads the native addons: out of the executable through a nameless file, or from dist/native when run from sources.
// Must not know what any addon does. Also called by the bundle's stand-in for raw-socket's own loader.
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';

export type Addon = 'sysnet' | 'raw';

/** No directory could take the native parts; `message` says what was tried and what to do. Exit code 1. */
export class NativeUnavailable extends Error {
  override readonly name = 'NativeUnavailable';
}

// open(2): O_TMPFILE is __O_TMPFILE | O_DIRECTORY, and Node does not name it.
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** Loads one addon and returns its exports.
 *  @throws NativeUnavailable inside the executable, when no directory is both writable and without noexec */
export function load(addon: Addon): unknown {
  if (isSea()) return fromExecutable(addon);
  return open(join(import.meta.dirname, '../../../dist/native', `${addon}.node`));
}

function open(path: string): unknown {
  const module = { exports: {} };
  process.dlopen(module, path);
  return module.exports;
}

/** Where a private file can be mapped: systemd's RuntimeDirectory= first. Debian mounts /run noexec, hence the list. */
function directories(): readonly string[] {
  const runtime = process.env.RUNTIME_DIRECTORY?.split(':') ?? [];
  return [...runtime, '/run', '/dev/shm', '/tmp', '/var/tmp'].filter(directory => directory !== '');
}

function fromExecutable(addon: Addon): unknown {
  const content = new Uint8Array(getRawAsset(`${addon}.node`));
  const refusals: string[] = [];
  for (const directory of directories()) {
    let fd: number | undefined;
    try {
      fd = openSync(directory, O_TMPFILE | constants.O_RDWR, 0o700);
      for (let written = 0; written < content.length; ) written += writeSync(fd, content, written);
      // The descriptor stays open for good: dlopen knows a library by its path, so the next addon must not get this number.
      return open(`/proc/self/fd/${fd}`);
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      refusals.push(`  ${directory}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new NativeUnavailable(
    `cannot load ${addon}.node: no directory takes an unnamed file that may be executed\n${refusals.join('\n')}\n` +
      '  = hint: make one of them writable and mount it without noexec (a tmpfs will do), set RUNTIME_DIRECTORY to such a\n' +
      '    directory, or under systemd use RuntimeDirectory= or TemporaryFileSystem=/tmp; /proc must be mounted',
  );
}
