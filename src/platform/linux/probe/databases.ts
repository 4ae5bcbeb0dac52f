// One look at a database: password, connection, login, a few questions, and nothing left of it. It is what a new client would
// see, so nothing is kept from one look to the next but the library. Must not know protocols (mysql.ts, postgres.ts, redis.ts)
// nor what the answers mean (check/database.ts).
import { createConnection, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { foreignSeen, hungSeen, lostSeen, type Phase, plainWords, socketSeen } from '../../../check/database-refusal.ts';
import { lateSeen } from '../../../check/network.ts';
import type { MysqlProbe, PostgresProbe, RedisProbe, Seen } from '../../../check/probe.ts';
import type { Micros } from '../../../vrrp/units.ts';
import { readSecret } from '../secret.ts';
import { codeOf, connectTo } from './connect.ts';
import { guardedStream, isBreach } from './guarded-stream.ts';
import type { Session } from './session.ts';
import { type Look, lookWithin } from './within.ts';

export type DatabaseProbe = MysqlProbe | PostgresProbe | RedisProbe;

type Speak = (session: Session) => Promise<Seen>;

/** Looks once. Never rejects for what the world does, and ends in time whatever a server does; by then the connection is closed.
 *  The first look of a kind loads its library before its time begins. */
export async function lookAtDatabase(probe: DatabaseProbe, timeout: Micros): Promise<Seen> {
  return look(probe, timeout, await protocolOf(probe));
}

/** Each is a part that the bundle does not contain, see build/bundle.ts. */
async function protocolOf(probe: DatabaseProbe): Promise<Speak> {
  switch (probe.type) {
    case 'mysql': {
      const { lookAtMysql } = await import('./mysql.ts');
      return session => lookAtMysql(probe, session);
    }
    case 'postgres': {
      const { lookAtPostgres } = await import('./postgres.ts');
      return session => lookAtPostgres(probe, session);
    }
    case 'redis': {
      const { lookAtRedis } = await import('./redis.ts');
      return session => lookAtRedis(probe, session);
    }
  }
}

function look(probe: DatabaseProbe, timeout: Micros, speak: Speak): Promise<Seen> {
  let phase: Phase = 'reading the password';
  let name: string | null = null;
  const late = (): Seen => (name === null ? hungSeen(phase, timeout) : lateSeen(timeout, name));
  return lookWithin(timeout, late, async look => {
    const fetched = probe.password === null ? { secret: '' } : await readSecret(probe.password);
    if ('failure' in fetched) {
      look.end({ trouble: 'denied', seen: fetched.failure });
      return;
    }
    if (look.ended) return;
    phase = 'connecting';
    const socket = await connection(probe, look, searched => {
      name = searched;
    });
    if ('trouble' in socket) {
      look.end(socket);
      return;
    }
    if (look.ended) return;
    phase = 'logging in';
    socket.on('error', error => look.end(lostSeen(codeOf(error), phase)));
    // A turn later, as what it said before is still being understood.
    socket.on('close', () => setImmediate(() => look.end(lostSeen(null, phase))));
    const broken = (error: unknown): void => look.end(foreignSeen(PROTOCOL[probe.type], howBroken(error)));
    try {
      // Its farewell has left with the call that wrote it, and nobody waits for an answer to that.
      const answer = await speak({
        user: probe.user ?? accountName(),
        password: fetched.secret,
        stream: gate => guardedStream(socket, gate, broken),
        now: next => {
          phase = next;
        },
        plain: words => plainWords(words, fetched.secret),
      });
      look.end(answer);
    } catch (error) {
      broken(error);
    }
  });
}

function connection(probe: DatabaseProbe, look: Look, searching: (name: string | null) => void): Promise<Socket | Seen> {
  if (probe.socket === null) return connectTo(look, probe.host, probe.port, undefined, searching);
  return connectLocally(look, probe.type === 'postgres' ? join(probe.socket, `.s.PGSQL.${probe.port}`) : probe.socket);
}

/** To a UNIX socket. As with `connectTo`, the look's end closes it. */
function connectLocally(look: Look, path: string): Promise<Socket | Seen> {
  return new Promise(resolve => {
    const socket = createConnection(path);
    look.closing(() => socket.destroy());
    // Stays for good: later ones have a listener of their own.
    socket.on('error', error => resolve(socketSeen(codeOf(error), path)));
    socket.once('connect', () => resolve(socket));
  });
}

const PROTOCOL = { mysql: 'MySQL', postgres: 'PostgreSQL', redis: 'Redis' } as const;

/** @param error a Breach, or what a library throws at messages that make no sense to it */
function howBroken(error: unknown): string {
  return isBreach(error) ? error.message : 'its messages make no sense';
}

/** Whom clients log in as unless they are told. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    // No entry in /etc/passwd, as in containers.
    return String(process.getuid?.());
  }
}
