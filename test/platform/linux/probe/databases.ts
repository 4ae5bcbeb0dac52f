// Looks at real MariaDB, PostgreSQL and Redis servers: alone, as replicas, read-only, behind, with passwords that are wrong.
// Must not know how the library of each does it. What answers no server gives is in databases-hostile.ts.
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { MysqlProbe, PostgresProbe, RedisProbe, Seen } from '../../../../src/check/probe.ts';
import { type DatabaseProbe, lookAtDatabase } from '../../../../src/platform/linux/probe/databases.ts';
import { micros, seconds } from '../../../../src/vrrp/units.ts';
import { lacksGalera, lacksMariadb, mariadbs } from '../../../fixtures/servers/mariadb.ts';
import { freePort } from '../../../fixtures/servers/place.ts';
import { lacksPostgres, postgres } from '../../../fixtures/servers/postgres.ts';
import { lacksRedis, redises } from '../../../fixtures/servers/redis.ts';
import { until } from '../../../netns/lab/clock.ts';

const PASSWORD = "s3cret'%\\pass";
const WRONG = 'not-the-secret';
process.env.HF_TEST_PASSWORD = PASSWORD;
process.env.HF_TEST_WRONG = WRONG;
const RIGHT_SECRET = { from: 'env', name: 'HF_TEST_PASSWORD' } as const;
const WRONG_SECRET = { from: 'env', name: 'HF_TEST_WRONG' } as const;

// Libraries read these, and holdfast does not.
const folder = t.testdir({});
const passwords = join(folder, 'pgpass');
writeFileSync(passwords, `*:*:*:*:${PASSWORD}\n`, { mode: 0o600 });
Object.assign(process.env, {
  PGHOST: '192.0.2.1',
  PGPORT: '1',
  PGUSER: 'somebody',
  PGDATABASE: 'elsewhere',
  PGPASSWORD: PASSWORD,
  PGPASSFILE: passwords,
  PGOPTIONS: '-c statement_timeout=nonsense',
  PGSSLMODE: 'require',
  PGSSLNEGOTIATION: 'direct',
  PGREPLICATION: 'true',
  NODE_PG_FORCE_NATIVE: '1',
  MYSQL_PWD: PASSWORD,
});

const printed: unknown[] = [];
for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const)
  t.intercept(console, name, { value: (...words: unknown[]) => printed.push(words) });
process.on('warning', warning => printed.push(warning));

/** More than any server needs here. */
const LIMIT = seconds(20);

