// Tests src/config/probe.ts: what comes out of the settings of each type of check, with its defaults, and nothing out of incomplete ones.
import t from 'tap';
import type { Probe } from '../../src/check/probe.ts';
import { checkTable } from '../../src/config/check-schema.ts';
import { probeOf, timingOf } from '../../src/config/probe.ts';
import { seconds } from '../../src/vrrp/units.ts';

const probe = (settings: object): Probe | null => probeOf(checkTable.parse(settings));

const ENDPOINT = { host: '127.0.0.1', socket: null, user: null, password: null };

t.test('each type with its defaults', async t => {
  for (const [settings, expected] of [
    [
      { type: 'tcp', port: 80 },
      { type: 'tcp', host: '127.0.0.1', port: 80 },
    ],
    [
      { type: 'http', url: 'http://a/' },
      {
        type: 'http',
        url: 'http://a/',
        method: 'GET',
        host: null,
        headers: {},
        status: [{ from: 200, to: 399 }],
        body: null,
        bodyRegex: null,
        json: {},
        maxLatency: null,
        tls: { verify: true, ca: null, certificate: null, key: null, minDays: 0 },
      },
    ],
    [
      { type: 'ping', target: '192.0.2.1' },
      { type: 'ping', target: '192.0.2.1', interface: null },
    ],
    [
      { type: 'dns', server: '127.0.0.1', name: 'a.example' },
      { type: 'dns', server: '127.0.0.1', port: 53, name: 'a.example', record: 'A', transport: 'udp', expect: [] },
    ],
    [
      { type: 'command', run: '/bin/true' },
      { type: 'command', run: ['/bin/true'], user: null },
    ],
    [
      { type: 'unit', unit: 'a.service' },
      { type: 'unit', unit: 'a.service' },
    ],
    [
      { type: 'file', path: '/x', minimum: 1 },
      { type: 'file', path: '/x', minimum: 1, maximum: null },
    ],
    [{ type: 'mysql' }, { type: 'mysql', ...ENDPOINT, port: 3306, writable: false, maxLag: null, synced: false }],
    [{ type: 'postgres' }, { type: 'postgres', ...ENDPOINT, port: 5432, database: 'postgres', role: null, maxLag: null }],
    [{ type: 'redis' }, { type: 'redis', ...ENDPOINT, port: 6379, role: null }],
    [
      { type: 'process', pid_file: '/x' },
      { type: 'process', by: { pidFile: '/x' }, count: 1 },
    ],
    [
      { type: 'interface', interface: 'eth1' },
      { type: 'interface', interface: 'eth1' },
    ],
  ] as const)
    t.strictSame(probe(settings), expected, settings.type);
});

t.test('each type with all its settings', async t => {
  const endpoint = { host: 'db', port: 1, socket: '/s', user: 'u', password: { env: 'P' } };
  const there = { ...endpoint, password: { from: 'env', name: 'P' } };
  for (const [settings, expected] of [
    [{ type: 'tcp', host: '::1', port: 80 }, { host: '::1' }],
    [
      {
        type: 'http',
        url: 'https://a/',
        method: 'POST',
        host: 'b',
        headers: { A: 'b' },
        status: [200, '300-302'],
        body: 'c',
        body_regex: 'd',
        json: { e: 1 },
        max_latency: '1s',
        tls: { verify: false },
      },
      {
        method: 'POST',
        host: 'b',
        headers: { A: 'b' },
        status: [
          { from: 200, to: 200 },
          { from: 300, to: 302 },
        ],
        body: 'c',
        bodyRegex: 'd',
        json: { e: 1 },
        maxLatency: 1_000_000,
        tls: { verify: false },
      },
    ],
    [{ type: 'ping', target: 'fe80::1', interface: 'eth0' }, { interface: 'eth0' }],
    [
      { type: 'dns', server: '::1', port: 54, name: 'a', record: 'AAAA', transport: 'tcp', expect: ['2001:DB8::1', 'b'] },
      { port: 54, record: 'AAAA', transport: 'tcp', expect: ['2001:db8::1', 'b'] },
    ],
    [
      { type: 'command', run: ['/a', 'b'], user: 'c' },
      { run: ['/a', 'b'], user: 'c' },
    ],
    [
      { type: 'file', path: '/x', maximum: 0 },
      { minimum: null, maximum: 0 },
    ],
    [
      { type: 'mysql', ...endpoint, writable: true, max_lag: '0s', synced: true },
      { ...there, writable: true, maxLag: 0, synced: true },
    ],
    [
      { type: 'postgres', ...endpoint, database: 'd', role: 'standby', max_lag: '1s' },
      { ...there, database: 'd', role: 'standby', maxLag: 1_000_000 },
    ],
    [{ type: 'postgres', role: 'primary' }, { role: 'primary' }],
    [{ type: 'postgres', role: 'master' }, { role: null }],
    [
      { type: 'redis', ...endpoint, role: 'master' },
      { ...there, role: 'master' },
    ],
    [{ type: 'redis', role: 'replica' }, { role: 'replica' }],
    [{ type: 'redis', role: 'standby' }, { role: null }],
    [
      { type: 'process', name: 'nginx', count: 3 },
      { by: { name: 'nginx' }, count: 3 },
    ],
    [{ type: 'process', cgroup: '/x' }, { by: { cgroup: '/x' } }],
  ] as const)
    t.match(probe(settings), { type: settings.type, ...expected }, JSON.stringify(settings));
});

t.test('nothing where something is missing', async t => {
  for (const type of ['tcp', 'http', 'ping', 'dns', 'command', 'unit', 'file', 'process', 'interface', undefined])
    t.equal(probe(type === undefined ? {} : { type }), null, String(type));
  t.equal(probe({ type: 'dns', server: '127.0.0.1' }), null);
});

t.test('timing', async t => {
  const all = { interval: '5s', timeout: '3s', rise: 4, fall: 5, up_delay: '6s', down_delay: '7s', start: 'up' };
  t.strictSame(timingOf(checkTable.parse(all), seconds(8)), {
    interval: 5_000_000,
    timeout: 3_000_000,
    rise: 4,
    fall: 5,
    upDelay: 6_000_000,
    downDelay: 7_000_000,
    start: 'up',
    hold: 8_000_000,
  });
  const { up_delay, down_delay, ...asked } = checkTable.parse(all);
  t.ok(up_delay > 0 && down_delay > 0);
  t.match(timingOf(asked, seconds(0)), { upDelay: 0, downDelay: 0, hold: 0 });
});
