// The native addon against the real kernel: sockets, waiting, time, log lines. Processes: sysnet-process.ts.
// Must not know what holdfast uses the calls for. Nothing here leaves the machine.
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { SOCK_STREAM, sockaddrInet } from '../../../src/platform/linux/socket-options.ts';
import { errnoName, MAX_BATCH, SLOT_HEAD, type Sysnet, sysnet } from '../../../src/platform/linux/sysnet.ts';
import { batch, closeOnExec, flags, isolated, must, needs, pipe, readable, socketpair } from '../../fixtures/sysnet.ts';
import { ip } from '../../fixtures/virtual-router.ts';
import { grantByAcl } from './fixtures/acl.ts';

const [AF_INET, AF_INET6, SOCK_DGRAM, SOCK_RAW] = [2, 10, 2, 3];
const [IPPROTO_IP, IP_TTL, IP_PKTINFO, IP_RECVTTL] = [0, 2, 8, 12];
const [IPPROTO_IPV6, IPV6_UNICAST_HOPS, IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT] = [41, 16, 49, 51];
const { EAGAIN, EBADF, ECONNRESET, EEXIST, EINVAL, ENOENT, EPERM, EPIPE } = os.errno;
const NO_MAP = new Int32Array(0);

function inet(address: readonly number[], port: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint16(0, AF_INET, true);
  new DataView(bytes.buffer).setUint16(2, port);
  bytes.set(address, 4);
  return bytes;
}

function inet6Loopback(port: number): Uint8Array {
  const bytes = new Uint8Array(28);
  new DataView(bytes.buffer).setUint16(0, AF_INET6, true);
  new DataView(bytes.buffer).setUint16(2, port);
  bytes[23] = 1;
  return bytes;
}

// An address of our own in 127/8, so that runs beside each other do not meet.
const HERE = [127, 10 + (process.pid >> 16), (process.pid >> 8) & 0xff, process.pid & 0xff];
const PORT = 11200;
const text = new TextEncoder();

const padded = (address: readonly number[]): number[] => [...address, ...new Array(16 - address.length).fill(0)];

t.test('a wrong argument is a TypeError, and the only thing that throws', async t => {
  const loose = sysnet as unknown as Record<keyof Sysnet, (...args: unknown[]) => number>;
  t.throws(() => loose.socket('2', 2, 0), TypeError);
  t.throws(() => loose.bind(1, [1, 2]), TypeError);
  t.throws(() => loose.bind(1), TypeError);
  t.throws(() => loose.connect(1, [1, 2]), TypeError);
  t.throws(() => loose.connect(1), TypeError);
  t.throws(() => loose.setsockopt(1, 0, 2, 'x'), TypeError);
  t.throws(() => loose.sendto(1, new Uint8Array(1), 0, undefined), TypeError);
  t.throws(() => loose.watch(1, {}), TypeError);
  t.throws(() => loose.watchWritable(1, {}), TypeError);
  t.throws(() => loose.meetsItself('1'), TypeError);
  t.throws(() => loose.timerSet(1, -1), TypeError);
  t.throws(() => loose.timerSet(1, Number.NaN), TypeError);
  t.throws(() => loose.spawn('/bin/true', ['true', 1], [], NO_MAP, false, null), TypeError);
  t.throws(() => loose.spawn('/bin/true', 'true', [], NO_MAP, false, null), TypeError);
  t.throws(() => loose.spawn('/bin/true', ['true'], [], Int32Array.of(1), false, null), TypeError);
  t.throws(() => loose.spawn('/bin/true', ['true'], [], NO_MAP, false), TypeError);
  t.throws(() => loose.spawn('/bin/true', ['true'], [], NO_MAP, false, Uint32Array.of(1)), TypeError, 'a user without a group');
  t.throws(() => loose.spawn('/bin/true', ['true'], [], NO_MAP, false, [1, 1]), TypeError);
  t.throws(() => loose.pipe(2), TypeError);
  t.throws(() => loose.read(0, 'x'), TypeError);
  t.throws(() => loose.hasAcl(1), TypeError);
  const meta = new Int32Array(4 * (MAX_BATCH + 1));
  const arena = new Uint8Array(64 * (MAX_BATCH + 1));
  t.throws(() => sysnet.recvBatch(1, arena, meta, MAX_BATCH + 1, 64), TypeError, 'more slots than a batch has');
  t.throws(() => sysnet.recvBatch(1, arena, meta, 0, 64), TypeError);
  t.throws(() => sysnet.recvBatch(1, arena, meta, 1, SLOT_HEAD), TypeError, 'no room for a payload');
  t.throws(() => sysnet.recvBatch(1, new Uint8Array(127), meta, 2, 64), TypeError, 'arena too small');
  t.throws(() => sysnet.recvBatch(1, arena, new Int32Array(7), 2, 64), TypeError, 'meta too small');
  t.equal(sysnet.close(-1), -EBADF);
  t.equal(sysnet.bind(-1, inet(HERE, PORT)), -EBADF);
  t.equal(sysnet.connect(-1, inet(HERE, PORT)), -EBADF);
  t.equal(sysnet.socket(AF_INET, SOCK_DGRAM, 250), -os.errno.EPROTONOSUPPORT);
});

