// Accounts of this machine by their names: what a program needs to run as one of them. passwd(5), group(5), getent(1)
// Must not know who runs what.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { sysnet } from './sysnet.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary ones, without `gid`. */
  readonly groups: readonly number[];
  readonly home: string;
}

/** How long an answer is good; in µs. */
const FRESH = 10_000_000;
/** Directory services may be far away; in ms. */
const PATIENCE = 2_000;

const asked = new Map<string, () => Promise<Account | null>>();

/** Looks in the files first, and asks the machine's other directories (LDAP, SSSD) only for what is not there. An answer is kept for
 *  10 s, also that there is none.
 *  @returns null when there is no such account, or nobody answers within 2 s */
export function accountOf(name: string): Promise<Account | null> {
  const ask = asked.get(name) ?? kept(() => find(name));
  asked.set(name, ask);
  return ask();
}

/** The one that this process runs as, kept likewise. It need not have a name: then it is its number, and its home is `/`. */
export const ownAccount = kept(async (): Promise<Account> => {
  const [uid = 0, gid = 0] = [process.geteuid?.(), process.getegid?.()];
  const entry = entries(await readText('/etc/passwd')).find(fields => fields[2] === `${uid}`);
  const groups = (process.getgroups?.() ?? []).filter(group => group !== gid);
  return { name: entry?.[0] ?? `${uid}`, uid, gid, groups, home: entry?.[5] || '/' };
});

function kept<T>(look: () => Promise<T>): () => Promise<T> {
  let answer: { readonly until: number; readonly value: Promise<T> } | null = null;
  return () => {
    if (answer === null || sysnet.now() >= answer.until) answer = { until: sysnet.now() + FRESH, value: look() };
    return answer.value;
  };
}

/** For people: its name, or its number where /etc/passwd has none. */
export async function userName(uid: number): Promise<string> {
  return entries(await readText('/etc/passwd')).find(fields => fields[2] === `${uid}`)?.[0] ?? `${uid}`;
}

/** For people: its name, or its number where /etc/group has none. */
export async function groupName(gid: number): Promise<string> {
  return entries(await readText('/etc/group')).find(fields => fields[2] === `${gid}`)?.[0] ?? `${gid}`;
}

async function find(name: string): Promise<Account | null> {
  const [passwd, group] = await Promise.all([readText('/etc/passwd'), readText('/etc/group')]);
  const here = parsePasswd(passwd, name);
  if (here !== null) return { ...here, groups: groupsOf(group, here) };
  // A name that begins like an option, or with what no account has, is not asked for.
  if (!/^[\p{L}\p{N}_][^\s:,/]*$/u.test(name)) return null;
  const there = parsePasswd(await getent('passwd', name), name);
  if (there === null) return null;
  // A line of names and numbers, `alice  1000 27`: the groups of the files are among them.
  const [, ...numbers] = (await getent('initgroups', name)).trim().split(/\s+/);
  const more = numbers.map(Number).filter(Number.isInteger);
  return { ...there, groups: [...new Set([...groupsOf(group, there), ...more])].filter(gid => gid !== there.gid) };
}

/** `name:password:uid:gid:comment:home:shell` */
function parsePasswd(text: string, name: string): Omit<Account, 'groups'> | null {
  const fields = entries(text).find(([first]) => first === name);
  if (fields === undefined) return null;
  const [, , uid = '', gid = '', , home = ''] = fields;
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return null;
  return { name, uid: Number(uid), gid: Number(gid), home: home === '' ? '/' : home };
}

/** `name:password:gid:member,member` */
function groupsOf(text: string, { name, gid }: Pick<Account, 'name' | 'gid'>): readonly number[] {
  const member = entries(text).filter(([, , , members = '']) => members.split(',').includes(name));
  return [...new Set(member.map(([, , id]) => Number(id)))].filter(id => Number.isInteger(id) && id !== gid);
}

function entries(text: string): readonly string[][] {
  const lines = text.split('\n').filter(line => !line.startsWith('#'));
  return lines.map(line => line.split(':'));
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

function getent(database: string, key: string): Promise<string> {
  return new Promise(resolve => {
    const options = { timeout: PATIENCE, killSignal: 'SIGKILL', env: { PATH: '/usr/bin:/bin' } } as const;
    execFile('getent', [database, key], options, (error, out) => resolve(error === null ? out : ''));
  });
}
