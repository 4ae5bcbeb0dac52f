// src/lab/adopt.ts: a real machine's configuration in the laboratory, what is kept of it, and what is said of the rest.
import t from 'tap';
import { load } from '../../src/config/load.ts';
import { decode } from '../../src/config/source.ts';
import { adopt, type Offer, wishOf } from '../../src/lab/adopt.ts';
import { layOut } from '../../src/lab/topology.ts';

const NGINX = { start: ['/usr/sbin/nginx', '-c', '/run/lab/a.conf'], pidFile: '/run/lab/a.pid' };

async function machineOf(text: string) {
  const { machine, diagnostics } = await load([decode('a.toml', Buffer.from(text))], 'a');
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
  return machine;
}

/** Whatever comes out must be a configuration again. */
async function adopted(text: string, more: Partial<Offer> = {}) {
  const machine = await machineOf(text);
  const plugs = layOut([wishOf('a', machine)]).nodes[0]?.plugs ?? [];
  const result = adopt(machine, { plugs, nginx: NGINX, programs: false, ...more });
  const again = await load([decode('lab.toml', Buffer.from(result.text))], 'a');
  t.same(
    again.diagnostics.filter(({ severity }) => severity === 'error'),
    [],
    result.text,
  );
  return { ...result, plan: again.plan };
}

const ROUTER = `[vrrp.web]
interface = "eth0"
vrid = 51
addresses = ["192.0.2.200/24"]
`;

t.test('interfaces have the names of the laboratory, addresses are kept', async t => {
  const { text, notes } = await adopted(`[vrrp.web]
interface = "eth0"
vrid = 51
addresses = ["192.0.2.200/24", { address = "198.51.100.9/24", interface = "eth1", label = "eth1:x" }]
track = ["up", "gw"]
[check.up]
type = "interface"
interface = "bond0.7"
[check.gw]
type = "ping"
target = "192.0.2.1"
interface = "eth0"
`);
  t.match(text, '[vrrp.web]\ninterface = "hf0"\n');
  t.match(text, 'addresses = ["192.0.2.200/24", { address = "198.51.100.9/24", interface = "hf1" }]');
  t.match(text, '[check.up]\ntype = "interface"\ninterface = "hf2"\n');
  t.match(text, 'target = "192.0.2.1"\ninterface = "hf0"\n');
  t.notMatch(text, /eth|bond/);
  t.same(notes, ['check gw: 192.0.2.1 is the machine of the client, where no node has it']);
});

t.test('of one file for several machines, what this one has', async t => {
  const { text } = await adopted(`${ROUTER}[node.a.vrrp.web]\npriority = 150\n[node.b.vrrp.web]\npriority = 120\n`);
  t.match(text, 'priority = 150');
  t.notMatch(text, /node|120/);
});

