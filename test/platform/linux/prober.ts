// src/platform/linux/prober.ts: every kind of probe finds its file, which is loaded when it is needed, and nothing gets out.
import t from 'tap';
import type { Endpoint, PolledProbe, ProcessProbe, Seen } from '../../../src/check/probe.ts';
import { prober } from '../../../src/platform/linux/prober.ts';
import { seconds } from '../../../src/vrrp/units.ts';
import { dnsProbe, httpProbe } from '../../fixtures/network-probes.ts';
import { startWorker } from '../../fixtures/remote.ts';
import { result, source } from '../../fixtures/snippet.ts';
import { needs as needsCapability } from '../../fixtures/sysnet.ts';
import { until } from '../../netns/lab/clock.ts';
import type { ProbeMethods } from './fixtures/probe-worker.ts';
import { closedPort } from './fixtures/servers.ts';

const LONG = seconds(20);
const BOUND = 20_000;
const REFUSED = { trouble: 'refused', seen: /connection refused/ };

const NOBODY: ProcessProbe = { type: 'process', by: { name: 'no such process' }, count: 1 };

t.test('every kind that is asked', async t => {
  const port = await closedPort();
  const endpoint: Endpoint = { host: '127.0.0.1', port, socket: null, user: null, password: null };
  const kinds: readonly (readonly [PolledProbe, object])[] = [
    [{ type: 'tcp', host: '127.0.0.1', port }, REFUSED],
    [httpProbe(`http://127.0.0.1:${port}/`), REFUSED],
    [dnsProbe({ port }), REFUSED],
    [
      { type: 'command', run: ['/bin/true'], user: null },
      { trouble: null, seen: 'exit status 0' },
    ],
    [{ type: 'unit', unit: 'no-such-unit.service' }, { trouble: /./ }],
    [{ type: 'file', path: '/no/such/file', minimum: null, maximum: null }, { trouble: 'missing' }],
    [{ type: 'mysql', ...endpoint, writable: false, maxLag: null, synced: false }, REFUSED],
    [{ type: 'postgres', ...endpoint, database: 'postgres', role: null, maxLag: null }, REFUSED],
    [{ type: 'redis', ...endpoint, role: null }, REFUSED],
  ];
  for (const [probe, expected] of kinds) {
    const seen = await prober.look(probe, LONG);
    t.match(seen, expected, probe.type);
    t.notMatch(seen.seen, /the check itself failed/, probe.type);
  }
});

t.test('ping', needsCapability('CAP_NET_RAW'), async t => {
  t.match(await prober.look({ type: 'ping', target: '127.0.0.1', interface: null }, LONG), { trouble: null });
});

t.test('every kind that tells by itself', async t => {
  // In a process of its own: the mirror of the kernel's tables stays open for as long as that.
  const { worker, call } = startWorker<ProbeMethods>(new URL('fixtures/probe-worker.ts', import.meta.url));
  t.teardown(() => worker.kill());
  t.match(await call.first({ type: 'interface', interface: 'no-such-if' }), { trouble: 'missing' });
  t.match(await call.first(NOBODY), { trouble: 'missing' });
});

t.test('a watch tells until it is closed', async t => {
  const told: Seen[] = [];
  const watch = prober.watch(NOBODY, seen => told.push(seen));
  t.strictSame(told, [], 'not before it is there');
  await until('a word', BOUND, () => told.length > 0);
  watch.close();
  watch.close();
});

t.test('a watch that is closed before it has begun tells nothing', async t => {
  const told: Seen[] = [];
  prober.watch(NOBODY, seen => told.push(seen)).close();
  let other = 0;
  const watch = prober.watch(NOBODY, () => (other += 1));
  await until('the other one to tell', BOUND, () => other > 0);
  watch.close();
  t.strictSame(told, []);
});

t.test('what is wrong with a check costs no more than that check', async t => {
  const wrong = { trouble: 'failed', seen: /^the check itself failed: Error: unreachable/ };
  // @ts-expect-error: no such kind
  t.match(await prober.look({ type: 'seance' }, LONG), wrong);
  const told: Seen[] = [];
  // @ts-expect-error: no such kind
  prober.watch({ type: 'seance' }, seen => told.push(seen));
  await until('word of it', BOUND, () => told.length > 0);
  t.match(told, [wrong]);
});

t.test('what nobody asks for is not loaded', async t => {
  const found = await result(`
    const all = () => ['http', 'dgram', 'child_process'].filter(name => process.moduleLoadList.includes('NativeModule ' + name));
    // What the test tool loads into every process is not ours.
    const before = all();
    const loaded = () => all().filter(name => !before.includes(name));
    const { prober } = await import(${source('platform/linux/prober.ts')});
    const none = loaded();
    await prober.look({ type: 'tcp', host: '127.0.0.1', port: 1 }, 1000000);
    const tcp = loaded();
    await prober.look(${JSON.stringify(httpProbe('http://127.0.0.1:1/'))}, 1000000);
    const http = loaded();
    console.log(JSON.stringify({ none, tcp, http }));`);
  t.strictSame(found, { none: [], tcp: [], http: ['http'] });
});
