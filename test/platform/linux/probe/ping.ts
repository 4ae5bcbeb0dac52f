// src/platform/linux/probe/ping.ts: ICMP echo on real interfaces, in namespaces of its own.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import t, { type Test } from 'tap';
import type { PingProbe } from '../../../../src/check/probe.ts';
import { ECHO_PROTOCOL, echoFilter, encodeEcho, PAYLOAD } from '../../../../src/platform/linux/probe/echo.ts';
import { lookAtPing } from '../../../../src/platform/linux/probe/ping.ts';
import { AF_INET, AF_INET6, SOCK_RAW, sockaddrInet } from '../../../../src/platform/linux/socket-options.ts';
import { sysnet } from '../../../../src/platform/linux/sysnet.ts';
import { millis, seconds } from '../../../../src/vrrp/units.ts';
import { makePair, type Namespace, needsNamespaces as needs } from '../../../fixtures/namespace.ts';
import { startWorker } from '../../../fixtures/remote.ts';
import { batch, must, needs as needsCapability } from '../../../fixtures/sysnet.ts';
import { ip } from '../../../fixtures/virtual-router.ts';
import type { ProbeMethods } from '../fixtures/probe-worker.ts';
import { leftovers } from '../fixtures/servers.ts';

const LONG = seconds(20);
const SHORT = millis(300);
const ANSWER = /^answer in [\d.]+ m?s$/;
const LATE = { trouble: 'timeout', seen: 'no answer within 300 ms' };
const root = needsCapability('CAP_NET_RAW');

const ping = (target: string, device: string | null = null): PingProbe => ({ type: 'ping', target, interface: device });

function worker(t: Test, space: Namespace, prefix: readonly string[] = []) {
  const { worker, call } = startWorker<ProbeMethods>(new URL('../fixtures/probe-worker.ts', import.meta.url), command =>
    space.start([...prefix, ...command]),
  );
  t.teardown(() => worker.kill());
  return { look: call.look, looks: call.looks };
}

/** A router on the other side, which knows ways that lead nowhere. */
async function cable(t: Test) {
  const [near, far] = await makePair(
    ['192.0.2.10/24', '2001:db8::10/64 nodad', 'fe80::10/64 nodad'],
    ['192.0.2.20/24', '2001:db8::20/64 nodad', 'fe80::20/64 nodad'],
  );
  await near.ip('route add default via 192.0.2.20', 'route add 2001:db8:f::/48 via 2001:db8::20');
  await far.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  await far.ip(
    'route add unreachable 198.51.100.0/24',
    'route add prohibit 203.0.113.0/24',
    'route add blackhole 233.252.0.0/24',
    'route add unreachable 2001:db8:f:1::/64',
    'route add prohibit 2001:db8:f:2::/64',
  );
  return { near, far, ...worker(t, near) };
}

t.test('this machine answers itself', root, async t => {
  const quiet = leftovers();
  for (const target of ['127.0.0.1', '127.1.2.3', '::1'])
    t.match(await lookAtPing(ping(target), LONG), { trouble: null, seen: ANSWER }, target);
  t.match(await lookAtPing(ping('127.0.0.1', 'lo'), LONG), { trouble: null });
  await quiet();
});

t.test('another machine answers', needs, async t => {
  const { look } = await cable(t);
  for (const target of ['192.0.2.20', '2001:db8::20']) {
    t.match(await look(ping(target), LONG), { trouble: null, seen: ANSWER }, target);
    t.match(await look(ping(target, 'hf0'), LONG), { trouble: null, seen: ANSWER }, `${target} by its interface`);
  }
  t.match(await look(ping('fe80::20', 'hf0'), LONG), { trouble: null, seen: ANSWER }, 'link-local');
});

t.test('an interface is where it is asked from', needs, async t => {
  const { look } = await cable(t);
  t.strictSame(await look(ping('fe80::20'), LONG), {
    trouble: 'unreachable',
    seen: 'fe80::20 is link-local, so an interface must be given',
  });
  t.strictSame(await look(ping('192.0.2.20', 'hf9'), LONG), { trouble: 'missing', seen: 'no interface hf9' });
  t.match(await look(ping('192.0.2.20', 'lo'), SHORT), { trouble: /^(timeout|unreachable)$/ });
});

t.test('nobody answers', needs, async t => {
  const { near, far, look } = await cable(t);
  t.strictSame(await look(ping('233.252.0.1'), SHORT), LATE);
  await far.run('sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=1');
  t.strictSame(await look(ping('192.0.2.20'), SHORT), LATE);
  await near.ip('neighbour add 192.0.2.30 lladdr 02:00:00:00:00:30 dev hf0');
  t.strictSame(await look(ping('192.0.2.30'), SHORT), LATE);
});

