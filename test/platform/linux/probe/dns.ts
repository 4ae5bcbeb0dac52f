// src/platform/linux/probe/dns.ts: a question to a name server, and whatever it does with it.
import { createSocket } from 'node:dgram';
import { type Answer, decode, encode, type Packet, streamEncode } from 'dns-packet';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { DnsProbe } from '../../../../src/check/probe.ts';
import { lookAtDns } from '../../../../src/platform/linux/probe/dns.ts';
import { millis, seconds } from '../../../../src/vrrp/units.ts';
import { dnsProbe } from '../../../fixtures/network-probes.ts';
import { closedPort, leftovers, listen, listenUdp } from '../fixtures/servers.ts';

const LONG = seconds(30);
const SHORT = millis(300);
/** Recursion desired and available. */
const FOUND = 0x0180;
const TRUNCATED = 0x0200;

const A: Answer = { type: 'A', name: 'www.example', ttl: 60, data: '192.0.2.1' };

/** The reply to a question, whatever that is. */
function reply(message: Buffer, rest: Packet = {}): Buffer {
  const { id = 0, questions = [] } = decode(message);
  return encode({ type: 'response', id, flags: FOUND, questions, answers: [A], ...rest });
}

/** A name server on both transports that replies so. @returns ports */
async function server(t: Test, answer: (message: Buffer) => readonly Uint8Array[], host = '127.0.0.1') {
  const udp = await listenUdp(t, (message, send) => answer(message).forEach(send), host);
  const tcp = await listen(
    t,
    socket => {
      let bytes = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return;
        for (const message of answer(bytes.subarray(2))) {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(message.length);
          socket.write(Buffer.concat([length, message]));
        }
      });
    },
    host,
  );
  return { udp, tcp };
}

async function look(probe: Partial<DnsProbe>, timeout = LONG) {
  const quiet = leftovers();
  const seen = await lookAtDns(dnsProbe(probe), timeout);
  await quiet();
  return seen;
}

const BOTH = ['udp', 'tcp'] as const;

t.test('a question and its reply, over both transports and families', async t => {
  for (const host of ['127.0.0.1', '::1']) {
    const asked: Buffer[] = [];
    const ports = await server(
      t,
      message => {
        asked.push(message);
        return [reply(message)];
      },
      host,
    );
    for (const transport of BOTH) {
      const probe = { server: host, port: ports[transport], transport };
      t.match(await look(probe), { trouble: null, seen: /^A 192.0.2.1 in [\d.]+ m?s$/ });
      t.match(await look({ ...probe, expect: ['192.0.2.1'] }), { trouble: null });
      t.match(await look({ ...probe, expect: ['192.0.2.2'] }), { trouble: 'unexpected', seen: '192.0.2.2 is missing, there is 192.0.2.1' });
    }
    const [first = Buffer.alloc(0)] = asked;
    const { questions, additionals, flag_rd } = decode(first);
    t.match(
      { questions, additionals, flag_rd },
      {
        questions: [{ name: 'www.example', type: 'A', class: 'IN' }],
        additionals: [{ type: 'OPT', udpPayloadSize: 1232 }],
        flag_rd: true,
      },
    );
    t.ok(new Set(asked.map(message => message.readUInt16BE(0))).size > 1, 'ids are random');
  }
});

