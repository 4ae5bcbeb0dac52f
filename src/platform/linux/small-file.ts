// Reads a short text out of a file that somebody else writes: a pid file, a number below /sys. Never waits for a writer.
// Must not know what the text means.
import { closeSync, constants, fstatSync, openSync, read, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { systemCode } from './system-code.ts';

const readAsync = promisify(read);

export type SmallFile =
  /** `writtenAt`: ms since 1970. `stamp`: another one when the file was written anew. */
  | { readonly kind: 'text'; readonly text: string; readonly writtenAt: number; readonly stamp: string }
  /** `why` follows the name of the file: `is a directory`, `does not exist`. */
  | { readonly kind: 'none'; readonly trouble: 'missing' | 'denied' | 'unexpected'; readonly why: string };

/** Follows links. A pipe, a device or a socket is no such file and is not even opened: that alone may have consequences.
 *  Takes as long as its file system.
 *  @param most bytes; a longer text is `unexpected` */
export async function readSmallFile(path: string, most: number): Promise<SmallFile> {
  let fd = -1;
  try {
    const before = await stat(path);
    if (!before.isFile()) return none('unexpected', `is ${kindOf(before)}`);
    // A path that has just answered does so again, without a thread of Node's pool. What it is may have changed.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const about = fstatSync(fd);
    if (!about.isFile()) return none('unexpected', `is ${kindOf(about)}`);
    // Not so the content: some files below /sys ask a slow device.
    const { bytesRead, buffer } = await readAsync(fd, Buffer.alloc(most + 1), 0, most + 1, null);
    if (bytesRead > most) return none('unexpected', `has more than ${most} bytes`);
    const stamp = `${about.dev}:${about.ino}:${about.mtimeMs}`;
    return { kind: 'text', text: buffer.toString('utf8', 0, bytesRead), writtenAt: about.mtimeMs, stamp };
  } catch (error) {
    return refusal(systemCode(error));
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

function none(trouble: 'missing' | 'denied' | 'unexpected', why: string): SmallFile {
  return { kind: 'none', trouble, why };
}

/** @param code errno name */
function refusal(code: string): SmallFile {
  if (code === 'ENOENT' || code === 'ENOTDIR') return none('missing', 'does not exist');
  if (code === 'EACCES' || code === 'EPERM') return none('denied', 'may not be read');
  return none('unexpected', `cannot be read: ${code}`);
}

/** What it is instead of a file, with its article. inode(7) */
export function kindOf(about: Stats): string {
  if (about.isDirectory()) return 'a directory';
  if (about.isFIFO()) return 'a pipe';
  if (about.isSocket()) return 'a socket';
  return 'a device';
}
