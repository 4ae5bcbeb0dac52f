// src/check/probe.ts: what can be told of a check from its settings alone.
import t from 'tap';
import { isWatched, type Probe, portOf } from '../../src/check/probe.ts';

const TLS = { verify: true, ca: null, certificate: null, key: null, minDays: 0 };
const http = (url: string): Probe => ({
  type: 'http',
  url,
  method: 'GET',
  host: null,
  headers: {},
  status: [],
  body: null,
  bodyRegex: null,
  json: {},
  maxLatency: null,
  tls: TLS,
});
const at = { host: '127.0.0.1', socket: null, user: null, password: null };

t.test('the kernel tells of processes and interfaces', async t => {
  t.ok(isWatched({ type: 'interface', interface: 'hf0' }));
  t.ok(isWatched({ type: 'process', by: { name: 'nginx' }, count: 1 }));
  t.notOk(isWatched({ type: 'tcp', host: 'localhost', port: 80 }));
});

t.test('the port of this machine that a service must have', async t => {
  t.equal(portOf({ type: 'tcp', host: 'localhost', port: 25 }), 25);
  t.equal(portOf({ type: 'tcp', host: '::1', port: 25 }), 25);
  t.equal(portOf({ type: 'tcp', host: '192.0.2.1', port: 25 }), null, 'another machine');
  t.equal(portOf({ type: 'mysql', ...at, port: 3306, writable: false, maxLag: null, synced: false }), 3306);
  t.equal(portOf({ type: 'postgres', ...at, port: 5432, database: 'postgres', role: null, maxLag: null }), 5432);
  t.equal(portOf({ type: 'redis', ...at, port: 6379, role: null }), 6379);
  t.equal(portOf(http('http://127.0.0.1/')), 80);
  t.equal(portOf(http('https://localhost/x')), 443);
  t.equal(portOf(http('http://[::1]:8080/')), 8080);
  t.equal(portOf(http('http://www.example/')), null);
  t.equal(portOf(http('nonsense')), null);
  t.equal(portOf({ type: 'file', path: '/x', minimum: null, maximum: null }), null);
});
