// Whether a program can be changed by somebody else than root: then that one would run it with our rights.
// Must not know what the program does, nor start it. path_resolution(7), execve(2), acl(5)
import { closeSync, constants, lstatSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { groupName, userName } from './accounts.ts';
import { shared } from './patience.ts';
import { kindOf } from './small-file.ts';
import { sysnet } from './sysnet.ts';
import { systemCode } from './system-code.ts';

/** Where programs are looked for by their name, and what our programs get as PATH. */
export const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** As many as the kernel follows: path_resolution(7). */
const MOST_LINKS = 40;
/** A script whose interpreter is a script, and so on: the kernel follows 4. */
const MOST_INTERPRETERS = 5;
/** What the kernel reads of a program to find its interpreter: BINPRM_BUF_SIZE. */
const HEAD = 256;

/** Looks at every directory on the way to the program from / on, at those of each link, at the program, and in the same way at the
 *  interpreter of a script, also at the one that `#!/usr/bin/env NAME` finds in SEARCH_PATH. What a script calls or is given as an
 *  argument is not looked at. Nothing is remembered: 0.1 to 0.2 ms. Takes as long as the file system.
 *  @param path from / on
 *  @returns null when nobody but root can change what runs, or put something there where nothing is; else what is wrong, and the
 *  command that mends it */
export async function distrust(path: string): Promise<string | null> {
  return distrustProgram(path, 0);
}

async function distrustProgram(path: string, depth: number): Promise<string | null> {
  const found = await examine(path);
  if (found.kind === 'missing') return null;
  if (found.kind === 'unsafe') return found.words;
  const { at, about } = found;
  if (!about.isFile()) return `${at} is ${kindOf(about)}, not a program`;
  if ((about.mode & 0o111) === 0) return `${at} is not executable (mode ${octal(about)}): chmod +x ${quoted(at)}`;
  const [interpreter, argument = ''] = interpreterOf(at);
  if (interpreter === undefined) return null;
  if (depth >= MOST_INTERPRETERS) return `${at} is a script of too many interpreters`;
  const doubt = await distrustProgram(interpreter, depth + 1);
  if (doubt !== null || basename(interpreter) !== 'env') return doubt;
  const wanted = programOfEnv(argument);
  return wanted === null ? null : distrustByName(wanted, depth + 1);
}

/** Whoever can put a program into a directory that is searched earlier decides which one runs. */
async function distrustByName(name: string, depth: number): Promise<string | null> {
  if (name.includes('/')) return distrustProgram(join('/', name), depth);
  for (const directory of SEARCH_PATH.split(':')) {
    const path = join(directory, name);
    const found = await examine(path);
    if (found.kind === 'unsafe') return found.words;
    if (found.kind === 'found' && found.about.isFile() && (found.about.mode & 0o111) !== 0) return distrustProgram(path, depth);
  }
  return null;
}

type Examined =
  /** `at`: where the links lead. */
  | { readonly kind: 'found'; readonly at: string; readonly about: Stats }
  /** Not there, and only root can put it there. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'unsafe'; readonly words: string };

/** A file system that has answered is asked the rest at once, and not in a thread of Node's pool for each part of the path. */
const wake = shared((path: string) => stat(path).catch(() => null));

async function examine(path: string): Promise<Examined> {
  await wake(path);
  let at = '/';
  try {
    const todo = ['', ...partsOf(path)].reverse();
    let about = lstatSync(at);
    let links = 0;
    for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
      const next = part === '..' ? dirname(at) : join(at, part);
      const there = about.isDirectory() ? lstatSync(next, { throwIfNoEntry: false }) : undefined;
      if (there === undefined) return { kind: 'missing' };
      if (there.isSymbolicLink()) {
        // Its own owner does not matter: only who can write to its directory can make it lead elsewhere.
        links += 1;
        if (links > MOST_LINKS) return { kind: 'unsafe', words: `${path} leads through too many links` };
        const target = readlinkSync(next);
        if (target.startsWith('/')) at = '/';
        todo.push(...partsOf(target).reverse());
        continue;
      }
      const words = await doubtAbout(next, there);
      if (words !== null) return { kind: 'unsafe', words };
      at = next;
      about = there;
    }
    return { kind: 'found', at, about };
  } catch (error) {
    return { kind: 'unsafe', words: `${path} cannot be examined at ${at}: ${systemCode(error)}` };
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter(part => part !== '' && part !== '.');
}

async function doubtAbout(path: string, about: Stats): Promise<string | null> {
  const { uid, gid, mode } = about;
  const facts = `mode ${octal(about)}`;
  if (uid !== 0) {
    const owner = await userName(uid);
    return `${path} may be changed by ${owner} (owner ${owner}, ${facts}): chown root ${quoted(path)}`;
  }
  if ((mode & 0o002) !== 0) {
    // Who may not rename other people's files in there may still make such a name before they do.
    const sticky = (mode & constants.S_IFMT) === constants.S_IFDIR && (mode & 0o1000) !== 0;
    const cure = sticky ? 'put the program where only root writes, such as /usr/local/sbin' : `chmod o-w ${quoted(path)}`;
    return `${path} is writable for everybody (${facts}): ${cure}`;
  }
  if ((mode & 0o020) === 0) return null;
  if (gid !== 0) return `${path} may be changed by the group ${await groupName(gid)} (owner root, ${facts}): chmod g-w ${quoted(path)}`;
  // With a list, these bits of the mode are its mask, and say what any of those in the list may do at most.
  if (sysnet.hasAcl(path) === 0) return null;
  return `${path} may be changed by those in its access control list (owner root, ${facts}): setfacl -b ${quoted(path)}`;
}

/** The line `#!interpreter argument` of a script as the kernel reads it; empty for a program of another kind, and for one that we
 *  may not read (then it is no script for its user either, or root's own). */
function interpreterOf(path: string): readonly string[] {
  let fd = -1;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const head = Buffer.alloc(HEAD);
    const [line = ''] = head.toString('utf8', 0, readSync(fd, head, 0, HEAD, 0)).split(/[\n\0]/);
    const [, interpreter, argument = ''] = /^#![ \t]*([^ \t]+)[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    // From where the program will be: /.
    return interpreter === undefined ? [] : [join('/', interpreter), argument];
  } catch (error) {
    systemCode(error);
    return [];
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

/** `python3` of `-S -u HOME LANG=C python3 -I`. env(1)
 *  @returns null when there is none */
function programOfEnv(argument: string): string | null {
  const words = argument
    .replace(/^(-S|--split-string=)/, ' ')
    .split(/[ \t]+/)
    .filter(word => word !== '');
  while (words[0]?.startsWith('-')) if (['-u', '-C'].includes(words.shift() ?? '')) words.shift();
  return words.find(word => !word.includes('=')) ?? null;
}

function octal({ mode }: Stats): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w@%+:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
