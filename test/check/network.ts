// src/check/network.ts: errors of sockets and names in words.
import { constants } from 'node:os';
import t from 'tap';
import { lateSeen, lookupSeen, networkSeen } from '../../src/check/network.ts';
import { millis, seconds } from '../../src/vrrp/units.ts';

t.test('an error of a socket is a trouble and words', async t => {
  t.strictSame(networkSeen('ECONNREFUSED'), { trouble: 'refused', seen: 'connection refused' });
  t.strictSame(networkSeen('EHOSTUNREACH'), { trouble: 'unreachable', seen: 'no route to the host' });
  t.strictSame(networkSeen('ETIMEDOUT'), { trouble: 'timeout', seen: 'no answer, the kernel gave up' });
  t.strictSame(networkSeen('EPERM'), { trouble: 'denied', seen: 'forbidden by a firewall of this machine' });
  t.strictSame(networkSeen('EMFILE'), { trouble: 'failed', seen: 'too many open files in this process' });
  t.strictSame(networkSeen('EXDEV'), { trouble: 'unreachable', seen: 'network error EXDEV' }, 'also what nobody thought of');
});

t.test('whatever errno there is, there is one line about it', async t => {
  for (const code of Object.keys(constants.errno)) t.match(networkSeen(code).seen, /^[\x20-\x7e]{4,60}$/, code);
});

t.test('a name that does not become an address', async t => {
  t.strictSame(lookupSeen('ENOTFOUND', 'db.example', true), { trouble: 'no-such-name', seen: 'no such name: db.example' });
  t.strictSame(lookupSeen('ENODATA', 'db.example', true), { trouble: 'no-such-name', seen: 'no such name: db.example' });
  t.match(lookupSeen('ENOTFOUND', 'db', false).seen, /^no such name: db; write it with its domain/);
  t.strictSame(lookupSeen('ETIMEOUT', 'db.example', true), { trouble: 'timeout', seen: 'no answer from a name server about db.example' });
  t.match(lookupSeen('ECONNREFUSED', 'db.example', true), { trouble: 'no-such-name', seen: /no name server listens/ });
  t.match(lookupSeen('EBADNAME', 'a..b', true), { trouble: 'no-such-name', seen: 'that cannot be a name: a..b' });
  t.match(lookupSeen('ESERVFAIL', 'db.example', true), {
    trouble: 'no-such-name',
    seen: 'the name server cannot tell about db.example: SERVFAIL',
  });
});

t.test('nothing came', async t => {
  t.strictSame(lateSeen(seconds(1), null), { trouble: 'timeout', seen: 'no answer within 1 s' });
  t.strictSame(lateSeen(millis(300), 'db.example'), {
    trouble: 'timeout',
    seen: 'no answer from a name server about db.example within 300 ms',
  });
});