t.test('every kind of record', async t => {
  const name = 'www.example';
  const records: readonly (readonly [DnsProbe['record'], Answer, string])[] = [
    ['A', A, '192.0.2.1'],
    ['AAAA', { type: 'AAAA', name, data: '2001:db8::1' }, '2001:DB8:0::1'],
    ['CNAME', { type: 'CNAME', name, data: 'Web.Example' }, 'web.example.'],
    ['MX', { type: 'MX', name, data: { preference: 10, exchange: 'mail.example' } }, '10 mail.example'],
    ['NS', { type: 'NS', name, data: 'ns.example' }, 'ns.example'],
    ['PTR', { type: 'PTR', name, data: 'host.example' }, 'host.example'],
    [
      'SOA',
      { type: 'SOA', name, data: { mname: 'ns.example', rname: 'admin.example', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 } },
      'ns.example admin.example 1 2 3 4 5',
    ],
    ['SRV', { type: 'SRV', name, data: { priority: 1, weight: 2, port: 443, target: 'web.example' } }, '1 2 443 web.example'],
    ['TXT', { type: 'TXT', name, data: ['v=spf1 ', '-all'] }, 'v=spf1 -all'],
  ];
  for (const [record, answer, expected] of records) {
    const { udp } = await server(t, message => [reply(message, { answers: [{ ...answer }] })]);
    t.match(await look({ port: udp, record, expect: [expected] }), { trouble: null }, record);
  }
  const other: Answer = { type: 'HINFO', name, data: { cpu: 'a', os: 'b' } };
  const { udp } = await server(t, message => [reply(message, { answers: [other] })]);
  t.match(await look({ port: udp }), { trouble: 'unexpected', seen: /^no A record, but HINFO/ });
});

t.test('codes in words', async t => {
  for (const [code, trouble, words] of [
    [2, 'unexpected', /^SERVFAIL/],
    [3, 'no-such-name', /^NXDOMAIN/],
    [5, 'denied', /^REFUSED/],
  ] as const) {
    const ports = await server(t, message => [reply(message, { flags: FOUND | code, answers: [] })]);
    for (const transport of BOTH) t.match(await look({ port: ports[transport], transport }), { trouble, seen: words });
  }
});

t.test('nobody listens, nobody answers', async t => {
  const closed = await closedPort();
  for (const transport of BOTH) t.strictSame(await look({ port: closed, transport }), { trouble: 'refused', seen: 'connection refused' });
  const ports = await server(t, () => []);
  for (const transport of BOTH) {
    t.strictSame(await look({ port: ports[transport], transport }, SHORT), { trouble: 'timeout', seen: 'no answer within 300 ms' });
  }
});

t.test('replies to others are not taken for ours', async t => {
  const wrong = (message: Buffer): Buffer => {
    const bytes = reply(message, { answers: [] });
    bytes.writeUInt16BE((message.readUInt16BE(0) + 1) & 0xffff);
    return bytes;
  };
  const { udp } = await server(t, message => [wrong(message), message, Buffer.from('x'), Buffer.alloc(0), reply(message)]);
  t.match(await look({ port: udp }), { trouble: null }, 'ours came last');
  const ports = await server(t, message => [wrong(message)]);
  t.match(await look({ port: ports.udp }, SHORT), { trouble: 'timeout' });
  t.strictSame(await look({ port: ports.tcp, transport: 'tcp' }), { trouble: 'protocol', seen: 'it answers another question' });
  for (const questions of [[{ type: 'A', name: 'other.example' } as const], [{ type: 'MX', name: 'www.example' } as const]]) {
    const { udp: port } = await server(t, message => [reply(message, { questions })]);
    t.strictSame(await look({ port }), { trouble: 'protocol', seen: 'it answers another question' });
  }
  const { udp: port } = await server(t, message => [reply(message, { questions: [] })]);
  t.match(await look({ port }), { trouble: null }, 'a server that does not repeat the question');
});

t.test('only the server that was asked is heard', async t => {
  const stranger = createSocket('udp4');
  t.teardown(() => stranger.close());
  await new Promise<void>(resolve => stranger.bind(0, '127.0.0.1', resolve));
  const lie: Answer = { type: 'A', name: 'www.example', data: '192.0.2.66' };
  let lies = 0;
  const port = await listenUdp(t, (message, answer, from) => {
    // Over loopback it has arrived when it is sent.
    stranger.send(reply(message, { answers: [lie] }), from, '127.0.0.1', () => {
      lies += 1;
      answer(reply(message));
    });
  });
  t.match(await look({ port }), { trouble: null, seen: /^A 192.0.2.1 in / });
  t.equal(lies, 1);
});

