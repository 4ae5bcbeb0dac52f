// What answers of databases come to, by value. test/platform/linux/probe/databases.ts shows that real servers answer so.
// Must not know how they are asked.
import t from 'tap';
import { judgeMysql, judgePostgres, judgeRedis, type Row } from '../../src/check/database.ts';
import type { MysqlProbe, PostgresProbe, RedisProbe } from '../../src/check/probe.ts';
import { seconds } from '../../src/vrrp/units.ts';

const ENDPOINT = { host: '127.0.0.1', port: 1, socket: null, user: null, password: null };

const MYSQL: MysqlProbe = { type: 'mysql', ...ENDPOINT, writable: false, maxLag: null, synced: false };
const POSTGRES: PostgresProbe = { type: 'postgres', ...ENDPOINT, database: 'postgres', role: null, maxLag: null };
const REDIS: RedisProbe = { type: 'redis', ...ENDPOINT, role: null };

/** A replica as MySQL 8.0.22 and later show it. */
const REPLICA = {
  Replica_IO_Running: 'Yes',
  Replica_SQL_Running: 'Yes',
  Seconds_Behind_Source: '3',
  Last_IO_Errno: '0',
  Last_SQL_Errno: '0',
} satisfies Row;

t.test('mysql: that it answers is enough', async t => {
  t.same(judgeMysql(MYSQL, { settings: {}, replication: null }), { trouble: null, seen: 'answers' });
});

t.test('mysql: writable', async t => {
  const judge = (settings: Row) => judgeMysql({ ...MYSQL, writable: true }, { settings, replication: null });
  t.same(judge({ read_only: 'OFF' }), { trouble: null, seen: 'writable' }, 'MariaDB has no super_read_only');
  t.same(judge({ read_only: '0', super_read_only: 'OFF' }), { trouble: null, seen: 'writable' });
  for (const settings of [
    { read_only: 'ON' },
    { read_only: 'ON', super_read_only: 'ON' },
    { read_only: 'OFF', super_read_only: 'ON' },
    { read_only: '1' },
    { read_only: 'NO_LOCK' },
    { read_only: null },
  ]) {
    t.same(judge(settings), { trouble: 'wrong-role', seen: 'read-only' }, JSON.stringify(settings));
  }
});

t.test('mysql: Galera', async t => {
  const judge = (settings: Row) => judgeMysql({ ...MYSQL, synced: true }, { settings, replication: null });
  t.same(judge({ wsrep_ready: 'ON', wsrep_local_state_comment: 'Synced' }), { trouble: null, seen: 'Galera: Synced' });
  t.same(judge({ wsrep_ready: 'ON', wsrep_local_state_comment: 'Donor/Desynced' }), {
    trouble: 'wrong-role',
    seen: 'Galera: Donor/Desynced',
  });
  t.same(judge({ wsrep_ready: 'OFF', wsrep_local_state_comment: 'Initialized' }), {
    trouble: 'wrong-role',
    seen: 'Galera: Initialized, not ready',
  });
  for (const state of [{}, { wsrep_local_state_comment: null }, { wsrep_local_state_comment: '' }]) {
    t.same(judge({ wsrep_ready: 'OFF', ...state }), { trouble: 'wrong-role', seen: 'no Galera node' }, 'as MariaDB says alone');
  }
});

t.test('mysql: replication', async t => {
  const judge = (...replication: readonly Row[]) => judgeMysql({ ...MYSQL, maxLag: seconds(30) }, { settings: {}, replication });
  t.same(judge(REPLICA), { trouble: null, seen: 'replica, 3 s behind', number: 3 });
  t.same(judge({ ...REPLICA, Seconds_Behind_Source: '30' }), { trouble: null, seen: 'replica, 30 s behind', number: 30 }, 'at most');
  t.same(judge({ ...REPLICA, Seconds_Behind_Source: '31' }), { trouble: 'lagging', seen: 'replica, 31 s behind', number: 31 });
  t.same(judge({ Slave_IO_Running: 'Yes', Slave_SQL_Running: 'Yes', Seconds_Behind_Master: '0' }), {
    trouble: null,
    seen: 'replica, 0 s behind',
    number: 0,
  });
  for (const unknown of [null, '', 'soon']) {
    t.same(judge({ ...REPLICA, Seconds_Behind_Source: unknown }), { trouble: 'lagging', seen: 'replica, lag unknown' });
  }
  t.same(judge({ ...REPLICA, Replica_SQL_Running: 'No', Last_SQL_Errno: '1062' }), {
    trouble: 'lagging',
    seen: 'replica, applier stopped by error 1062',
  });
  t.same(judge({ ...REPLICA, Replica_IO_Running: 'No', Last_IO_Errno: null }), { trouble: 'lagging', seen: 'replica, receiver stopped' });
  t.same(judge({ Slave_IO_Running: 'Preparing', Slave_SQL_Running: 'Yes' }), {
    trouble: 'lagging',
    seen: 'replica, does not reach its source',
  });
  t.same(judge({ Slave_IO_Running: 'Connecting', Last_IO_Errno: '2003' }), {
    trouble: 'lagging',
    seen: 'replica, does not reach its source by error 2003',
  });
  const secret = "Error on query. Query: 'CREATE USER a IDENTIFIED BY 'hidden''";
  t.notMatch(judge({ ...REPLICA, Replica_SQL_Running: 'No', Last_SQL_Errno: '1', Last_SQL_Error: secret }).seen, /hidden/);
  t.same(judge({}), { trouble: 'lagging', seen: 'replica, receiver stopped' }, 'columns of another server');
  t.same(judge(), { trouble: 'wrong-role', seen: 'no replica: it replicates from nobody' });
  t.same(judgeMysql({ ...MYSQL, maxLag: seconds(30) }, { settings: {}, replication: null }).trouble, 'wrong-role');
});