function sockets(): number {
  return readdirSync('/proc/self/fd').filter(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

/** One look, after which no socket is left. */
async function look(t: Test, probe: DatabaseProbe): Promise<Seen> {
  const before = sockets();
  const seen = await lookAtDatabase(probe, LIMIT);
  t.equal(sockets(), before, `no socket is left (${seen.seen})`);
  t.notMatch(JSON.stringify(seen), PASSWORD.slice(0, 6));
  t.notMatch(JSON.stringify(seen), WRONG);
  return seen;
}

/** Looks until it sees what is expected to come. */
function see(probe: DatabaseProbe, trouble: Seen['trouble'], words: RegExp): Promise<Seen> {
  let seen: Seen = { trouble: null, seen: 'nothing' };
  const matches = async (): Promise<Seen | false> => {
    seen = await lookAtDatabase(probe, LIMIT);
    return seen.trouble === trouble && words.test(seen.seen) && seen;
  };
  return until(`${probe.type} to be ${words}`, 20_000, matches, () => JSON.stringify(seen));
}

t.test('mariadb', { skip: lacksMariadb }, async t => {
  const all = await mariadbs();
  t.teardown(() => all.stop());
  const [source, copy] = [await all.start(), await all.start('--read-only=ON')];
  await source.sql(`
    CREATE USER watch@'127.0.0.1' IDENTIFIED BY '${PASSWORD.replaceAll(/['\\]/g, '\\$&')}';
    CREATE USER empty@'127.0.0.1';
    CREATE USER copy@'127.0.0.1' IDENTIFIED BY 'copy';
    GRANT REPLICA MONITOR ON *.* TO watch@'127.0.0.1';
    GRANT REPLICATION SLAVE ON *.* TO copy@'127.0.0.1';
    CREATE DATABASE hf; CREATE TABLE hf.t (n INT);`);
  const base: MysqlProbe = {
    type: 'mysql',
    ...{ host: '127.0.0.1', port: source.port, socket: null, user: 'watch', password: RIGHT_SECRET },
    ...{ writable: false, maxLag: null, synced: false },
  };

  await t.test('who may look', async t => {
    t.same(await look(t, base), { trouble: null, seen: 'answers' });
    t.match(await look(t, { ...base, password: WRONG_SECRET }), {
      trouble: 'denied',
      seen: /Access denied for user 'watch'@.*password: YES/,
    });
    t.match(await look(t, { ...base, password: null }), { trouble: 'denied', seen: /Access denied for user 'watch'@.*password: NO/ });
    t.match(await look(t, { ...base, user: 'nobody' }), { trouble: 'denied', seen: /Access denied for user 'nobody'@/ });
    t.same(await look(t, { ...base, user: 'empty', password: null }), { trouble: null, seen: 'answers' });
    t.match(await look(t, { ...base, user: 'empty', password: null, maxLag: seconds(1) }), {
      trouble: 'denied',
      seen: /MONITOR privilege/,
    });
    t.same(await look(t, { ...base, password: { from: 'file', path: '/not/there' } }), {
      trouble: 'denied',
      seen: '/not/there does not exist',
    });
  });

  await t.test('a UNIX socket, and a name that has to be resolved', async t => {
    const local: MysqlProbe = { ...base, socket: source.socket, user: 'root', password: null };
    t.same(await look(t, local), { trouble: null, seen: 'answers' });
    const account = await look(t, { ...local, user: null });
    if (userInfo().username === 'root') t.equal(account.trouble, null, 'without a user, as who runs this');
    else t.match(account.seen, userInfo().username);
    t.match(await look(t, { ...local, socket: '/not/there.sock' }), { trouble: 'refused', seen: 'there is no /not/there.sock' });
    t.match(await look(t, { ...base, host: 'localhost' }), { trouble: null });
    t.match(await look(t, { ...base, host: 'no-such-name.invalid' }), { trouble: 'no-such-name' });
    t.match(await look(t, { ...base, port: await freePort() }), { trouble: 'refused', seen: 'connection refused' });
  });

  await t.test('writable', async t => {
    const probe = { ...base, writable: true };
    t.same(await look(t, probe), { trouble: null, seen: 'writable' });
    await source.sql('SET GLOBAL read_only = ON');
    t.same(await look(t, probe), { trouble: 'wrong-role', seen: 'read-only' });
    await source.sql('SET GLOBAL read_only = OFF');
    t.same(await look(t, probe), { trouble: null, seen: 'writable' });
  });

  await t.test('the server has not lost a client', async t => {
    t.match(await source.sql("SHOW GLOBAL STATUS LIKE 'Aborted_clients'"), /^Aborted_clients\t0$/m);
  });

  await t.test('replication, from a source with a name', async t => {
    const probe: MysqlProbe = { ...base, port: copy.port, maxLag: seconds(20) };
    t.same(await look(t, { ...base, maxLag: seconds(20) }), { trouble: 'wrong-role', seen: 'no replica: it replicates from nobody' });
    await copy.sql(`
      CHANGE MASTER 'hf' TO MASTER_HOST='127.0.0.1', MASTER_PORT=${source.port}, MASTER_USER='copy', MASTER_PASSWORD='copy';
      START SLAVE 'hf'`);
    const level = await see(probe, null, /^replica, \d+ s behind$/);
    t.type(level.number, 'number');
    t.match(await look(t, { ...probe, writable: true }), { trouble: 'wrong-role', seen: 'read-only' });

    await copy.sql("STOP SLAVE 'hf' SQL_THREAD");
    t.same(await look(t, probe), { trouble: 'lagging', seen: 'replica, applier stopped' });
    await copy.sql("STOP SLAVE 'hf'; CHANGE MASTER 'hf' TO MASTER_DELAY=3600; START SLAVE 'hf'");
    await source.sql('INSERT INTO hf.t VALUES (1)');
    const late = await see({ ...probe, maxLag: seconds(1) }, 'lagging', /^replica, ([2-9]|\d\d) s behind$/);
    t.ok((late.number ?? 0) > 1);
    await copy.sql(`STOP SLAVE 'hf'; CHANGE MASTER 'hf' TO MASTER_PORT=${await freePort()}; START SLAVE 'hf'`);
    await see(probe, 'lagging', /^replica, does not reach its source by error 2003$/);
  });

  await t.test('Galera, a cluster of one', { skip: lacksGalera }, async t => {
    t.same(await look(t, { ...base, synced: true }), { trouble: 'wrong-role', seen: 'no Galera node' });
    const node = await all.startGalera();
    const probe: MysqlProbe = { ...base, socket: node.socket, user: 'root', password: null, synced: true };
    await see(probe, null, /^Galera: Synced$/);
    await node.sql('SET GLOBAL wsrep_desync = ON');
    t.same(await look(t, probe), { trouble: 'wrong-role', seen: 'Galera: Donor/Desynced' });
    await node.sql('SET GLOBAL wsrep_desync = OFF');
    await see({ ...probe, writable: true }, null, /^writable, Galera: Synced$/);
    // To a cluster that is not there; this waits for it.
    const leaving = node.sql(`SET GLOBAL wsrep_cluster_address = 'gcomm://127.0.0.1:${await freePort()}'`).catch(() => '');
    await see(probe, 'wrong-role', /^Galera: Initialized, not ready$/);
    await node.kill();
    await leaving;
  });

  await t.test('too many are there already', async t => {
    await source.sql('SET GLOBAL max_connections = 10, GLOBAL extra_max_connections = 1');
    const waiting = Array.from({ length: 12 }, () => source.sql('SELECT SLEEP(60)').catch(() => ''));
    await see(base, 'unexpected', /^the server says: Too many connections$/);
    await source.stop();
    await Promise.all(waiting);
    t.match(await look(t, base), { trouble: 'refused' });
  });
});

t.test('postgres', { skip: lacksPostgres }, async t => {
  const all = await postgres();
  t.teardown(() => all.stop());
  const { primary } = all;
  await primary.sql(`
    CREATE ROLE watch LOGIN PASSWORD '${PASSWORD.replaceAll("'", "''")}';
    CREATE TABLE t (n int);`);
  const standby = await all.startStandby();
  const base: PostgresProbe = {
    type: 'postgres',
    ...{ host: '127.0.0.1', port: primary.port, socket: null, user: 'watch', password: RIGHT_SECRET },
    ...{ database: 'postgres', role: null, maxLag: null },
  };
  const second: PostgresProbe = { ...base, port: standby.port };

  await t.test('who may look', async t => {
    t.same(await look(t, base), { trouble: null, seen: 'answers' });
    const denied = /password authentication failed for user "watch"/;
    t.match(await look(t, { ...base, password: WRONG_SECRET }), { trouble: 'denied', seen: denied });
    t.match(
      await look(t, { ...base, password: null }),
      { trouble: 'denied', seen: /password/ },
      'PGPASSWORD and ~/.pgpass are nothing to us',
    );
    t.match(await look(t, { ...base, user: 'nobody' }), { trouble: 'denied', seen: /password authentication failed for user "nobody"/ });
    t.match(await look(t, { ...base, database: 'none' }), { trouble: 'unexpected', seen: /database "none" does not exist/ });
    t.same(await look(t, { ...base, password: { from: 'credential', name: '..' } }).then(({ trouble }) => trouble), 'denied');
  });

  await t.test('a UNIX socket, by its folder', async t => {
    const local: PostgresProbe = { ...base, socket: primary.socket, user: 'postgres', password: null };
    t.same(await look(t, local), { trouble: null, seen: 'answers' });
    t.match(await look(t, { ...local, user: null }), {
      trouble: 'denied',
      seen: new RegExp(`role "${userInfo().username}" does not exist`),
    });
    t.match(await look(t, { ...local, port: 1 }), { trouble: 'refused', seen: /^there is no .*\/\.s\.PGSQL\.1$/ });
    t.match(await look(t, { ...base, port: await freePort() }), { trouble: 'refused' });
  });

  await t.test('role', async t => {
    t.same(await look(t, { ...base, role: 'primary' }), { trouble: null, seen: 'primary' });
    t.same(await look(t, { ...base, role: 'standby' }), { trouble: 'wrong-role', seen: 'primary' });
    t.same(await look(t, { ...second, role: 'standby' }), { trouble: null, seen: 'standby' });
    t.same(await look(t, { ...second, role: 'primary' }), { trouble: 'wrong-role', seen: 'standby' });
    t.match(await look(t, { ...base, maxLag: seconds(5) }), { trouble: 'wrong-role', seen: /^primary, and no standby/ });
  });

  await t.test('lag', async t => {
    const strict: PostgresProbe = { ...second, role: 'standby', maxLag: micros(1) };
    await see(strict, null, /^standby, 0 s behind$/);
    await primary.sql('INSERT INTO t VALUES (1)');
    await see(strict, null, /^standby, 0 s behind$/);
    await standby.sql('SELECT pg_wal_replay_pause()');
    await primary.sql('INSERT INTO t VALUES (2)');
    const late = await see(strict, 'lagging', /^standby, [\d.]+ s behind$/);
    t.ok((late.number ?? 0) > 0);
    t.match(await look(t, { ...strict, maxLag: seconds(3600) }), { trouble: null });
    await standby.sql('SELECT pg_wal_replay_resume()');
    await see(strict, null, /^standby, 0 s behind$/);
    await primary.stop();
    await see(strict, 'lagging', /^standby, [\d.]+ s behind, and it receives nothing$/);
    t.match(await look(t, base), { trouble: 'refused' });
  });
});

t.test('redis', { skip: lacksRedis }, async t => {
  const all = redises();
  t.teardown(() => all.stop());
  const master = await all.start();
  const replica = await all.start('--replicaof', '127.0.0.1', String(master.port));
  const locked = await all.start('--requirepass', PASSWORD, '--user', 'watch', 'on', `>${PASSWORD}`, '+ping');
  const base: RedisProbe = {
    type: 'redis',
    ...{ host: '127.0.0.1', port: master.port, socket: null, user: null, password: null },
    role: null,
  };

  await t.test('who may look', async t => {
    t.same(await look(t, base), { trouble: null, seen: 'answers' });
    t.same(await look(t, { ...base, socket: master.socket }), { trouble: null, seen: 'answers' });
    t.match(await look(t, { ...base, password: RIGHT_SECRET }), { trouble: 'denied', seen: /called without any password configured/ });
    const closed: RedisProbe = { ...base, port: locked.port };
    t.match(await look(t, closed), { trouble: 'denied', seen: /NOAUTH Authentication required/ });
    t.match(await look(t, { ...closed, password: WRONG_SECRET }), { trouble: 'denied', seen: /WRONGPASS/ });
    t.match(await look(t, { ...closed, user: 'nobody', password: RIGHT_SECRET }), { trouble: 'denied', seen: /WRONGPASS/ });
    t.same(await look(t, { ...closed, password: RIGHT_SECRET, role: 'master' }), { trouble: null, seen: 'master' });
    t.same(await look(t, { ...closed, user: 'watch', password: RIGHT_SECRET }), { trouble: null, seen: 'answers' });
    t.match(await look(t, { ...closed, user: 'watch', password: RIGHT_SECRET, role: 'master' }), { trouble: 'denied', seen: /NOPERM/ });
    t.match(await look(t, { ...base, port: await freePort() }), { trouble: 'refused' });
  });

  await t.test('role', async t => {
    const copy: RedisProbe = { ...base, port: replica.port };
    t.same(await look(t, { ...base, role: 'master' }), { trouble: null, seen: 'master' });
    t.same(await look(t, { ...base, role: 'replica' }), { trouble: 'wrong-role', seen: 'master' });
    await see({ ...copy, role: 'replica' }, null, new RegExp(`^replica of 127\\.0\\.0\\.1:${master.port}$`));
    t.match(await look(t, { ...copy, role: 'master' }), { trouble: 'wrong-role', seen: /^replica of/ });
    await master.stop();
    await see({ ...copy, role: 'replica' }, 'lagging', /which it lost \(connect/);
    await replica.command('config', 'set', 'replica-serve-stale-data', 'no');
    t.match(await look(t, copy), { trouble: 'lagging', seen: /MASTERDOWN/ }, 'not even PING is answered');
  });
});

t.test('no library has printed anything', async t => {
  t.same(printed, []);
});
