// What the answers of a database come to: whether it serves as it should, in which role, how far behind. Pure.
// Must not know how it was asked, nor what refusals look like (database-refusal.ts).
import type { Micros } from '../vrrp/units.ts';
import type { MysqlProbe, PostgresProbe, RedisProbe, Seen, Trouble } from './probe.ts';

/** A row of a result: texts as the server sends them, null where it says NULL. */
export type Row = Readonly<Record<string, string | null>>;

/** What a MySQL or MariaDB server said about itself. */
export interface MysqlAnswers {
  /** SHOW GLOBAL VARIABLES and SHOW GLOBAL STATUS, by name in small letters; what it does not know or was not asked for is not
   *  in it. */
  readonly settings: Row;
  /** SHOW REPLICA STATUS: one row for each source that it replicates from; null: was not asked. */
  readonly replication: readonly Row[] | null;
}

/** One thing that was looked at. */
interface Finding {
  readonly trouble: Trouble | null;
  readonly words: string;
  /** Replication lag in seconds. */
  readonly lag?: number;
}

/** Judges a server that has answered SELECT 1. */
export function judgeMysql(probe: MysqlProbe, { settings, replication }: MysqlAnswers): Seen {
  return sum([
    ...(probe.writable ? [writability(settings)] : []),
    ...(probe.synced ? [synchrony(settings)] : []),
    ...(probe.maxLag === null ? [] : [worst(replication ?? [], probe.maxLag)]),
  ]);
}

/** read_only has more values than two since MariaDB 12, and only OFF lets everybody write. super_read_only is MySQL's own. */
function writability(settings: Row): Finding {
  const bars = ['super_read_only', 'read_only'].filter(name => !isOff(settings[name]));
  return bars.length === 0 ? { trouble: null, words: 'writable' } : { trouble: 'wrong-role', words: 'read-only' };
}

function isOff(value: string | null | undefined): boolean {
  return value === undefined || value === 'OFF' || value === '0';
}

/** Without a cluster there is no state. https://mariadb.com/kb/en/galera-cluster-status-variables/ */
function synchrony({ wsrep_ready: ready, wsrep_local_state_comment: state }: Row): Finding {
  if (state === undefined || state === null || state === '') return { trouble: 'wrong-role', words: 'no Galera node' };
  const words = `Galera: ${state}`;
  if (ready !== 'ON') return { trouble: 'wrong-role', words: `${words}, not ready` };
  return { trouble: state === 'Synced' ? null : 'wrong-role', words };
}

/** A replica has one lag for each source; the longest one counts, and not to know it is worse. */
function worst(replication: readonly Row[], most: Micros): Finding {
  const all = replication.map(row => replica(row, most));
  const [first] = all;
  if (first === undefined) return { trouble: 'wrong-role', words: 'no replica: it replicates from nobody' };
  return all.reduce((a, b) => (severity(b) > severity(a) ? b : a), first);
}

function severity({ lag }: Finding): number {
  return lag ?? Number.POSITIVE_INFINITY;
}

/** The columns have one name since MySQL 8.0.22, and another before it and in MariaDB. The texts of the errors are left out: they
 *  repeat statements, and those hold passwords. */
function replica(row: Row, most: Micros): Finding {
  const field = (fresh: string, old: string): string | null => row[fresh] ?? row[old] ?? null;
  const stopped = [
    ['receiver', field('Replica_IO_Running', 'Slave_IO_Running'), row.Last_IO_Errno],
    ['applier', field('Replica_SQL_Running', 'Slave_SQL_Running'), row.Last_SQL_Errno],
  ].find(([, running]) => running !== 'Yes');
  if (stopped !== undefined) {
    const [thread, running, errno] = stopped;
    const how = running === 'Connecting' || running === 'Preparing' ? 'does not reach its source' : `${thread} stopped`;
    const error = errno === undefined || errno === null || errno === '0' ? '' : ` by error ${errno}`;
    return { trouble: 'lagging', words: `replica, ${how}${error}` };
  }
  return late('replica', number(field('Seconds_Behind_Source', 'Seconds_Behind_Master')), most);
}

/** @param lag seconds; null: the server does not know */
function late(role: string, lag: number | null, most: Micros): Finding {
  if (lag === null) return { trouble: 'lagging', words: `${role}, lag unknown` };
  return { trouble: lag * 1_000_000 > most ? 'lagging' : null, words: `${role}, ${showLag(lag)} behind`, lag };
}

function showLag(seconds: number): string {
  return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
}

function number(text: string | null | undefined): number | null {
  const value = text === null || text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** The one row that `judgePostgres` wants; PostgreSQL 10 and later. The lag is that of the last transaction that was replayed, and
 *  none while everything that was received is replayed and somebody receives: a source that has nothing to do sends nothing.
 *  https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-RECOVERY-INFO */
export const POSTGRES_STANDING = `SELECT pg_is_in_recovery() AS standby,
  pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() AS level,
  EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL) AS receiving,
  extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) AS behind`;

/** Judges a server that has answered.
 *  @param standing what `POSTGRES_STANDING` gave; null: was not asked */
export function judgePostgres(probe: PostgresProbe, standing: Row | null): Seen {
  if (standing === null) return sum([]);
  const role = standing.standby === 't' ? 'standby' : 'primary';
  const wrong = probe.role !== null && probe.role !== role;
  if (wrong || probe.maxLag === null) return sum([{ trouble: wrong ? 'wrong-role' : null, words: role }]);
  // A primary has no lag, and whoever asks for a limit of it means a standby.
  if (role === 'primary') return sum([{ trouble: 'wrong-role', words: 'primary, and no standby that could lag' }]);
  const receiving = standing.receiving === 't';
  const lag = standing.level === 't' && receiving ? 0 : number(standing.behind);
  const finding = late(role, lag === null ? null : Math.max(0, lag), probe.maxLag);
  return sum([receiving ? finding : { ...finding, words: `${finding.words}, and it receives nothing` }]);
}

/** Judges a server that has answered PING.
 *  @param reply of ROLE, https://redis.io/docs/latest/commands/role/; undefined: was not asked */
export function judgeRedis(probe: RedisProbe, reply: unknown): Seen {
  if (reply === undefined) return sum([]);
  const [name, host, port, link]: readonly unknown[] = Array.isArray(reply) ? reply : [];
  switch (name) {
    case 'master':
      return sum([{ trouble: probe.role === 'replica' ? 'wrong-role' : null, words: 'master' }]);
    case 'slave': {
      const words = `replica of ${String(host)}:${String(port)}`;
      if (probe.role === 'master') return sum([{ trouble: 'wrong-role', words }]);
      // connect, connecting, sync: it has old data, or none.
      return sum([
        link === 'connected' ? { trouble: null, words } : { trouble: 'lagging', words: `${words}, which it lost (${String(link)})` },
      ]);
    }
    case 'sentinel':
      return sum([{ trouble: 'wrong-role', words: 'sentinel' }]);
    default:
      return { trouble: 'protocol', seen: 'no answer to ROLE' };
  }
}

/** What is bad comes alone, the rest is worth reading only when all is well. */
function sum(findings: readonly Finding[]): Seen {
  const bad = findings.filter(({ trouble }) => trouble !== null);
  const told = bad.length > 0 ? bad : findings;
  const lag = findings.find(finding => finding.lag !== undefined)?.lag;
  return {
    trouble: bad[0]?.trouble ?? null,
    seen: told.map(({ words }) => words).join(', ') || 'answers',
    ...(lag === undefined ? {} : { number: lag }),
  };
}
