// Why a database did not answer, from its own words and codes or the system's: the trouble, and one line for people. Pure.
// Must not know sockets. What comes from a server may be anything: it is cut, made one line, and rid of the password.
import type { Micros } from '../vrrp/units.ts';
import { networkSeen } from './network.ts';
import type { Seen, Trouble } from './probe.ts';
import { limitWords, oneLine } from './words.ts';

/** As much of a server's words as anybody reads. */
const LONGEST = 200;

/** One line of printable text without the secret, whatever a server has made of it. */
export function plainWords(text: string, secret: string): string {
  return oneLine(secret === '' ? text : text.replaceAll(secret, '***'), LONGEST);
}

/** ER_* of the MySQL and MariaDB manuals that mean user, password or permission: 1044 no such right on the database, 1045 and 1698
 *  wrong password, 1129 and 1130 not from this host, 1142 and 1227 no such right, 1251 and 1275 old protocol of authentication,
 *  1820 and 1862 password expired, 3118 and 4151 account locked, 3159 only over TLS, 3955 locked after too many attempts. */
const MYSQL_DENIED = new Set([1044, 1045, 1129, 1130, 1142, 1227, 1251, 1275, 1698, 1820, 1862, 3118, 3159, 3955, 4151]);

/** ER_UNKNOWN_COM_ERROR: what a Galera node says to everything while it has no part in a cluster. */
const MYSQL_ALONE = 1047;

/** @param words as the server said them, already plain */
export function mysqlRefusal(errno: number, words: string): Seen {
  const trouble = MYSQL_DENIED.has(errno) ? 'denied' : errno === MYSQL_ALONE ? 'wrong-role' : 'unexpected';
  return { trouble, seen: `the server says: ${words}` };
}

/** @param state SQLSTATE: class 28 is authorization, 42501 insufficient privilege. Not every program that speaks this protocol
 *  sends one
 *  @param words as the server said them, already plain */
export function postgresRefusal(state: string, words: string): Seen {
  const denied = state.startsWith('28') || state === '42501';
  return { trouble: denied ? 'denied' : 'unexpected', seen: `the server says: ${words}` };
}

const REDIS: Readonly<Record<string, Trouble>> = {
  NOAUTH: 'denied',
  WRONGPASS: 'denied',
  NOPERM: 'denied',
  DENIED: 'denied',
  // The link to the master is down, and replica-serve-stale-data is off.
  MASTERDOWN: 'lagging',
};

/** An error reply of Redis, whose first word is its code.
 *  @param words as the server said them, already plain
 *  @param to the command: every refusal of AUTH is one of the password, unless the server cannot serve at all */
export function redisRefusal(words: string, to: 'AUTH' | 'PING' | 'ROLE'): Seen {
  const code = words.split(' ', 1).join();
  // A server that does not know AUTH as we send it quotes what came with it, and may have cut the password short.
  const said = to === 'AUTH' ? words.split(/['"`]/, 1).join().trim() : words;
  const unable = code === 'LOADING' || code === 'BUSY' || /^ERR max number of clients/.test(words);
  const trouble = REDIS[code] ?? (to === 'AUTH' && !unable ? 'denied' : 'unexpected');
  return { trouble, seen: `the server says: ${said}` };
}

/** How far a look has come, once its name has an address. */
export type Phase = 'reading the password' | 'connecting' | 'logging in' | 'asking';

/** The time is over. */
export function hungSeen(phase: Phase, timeout: Micros): Seen {
  return { trouble: 'timeout', seen: `no answer within ${limitWords(timeout)}, while ${phase}` };
}

/** The connection is gone, and the server has not said why.
 *  @param code an errno name; null: it was closed in order */
export function lostSeen(code: string | null, phase: Phase): Seen {
  const { trouble, seen } =
    code === null ? { trouble: 'unreachable' as const, seen: 'the server closed the connection' } : networkSeen(code);
  return { trouble, seen: `${seen} while ${phase}` };
}

/** Whatever it is that listens there.
 *  @param how half a sentence of ours: what came may be anything, and so is not shown */
export function foreignSeen(protocol: 'MySQL' | 'PostgreSQL' | 'Redis', how: string): Seen {
  return { trouble: 'protocol', seen: `this is no ${protocol} protocol: ${how}` };
}

/** No connection to a UNIX socket. unix(7)
 *  @param code an errno name */
export function socketSeen(code: string, path: string): Seen {
  switch (code) {
    case 'ENOENT':
      return { trouble: 'refused', seen: `there is no ${path}` };
    case 'ENOTSOCK':
      return { trouble: 'refused', seen: `${path} is no socket` };
    case 'EACCES':
      return { trouble: 'denied', seen: `${path}: permission denied` };
    // Its queue is full.
    case 'EAGAIN':
      return { trouble: 'refused', seen: `${path}: whoever listens there does not accept` };
    default: {
      const { trouble, seen } = networkSeen(code);
      return { trouble, seen: `${path}: ${seen}` };
    }
  }
}
