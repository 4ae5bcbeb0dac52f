// Looks at what answers as no database does: nothing, garbage, one byte now and then, without an end, or a real server's words
// with some bytes changed. Each ends in time, is told in words, and leaves no connection.
// Must not know the libraries. What real servers answer is in databases.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { MysqlProbe, PostgresProbe, RedisProbe, Seen } from '../../../../src/check/probe.ts';
import { type DatabaseProbe, lookAtDatabase } from '../../../../src/platform/linux/probe/databases.ts';
import { type Micros, millis, seconds } from '../../../../src/vrrp/units.ts';
import fc from '../../../fixtures/property.ts';
import { lacksMariadb, mariadbs } from '../../../fixtures/servers/mariadb.ts';
import { lacksPostgres, postgres } from '../../../fixtures/servers/postgres.ts';
import { lacksRedis, redises } from '../../../fixtures/servers/redis.ts';
import { until } from '../../../netns/lab/clock.ts';

const PASSWORD = 's3cret-pass';
process.env.HF_TEST_PASSWORD = PASSWORD;

const ENDPOINT = { host: '127.0.0.1', port: 0, socket: null, user: 'watch', password: { from: 'env', name: 'HF_TEST_PASSWORD' } } as const;
const MYSQL: MysqlProbe = { type: 'mysql', ...ENDPOINT, writable: true, maxLag: seconds(1), synced: true };
const POSTGRES: PostgresProbe = { type: 'postgres', ...ENDPOINT, database: 'postgres', role: 'primary', maxLag: seconds(1) };
const REDIS: RedisProbe = { type: 'redis', ...ENDPOINT, role: 'master' };
const KINDS: readonly DatabaseProbe[] = [MYSQL, POSTGRES, REDIS];

const printed: unknown[] = [];
for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) {
  t.intercept(console, name, { value: (...words: unknown[]) => printed.push(words) });
}
// mysql2 does that at broken numbers; the executable has none of it, see test/binary/artifact.ts.
t.intercept(console, 'trace', { value: () => {} });
process.on('warning', warning => printed.push(warning));

/** A look may end so much later than its limit, on a machine that does something else. */
const SLACK = 5_000;

interface Enemy {
  readonly port: number;
  /** Connections that the other side has not given up. */
  open(): number;
}