t.test('mysql: the worst of several sources counts', async t => {
  const judge = (...lags: readonly (string | null)[]) =>
    judgeMysql(
      { ...MYSQL, maxLag: seconds(30) },
      { settings: {}, replication: lags.map(lag => ({ ...REPLICA, Seconds_Behind_Source: lag })) },
    );
  t.equal(judge('1', '5', '2').seen, 'replica, 5 s behind');
  t.equal(judge('40', '5').seen, 'replica, 40 s behind');
  t.equal(judge('5', null, '40').seen, 'replica, lag unknown');
});

t.test('mysql: all that is good, or all that is bad', async t => {
  const all: MysqlProbe = { ...MYSQL, writable: true, synced: true, maxLag: seconds(30) };
  const settings = { read_only: 'OFF', wsrep_ready: 'ON', wsrep_local_state_comment: 'Synced' };
  t.same(judgeMysql(all, { settings, replication: [REPLICA] }), {
    trouble: null,
    seen: 'writable, Galera: Synced, replica, 3 s behind',
    number: 3,
  });
  t.same(judgeMysql(all, { settings: { ...settings, read_only: 'ON' }, replication: [{ ...REPLICA, Seconds_Behind_Source: '99' }] }), {
    trouble: 'wrong-role',
    seen: 'read-only, replica, 99 s behind',
    number: 99,
  });
});

t.test('postgres: role', async t => {
  const judge = (role: PostgresProbe['role'], standby: string) => judgePostgres({ ...POSTGRES, role }, { standby });
  t.same(judge('primary', 'f'), { trouble: null, seen: 'primary' });
  t.same(judge('standby', 't'), { trouble: null, seen: 'standby' });
  t.same(judge('primary', 't'), { trouble: 'wrong-role', seen: 'standby' });
  t.same(judge('standby', 'f'), { trouble: 'wrong-role', seen: 'primary' });
  t.same(judge(null, 't'), { trouble: null, seen: 'standby' });
  t.same(judgePostgres(POSTGRES, null), { trouble: null, seen: 'answers' });
});

t.test('postgres: lag', async t => {
  const judge = (standing: Row, role: PostgresProbe['role'] = null) =>
    judgePostgres({ ...POSTGRES, role, maxLag: seconds(10) }, { standby: 't', receiving: 't', level: 'f', behind: '0.26', ...standing });
  t.same(judge({}), { trouble: null, seen: 'standby, 0.3 s behind', number: 0.26 });
  t.same(judge({ behind: '35.4' }), { trouble: 'lagging', seen: 'standby, 35 s behind', number: 35.4 });
  t.same(judge({ behind: '35.4', level: 't' }), { trouble: null, seen: 'standby, 0 s behind', number: 0 }, 'it has all there is');
  t.same(judge({ behind: null, level: 't' }), { trouble: null, seen: 'standby, 0 s behind', number: 0 });
  t.same(judge({ behind: '-0.2' }), { trouble: null, seen: 'standby, 0 s behind', number: 0 }, 'clocks differ');
  t.same(judge({ behind: null }), { trouble: 'lagging', seen: 'standby, lag unknown' });
  t.same(judge({ behind: '35', level: 't', receiving: 'f' }), {
    trouble: 'lagging',
    seen: 'standby, 35 s behind, and it receives nothing',
    number: 35,
  });
  t.same(judge({ behind: '5', level: null, receiving: 'f' }), {
    trouble: null,
    seen: 'standby, 5 s behind, and it receives nothing',
    number: 5,
  });
  t.same(judge({ behind: '35' }, 'primary'), { trouble: 'wrong-role', seen: 'standby' }, 'the role comes first');
  t.same(judge({ standby: 'f', behind: null }), { trouble: 'wrong-role', seen: 'primary, and no standby that could lag' });
});

t.test('redis: role', async t => {
  const judge = (role: RedisProbe['role'], reply: unknown) => judgeRedis({ ...REDIS, role }, reply);
  const master = ['master', 3129659, [['127.0.0.1', '9001', '3129242']]];
  const replica = ['slave', '192.0.2.1', 6379, 'connected', 3167038];
  t.same(judge(null, undefined), { trouble: null, seen: 'answers' });
  t.same(judge('master', master), { trouble: null, seen: 'master' });
  t.same(judge('replica', master), { trouble: 'wrong-role', seen: 'master' });
  t.same(judge('replica', replica), { trouble: null, seen: 'replica of 192.0.2.1:6379' });
  t.same(judge('master', replica), { trouble: 'wrong-role', seen: 'replica of 192.0.2.1:6379' });
  t.same(judge('replica', ['slave', '192.0.2.1', 6379, 'connect', -1]), {
    trouble: 'lagging',
    seen: 'replica of 192.0.2.1:6379, which it lost (connect)',
  });
  t.same(judge('master', ['sentinel', ['mymaster']]), { trouble: 'wrong-role', seen: 'sentinel' });
  for (const odd of [null, 'master', 7, [], [null], ['primary']]) {
    t.same(judge('master', odd), { trouble: 'protocol', seen: 'no answer to ROLE' }, JSON.stringify(odd));
  }
});
