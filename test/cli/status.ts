// What an operator sees: the table word for word, and the exit status. Reviewed as prose: would you understand it at three
// in the morning? Must not know sockets, but for the last tests, which ask a real one.
import t, { type Test } from 'tap';
import { type ConfigurationState, reportStatus } from '../../src/api/status.ts';
import { table } from '../../src/cli/status.ts';
import type { EngineStatus, Neighbour, RouterStatus } from '../../src/core/status.ts';
import type { RejectReason } from '../../src/vrrp/admit.ts';
import { micros, millis, seconds, vrid } from '../../src/vrrp/units.ts';
import { controlSocket } from '../fixtures/control.ts';
import { start } from '../fixtures/running.ts';
import { engineStatus, loaded, neighbour, routerStatus, servicesStatus } from '../fixtures/status-report.ts';
import { ip, routerSpec } from '../fixtures/virtual-router.ts';

process.env.TZ = 'UTC';
const NOW = Date.parse('2026-03-29T03:00:00.000Z');
const HOUR = 3600;

/** The table at three in the morning, ten days after the engine started. */
function shown(
  routers: readonly RouterStatus[],
  settings: Partial<EngineStatus> = {},
  files: ConfigurationState = loaded(),
  services = servicesStatus(),
): string {
  const now = seconds(11 * 24 * HOUR);
  return table(reportStatus(engineStatus(routers, { now, started: seconds(24 * HOUR), ...settings }), 'edge-a', NOW, files, services), NOW);
}
const before = (age: number) => seconds(11 * 24 * HOUR - age);
const NOT_HERE = { address: '192.0.2.200/24', interface: 'hf0', held: false, ours: false };

t.test('all is well', async t => {
  t.equal(
    shown([routerStatus({ since: before(228) })]),
    `\
ROUTER    STATE   SINCE             SERVED BY                   WHY
web/ipv4  active  02:56:12 (4 min)  this machine, priority 150  no Active router was heard (active-down-expired)

web/ipv4  VRID 51 on hf0, priority 150, version 3, every 1000 ms
          192.0.2.200/24 here; leased for 6 s at a time
          adverts: 61 sent, 3 received

no other VRRP speaker is heard

edge-a: holdfast 1.2.3, pid 4711, up 10 d, scheduling rr 49, at most 1.2 ms late in 100 wake-ups
`,
  );
});

t.test('nothing is well', async t => {
  const counters = routerStatus().counters;
  const routers = [
    routerStatus({
      state: 'backup',
      since: before(3 * 24 * HOUR),
      reason: 'higher-priority',
      active: { address: '192.0.2.12', priority: 200, self: false },
      addresses: [NOT_HERE],
      counters: { ...counters, advertsSent: 0, advertsReceived: 259_201, rejected: { 'wrong-checksum': 2, 'ttl-not-255': 7 } },
    }),
    routerStatus(
      {
        state: 'initialize',
        since: before(5),
        reason: 'interface-missing',
        waiting: 'interface eth1 does not exist',
        active: null,
        addresses: [
          { ...NOT_HERE, interface: 'eth1' },
          { address: '192.0.2.201/24', interface: 'eth9', held: true, ours: false },
        ],
        counters: { ...counters, advertsSent: 0, advertsReceived: 0 },
      },
      { name: 'mail', interface: 'eth1', vrid: vrid(7), advertInterval: millis(100) },
    ),
    routerStatus(
      {
        since: before(90),
        reason: 'nobody-took-over',
        priority: { configured: 150, effective: 1 },
        standing: 'demoted',
        active: { address: '192.0.2.11', priority: 1, self: true },
        addresses: [NOT_HERE],
        counters: { ...counters, addressesPutBack: 4 },
      },
      { name: 'database', vrid: vrid(101) },
    ),
  ];
  const settings = {
    agentRestarts: 3,
    droppedLogLines: 12,
    scheduling: 'normal',
    lateness: { ...engineStatus([]).lateness, max: micros(250_000) },
  };
  t.equal(
    shown(routers, settings),
    `\
ROUTER         STATE       SINCE             SERVED BY                 WHY
web/ipv4       backup      2026-03-26 (3 d)  192.0.2.12, priority 200  it gave way to a higher priority (higher-priority)
mail/ipv4      initialize  02:59:55 (5 s)    nobody known              waiting: interface eth1 does not exist
database/ipv4  active      02:58:30 (90 s)   this machine, priority 1  health lost, but nobody took over (nobody-took-over)

web/ipv4       VRID 51 on hf0, priority 150, version 3, every 1000 ms
               192.0.2.200/24 not here
               adverts: 0 sent, 259201 received
               adverts ignored: 7 ttl-not-255, 2 wrong-checksum
mail/ipv4      VRID 7 on eth1, priority 150, version 3, every 100 ms
               192.0.2.200/24 not here, 192.0.2.201/24 on eth9 here, but not ours: it stays when this router leaves
               adverts: 0 sent, 0 received
database/ipv4  VRID 101 on hf0, priority 1 while health is lost, else 150, version 3, every 1000 ms
               192.0.2.200/24 MISSING here
               adverts: 61 sent, 3 received
               addresses put back after somebody took them off: 4

no other VRRP speaker is heard

edge-a: holdfast 1.2.3, pid 4711, up 10 d, scheduling normal, at most 250.0 ms late in 100 wake-ups
its agent was started again 3 times: see the log
12 log lines were lost: whoever reads the log is too slow
`,
  );
});