t.test('who says why not is named', needs, async t => {
  const { near, look } = await cable(t);
  for (const [target, who, what] of [
    ['198.51.100.1', '192.0.2.20', 'host unreachable'],
    ['203.0.113.1', '192.0.2.20', 'prohibited by the administrator'],
    ['2001:db8:f:1::1', '2001:db8::20', 'no route'],
    ['2001:db8:f:2::1', '2001:db8::20', 'prohibited by the administrator'],
    // Nobody has that address: after three questions on the wire this machine says so itself.
    ['192.0.2.40', '192.0.2.10', 'host unreachable'],
  ] as const) {
    t.strictSame(await look(ping(target), LONG), { trouble: 'unreachable', seen: `${who} says: ${what}` }, target);
  }
  await near.ip('route add unreachable 198.51.100.128/25', 'route del default');
  t.strictSame(await look(ping('198.51.100.200'), LONG), { trouble: 'unreachable', seen: 'no route to the host' });
  t.strictSame(await look(ping('198.51.100.1'), LONG), { trouble: 'unreachable', seen: 'no route to the network' });
});

t.test('the kernel queues nothing but what is about one identifier', root, async t => {
  for (const [family, target, domain] of [
    ['ipv4', '127.0.0.1', AF_INET],
    ['ipv6', '::1', AF_INET6],
  ] as const) {
    const fd = must(sysnet.socket(domain, SOCK_RAW, ECHO_PROTOCOL[family]));
    t.teardown(() => void sysnet.close(fd));
    must(sysnet.attachFilter(fd, echoFilter(family, 0xdead)));
    const { receive, at } = batch(8, 100);
    for (const key of [1, 0xdeae_beef, 0xdead_beef, 0xbeef_dead]) {
      const echo = { family, target: ip(target), key, payload: new Uint8Array(PAYLOAD) };
      must(sysnet.sendto(fd, encodeEcho(echo), 0, sockaddrInet(echo.target, 0)));
    }
    // Over loopback the kernel has answered by now.
    t.equal(receive(fd), 1, family);
    t.equal(at(0).payload.readUInt32BE(family === 'ipv4' ? 24 : 4), 0xdead_beef);
  }
});

t.test('what is no address is not asked', async t => {
  t.strictSame(await lookAtPing(ping('www.example'), LONG), { trouble: 'no-such-name', seen: 'www.example is no address' });
});

t.test('without CAP_NET_RAW the words say so', needs, async t => {
  const { near } = await cable(t);
  const { look } = worker(t, near, ['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw', '--ambient-caps=-all']);
  for (const target of ['192.0.2.20', '2001:db8::20']) {
    t.strictSame(await look(ping(target), LONG), { trouble: 'denied', seen: 'this process may not send pings: it needs CAP_NET_RAW' });
  }
});

t.test('an interface that goes down in the middle', needs, async t => {
  const { near, look } = await cable(t);
  await near.ip('neighbour add 192.0.2.30 lladdr 02:00:00:00:00:30 dev hf0');
  const seen = look(ping('192.0.2.30', 'hf0'), seconds(3));
  await look(ping('127.0.0.1'), LONG);
  await near.ip('link set hf0 down');
  t.match(await seen, { trouble: /^(unreachable|timeout)$/ });
});

t.test('looks that come one by one share a socket, and it is closed when they stop', root, async t => {
  const quiet = leftovers();
  const sockets = (): number => (process as unknown as { getActiveResourcesInfo(): string[] }).getActiveResourcesInfo().length;
  await lookAtPing(ping('127.0.0.1'), LONG);
  const open = sockets();
  for (let i = 0; i < 20; i += 1) t.match(await lookAtPing(ping('127.0.0.1'), LONG), { trouble: null });
  t.ok(sockets() <= open, 'no more than after the first');
  t.match(await lookAtPing(ping('233.252.0.1', 'lo'), SHORT), { trouble: /^(timeout|unreachable)$/ }, 'one that is bound is its own');
  await quiet();
});

t.test('a socket that fails is given up once, whatever it was waiting for', root, async t => {
  const quiet = leftovers();
  const { recvBatch } = sysnet;
  t.teardown(() => {
    sysnet.recvBatch = recvBatch;
  });
  t.match(await lookAtPing(ping('127.0.0.1'), LONG), { trouble: null }, 'from now on it would be closed when it rests');
  sysnet.recvBatch = () => -constants.errno.ENETDOWN;
  t.match(await lookAtPing(ping('127.0.0.1'), LONG), { trouble: /./, seen: /network/ });
  sysnet.recvBatch = recvBatch;
  // They get the numbers that are free now.
  const others = Array.from({ length: 4 }, () => openSync('/dev/null', 'r'));
  t.match(await lookAtPing(ping('127.0.0.1'), LONG), { trouble: null }, 'another one is opened');
  await new Promise(resolve => setTimeout(resolve, 2_500));
  for (const fd of others) {
    t.doesNotThrow(() => fstatSync(fd), 'nobody else closes it');
    closeSync(fd);
  }
  await quiet();
});

t.test('hundreds at once, to the same and to others: each gets its own answer', root, async t => {
  const quiet = leftovers();
  const targets = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? '::1' : i % 3 === 1 ? '127.0.0.1' : `127.0.1.${i % 250}`));
  const seen = await Promise.all(targets.map(target => lookAtPing(ping(target), LONG)));
  t.strictSame(
    seen.filter(({ trouble }) => trouble !== null),
    [],
  );
  await quiet();
});
