// Speaks with PostgreSQL through pg: login, SELECT 1, and how the server stands. A part of its own in the executable.
// Must not know time limits (databases.ts) nor what the answers mean (check/database.ts).
import Client from 'pg/lib/client.js';
import { judgePostgres, POSTGRES_STANDING } from '../../../check/database.ts';
import { postgresRefusal } from '../../../check/database-refusal.ts';
import type { PostgresProbe, Seen } from '../../../check/probe.ts';
import { Breach, createFramer, type Gate } from './guarded-stream.ts';
import type { Session } from './session.ts';

export async function lookAtPostgres(probe: PostgresProbe, session: Session): Promise<Seen> {
  const stream = session.stream(createPostgresGate());
  const client = new Client({
    host: probe.host || 'localhost',
    port: probe.port,
    user: session.user,
    database: probe.database,
    // Never ~/.pgpass, nor PGPASSWORD.
    password: () => session.password,
    ssl: false,
    sslnegotiation: 'postgres',
    // It is connected by now.
    stream: Object.assign(stream, { setNoDelay() {}, connect: () => void queueMicrotask(() => stream.emit('connect')) }),
    types: { getTypeParser: () => text => text },
  });
  // And nothing else of the environment either: PGOPTIONS, PGAPPNAME, ...
  client.getStartupConf = () => ({ user: session.user, database: probe.database, application_name: 'holdfast' });
  // Each failure also reaches whoever waits for an answer.
  client.on('error', () => {});
  try {
    await client.connect();
    session.now('asking');
    const asked = probe.role !== null || probe.maxLag !== null;
    const { rows } = await client.query(asked ? POSTGRES_STANDING : 'SELECT 1 AS alive');
    const [row] = rows;
    if (row === undefined) throw new Breach('no row is no answer');
    return judgePostgres(probe, asked ? row : null);
  } catch (error) {
    return refusal(error, session);
  } finally {
    // Terminate, so that the server does not report a lost client. Its promise waits for the end of the connection.
    client.end().catch(() => {});
  }
}

/** @throws what is no word of the server */
function refusal(error: unknown, session: Session): Seen {
  if (!(error instanceof Error)) throw error;
  if ('code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)) {
    return postgresRefusal(error.code, session.plain(error.message));
  }
  // Login by SCRAM, RFC 5802, which pg gives up for reasons of its own: there is no password, the server does not prove that it knows
  // it too, or wants more rounds than anybody needs.
  const scram = /^SASL: (?:SCRAM-SERVER-[A-Z]+-MESSAGE: )?(.*(?:password must|signature does not match|iteration count|mechanism).*)/;
  const why = scram.exec(error.message)?.[1];
  if (why !== undefined) return { trouble: 'denied', seen: `no login: ${session.plain(why)}` };
  throw error;
}

/** Messages of a letter and a length of 4 bytes, which counts itself.
 *  https://www.postgresql.org/docs/current/protocol-message-formats.html */
export function createPostgresGate(): Gate {
  const frame = createFramer(5, bytes => 1 + bytes.readUInt32BE(1));
  return {
    *incoming(chunk) {
      for (const message of frame(chunk)) {
        if (!isSafe(message)) throw new Breach('no message has such a form');
        yield message;
      }
    },
  };
}

/** ErrorResponse and NoticeResponse are fields, each a letter and a text with a 0 at its end, and a 0 behind the last one. Without
 *  it, pg looks for it for ever. What else is wrong with a message, pg finds out without harm. */
function isSafe(message: Buffer): boolean {
  const kind = String.fromCharCode(message[0] ?? 0);
  if (kind !== 'E' && kind !== 'N') return true;
  for (let at = 5; at < message.length; ) {
    if (message[at] === 0) return true;
    const end = message.indexOf(0, at + 1);
    if (end < 0) return false;
    at = end + 1;
  }
  return false;
}