t.test('errnoName says what the man pages say', async t => {
  t.equal(errnoName(-EAGAIN), 'EAGAIN');
  t.equal(errnoName(-os.errno.EOPNOTSUPP), 'ENOTSUP');
  t.equal(errnoName(-EPERM), 'EPERM');
  t.equal(errnoName(-4000), 'errno-4000');
});

t.test('a socket is non-blocking and close-on-exec', async t => {
  const fd = must(sysnet.socket(AF_INET, SOCK_DGRAM, 0));
  t.ok(closeOnExec(fd));
  t.equal(flags(fd) & constants.O_NONBLOCK, constants.O_NONBLOCK);
  t.equal(sysnet.close(fd), 0);
  t.equal(sysnet.close(fd), -EBADF);
});

t.test('recvBatch: IPv4 datagrams with TTL, destination and interface', async t => {
  const fd = must(sysnet.socket(AF_INET, SOCK_DGRAM, 0));
  const sender = must(sysnet.socket(AF_INET, SOCK_DGRAM, 0));
  const from = [...HERE.slice(0, 3), (HERE[3] ?? 0) ^ 1];
  t.equal(sysnet.bind(fd, inet([0, 0, 0, 0], PORT + (process.pid % 20_000))), 0);
  t.equal(sysnet.bind(sender, inet(from, 0)), 0);
  const to = inet(HERE, PORT + (process.pid % 20_000));
  const few = batch(3, 8);
  t.equal(few.receive(fd), 0, 'none waits');

  t.equal(sysnet.sendto(sender, text.encode('before'), 0, to), 6);
  await readable(fd);
  t.equal(few.receive(fd), 1);
  t.match(few.at(0), { ttl: -1, index: 0, destination: padded([]), source: padded(from), cut: 0 }, 'nothing was asked for');

  t.equal(sysnet.setsockopt(fd, IPPROTO_IP, IP_PKTINFO, 1), 0);
  t.equal(sysnet.setsockopt(fd, IPPROTO_IP, IP_RECVTTL, new Uint8Array([1, 0, 0, 0])), 0);
  t.equal(sysnet.setsockopt(sender, IPPROTO_IP, IP_TTL, 255), 0);
  t.equal(sysnet.sendto(sender, text.encode('one'), 0, to), 3);
  t.equal(sysnet.setsockopt(sender, IPPROTO_IP, IP_TTL, 254), 0);
  t.equal(sysnet.sendto(sender, text.encode('twotwotwo'), 0, to), 9);
  t.equal(sysnet.sendto(sender, text.encode(''), 0, to), 0);
  t.equal(sysnet.sendto(sender, text.encode('four'), 0, to), 4);
  await readable(fd);
  t.equal(few.receive(fd), 3, 'as many as there are slots');
  const loopback = { source: padded(from), destination: padded(HERE), index: 1 };
  t.match(few.at(0), { ...loopback, ttl: 255, length: 3, cut: 0 });
  t.equal(few.at(0).payload.toString(), 'one');
  t.match(few.at(1), { ...loopback, ttl: 254, length: 8, cut: 1 });
  t.equal(few.at(1).payload.toString(), 'twotwotw', 'cut off at the end of its slot');
  t.match(few.at(2), { ...loopback, ttl: 254, length: 0, cut: 0 });
  t.equal(few.receive(fd), 1, 'and then the rest');
  t.equal(few.at(0).payload.toString(), 'four');
  t.equal(few.receive(fd), 0);
  sysnet.close(fd);
  sysnet.close(sender);
});