t.test('nginx is the laboratory’s own, by whatever it was started', async t => {
  for (const service of ['unit = "nginx.service"', 'start = ["/usr/sbin/nginx"]\npid_file = "/run/nginx.pid"\nuser = "www-data"']) {
    const { text, watched, notes, plan } = await adopted(
      `${ROUTER}track = ["n"]\n[watchdog.n]\n${service}\nrevive_within = "5s"\nprobe = { type = "http", url = "https://example.org/", fall = 3 }\n`,
    );
    t.ok(watched);
    t.match(notes, [/^watchdog n: the lab's own nginx stands in for/]);
    t.match(plan?.duties.watchdogs, [
      { name: 'n', service: { by: 'start', run: NGINX.start, pidFile: NGINX.pidFile, user: 'root' }, probe: { url: 'http://127.0.0.1/' } },
    ]);
    t.match(text, 'revive_within = "5s"');
    t.match(text, 'fall = 3');
    t.notMatch(text, /unit|www-data|example/);
  }
  const bare = await adopted(
    `${ROUTER}track = ["n"]\n[watchdog.n]\nunit = "nginx.service"\nprobe = { type = "http", url = "http://127.0.0.1/" }\n`,
    {
      nginx: null,
    },
  );
  t.notOk(bare.watched);
  t.match(bare.plan?.duties, { watchdogs: [], checks: [{ name: 'n', probe: { type: 'http', url: 'http://127.0.0.1/' } }] });
});

const PROGRAMS = `${ROUTER}track = ["app", "script", "db", "page", { name = "other", on_fail = "release" }]
on_active = "/etc/holdfast/hook.sh"
on_change = { post = "https://ops.example.org/", secret = { file = "/etc/key" } }
[watchdog.app]
start = ["/usr/bin/app"]
probe = { type = "tcp", port = 8080 }
[watchdog.other]
unit = "other.service"
probe = { type = "tcp", port = 8081 }
[check.script]
type = "command"
run = ["/usr/bin/script"]
[check.db]
type = "mysql"
password = { file = "/etc/db.password" }
[check.page]
type = "http"
url = "http://127.0.0.1/health"
body = "Welcome"
`;

t.test('no unit, program, secret or server of the real machine is left', async t => {
  const { text, notes, watched, plan } = await adopted(PROGRAMS);
  t.notMatch(text, /app|script|other|db|hook|ops|key|password|Welcome/);
  t.match(text, 'track = ["page"]');
  t.match(plan?.duties, { watchdogs: [], hooks: [], checks: [{ name: 'page' }] });
  t.notOk(watched);
  t.same(notes.toSorted(), [
    'check db: left out, nothing in the lab answers to mysql',
    "check page: asks the node's own page, whatever is on it",
    'check script: left out, /usr/bin/script is not run (--run-programs does)',
    'watchdog app: left out, /usr/bin/app is not started (--run-programs does)',
    'watchdog other: left out, there is no other.service',
    'web: on_active is not run (--run-programs does)',
    'web: on_change is not told, there is no way out of the lab',
  ]);
});

t.test('--run-programs: programs are run, and still no unit and no webhook', async t => {
  const { text, notes, plan } = await adopted(PROGRAMS, { programs: true });
  t.match(
    plan?.duties.watchdogs.map(({ name }) => name),
    ['app'],
  );
  t.match(
    plan?.duties.checks.map(({ name }) => name),
    ['script', 'page'],
  );
  t.match(plan?.duties.hooks, [{ router: 'web', on: { active: { run: ['/etc/holdfast/hook.sh'] } } }]);
  t.notMatch(text, /other|ops/);
  t.match(notes, [/app: \/usr\/bin\/app runs inside the lab/]);
});

t.test('everything left out: no track, and no half of one', async t => {
  const { text } = await adopted(`${ROUTER}track = ["db"]\n[check.db]\ntype = "redis"\n`);
  t.notMatch(text, /track|db/);
});

t.test('a password of a file or a credential is the laboratory’s, one in the file is kept', async t => {
  const old = `${ROUTER}version = 2\n`;
  const { text, notes } = await adopted(`${old}password = { file = "/etc/holdfast/web.password" }\n`);
  t.match(text, 'password = "hf-lab"');
  t.same(notes, ['web: a password of the lab stands in for /etc/holdfast/web.password']);
  t.match((await adopted(`${old}password = { credential = "web" }\n`)).notes, ['web: a password of the lab stands in for credential web']);
  t.match((await adopted(`${old}password = "secret"\n`)).text, 'password = "secret"');
});

t.test('what the node’s own page answers to', async t => {
  const asks = async (check: string) => (await adopted(`${ROUTER}track = ["c"]\n[check.c]\n${check}\n`)).text.includes('[check.c]');
  for (const url of ['http://127.0.0.1/', 'http://localhost:80/x', 'http://[::1]/']) t.ok(await asks(`type = "http"\nurl = "${url}"`), url);
  for (const url of ['http://127.0.0.1:8080/', 'https://127.0.0.1/', 'http://www.example.org/', 'http://192.0.2.1/'])
    t.notOk(await asks(`type = "http"\nurl = "${url}"`), url);
  t.ok(await asks('type = "tcp"\nport = 80'));
  t.notOk(await asks('type = "tcp"\nport = 443'));
  t.notOk(await asks('type = "tcp"\nport = 80\nhost = "192.0.2.1"'));
  t.ok(await asks('type = "file"\npath = "/run/load"\nminimum = 1'));
  t.notOk(await asks('type = "unit"\nunit = "x.service"'));
  t.notOk(await asks('type = "process"\nname = "x"'));
});

t.test('what it wants of the network', async t => {
  const wish = wishOf(
    'a',
    await machineOf(`${ROUTER}source = "192.0.2.7"\nadvert_interval = "200ms"\naccept = false
[vrrp.far]
interface = "eth1"
vrid = 52
addresses = ["2001:db8::1/64", "192.0.2.201/24"]
peers = ["192.0.2.9", "2001:db8::9"]
[check.gw]
type = "ping"
target = "192.0.2.1"
`),
  );
  t.same(wish.devices, ['eth0', 'eth1']);
  t.match(wish.routers, [
    { name: 'web', family: 'ipv4', device: 'eth0', source: '192.0.2.7', intervalMs: 200, accept: false },
    { name: 'far', family: 'ipv4', peers: ['192.0.2.9'] },
    { name: 'far', family: 'ipv6', peers: ['2001:db8::9'] },
  ]);
  t.same(wish.pinged, [{ address: '192.0.2.1', device: null }]);
});
