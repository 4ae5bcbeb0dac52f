// Speaks with MySQL and MariaDB through mysql2: login, SELECT 1, and what the check asks for. A part of its own in the executable.
// Must not know time limits (databases.ts) nor what the answers mean (check/database.ts).
import { createConnection, type QueryError } from 'mysql2';
import { judgeMysql, type Row } from '../../../check/database.ts';
import { mysqlRefusal } from '../../../check/database-refusal.ts';
import type { MysqlProbe, Seen } from '../../../check/probe.ts';
import { Breach, createFramer, type Gate } from './guarded-stream.ts';
import type { Session } from './session.ts';

const BARS = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only')";
const CLUSTER = "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_local_state_comment')";

/** MariaDB has named sources, and its plain statement shows only the one without a name. */
const REPLICATION = {
  mariadb: ['SHOW ALL REPLICAS STATUS', 'SHOW ALL SLAVES STATUS'],
  mysql: ['SHOW REPLICA STATUS', 'SHOW SLAVE STATUS'],
} as const;

/** ER_PARSE_ERROR: an older server, which has another word for it. */
const UNKNOWN_STATEMENT = 1064;

export async function lookAtMysql(probe: MysqlProbe, session: Session): Promise<Seen> {
  const connection = createConnection({
    stream: session.stream(createMysqlGate()),
    user: session.user,
    password: session.password,
    // Over a UNIX socket, a password may be sent as it is.
    ...(probe.socket === null ? {} : { socketPath: probe.socket }),
    connectTimeout: 0,
    // Room for 16000 is made at once otherwise.
    maxPreparedStatements: 1,
    multipleStatements: false,
    // No file of ours, whatever the server asks for.
    flags: ['-LOCAL_FILES'],
    // No code is made of names that a server sends.
    disableEval: true,
    typeCast: field => field.string('utf8'),
    connectAttributes: { program_name: 'holdfast' },
  });
  // Each failure also reaches whoever waits for an answer.
  connection.on('error', () => {});

  /** @throws QueryError */
  function ask(sql: string): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      connection.query(sql, (error: QueryError | null, rows: unknown) => (error === null ? resolve(rowsOf(rows)) : reject(error)));
    });
  }

  async function replication(version: string): Promise<readonly Row[]> {
    const [first, second] = REPLICATION[/mariadb/i.test(version) ? 'mariadb' : 'mysql'];
    try {
      return await ask(first);
    } catch (error) {
      if (errnoOf(error) !== UNKNOWN_STATEMENT) throw error;
      return ask(second);
    }
  }

  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect(error => (error === null ? resolve() : reject(error)));
    });
    session.now('asking');
    const [alive] = await ask('SELECT 1 AS alive, VERSION() AS version');
    if (alive?.alive !== '1') throw new Breach('1 is something else');
    return judgeMysql(probe, {
      settings: settingsOf([...(probe.writable ? await ask(BARS) : []), ...(probe.synced ? await ask(CLUSTER) : [])]),
      replication: probe.maxLag === null ? null : await replication(alive.version ?? ''),
    });
  } catch (error) {
    return refusal(error, session);
  } finally {
    // COM_QUIT, so that the server does not count an aborted client.
    connection.end(() => {});
  }
}

/** Names and values, by name in small letters. */
function settingsOf(rows: readonly Row[]): Row {
  return Object.fromEntries(rows.map(({ Variable_name: name, Value: value }) => [(name ?? '').toLowerCase(), value ?? null]));
}

function rowsOf(rows: unknown): readonly Row[] {
  if (!Array.isArray(rows)) throw new Breach('no rows are no answer');
  return rows.map((row: unknown) =>
    Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, typeof value === 'string' ? value : null])),
  );
}

/** @throws what is no word of the server */
function refusal(error: unknown, session: Session): Seen {
  if (!(error instanceof Error)) throw error;
  const errno = errnoOf(error);
  const words = 'sqlMessage' in error && typeof error.sqlMessage === 'string' ? error.sqlMessage : error.message;
  if (errno !== null) return mysqlRefusal(errno, session.plain(words));
  // It wants a way of authentication that mysql2 does not know, or one that would show the password to the network.
  const plugin = /plugin (\w+)|using (mysql_clear_password)/.exec(error.message);
  if (plugin !== null)
    return { trouble: 'denied', seen: `no login: the server wants ${plugin[1] ?? plugin[2]}, which holdfast does not do` };
  throw error;
}

function errnoOf(error: unknown): number | null {
  // Those of the system are below 0.
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number' && error.errno > 0 ? error.errno : null;
}

/** Packets with a length of 3 bytes and a number of their own, which goes on in turn from the other side's last one. The library
 *  would print a warning about one out of turn. https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html */
export function createMysqlGate(): Gate {
  const frame = createFramer(4, bytes => 4 + bytes.readUIntLE(0, 3));
  let last = 255;
  return {
    *incoming(chunk) {
      for (const packet of frame(chunk)) {
        last = (last + 1) % 256;
        // A server that closes by itself says why out of turn (0xff: an error).
        if (packet[4] === 0xff) packet[3] = last;
        if (packet[3] !== last) throw new Breach('a packet came out of turn');
        yield packet;
      }
    },
    outgoing(packet) {
      last = packet[3] ?? 0;
    },
  };
}