t.test('connect: sends there, receives from there alone, and hears what ICMP says', async t => {
  const port = PORT + (process.pid % 20_000);
  const [other, fd, stranger] = [0, 1, 2].map(() => must(sysnet.socket(AF_INET, SOCK_DGRAM, 0))) as [number, number, number];
  const here = [HERE[0], HERE[1], HERE[2], (HERE[3] ?? 0) ^ 2].map(Number);
  t.equal(sysnet.bind(other, inet(HERE, port)), 0);
  t.equal(sysnet.bind(fd, inet(here, port)), 0);
  t.equal(sysnet.connect(fd, inet(HERE, port)), 0);
  t.equal(sysnet.sendto(fd, text.encode('there'), 0, null), 5);
  await readable(other);
  const one = batch(1, 16);
  t.equal(one.receive(other), 1);
  t.match(one.at(0), { source: padded(here) });
  sysnet.sendto(stranger, text.encode('stranger'), 0, inet(here, port));
  sysnet.sendto(other, text.encode('back'), 0, inet(here, port));
  await readable(fd);
  t.equal(one.receive(fd), 1);
  t.equal(one.at(0).payload.toString(), 'back');
  sysnet.close(other);
  t.equal(sysnet.sendto(fd, text.encode('nobody'), 0, null), 6);
  t.equal(one.receive(fd), -os.errno.ECONNREFUSED);
  t.equal(one.receive(fd), 0, 'told once');
  sysnet.close(fd);
  sysnet.close(stranger);
});

t.test('recvBatch: a raw IPv4 socket gives the header too', needs('CAP_NET_RAW'), async t => {
  const EXPERIMENTAL = 253; // RFC 3692
  const fd = must(sysnet.socket(AF_INET, SOCK_RAW, EXPERIMENTAL));
  sysnet.setsockopt(fd, IPPROTO_IP, IP_RECVTTL, 1);
  sysnet.setsockopt(fd, IPPROTO_IP, IP_PKTINFO, 1);
  t.equal(sysnet.bind(fd, inet(HERE, 0)), 0);
  t.equal(sysnet.sendto(fd, text.encode('raw'), 0, inet(HERE, 0)), 3);
  await readable(fd);
  const one = batch(1, 64);
  t.equal(one.receive(fd), 1);
  const got = one.at(0);
  t.match(got, { source: padded(HERE), destination: padded(HERE), length: 23, ttl: 64, index: 1 });
  t.equal(got.payload[0], 0x45);
  t.equal(got.payload[9], EXPERIMENTAL);
  t.equal(got.payload.toString('latin1', 20), 'raw');
  sysnet.close(fd);
});