/** A server on a free port that does this with each connection. */
async function enemy(t: Test, act: (socket: Socket) => void): Promise<Enemy> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket);
    // Also what it does not read has to come to its end.
    socket
      .on('error', () => {})
      .on('end', () => sockets.delete(socket))
      .on('close', () => sockets.delete(socket))
      .resume();
    act(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const everybody: Socket[] = [];
  server.on('connection', socket => everybody.push(socket));
  t.teardown(() => {
    for (const socket of everybody) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, open: () => sockets.size };
}

/** One look at it, which ends in time and leaves nothing. */
async function look(t: Test, probe: DatabaseProbe, timeout: Micros, act: (socket: Socket) => void): Promise<Seen> {
  const server = await enemy(t, act);
  const began = performance.now();
  const seen = await lookAtDatabase({ ...probe, port: server.port }, timeout);
  const took = performance.now() - began;
  t.ok(took < timeout / 1000 + SLACK, `${probe.type}: ${Math.round(took)} ms, ${seen.trouble}: ${seen.seen}`);
  t.notMatch(seen.seen, PASSWORD);
  t.match(seen.seen, /^[^\p{Cc}\p{Cf}]{1,250}$/u);
  await until('the connection to be given up', SLACK, () => server.open() === 0);
  return seen;
}

const SHORT = millis(400);

// As real servers send it, so that the login begins.
const MYSQL_GREETING = Buffer.concat([
  Buffer.from([0x4a, 0, 0, 0, 10]),
  Buffer.from('8.0.36\0'),
  Buffer.from([1, 0, 0, 0]),
  Buffer.from('abcdefgh\0'),
  Buffer.from([0xff, 0xf7, 0xff, 2, 0, 0xff, 0xdf, 21]),
  Buffer.alloc(10),
  Buffer.from('ijklmnopqrst\0mysql_native_password\0'),
]);
MYSQL_GREETING[0] = MYSQL_GREETING.length - 4;
const MYSQL_OK = Buffer.from([7, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]);
const POSTGRES_READY = Buffer.from('R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I', 'latin1');

/** What makes a kind of client ask its questions. */
function welcome(probe: DatabaseProbe, socket: Socket): void {
  switch (probe.type) {
    case 'mysql':
      socket.write(MYSQL_GREETING);
      socket.once('data', () => socket.write(MYSQL_OK));
      break;
    case 'postgres':
      socket.once('data', () => socket.write(POSTGRES_READY));
      break;
    case 'redis':
      socket.once('data', () => socket.write('+OK\r\n'));
      break;
  }
}

t.test('accepts and says nothing', async t => {
  for (const probe of KINDS) {
    t.same(await look(t, probe, seconds(1), () => {}), { trouble: 'timeout', seen: 'no answer within 1 s, while logging in' });
  }
});

t.test('lets us in and then says nothing', async t => {
  for (const probe of KINDS) {
    const seen = await look(t, probe, seconds(1), socket => welcome(probe, socket));
    t.same(seen, { trouble: 'timeout', seen: 'no answer within 1 s, while asking' });
  }
});

t.test('never accepts, until its queue is full', async t => {
  const listen = "const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => ";
  const sleep = '{ fs.writeSync(1, String(s.address().port)); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); });';
  const deaf = spawn(process.execPath, ['-e', listen + sleep], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => deaf.kill('SIGKILL'));
  const [said] = await once(deaf.stdout, 'data');
  const port = Number(said);
  const queue = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  t.teardown(() => {
    for (const socket of queue) socket.destroy();
  });
  await until('the queue to be full', 10_000, () => queue.filter(socket => !socket.connecting).length > 1);
  const seen = await Promise.all(KINDS.map(probe => lookAtDatabase({ ...probe, port }, seconds(1))));
  for (const each of seen) t.same(each, { trouble: 'timeout', seen: 'no answer within 1 s, while connecting' });
});

t.test('one byte now and then', async t => {
  const words = { mysql: MYSQL_GREETING, postgres: POSTGRES_READY, redis: Buffer.from('+OK\r\n+PONG\r\n') };
  for (const probe of KINDS) {
    const seen = await look(t, probe, SHORT, socket => {
      let at = 0;
      const timer = setInterval(() => socket.write(words[probe.type].subarray(at, ++at)), 150);
      socket.on('close', () => clearInterval(timer)).on('end', () => clearInterval(timer));
    });
    t.match(seen, { trouble: 'timeout' });
  }
});

t.test('something else that listens there', async t => {
  const others = [
    'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n400 Bad Request',
    'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n',
    '220 mail.example ESMTP Postfix\r\n',
    'E'.repeat(2000),
    '\0'.repeat(2000),
    '*30000000\r\n',
    '*1\r\n'.repeat(20_000),
    '$-\r\n$+5\r\n:::::\r\n',
    '\xff'.repeat(2000),
    '%4\r\n~2\r\n',
    '>2\r\n+a\r\n+b\r\n',
    // An error without an end, which a careless reader looks for for ever.
    `E\0\0\0\x0aSFATAL`,
    'E\0\0\0\x04E\0\0\0\x05S',
    'N\0\0\0\x08SERR',
    'D\0\0\0\x06\xff\xffD\0\0\0\x0a\x7f\xff\0\0\xff\xff',
    'T\0\0\0\x06\x7f\xff',
    'R\0\0\0\x08\0\0\0\x63',
    'R\0\0\0\x08\0\0\0\x0b',
    'Z\0\0\0\x05IC\0\0\0\x05x',
  ];
  const tries = KINDS.flatMap(probe => others.map(text => ({ probe, text })));
  await Promise.all(
    tries.map(async ({ probe, text }) => {
      const seen = await look(t, probe, SHORT, socket => socket.write(text, 'latin1'));
      t.ok(['protocol', 'timeout', 'denied', 'unexpected'].includes(seen.trouble ?? 'none'), JSON.stringify([text.slice(0, 20), seen]));
      const late = await look(t, probe, SHORT, socket => {
        welcome(probe, socket);
        setTimeout(() => socket.write(text, 'latin1'), 50);
      });
      t.ok(late.trouble !== null);
    }),
  );
});

t.test('closes, or breaks off', async t => {
  for (const probe of KINDS) {
    t.match(await look(t, probe, seconds(5), socket => socket.end()), {
      trouble: 'unreachable',
      seen: /^the server closed the connection/,
    });
    t.match(await look(t, probe, seconds(5), socket => socket.resetAndDestroy()), { trouble: 'unreachable', seen: /^connection reset/ });
    const cut = await look(t, probe, seconds(5), socket => {
      welcome(probe, socket);
      socket.on('data', () => setTimeout(() => socket.destroy(), 20));
    });
    t.match(cut, { trouble: 'unreachable' });
  }
});

t.test('an answer that never ends', async t => {
  const row = (turn: number): Buffer => {
    const packet = Buffer.alloc(1 << 15);
    packet.writeUIntLE(packet.length - 4, 0, 3);
    packet[3] = (turn + 2) % 256;
    return packet;
  };
  const notices = Buffer.from('S\0\0\0\x08a\0b\0'.repeat(4000), 'latin1');
  const text = Buffer.alloc(1 << 15, 'x');
  const floods = {
    mysql: { first: Buffer.from([1, 0, 0, 1, 1]), next: row },
    postgres: { first: notices, next: () => notices },
    redis: { first: Buffer.from('$1000000000\r\n'), next: () => text },
  };
  for (const probe of KINDS) {
    const { first, next } = floods[probe.type];
    const seen = await look(t, probe, seconds(5), socket => {
      welcome(probe, socket);
      socket.once('data', () => {
        setTimeout(() => {
          let turn = 0;
          socket.write(first);
          const pour = (): void => {
            while (socket.writable && socket.write(next(turn++)));
          };
          socket.on('drain', pour);
          pour();
        }, 50);
      });
    });
    t.match(seen, { trouble: 'protocol', seen: /(it sends more than any answer has|its messages make no sense)$/ });
  }
});

t.test('says the password back', async t => {
  const said = `-ERR unknown command 'AUTH', with args beginning with: '${PASSWORD}'\r\n`;
  t.same(await look(t, REDIS, seconds(5), socket => socket.once('data', () => socket.write(said))), {
    trouble: 'denied',
    seen: 'the server says: ERR unknown command',
  });
  t.same(await look(t, REDIS, seconds(5), socket => socket.once('data', () => socket.write(`-ERR ${PASSWORD} is not it\r\n`))), {
    trouble: 'denied',
    seen: 'the server says: ERR *** is not it',
  });
  t.match(await look(t, REDIS, SHORT, socket => socket.pipe(socket)), { trouble: 'protocol' }, 'an echo');
  const error = Buffer.concat([Buffer.from([0, 0, 0, 0, 0xff, 0x15, 4]), Buffer.from(`#28000no ${PASSWORD}`)]);
  error[0] = error.length - 4;
  t.same(await look(t, MYSQL, seconds(5), socket => socket.write(error)), { trouble: 'denied', seen: 'the server says: no ***' });
});

t.test('wants the password in the clear, or a way that nobody knows', async t => {
  for (const plugin of ['mysql_clear_password', 'client_ed25519']) {
    const request = Buffer.concat([Buffer.from([0, 0, 0, 2, 0xfe]), Buffer.from(`${plugin}\0${'x'.repeat(32)}`)]);
    request[0] = request.length - 4;
    const heard: Buffer[] = [];
    const seen = await look(t, MYSQL, seconds(5), socket => {
      socket.write(MYSQL_GREETING);
      socket.once('data', () => socket.write(request));
      socket.on('data', chunk => heard.push(chunk));
    });
    t.same(seen, { trouble: 'denied', seen: `no login: the server wants ${plugin}, which holdfast does not do` });
    t.notOk(Buffer.concat(heard).includes(PASSWORD), 'and it did not get it');
  }
});

/** A real server's words with some bytes changed: whatever comes of it comes in time, and nothing throws. */
async function fuzz(t: Test, probe: DatabaseProbe, upstream: number, runs: number): Promise<void> {
  let changes: readonly (readonly [at: number, to: number])[] = [];
  const proxy = await enemy(t, socket => {
    const real = connect(upstream, '127.0.0.1');
    let passed = 0;
    socket
      .on('data', chunk => real.write(chunk))
      .on('end', () => real.end())
      .on('close', () => real.destroy());
    real.on('error', () => {}).on('close', () => socket.destroy());
    real.on('data', (chunk: Buffer) => {
      for (const [at, to] of changes) if (at >= passed && at < passed + chunk.length) chunk[at - passed] = to;
      passed += chunk.length;
      socket.write(chunk);
    });
  });
  t.equal((await lookAtDatabase({ ...probe, port: proxy.port }, seconds(10))).trouble, null, 'as they are');
  const change = fc.tuple(fc.integer({ min: 0, max: 600 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xfb, 0xfe, 0xff, 0x45, 0x2a));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async those => {
      changes = those;
      const began = performance.now();
      const seen = await lookAtDatabase({ ...probe, port: proxy.port }, millis(200));
      return performance.now() - began < 200 + SLACK && /^[^\p{Cc}\p{Cf}]{1,250}$/u.test(seen.seen);
    }),
    { numRuns: runs, endOnFailure: true },
  );
  await until('the connections to be given up', SLACK, () => proxy.open() === 0);
}

t.test('a real server, with some bytes changed', async t => {
  await t.test('redis', { skip: lacksRedis }, async t => {
    const all = redises();
    t.teardown(() => all.stop());
    const server = await all.start('--requirepass', PASSWORD);
    await fuzz(t, { ...REDIS, user: null }, server.port, 60);
  });
  await t.test('mariadb', { skip: lacksMariadb }, async t => {
    const all = await mariadbs();
    t.teardown(() => all.stop());
    const server = await all.start();
    await server.sql(`CREATE USER watch@'127.0.0.1' IDENTIFIED BY '${PASSWORD}'; GRANT REPLICA MONITOR ON *.* TO watch@'127.0.0.1'`);
    await fuzz(t, { ...MYSQL, synced: false, maxLag: null }, server.port, 60);
  });
  await t.test('postgres', { skip: lacksPostgres }, async t => {
    const all = await postgres();
    t.teardown(() => all.stop());
    await all.primary.sql(`CREATE ROLE watch LOGIN PASSWORD '${PASSWORD}'`);
    await fuzz(t, { ...POSTGRES, maxLag: null }, all.primary.port, 25);
  });
});

t.test('nothing was printed', async t => {
  t.same(printed, []);
});
