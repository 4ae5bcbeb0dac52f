// Starts a program that is none of ours: who it runs as, what its environment is, and that it gets nothing else from us.
// Must not know why it is started, nor wait for it.
import type { SystemError } from '../ports.ts';
import { type Account, accountOf, ownAccount } from './accounts.ts';
import { errnoName, sysnet } from './sysnet.ts';
import { SEARCH_PATH } from './trust.ts';

/** The account that programs run as unless the configuration says otherwise. */
const STANDARD = 'holdfast';
const LOOK_UP = 'find the account';

/** Who a program runs as.
 *  @param user null: the account `holdfast` where there is one and we are root, else our own. A daemon that is not root has no more
 *  rights than its programs, and most likely cannot become somebody else
 *  @returns a SystemError when there is no such account, or its directory does not answer */
export async function accountFor(user: string | null): Promise<Account | SystemError> {
  if (user !== null) return (await accountOf(user)) ?? { kind: 'system-error', op: LOOK_UP, code: 'ENOENT', target: user };
  const standard = process.geteuid?.() === 0 ? await accountOf(STANDARD) : null;
  return standard ?? ownAccount();
}

/** Starts a program, in a session of its own, as an ordinary process without anything of ours: see `spawn` in sysnet.ts. Ask
 *  `distrust` before.
 *  @param argv by its full path, then its arguments
 *  @param environment besides PATH, HOME, USER, LOGNAME, SHELL and LANG, which it may replace
 *  @param fdMap [ours, its, ours, its, ...]: 0, 1 and 2 too, since ours are not for others
 *  @returns its process id, which is that of its group and of its session too; it is a child of ours, to be reaped */
export function launch(
  argv: readonly string[],
  account: Account,
  environment: Readonly<Record<string, string>>,
  fdMap: readonly number[],
): number | SystemError {
  const [path = ''] = argv;
  const { name, home, uid, gid, groups } = account;
  const standard = { PATH: SEARCH_PATH, HOME: home, USER: name, LOGNAME: name, SHELL: '/bin/sh', LANG: 'C.UTF-8' };
  const envp = Object.entries({ ...standard, ...environment }).map(([key, value]) => `${key}=${value}`);
  const pid = sysnet.spawn(path, argv, envp, Int32Array.from(fdMap), true, Uint32Array.of(uid, gid, ...groups));
  if (pid > 0) return pid;
  const code = errnoName(pid);
  // execve does not say this about a program that we may look at.
  const op = code === 'EPERM' ? `run as ${name}` : 'run';
  return { kind: 'system-error', op, code, target: path };
}

/** Why a program could not be started, for people. */
export function failureWords({ op, code, target }: SystemError): string {
  switch (code) {
    case 'ENOENT':
      return op === LOOK_UP ? `there is no account ${target}` : `${target}, or the interpreter of its first line, does not exist`;
    case 'EACCES':
      return `${target} may not be run by its user: permissions of the file and its directories, or mounted noexec`;
    case 'EPERM':
      return `${target} cannot ${op}: holdfast has to be root for that`;
    case 'ETIMEDOUT':
      return `${target} could not be begun within 1 s: its user's processes stop each other, or its file system does not answer`;
    case 'ENOEXEC':
      return `${target} is no program: begin a script with #!/bin/sh or another interpreter`;
    default:
      return `cannot ${op} ${target}: ${code}`;
  }
}