t.test('recvBatch: IPv6 datagrams with hop limit and destination', async t => {
  const fd = must(sysnet.socket(AF_INET6, SOCK_DGRAM, 0));
  let port = 20_000 + (process.pid % 20_000);
  let bound = sysnet.bind(fd, inet6Loopback(port));
  for (let i = 0; i < 50 && bound === -os.errno.EADDRINUSE; i++) bound = sysnet.bind(fd, inet6Loopback(++port));
  if (bound === -os.errno.EADDRNOTAVAIL) {
    t.pass('no IPv6 on the loopback interface', { skip: true });
    return;
  }
  t.equal(bound, 0);
  t.equal(sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1), 0);
  t.equal(sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1), 0);
  t.equal(sysnet.setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255), 0);
  t.equal(sysnet.sendto(fd, text.encode('six'), 0, inet6Loopback(port)), 3);
  await readable(fd);
  const one = batch(1, 16);
  t.equal(one.receive(fd), 1);
  const loopback = [...new Array(15).fill(0), 1];
  t.match(one.at(0), { source: loopback, destination: loopback, ttl: 255, index: 1, length: 3, cut: 0 });
  t.equal(one.at(0).payload.toString(), 'six');
  sysnet.close(fd);
});

t.test('attachFilter: the kernel keeps away what the program refuses', async t => {
  const program = (...instructions: readonly (readonly [number, number, number, number])[]) => {
    const bytes = new Uint8Array(instructions.length * 8);
    const view = new DataView(bytes.buffer);
    instructions.forEach(([code, jt, jf, k], i) => {
      view.setUint16(i * 8, code, true);
      bytes.set([jt, jf], i * 8 + 2);
      view.setUint32(i * 8 + 4, k, true);
    });
    return bytes;
  };
  const fd = must(sysnet.socket(AF_INET, SOCK_DGRAM, 0));
  const to = inet(HERE, PORT);
  t.equal(sysnet.bind(fd, to), 0);
  t.equal(sysnet.attachFilter(fd, new Uint8Array(7)), -EINVAL, 'not whole instructions');
  t.equal(sysnet.attachFilter(fd, program([0x30, 0, 0, 8])), -EINVAL, 'does not end with a return');
  t.equal(sysnet.attachFilter(fd, new Uint8Array(8 * 4097)), -EINVAL, 'too long');
  // ldb [8] (first payload byte after the UDP header); jeq 'y' ? accept : drop
  const onlyY = program([0x30, 0, 0, 8], [0x15, 0, 1, 0x79], [0x06, 0, 0, 0xffff], [0x06, 0, 0, 0]);
  t.equal(sysnet.attachFilter(fd, onlyY), 0);
  for (const word of ['no', 'yes', 'no again']) sysnet.sendto(fd, text.encode(word), 0, to);
  await readable(fd);
  const all = batch(4, 16);
  t.equal(all.receive(fd), 1);
  t.equal(all.at(0).payload.toString(), 'yes');
  sysnet.close(fd);
});

t.test('timerfd: never early, replaced by the next instant, disarmed by 0', async t => {
  const fd = must(sysnet.timerfd());
  const at = sysnet.now() + 20_000;
  t.equal(at, Math.trunc(at), 'whole microseconds');
  t.equal(sysnet.timerSet(fd, at), 0);
  t.equal(sysnet.timerRead(fd), 0, 'not expired yet');
  await readable(fd);
  t.ok(sysnet.now() >= at, 'not early');
  t.equal(sysnet.timerRead(fd), 1);
  t.equal(sysnet.timerRead(fd), 0, 'told once');

  sysnet.timerSet(fd, sysnet.now() + 3_600_000_000);
  sysnet.timerSet(fd, 1);
  t.equal(await readable(fd), 0, 'an instant that is past fires at once, and replaces the one in an hour');
  sysnet.timerSet(fd, 0);
  t.equal(sysnet.timerRead(fd), 0, 'disarmed, with what it had to tell');
  sysnet.close(fd);
  t.equal(sysnet.timerSet(fd, 1), -EBADF);
});

