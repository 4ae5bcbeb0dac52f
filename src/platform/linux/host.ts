// The machine, or a tree that is not running, as an install sees it: files replaced as a whole, programs of the system.
// Must not know what is installed.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, link, lstat, mkdir, open, readdir, readlink, realpath, rename, rm, rmdir, symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Host, HostTrouble, type Ran } from '../install-ports.ts';
import { systemCode } from './system-code.ts';

/** Where programs of the system are, whatever PATH says. */
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
/** A ruleset of a firewall may be long; in bytes. */
const MOST_SAID = 2 ** 25;
const MOST_READ = 2 ** 20;

/** @param root an absolute path; null: this machine */
export function openHost(root: string | null): Host {
  const owner = process.geteuid?.() === 0;

  /** Links on the way, such as /usr/local of an ostree, must not lead out of the tree. */
  async function within(path: string): Promise<string> {
    if (root === null) return path;
    const top = await realpath(root);
    for (let at = dirname(join(root, path)); ; at = dirname(at)) {
      const real = await realpath(at).catch(missing);
      if (real === null) continue;
      if (real === top || real.startsWith(top === '/' ? top : `${top}/`)) return join(root, path);
      throw new HostTrouble(`${at} leads out of ${root}, to ${real}`);
    }
  }

  async function makeFolder(path: string, mode: number): Promise<readonly string[]> {
    const made: string[] = [];
    for (let at = path; at !== '/' && (await lstat(await within(at)).catch(missing)) === null; at = dirname(at)) made.unshift(at);
    for (const each of made) {
      const real = await within(each);
      await mkdir(real, each === path ? mode : 0o755);
      const handle = await open(real, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        // Whatever the umask is, and the group of a folder that hands its own on.
        if (owner) await handle.chown(0, 0);
        await handle.chmod(each === path ? mode : 0o755);
      } finally {
        await handle.close();
      }
    }
    return made;
  }

  return {
    async look(path) {
      const real = await within(path);
      const about = await lstat(real).catch(missing);
      if (about === null) return { kind: 'absent' };
      if (about.isSymbolicLink()) return { kind: 'link', target: await readlink(real) };
      if (about.isDirectory()) return { kind: 'folder' };
      return about.isFile() ? { kind: 'file', sha256: await digest(real) } : { kind: 'other' };
    },
    async read(path) {
      const file = await open(await within(path), constants.O_RDONLY | constants.O_NONBLOCK).catch(missing);
      if (file === null) return null;
      try {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(MOST_READ), 0, MOST_READ, null);
        return buffer.toString('utf8', 0, bytesRead);
      } catch (error) {
        // A folder, or a file of /sys that has nothing to say.
        systemCode(error);
        return null;
      } finally {
        await file.close();
      }
    },
    list: async folder => (await readdir(await within(folder)).catch(missing)) ?? [],
    folder: makeFolder,
    async write(path, content, mode, keep) {
      const made = await makeFolder(dirname(path), 0o755);
      const real = await within(path);
      const fresh = `${real}.new`;
      await rm(fresh, { force: true });
      try {
        if (typeof content === 'string') await copyFile(content, fresh, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
        const file = await open(fresh, typeof content === 'string' ? 'r+' : 'wx', mode);
        try {
          if (typeof content !== 'string') await file.writeFile(content);
          if (owner) await file.chown(0, 0);
          await file.chmod(mode);
          await file.sync();
        } finally {
          await file.close();
        }
        if (keep !== null) {
          // A second name first, so that there is always one at the old path.
          const old = `${await within(keep)}.new`;
          await rm(old, { force: true });
          await link(real, old);
          await rename(old, await within(keep));
        }
        await rename(fresh, real);
      } catch (error) {
        await rm(fresh, { force: true });
        throw error;
      }
      await sync(dirname(real));
      return made;
    },
    async link(path, target) {
      const made = await makeFolder(dirname(path), 0o755);
      await symlink(target, await within(path));
      return made;
    },
    async remove(path) {
      const real = await within(path);
      await unlink(real).catch(missing);
      await sync(dirname(real));
    },
    async removeFolder(path) {
      try {
        await rmdir(await within(path));
      } catch (error) {
        const code = systemCode(error);
        if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
        if (code !== 'ENOENT') throw error;
      }
      return true;
    },
    removeTree: async path => rm(await within(path), { recursive: true, force: true }),
    run: runProgram,
  };
}

/** SHA-256, in hexadecimal. */
export async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest('hex');
}

function runProgram([program = '', ...rest]: readonly string[], patience: number): Promise<Ran> {
  return new Promise(resolve => {
    // In the words that are looked for, and without colours or a pager.
    const env = { PATH, LC_ALL: 'C', SYSTEMD_PAGER: '', SYSTEMD_COLORS: '0' };
    execFile(program, rest, { env, timeout: patience, maxBuffer: MOST_SAID, cwd: '/' }, (error, out, err) => {
      if (error === null) resolve({ status: 0, out, err });
      else if (error.code === 'ENOENT') resolve({ status: 'missing', out, err: `${program} is not there` });
      else if (typeof error.code === 'number') resolve({ status: error.code, out, err });
      else resolve({ status: 'killed', out, err: error.killed ? `no answer within ${patience / 1000} s` : error.message });
    });
  });
}

/** The rename is on disk with its folder; a file system that cannot say so has done what it could. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync().catch(() => {});
  } finally {
    await handle.close();
  }
}

/** @returns null for what is not there; throws everything else */
function missing(error: unknown): null {
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw error;
}