t.test('an address that is still here while another machine serves', async t => {
  const router = routerStatus({
    state: 'backup',
    reason: 'startup',
    addresses: [{ address: '192.0.2.200/24', interface: 'hf0', held: true, ours: true }],
  });
  t.match(shown([router]), /^ +192\.0\.2\.200\/24 here; leased for 6 s at a time$/m);
  const held = { ...router, spec: routerSpec({ lease: null }) };
  t.match(shown([held]), /^ +192\.0\.2\.200\/24 here; for ever, also without holdfast$/m);
});

t.test('two that claim to be Active, and two that own the addresses', async t => {
  const claim = { address: '192.0.2.12', since: before(60) };
  t.match(shown([routerStatus({ conflict: { what: 'second-active', ...claim } })]), /WARNING: 192\.0\.2\.12 claims to be Active too/);
  t.match(shown([routerStatus({ conflict: { what: 'second-owner', ...claim } })]), /ERROR: 192\.0\.2\.12 also owns the addresses/);
  t.match(shown([routerStatus({ conflict: { what: 'peer-does-not-hear-us', ...claim } })]), /ERROR: 192\.0\.2\.12 .* does not hear us/);
});

t.test('the neighbourhood: who is accepted, who is not, why, and what to write', async t => {
  const rejected = (reason: RejectReason, detail: string) => ({ rejected: { reason, detail } });
  const at = (seconds: number) => before(seconds);
  const neighbours = [
    neighbour({ lastHeard: at(1) }),
    neighbour({ address: ip('192.0.2.13'), version: 2, lastHeard: at(0.4), ...rejected('wrong-version', 'version 2') }),
    neighbour({ address: ip('192.0.2.14'), vrid: 7, router: null, lastHeard: at(200), ...rejected('unknown-vrid', 'VRID 7') }),
    neighbour({ address: ip('192.0.2.15'), checksum: 'rfc5798', priority: 0, lastHeard: at(3) }),
    neighbour({
      address: ip('192.0.2.16'),
      version: 9,
      priority: null,
      interval: null,
      lastHeard: at(3),
      ...rejected('wrong-version', 'version 9'),
    }),
  ];
  const text = shown([routerStatus({ since: before(228) })], { neighbours });
  t.equal(
    text.slice(text.indexOf('NEIGHBOUR'), text.indexOf('\nedge-a')),
    `\
NEIGHBOUR   INTERFACE  VRID  VERSION  PRIORITY  EVERY    HEARD      VERDICT
192.0.2.12  hf0        51    3        100       1000 ms  1 s ago    accepted by web
192.0.2.13  hf0        51    2        100       1000 ms  0 s ago    NOT ACCEPTED by web: version 2, ours is 3; to take part: version = 2 in [vrrp.web], or version 3 there (keepalived: vrrp_version 3) (wrong-version)
192.0.2.14  hf0        7     3        100       1000 ms  3 min ago  not ours: nothing here has VRID 7 on hf0
192.0.2.15  hf0        51    3        0         1000 ms  3 s ago    accepted by web, checksum in its older form
192.0.2.16  hf0        51    9        ?         ?        3 s ago    NOT ACCEPTED by web: version 9, which is none (wrong-version)
`,
  );
});

