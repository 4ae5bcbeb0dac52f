// A small file that is there as a whole, in its old or its new form, whenever the machine stops.
// Must not know what is in it.
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Replaces the file by rename(2), readable by its owner only. Its directory must be there.
 *  @throws the system's error; the old file is still there then */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  // What a daemon that was killed left, or somebody else put there.
  await rm(fresh, { force: true });
  const file = await open(fresh, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  // The rename is on disk with its directory; a file system that cannot say so has done what it could.
  const directory = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync().catch(() => {});
  } finally {
    await directory.close();
  }
}

/** Reads a file that `writeAtomically` wrote. Never waits, whatever is there: a pipe or a device is no such file.
 *  @param most bytes
 *  @returns null when there is none
 *  @throws the system's error, or an Error for a file that is too large or no plain file */
export async function readPlainFile(path: string, most: number): Promise<string | null> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    const about = await file.stat();
    if (!about.isFile()) throw new Error(`${path} is no plain file`);
    if (about.size > most) throw new Error(`${path} has ${about.size} bytes, ${most} at most`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