t.test('watch and unwatch', async t => {
  const fd = must(sysnet.timerfd());
  t.equal(sysnet.unwatch(fd), -ENOENT);
  t.equal(
    sysnet.watch(fd, () => t.fail('called back after unwatch')),
    0,
  );
  t.equal(
    sysnet.watch(fd, () => t.fail('watched twice')),
    -EEXIST,
  );
  sysnet.timerSet(fd, 1);
  t.equal(sysnet.unwatch(fd), 0);
  t.equal(await readable(fd), 0, 'watched again after unwatch');
  sysnet.close(fd);
  const plain = openSync(import.meta.filename, 'r');
  t.equal(
    sysnet.watch(plain, () => undefined),
    -EPERM,
    'a plain file cannot be polled',
  );
  t.equal(sysnet.unwatch(plain), -ENOENT);
  closeSync(plain);
});

t.test('watch: an error on the socket is told, and does not end the watch', async t => {
  const [ours, its] = socketpair();
  const one = batch(1, 16);
  const seen: (readonly [number, number])[] = [];
  await new Promise<void>(resolve => {
    sysnet.watch(ours, status => {
      seen.push([status, one.receive(ours)]);
      if (seen.length < 2) return;
      sysnet.unwatch(ours);
      resolve();
    });
    sysnet.sendto(ours, text.encode('never read'), 0, null);
    sysnet.close(its); // with data that nobody read: a reset
  });
  t.same(seen, [
    [-EBADF, -ECONNRESET],
    [0, 1],
  ]);
  t.equal(one.at(0).length, 0, 'then the end of the stream');
  sysnet.close(ours);
});

t.test('watch: what a call back throws is an ordinary uncaught exception', async t => {
  const arm = 'const fd = sysnet.timerfd(); sysnet.timerSet(fd, 1);';
  const thrown = isolated(`${arm} sysnet.watch(fd, () => { throw new Error('from the call back'); });`);
  t.equal(thrown.status, 1);
  t.match(thrown.err, /Error: from the call back\n +at/);
  const caught = isolated(`${arm}
    process.on('uncaughtException', error => console.log('caught', error.message));
    sysnet.watch(fd, () => {
      sysnet.timerRead(fd);
      sysnet.unwatch(fd);
      process.nextTick(() => console.log('next tick'));
      throw new Error('once');
    });`);
  t.match(caught, { status: 0, out: 'caught once\nnext tick\n' }, 'and the loop goes on, then ends with nothing left to watch');
});

