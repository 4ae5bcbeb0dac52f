// src/check/dns.ts: what a reply of a name server is worth.
import fc from 'fast-check';
import t from 'tap';
import { type DnsReply, isDomainName, judgeReply } from '../../src/check/dns.ts';
import type { DnsProbe } from '../../src/check/probe.ts';
import { millis } from '../../src/vrrp/units.ts';
import { dnsProbe } from '../fixtures/network-probes.ts';

function judge(probe: Partial<DnsProbe>, reply: Partial<DnsReply>) {
  return judgeReply(dnsProbe(probe), { rcode: 0, truncated: false, records: [], took: millis(2), ...reply });
}

const records = (type: string, ...texts: readonly string[]) => texts.map(text => ({ type, text }));

t.test('codes in words', async t => {
  t.strictSame(judge({}, { rcode: 3 }), { trouble: 'no-such-name', seen: 'NXDOMAIN: there is no such name' });
  t.match(judge({}, { rcode: 2 }), { trouble: 'unexpected', seen: /^SERVFAIL/ });
  t.match(judge({}, { rcode: 5 }), { trouble: 'denied', seen: /^REFUSED/ });
  t.strictSame(judge({}, { rcode: 15 }), { trouble: 'unexpected', seen: 'the server answers with code 15' });
  t.equal(judge({}, { rcode: 3, records: records('A', '192.0.2.1') }).trouble, 'no-such-name', 'whatever else comes with it');
});

t.test('any answer of that record will do', async t => {
  t.strictSame(judge({}, { records: records('A', '192.0.2.1', '192.0.2.2') }), {
    trouble: null,
    seen: 'A 192.0.2.1, 192.0.2.2 in 2 ms',
  });
  t.strictSame(judge({}, {}), { trouble: 'unexpected', seen: 'no A record' });
  t.strictSame(judge({}, { records: records('CNAME', 'Web.Example.') }), {
    trouble: 'unexpected',
    seen: 'no A record, but CNAME web.example',
  });
  const chain = [...records('CNAME', 'web.example'), ...records('A', '192.0.2.1')];
  t.equal(judge({}, { records: chain }).seen, 'A 192.0.2.1 in 2 ms');
  t.equal(
    judge({}, { records: records('A', ...'12345'.split('').map(n => `192.0.2.${n}`)) }).seen,
    'A 192.0.2.1, 192.0.2.2, 192.0.2.3 and 2 more in 2 ms',
  );
});

t.test('what is expected must all be there', async t => {
  const found = { records: records('A', '192.0.2.1', '192.0.2.2') };
  t.equal(judge({ expect: ['192.0.2.2', '192.0.2.1'] }, found).trouble, null);
  t.strictSame(judge({ expect: ['192.0.2.1', '192.0.2.3', '192.0.2.4'] }, found), {
    trouble: 'unexpected',
    seen: '192.0.2.3, 192.0.2.4 is missing, there is 192.0.2.1, 192.0.2.2',
  });
});

t.test('texts are compared by what they mean', async t => {
  const same = (record: DnsProbe['record'], text: string, expected: string) =>
    judge({ record, expect: [expected] }, { records: records(record, text) }).trouble === null;
  t.ok(same('AAAA', '2001:db8:0:0:0:0:0:1', '2001:DB8::1'));
  t.notOk(same('AAAA', '2001:db8::2', '2001:db8::1'));
  t.ok(same('CNAME', 'Web.Example', 'web.example.'));
  t.ok(same('NS', 'ns.example', 'NS.example.'));
  t.ok(same('PTR', 'www.example', 'www.example.'));
  t.ok(same('MX', '10 mail.example', '10  Mail.Example.'));
  t.notOk(same('MX', '20 mail.example', '10 mail.example'));
  t.ok(same('MX', '0 .', '0 .'));
  t.ok(same('SRV', '1 2 443 web.example.', '1 2 443 web.example'));
  t.ok(same('SOA', 'ns.example. admin.example. 1 2 3 4 5', 'ns.example admin.example 1 2 3 4 5'));
  t.ok(same('TXT', 'v=spf1 -all', 'v=spf1 -all'));
  t.notOk(same('TXT', 'v=spf1 -all', 'V=SPF1 -all'));
  t.notOk(same('A', 'undefined.1.2.3', '192.0.2.1'), 'no address at all');
});

t.test('a reply that is cut off', async t => {
  t.equal(judge({}, { truncated: true, records: records('A', '192.0.2.1') }).trouble, null, 'what was wanted is in it');
  t.strictSame(judge({ expect: ['192.0.2.2'] }, { truncated: true, records: records('A', '192.0.2.1') }), {
    trouble: 'unexpected',
    seen: 'the reply is cut off, and what is there is not enough; ask over tcp',
  });
  t.equal(judge({ transport: 'tcp' }, { truncated: true }).seen, 'the reply is cut off, and what is there is not enough');
});

t.test('names that can be asked for', async t => {
  for (const good of ['www.example', 'www.example.', '.', 'a', '_sip._tcp.example', `${'a'.repeat(63)}.b`, '1.2.0.192.in-addr.arpa']) {
    t.ok(isDomainName(good), good);
  }
  for (const bad of ['', '..', 'a..b', '.a', `${'a'.repeat(64)}.b`, `${'a.'.repeat(127)}a`, 'a b', 'ä.example'])
    t.notOk(isDomainName(bad), bad);
});

t.test('whatever comes, there is one line about it', async () => {
  fc.assert(
    fc.property(
      fc.record({
        rcode: fc.integer({ min: 0, max: 15 }),
        truncated: fc.boolean(),
        records: fc.array(fc.record({ type: fc.constantFrom('A', 'TXT', 'MX'), text: fc.string({ unit: 'binary' }) })),
        took: fc.nat().map(value => millis(value)),
      }),
      fc.constantFrom<DnsProbe['record']>('A', 'TXT', 'MX'),
      (reply, record) => !/\p{C}/u.test(judgeReply(dnsProbe({ record }), reply).seen),
    ),
  );
});