t.test('the cure is about the router and the family that the neighbour speaks to', async t => {
  const routers = [routerStatus({}, { version: 2 }), routerStatus({}, { family: 'ipv6' })];
  const said = (settings: Partial<Neighbour>) => {
    const text = shown(routers, { neighbours: [neighbour(settings)] });
    return text.slice(text.indexOf('NEIGHBOUR'), text.indexOf('\nedge-a')).replace(/^.*\n.* ago +/, '');
  };
  t.match(said({ rejected: { reason: 'wrong-version', detail: 'version 3' } }), /^NOT ACCEPTED by web: version 3, ours is 2; to take part/);
  t.match(said({ family: 'ipv6', rejected: { reason: 'wrong-version', detail: 'version 2' } }), /version 2, which is for IPv4 only/);
  t.match(
    said({ rejected: { reason: 'not-running', detail: '' } }),
    /^nobody looks at it while \[vrrp\.web\] takes no part \(not-running\)/,
  );
  t.match(said({ router: null }), /^heard/);
});

t.test('unicast peers, and what the network says about them', async t => {
  const peer = { address: ip('192.0.2.12'), self: false, lastHeard: null, trouble: null };
  const peers = [
    { ...peer, lastHeard: before(2) },
    { ...peer, address: ip('192.0.2.13') },
    { ...peer, address: ip('192.0.2.14'), trouble: 'ENOPROTOOPT' },
    { ...peer, address: ip('192.0.2.15'), trouble: 'EHOSTUNREACH', lastHeard: before(600) },
    { ...peer, address: ip('192.0.2.16'), trouble: 'EWHATEVER' },
    { ...peer, address: ip('192.0.2.11'), self: true },
  ];
  const text = shown([routerStatus({ since: before(228), peers })]);
  t.equal(
    text.slice(text.indexOf('          adverts'), text.indexOf('\n\nno other')),
    `\
          adverts: 61 sent, 3 received
          peer 192.0.2.12: heard 2 s ago
          peer 192.0.2.13: not heard (a Backup is silent)
          WARNING: peer 192.0.2.14: advertisements do not reach it: that machine answers, but no VRRP daemon runs on it; not heard (a Backup is silent)
          WARNING: peer 192.0.2.15: advertisements do not reach it: no machine answers at that address; heard 10 min ago
          WARNING: peer 192.0.2.16: advertisements do not reach it: EWHATEVER; not heard (a Backup is silent)
          peer 192.0.2.11: this machine, left out`,
  );
});

t.test('a split between the families of one name', async t => {
  const active = { address: 'fe80::12', priority: 200, self: false };
  const text = shown([routerStatus({ state: 'backup', active }, { family: 'ipv6' }), routerStatus()]);
  t.match(text, /^web\/ipv4 +active.*\nweb\/ipv6 +backup/m, 'side by side');
  const warning = 'WARNING: split, the families of web are served by different machines';
  t.ok(text.includes(`${warning}: IPv4 by this machine, priority 150; IPv6 by fe80::12, priority 200\n`));
  t.ok(text.includes(`${warning}: IPv6 by fe80::12, priority 200; IPv4 by this machine, priority 150\n`));
  t.notMatch(shown([routerStatus(), routerStatus({}, { family: 'ipv6' })]), /split/);
});

t.test('checksum forms, and a router whose addresses something else moves', async t => {
  t.match(shown([routerStatus({ checksums: ['rfc5798'] })]), /adverts: 61 sent with the older checksum form, 3 received/);
  t.match(shown([routerStatus({ checksums: ['rfc9568', 'rfc5798'] })]), /adverts: 61 sent in both checksum forms, 3 received/);
  t.match(shown([routerStatus({ addresses: [] })]), /^ +no addresses: something else moves them$/m);
});

t.test('a configuration that waits for its confirmation, and reloads that went wrong, come first', async t => {
  const first = (
    confirmBy: EngineStatus['confirmBy'],
    outcome: string | null,
    problem: string | null,
    loadedAt: number | null = NOW - 60_000,
  ) => {
    const lastReload = outcome === null ? null : { at: NOW - 5_000, outcome, problem };
    return shown([], { confirmBy }, { loadedAt, lastReload }).split('\n')[0];
  };
  t.equal(
    first(before(-42), 'applied', null),
    'WARNING: this configuration goes back at 03:00:42, in 42 s, unless you confirm it: holdfast confirm',
  );
  t.equal(
    first(null, 'invalid', 'holdfast.toml:3:5 what is this'),
    'ERROR: the reload at 02:59:55 failed, still running the configuration of 02:59:00: holdfast.toml:3:5 what is this',
  );
  t.match(first(null, 'invalid', 'x', null), /still running the configuration before: x$/);
  t.equal(
    first(null, 'reverted', 'nobody confirmed in time'),
    'WARNING: the reload went back at 02:59:55, running the configuration of 02:59:00 again: nobody confirmed in time',
  );
  t.equal(first(null, 'applied', 'mail was not started'), 'WARNING: the reload at 02:59:55: mail was not started');
  for (const outcome of ['applied', 'unchanged', null]) t.equal(first(null, outcome, null), 'no virtual router is running');
});

