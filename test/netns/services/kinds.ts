// Drill: the executable looks at real servers of every kind in its namespace: they are up; each is then made bad in its own way, which is seen
// and said; nobody else's check notices. Must not know how a look is made.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lacksMariadb, mariadbs } from '../../fixtures/servers/mariadb.ts';
import { lacksPostgres, postgres } from '../../fixtures/servers/postgres.ts';
import { lacksRedis, redises } from '../../fixtures/servers/redis.ts';
import { until } from '../lab/clock.ts';
import { start } from '../lab/daemon.ts';
import { drill } from '../lab/drill.ts';
import { ip } from '../lab/exec.ts';
import { kill } from '../lab/guard.ts';
import { startNginx } from '../lab/nginx.ts';
import { web } from '../lab/router.ts';

const lacks = [lacksMariadb, lacksPostgres, lacksRedis].find(why => why !== false);
const BOUND = 20_000;

await drill(
  'checks of every kind, with real servers',
  { nodes: ['a'], missing: typeof lacks === 'string' ? lacks : null, limitMs: 180_000 },
  async (t, lab) => {
    const node = lab.node('a');
    const enter = ['ip', 'netns', 'exec', node.namespace];
    const [maria, pg, redis] = await Promise.all([mariadbs(enter), postgres(enter), redises(enter)]);
    t.teardown(async () => {
      await Promise.all([maria.stop(), pg.stop(), redis.stop()]);
    });
    const [mysql, cache] = await Promise.all([maria.start(), redis.start()]);
    const nginx = startNginx(lab.network, node);
    const folder = join(lab.network.folder, 'unbound');
    mkdirSync(folder, { recursive: true });
    const server = [
      'interface: 127.0.0.1',
      'port: 5353',
      'access-control: 127.0.0.0/8 allow',
      'username: ""',
      'chroot: ""',
      'do-daemonize: no',
      'use-syslog: no',
    ];
    const names = ['local-zone: "example." static', 'local-data: "www.example. A 192.0.2.80"', `pidfile: "${folder}/pid"`];
    writeFileSync(
      join(folder, 'unbound.conf'),
      `server:\n  ${[...server, ...names].join('\n  ')}\nremote-control:\n  control-enable: no\n`,
    );
    const dns = start(node, { name: 'unbound', command: ['/usr/sbin/unbound', '-d', '-c', join(folder, 'unbound.conf')] });
    const number = join(lab.network.folder, 'number');
    writeFileSync(number, '5\n');
    await ip(node.namespace, ['link add hf1 type veth peer name hf2', 'link set hf1 up', 'link set hf2 up']);

    const quick = 'interval = "200ms"\ntimeout = "2s"\nfall = 2\nrise = 1\nhold = "0s"';
    const table = (name: string, ...lines: readonly string[]) => [`[check.${name}]`, ...lines, quick].join('\n');
    const watched = (name: string, ...lines: readonly string[]) => [`[check.${name}]`, ...lines].join('\n');
    const tables = [
      table('web', 'type = "http"', 'url = "http://127.0.0.1/"', 'body = "a"'),
      table('port', 'type = "tcp"', 'port = 80'),
      table('mysql', 'type = "mysql"', `socket = "${mysql.socket}"`, 'user = "root"', 'writable = true'),
      table(
        'pg',
        'type = "postgres"',
        `socket = "${pg.primary.socket}"`,
        `port = ${pg.primary.port}`,
        'user = "postgres"',
        'role = "primary"',
      ),
      table('redis', 'type = "redis"', `socket = "${cache.socket}"`, 'role = "master"'),
      table('dns', 'type = "dns"', 'server = "127.0.0.1"', 'port = 5353', 'name = "www.example"', 'expect = ["192.0.2.80"]'),
      table('tcpdns', 'type = "dns"', 'server = "127.0.0.1"', 'port = 5353', 'name = "www.example"', 'transport = "tcp"'),
      table('self', 'type = "ping"', `target = "${node.address}"`),
      table('self6', 'type = "ping"', `target = "${node.address6}"`),
      table('number', 'type = "file"', `path = "${number}"`, 'maximum = 10'),
      table('command', 'type = "command"', 'run = ["/usr/bin/test", "-e", "/proc/self"]', 'user = "root"'),
      watched('process', 'type = "process"', `pid_file = "${folder}/pid"`),
      watched('uplink', 'type = "interface"', 'interface = "hf1"'),
    ];
    const a = lab.start('a', { ...web(200), track: ['web'], duties: tables.join('\n') });
    await a.entered('web', 'active', 15_000);
    const seen = async (name: string) => (await a.holdfast?.status())?.checks.find(each => each.name === name);
    const is = (name: string, state: string) =>
      until(
        `${name} to be ${state}`,
        BOUND,
        async () => (await seen(name))?.state === state,
        () => name,
      );
    const all = ((await a.holdfast?.status())?.checks ?? []).map(({ name }) => name);
    t.equal(all.length, tables.length);
    for (const name of all) await is(name, 'up');
    t.pass('all are up');

    const bad = async (name: string, words: RegExp): Promise<void> => {
      await is(name, 'down');
      t.match((await seen(name))?.last?.seen, words, name);
    };
    await mysql.sql('SET GLOBAL read_only = 1');
    await bad('mysql', /read-only/);
    await cache.command('REPLICAOF', '127.0.0.1', '1');
    await bad('redis', /replica/);
    writeFileSync(number, '11\n');
    await bad('number', /11/);
    await ip(node.namespace, ['link set hf1 down']);
    await bad('uplink', /down/);
    await pg.stop();
    await bad('pg', /./);
    kill(dns.pid, 'SIGKILL');
    await bad('dns', /refused|no answer/);
    await bad('process', /./);
    kill(nginx.pid, 'SIGTERM');
    await bad('port', /connection refused/);
    await bad('web', /connection refused/);
    for (const name of ['self', 'self6', 'command']) t.equal((await seen(name))?.state, 'up', `${name} does not notice`);
    await mysql.sql('SET GLOBAL read_only = 0');
    await is('mysql', 'up');
    chmodSync(number, 0o644);
  },
);