t.test('replies that are cut off', async t => {
  const cut = await server(t, message => [reply(message, { flags: FOUND | TRUNCATED })]);
  t.match(await look({ port: cut.udp }), { trouble: null }, 'what is needed is there');
  t.strictSame(await look({ port: cut.udp, expect: ['192.0.2.2'] }), {
    trouble: 'unexpected',
    seen: 'the reply is cut off, and what is there is not enough; ask over tcp',
  });
  const anywhere = await server(t, message => [reply(message, { flags: FOUND | TRUNCATED }).subarray(0, -3)]);
  t.match(await look({ port: anywhere.udp }), { trouble: 'unexpected', seen: /^the reply is cut off/ }, 'in the middle of a record');
});

t.test('what is no reply', async t => {
  const header = (message: Buffer): Buffer => Buffer.from([...message.subarray(0, 2), 0x81, 0x80, 0, 1, 0xff, 0xff, 0, 0, 0, 0]);
  const ports = await server(t, message => [Buffer.concat([header(message), Buffer.alloc(40, 0xc0)])]);
  for (const transport of BOTH) {
    t.strictSame(await look({ port: ports[transport], transport }), { trouble: 'protocol', seen: 'its reply cannot be read' });
  }
  const closing = await listen(t, socket => socket.once('data', () => socket.end('\x00')));
  t.strictSame(await look({ port: closing, transport: 'tcp' }), {
    trouble: 'protocol',
    seen: 'the server closed the connection without a reply',
  });
  const rude = await listen(t, socket => socket.once('data', () => socket.resetAndDestroy()));
  t.strictSame(await look({ port: rude, transport: 'tcp' }), { trouble: 'unreachable', seen: 'connection reset' });
  const endless = await listen(t, socket => {
    const timer = setInterval(() => socket.write('\xff'), 10);
    socket.on('close', () => clearInterval(timer));
  });
  t.match(await look({ port: endless, transport: 'tcp' }, SHORT), { trouble: 'timeout' });
  const dribble = await listen(t, socket =>
    socket.once('data', (query: Buffer) => {
      const bytes = streamEncode(decode(reply(query.subarray(2))));
      let at = 0;
      const timer = setInterval(() => {
        if (at >= bytes.length) clearInterval(timer);
        else socket.write(bytes.subarray(at, ++at));
      }, 1);
      socket.on('close', () => clearInterval(timer));
    }),
  );
  t.match(await look({ port: dribble, transport: 'tcp' }), { trouble: null }, 'byte by byte, in time');
});

t.test('whatever is behind our id, it is one line and nothing is thrown', async t => {
  let noise: Uint8Array = new Uint8Array();
  const { udp } = await server(t, message => [Buffer.concat([message.subarray(0, 2), noise])]);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 10, maxLength: 80 }), async bytes => {
      noise = bytes;
      // So that it is taken for a reply with one question and one record.
      bytes.set([0x81, bytes[1] ?? 0, 0, (bytes[3] ?? 0) & 1, 0, 1, 0, 0, 0, 0]);
      const { trouble, seen } = await lookAtDns(dnsProbe({ port: udp }), LONG);
      return trouble !== 'failed' && trouble !== 'timeout' && !/\p{C}/u.test(seen);
    }),
    { numRuns: 200 },
  );
});

t.test('what cannot be asked', async t => {
  t.strictSame(await look({ name: 'a..b' }), { trouble: 'no-such-name', seen: 'that cannot be a name: a..b' });
  t.strictSame(await look({ name: 'a'.repeat(64) }), { trouble: 'no-such-name', seen: `that cannot be a name: ${'a'.repeat(64)}` });
  t.match(await look({ server: 'ns.example' }), { trouble: 'no-such-name', seen: 'ns.example is no address of a name server' });
});

t.test('many at once', async t => {
  const ports = await server(t, message => [reply(message)]);
  const quiet = leftovers();
  const looks = BOTH.flatMap(transport =>
    Array.from({ length: 100 }, () => lookAtDns(dnsProbe({ port: ports[transport], transport }), LONG)),
  );
  t.ok((await Promise.all(looks)).every(({ trouble }) => trouble === null));
  await quiet();
});