t.test('watch: in a worker that is ended from outside', async t => {
  const url = new URL('../../../src/platform/linux/sysnet.ts', import.meta.url).href;
  const script = `import { parentPort } from 'node:worker_threads'; import { sysnet } from '${url}';
    const fds = [sysnet.timerfd(), sysnet.timerfd(), sysnet.timerfd()];
    for (const fd of fds) sysnet.watch(fd, () => undefined);
    parentPort.postMessage(fds);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
  const fds = await new Promise<readonly number[]>(resolve => worker.once('message', resolve));
  t.equal(await worker.terminate(), 1);
  for (const fd of fds) t.equal(sysnet.close(fd), 0);
});

t.test('watchWritable: when a connection is there, and when it will not come', async t => {
  const server = createServer(socket => socket.end());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  const knock = (to: number): Promise<number> => {
    const fd = must(sysnet.socket(AF_INET, SOCK_STREAM, 0));
    const there = sockaddrInet(ip('127.0.0.1'), 0, to);
    const first = sysnet.connect(fd, there);
    if (first < 0) t.equal(errnoName(first), 'EINPROGRESS');
    return new Promise(resolve => {
      sysnet.watchWritable(fd, () => {
        const came = sysnet.connect(fd, there);
        if (came >= 0 || errnoName(came) === 'EISCONN') t.equal(sysnet.meetsItself(fd), 0);
        sysnet.unwatch(fd);
        sysnet.close(fd);
        resolve(came);
      });
    });
  };
  t.ok([0, -os.errno.EISCONN].includes(await knock(port)));
  await new Promise(resolve => server.close(resolve));
  t.equal(errnoName(await knock(port)), 'ECONNREFUSED');
});

t.test('meetsItself: a connection from a port to that port', async t => {
  const fd = must(sysnet.socket(AF_INET, SOCK_STREAM, 0));
  t.teardown(() => void sysnet.close(fd));
  t.equal(errnoName(sysnet.meetsItself(fd)), 'ENOTCONN');
  // A port that is free, taken for both ends: RFC 9293 §3.5 lets them meet.
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  await new Promise(resolve => server.close(resolve));
  const own = sockaddrInet(ip('127.0.0.1'), 0, port);
  must(sysnet.bind(fd, own));
  const met = sysnet.connect(fd, own);
  t.ok(met >= 0 || errnoName(met) === 'EINPROGRESS');
  t.equal(sysnet.meetsItself(fd), 1);
});

t.test('pipe and read: our end never blocks, the other one does', async t => {
  const made = pipe(0);
  const [from, to] = made;
  const into = new Uint8Array(8);
  for (const fd of made) t.ok(closeOnExec(fd));
  t.equal(flags(from) & constants.O_NONBLOCK, constants.O_NONBLOCK);
  t.equal(flags(to) & constants.O_NONBLOCK, 0);
  t.equal(sysnet.read(from, into), -EAGAIN);
  writeSync(to, 'ten bytes.');
  t.equal(await readable(from), 0);
  t.equal(sysnet.read(from, into), 8);
  t.equal(Buffer.from(into).toString(), 'ten byte');
  t.equal(sysnet.read(from, into), 2);
  closeSync(to);
  t.equal(await readable(from), 0);
  t.equal(sysnet.read(from, into), 0, 'the end');
  sysnet.close(from);
  t.equal(sysnet.read(from, into), -EBADF);
  const other = pipe(1);
  t.same(
    other.map(fd => flags(fd) & constants.O_NONBLOCK),
    [0, constants.O_NONBLOCK],
  );
  for (const fd of other) sysnet.close(fd);
});

t.test('hasAcl', async t => {
  const path = join(t.testdir({ file: '' }), 'file');
  t.equal(sysnet.hasAcl(path), 0);
  t.equal(sysnet.hasAcl(`${path}/nothing`), -os.errno.ENOTDIR);
  t.equal(sysnet.hasAcl('/proc/self/status'), 0, 'a file system without any');
  if (grantByAcl(path, 65534)) t.equal(sysnet.hasAcl(path), 1);
  else t.comment('no lists on this file system');
});

t.test('logWrite never waits', async t => {
  const dir = t.testdir({});
  const fifo = join(dir, 'fifo');
  t.equal(spawnSync('mkfifo', [fifo]).status, 0);
  const pipe = openSync(fifo, constants.O_RDWR); // blocking, and nobody reads
  const line = new Uint8Array(5000).fill(0x2e);
  let total = 0;
  let wrote = sysnet.logWrite(pipe, line);
  for (; wrote > 0; wrote = sysnet.logWrite(pipe, line)) {
    t.equal(wrote, 4096, 'not more than a pipe that polls writable takes');
    total += wrote;
  }
  t.equal(wrote, -EAGAIN);
  t.ok(total >= 4096, `a pipe took ${total} bytes`);
  readSync(pipe, line, 0, 4096, null);
  t.equal(sysnet.logWrite(pipe, text.encode('line\n')), 5, 'room again');
  closeSync(pipe);

  const pair = socketpair();
  do wrote = sysnet.logWrite(pair[0], line);
  while (wrote > 0);
  t.equal(wrote, -EAGAIN, 'a journal that hangs');
  sysnet.close(pair[1]);
  t.equal(sysnet.logWrite(pair[0], line), -EPIPE, 'a journal that is gone');
  sysnet.close(pair[0]);

  const file = join(dir, 'file');
  writeFileSync(file, '');
  const fd = openSync(file, 'a');
  t.equal(sysnet.logWrite(fd, text.encode('plain\n')), 6);
  closeSync(fd);
  t.equal(readFileSync(file, 'utf8'), 'plain\n');
  t.equal(sysnet.logWrite(-1, line), -EBADF);
});
