// src/platform/linux/probe/tcp.ts and connect.ts: does somebody accept a connection?
import t, { type Test } from 'tap';
import type { TcpProbe } from '../../../../src/check/probe.ts';
import { createNames } from '../../../../src/platform/linux/probe/names.ts';
import { lookAtTcp } from '../../../../src/platform/linux/probe/tcp.ts';
import { millis, seconds } from '../../../../src/vrrp/units.ts';
import { makeNamespace, needsNamespaces as needs } from '../../../fixtures/namespace.ts';
import { startWorker } from '../../../fixtures/remote.ts';
import type { ProbeMethods } from '../fixtures/probe-worker.ts';
import { closedPort, leftovers, listen, listenUdp } from '../fixtures/servers.ts';

const LONG = seconds(30);
const CONNECTED = /^connected in [\d.]+ m?s$/;

const tcp = (host: string, port: number): TcpProbe => ({ type: 'tcp', host, port });

/** A machine of its own, where what is sent on `hf0` is never answered. */
async function machine(t: Test) {
  const space = await makeNamespace();
  await space.ip(
    'link add hf0 type veth peer name hf1',
    'address add 192.0.2.1/24 dev hf0',
    'link set hf0 up',
    'link set hf1 up',
    'neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev hf0',
    'route add unreachable 198.51.100.0/24',
    'route add prohibit 203.0.113.0/24',
  );
  const { worker, call } = startWorker<ProbeMethods>(new URL('../fixtures/probe-worker.ts', import.meta.url), command =>
    space.start(command),
  );
  t.teardown(() => worker.kill());
  return { space, call };
}

t.test('somebody accepts', async t => {
  for (const host of ['127.0.0.1', '::1']) {
    const { promise: ended, resolve } = Promise.withResolvers<boolean>();
    const port = await listen(t, socket => socket.on('close', resolve), host);
    const quiet = leftovers();
    t.match(await lookAtTcp(tcp(host, port), LONG), { trouble: null, seen: CONNECTED }, host);
    t.equal(await ended, false, 'closed in order');
    await quiet();
  }
});

t.test('nobody listens', async t => {
  const quiet = leftovers();
  for (const host of ['127.0.0.1', '::1']) {
    const seen = await lookAtTcp(tcp(host, await closedPort(host)), LONG);
    t.strictSame(seen, { trouble: 'refused', seen: 'connection refused' }, host);
  }
  await quiet();
});

t.test('a server that resets at once is there, or is seen to reset: whatever comes first', async t => {
  const rude = await listen(t, socket => socket.resetAndDestroy());
  for (let i = 0; i < 20; i += 1) t.match((await lookAtTcp(tcp('127.0.0.1', rude), LONG)).seen, /^connected in |^connection reset$/);
});

t.test('no answer, no route, forbidden: in words, and in time', needs, async t => {
  const { call } = await machine(t);
  const begin = performance.now();
  t.strictSame(await call.look(tcp('192.0.2.2', 80), millis(300)), { trouble: 'timeout', seen: 'no answer within 300 ms' });
  t.ok(performance.now() - begin < 10_000);
  t.strictSame(await call.look(tcp('198.51.100.1', 80), LONG), { trouble: 'unreachable', seen: 'no route to the host' });
  t.match(await call.look(tcp('203.0.113.1', 80), LONG), { trouble: 'denied', seen: /^forbidden by / });
  t.strictSame(await call.look(tcp('233.252.0.1', 80), LONG), { trouble: 'unreachable', seen: 'no route to the network' });
});

t.test('a connection that meets itself is none', needs, async t => {
  const { space, call } = await machine(t);
  // So few ports of our own that the kernel has to take the one that is asked.
  await space.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=40000 40001');
  t.strictSame(await call.looks(tcp('127.0.0.1', 40_000), LONG, 50), { 'connection refused': 50 });
});

t.test('the addresses of a name are tried one after the other', async t => {
  const port = await listen(t, () => {}, '127.0.0.1');
  const quiet = leftovers();
  const names = createNames({ servers: [], hosts: `${import.meta.dirname}/../fixtures/hosts` });
  const host = 'both.example';
  t.match(await lookAtTcp(tcp(host, port), LONG, names), { trouble: null, seen: CONNECTED }, '::1 refuses, 127.0.0.1 accepts');
  t.strictSame(await lookAtTcp(tcp(host, await closedPort()), LONG, names), {
    trouble: 'refused',
    seen: '::1: connection refused; 127.0.0.1: connection refused',
  });
  await quiet();
});

t.test('a name that does not resolve ends in time, and delays nobody', async t => {
  const port = await listen(t, socket => socket.end());
  const silent = await listenUdp(t, () => {});
  const names = createNames({ servers: [`127.0.0.1:${silent}`], hosts: '/dev/null' });
  const quiet = leftovers();
  const begin = performance.now();
  const lost = Promise.all(Array.from({ length: 20 }, (_, i) => lookAtTcp(tcp(`nobody${i}.example`, port), seconds(2), names)));
  const times: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    const started = performance.now();
    t.match(await lookAtTcp(tcp('127.0.0.1', port), LONG), { trouble: null });
    times.push(performance.now() - started);
  }
  t.ok(performance.now() - begin < 2_000, `they all waited: ${times.map(Math.round).join(' ')} ms`);
  for (const [i, seen] of (await lost).entries()) {
    t.strictSame(seen, { trouble: 'timeout', seen: `no answer from a name server about nobody${i}.example within 2 s` });
  }
  t.ok(performance.now() - begin < 10_000);
  await quiet();
});