t.test('a page that is not served as it should be', async t => {
  const report = reportStatus(engineStatus([]), 'edge-a', NOW, loaded(), servicesStatus(), {
    listen: '192.0.2.1:9112',
    problem: 'no such address',
  });
  t.match(table(report, NOW), /^ERROR: the page at 192.0.2.1:9112: no such address\n/);
  const well = reportStatus(engineStatus([]), 'edge-a', NOW, loaded(), servicesStatus(), { listen: '192.0.2.1:9112', problem: null });
  t.notMatch(table(well, NOW), /page/);
});

t.test('the command to type names the socket that was asked', async t => {
  const report = reportStatus(engineStatus([], { confirmBy: seconds(1010) }), 'edge-a', NOW, loaded(), servicesStatus());
  t.match(table(report, NOW, '/run/b.sock'), /: holdfast confirm --socket \/run\/b\.sock$/m);
  t.match(table(report, NOW, "/tmp/it's here"), /: holdfast confirm --socket '\/tmp\/it'\\''s here'$/m);
});

t.test('nothing is configured', async t => {
  t.match(shown([]), /^no virtual router is running\n\nedge-a: holdfast /);
});

t.test('how long ago, in a unit that fits', async t => {
  for (const [age, expected] of [
    [-5, '(0 s)'],
    [0, '(0 s)'],
    [119, '(119 s)'],
    [120, '(2 min)'],
    [7199, '(120 min)'],
    [7200, '(2 h)'],
    [86_399, '03:00:01 (24 h)'],
    [86_400, '2026-03-28 (24 h)'],
    [172_800, '2026-03-27 (2 d)'],
  ] as const) {
    t.ok(shown([routerStatus({ since: before(age) })]).includes(expected), `${age} s: ${expected}`);
  }
});

t.test('columns stay columns, whatever is in them', async t => {
  const names = ['a', 'a-router-with-a-rather-long-name'];
  const routers = names.map((name, i) => routerStatus({ state: i === 0 ? 'leaving' : 'fault' }, { ...routerSpec(), name }));
  const [header = '', ...rows] = shown(routers).split('\n').slice(0, 3);
  for (const title of ['STATE', 'SINCE', 'SERVED BY', 'WHY']) {
    const at = header.indexOf(title);
    for (const row of rows) t.match(row.slice(at - 2, at + 1), /^ {2}\S$/, `${title} in "${row}"`);
  }
  t.notMatch(shown(routers), / $/m, 'no blanks at the end of a line');
});

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

async function ask(...argv: readonly string[]) {
  const running = start([process.execPath, MAIN, 'status', ...argv]);
  const { code } = await running.ended();
  return { code, out: running.out.join('\n'), err: running.err.join('\n') };
}

function daemon(t: Test): Promise<string> {
  const report = reportStatus(engineStatus([routerStatus()]), 'edge-a', Date.now(), loaded(), servicesStatus());
  return controlSocket(t, { status: async () => report });
}

t.test('holdfast status', async t => {
  const path = await daemon(t);
  const text = await ask('--socket', path);
  t.match(text, { code: 0, err: '' });
  t.match(text.out, /^ROUTER .*\nweb\/ipv4 +active .*\n\nweb\/ipv4 +VRID 51/);
});

t.test('holdfast status --json', async t => {
  const path = await daemon(t);
  const { code, out, err } = await ask('--socket', path, '--json');
  t.same([code, err], [0, '']);
  t.match(JSON.parse(out), { schema: 1, node: 'edge-a', routers: [{ name: 'web', state: 'active' }] });
  t.match(out, /^\{\n {2}"schema": 1,\n/, 'and people can read it too');
});

t.test('no daemon: exit status 3, advice on standard error, nothing on standard output', async t => {
  const none = await ask('--socket', '/nonexistent/control.sock');
  t.match(none, { code: 3, out: '', err: /^holdfast: no daemon listens at \/nonexistent\/control\.sock: is holdfast running\?/ });
});

t.test('a mistake in the command line: exit status 2', async t => {
  t.match(await ask('--jsn'), { code: 2, out: '', err: /^holdfast: Unknown option '--jsn'/ });
  t.match(await ask('web'), { code: 2, out: '', err: /^holdfast: Unexpected argument 'web'/ });
  t.match(await ask('--socket'), { code: 2, out: '', err: /^holdfast: .*--socket/ });
});
