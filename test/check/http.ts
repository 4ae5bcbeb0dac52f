// src/check/http.ts: what an answer of a web server is worth.
import fc from 'fast-check';
import t from 'tap';
import { foreignSeen, type HttpAnswer, judgeAnswer, lateBodySeen, silentSeen, wantsBody } from '../../src/check/http.ts';
import type { HttpProbe } from '../../src/check/probe.ts';
import { millis, seconds } from '../../src/vrrp/units.ts';
import { httpProbe } from '../fixtures/network-probes.ts';

const probe = (rest: Partial<HttpProbe>): HttpProbe => httpProbe('http://127.0.0.1/', rest);

function judge(rest: Partial<HttpProbe>, answer: Partial<HttpAnswer> = {}, regex: Parameters<typeof judgeAnswer>[1] = null) {
  return judgeAnswer(probe(rest), regex, { status: 200, location: null, body: '', cut: false, took: millis(3), ...answer });
}

t.test('a status within any of the ranges is good', async t => {
  const status = [
    { from: 200, to: 204 },
    { from: 301, to: 301 },
  ];
  for (const good of [200, 204, 301]) t.strictSame(judge({ status }, { status: good }), { trouble: null, seen: `HTTP ${good} in 3 ms` });
  for (const bad of [199, 205, 300, 302, 503, 0]) {
    t.strictSame(judge({ status }, { status: bad }), { trouble: 'unexpected', seen: `HTTP ${bad}, wanted 200-204, 301` });
  }
});

t.test('a redirection says where it leads, in one line', async t => {
  t.equal(judge({}, { status: 301, location: 'https://www.example/' }).seen, 'HTTP 301 to https://www.example/, wanted 200-299');
  t.match(judge({}, { status: 302, location: `/a\x1b[2J${'b'.repeat(100)}` }).seen, /^HTTP 302 to \/a \[2Jb+…, wanted 200-299$/);
  t.equal(judge({ status: [{ from: 301, to: 301 }] }, { status: 301, location: '/' }).seen, 'HTTP 301 in 3 ms');
});

t.test('a text in the body', async t => {
  t.equal(judge({ body: 'ok' }, { body: 'all ok' }).trouble, null);
  t.strictSame(judge({ body: 'ok' }, { body: 'OK' }), { trouble: 'unexpected', seen: 'HTTP 200, but "ok" is not in the body' });
  t.equal(judge({ body: 'ok' }, { cut: true }).seen, 'HTTP 200, but "ok" is not in the first 64 KiB of the body');
});

t.test('an expression for the body', async t => {
  t.equal(judge({ bodyRegex: 'a+' }, { body: 'caat' }, text => text.includes('aa')).trouble, null);
  t.strictSame(
    judge({ bodyRegex: 'a+' }, { body: 'x' }, () => false),
    { trouble: 'unexpected', seen: 'HTTP 200, but the body does not match a+' },
  );
  t.equal(judge({ bodyRegex: 'a+' }, { cut: true }, () => false).seen, 'HTTP 200, but the first 64 KiB of the body does not match a+');
  t.match(judge({ bodyRegex: 'a(' }, {}, 'missing )'), { trouble: 'unexpected', seen: /expression cannot be used: missing \)$/ });
});

t.test('fields of a JSON body', async t => {
  const body = JSON.stringify({ status: 'ok', up: true, load: 1.5, checks: [{ name: 'db' }, { name: 'cache' }], nothing: null });
  const fields = (json: HttpProbe['json'], text = body) => judge({ json }, { body: text });
  t.equal(fields({ status: 'ok', up: true, load: 1.5, 'checks.1.name': 'cache', 'checks.length': 2 }).trouble, null);
  t.strictSame(fields({ status: 'fine' }), { trouble: 'unexpected', seen: 'HTTP 200, but status is "ok", not "fine"' });
  t.equal(fields({ up: 'true' }).seen, 'HTTP 200, but up is true, not "true"', 'types count');
  t.equal(fields({ checks: 'db' }).seen, 'HTTP 200, but checks is [{"name":"db"},{"name":"cache"}], not "db"');
  t.equal(fields({ nothing: 0 }).seen, 'HTTP 200, but nothing is null, not 0');
  for (const path of ['a', 'checks.2.name', 'checks.0.name.first', 'status.length', 'nothing.more', 'constructor', '__proto__', '']) {
    t.equal(fields({ [path]: 1 }).seen, `HTTP 200, but there is no ${path} in the body`, path);
  }
  t.equal(fields({ a: 1 }, '{"a":1').seen, 'HTTP 200, but the body is not JSON');
  t.equal(fields({ a: 1 }, '3').seen, 'HTTP 200, but there is no a in the body');
  t.equal(fields({ a: 'x' }, '{"a":"\\u001b[2J\\n"}').seen, 'HTTP 200, but a is "\\u001b[2J\\n", not "x"');
  t.equal(
    judge({ json: { a: 1 } }, { body: '{"a":1}', cut: true }).seen,
    'HTTP 200, but the body has more than 64 KiB, too much to be read as JSON',
  );
});

t.test('a good answer that took too long', async t => {
  t.equal(judge({ maxLatency: millis(3) }).trouble, null);
  t.strictSame(judge({ maxLatency: millis(3) }, { took: millis(3.01) }), { trouble: 'slow', seen: 'HTTP 200 in 3.1 ms, more than 3 ms' });
  t.equal(judge({ maxLatency: millis(3), body: 'x' }, { took: seconds(2) }).trouble, 'unexpected', 'what is wrong comes first');
});

t.test('whether the body is needed at all', async t => {
  t.equal(wantsBody(probe({})), false);
  t.equal(wantsBody(probe({ body: '' })), true);
  t.equal(wantsBody(probe({ bodyRegex: 'a' })), true);
  t.equal(wantsBody(probe({ json: { a: 1 } })), true);
});

t.test('what did not come in time', async t => {
  t.strictSame(lateBodySeen(200, seconds(1)), { trouble: 'timeout', seen: 'HTTP 200, but the body did not end within 1 s' });
  t.strictSame(silentSeen('answer', seconds(1)), { trouble: 'timeout', seen: 'connected, but no answer within 1 s' });
  t.strictSame(silentSeen('handshake', millis(500)), { trouble: 'timeout', seen: 'connected, but no TLS handshake within 500 ms' });
});

t.test('what is no HTTP', async t => {
  t.strictSame(foreignSeen('Expected HTTP/', 'SSH-2.0-OpenSSH_9.2p1\r\n'), {
    trouble: 'protocol',
    seen: 'that is no answer in HTTP (Expected HTTP/): SSH-2.0-OpenSSH_9.2p1',
  });
  t.equal(foreignSeen('Header overflow', '').seen, 'that is no answer in HTTP (Header overflow)');
  t.equal(foreignSeen('Expected HTTP/', '\x15\x03\x01\x00\x02\x02\x46').seen, 'the server wants TLS: write https: in the URL');
});

t.test('whatever comes, there is one line about it', async () => {
  fc.assert(
    fc.property(
      fc.record({
        status: fc.integer({ min: 0, max: 999 }),
        location: fc.option(fc.string({ unit: 'binary' })),
        body: fc.oneof(fc.string({ unit: 'binary' }), fc.json()),
        cut: fc.boolean(),
        took: fc.nat().map(value => millis(value)),
      }),
      fc.string({ unit: fc.constantFrom('a', '.', '0', 'length', '__proto__') }),
      (answer, path) => !/\p{C}/u.test(judgeAnswer(probe({ json: { [path]: 1 } }), null, answer).seen),
    ),
  );
});
