// Words and codes of databases and of the system, and what they come to, by value.
// Must not know sockets.
import t from 'tap';
import {
  foreignSeen,
  hungSeen,
  lostSeen,
  mysqlRefusal,
  plainWords,
  postgresRefusal,
  redisRefusal,
  socketSeen,
} from '../../src/check/database-refusal.ts';
import { millis, seconds } from '../../src/vrrp/units.ts';

t.test('words of a server are one short line, and never the password', async t => {
  t.equal(plainWords('Access denied', ''), 'Access denied');
  t.equal(plainWords(' two\r\nlines\t\u001b[31mred\u0000\u202e ', ''), 'two lines [31mred');
  t.equal(plainWords('the password "hidden" is not hidden', 'hidden'), 'the password "***" is not ***');
  t.equal(plainWords('on\ntwo lines', 'on\ntwo'), '*** lines', 'as it is, not as it is shown');
  t.equal(plainWords('x'.repeat(300), 'y'), `${'x'.repeat(200)}…`);
  t.equal(plainWords(`${'x'.repeat(196)}hidden`, 'hidden'), `${'x'.repeat(196)}***`, 'before it is cut');
});

t.test('mysql', async t => {
  for (const errno of [1044, 1045, 1130, 1227, 1698, 1862, 3118, 3159, 4151]) {
    t.same(mysqlRefusal(errno, 'no'), { trouble: 'denied', seen: 'the server says: no' }, String(errno));
  }
  t.equal(mysqlRefusal(1047, 'WSREP has not yet prepared node for application use').trouble, 'wrong-role');
  t.same(mysqlRefusal(1040, 'Too many connections'), { trouble: 'unexpected', seen: 'the server says: Too many connections' });
});

t.test('postgres', async t => {
  for (const state of ['28000', '28P01', '42501']) t.equal(postgresRefusal(state, 'no').trouble, 'denied', state);
  t.same(postgresRefusal('57P03', 'the database system is starting up'), {
    trouble: 'unexpected',
    seen: 'the server says: the database system is starting up',
  });
  t.equal(postgresRefusal('3D000', 'no').trouble, 'unexpected');
});

t.test('redis', async t => {
  const rows = [
    ['NOAUTH Authentication required.', 'PING', 'denied'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'AUTH', 'denied'],
    ["NOPERM this user has no permissions to run the 'role' command", 'ROLE', 'denied'],
    ['DENIED Redis is running in protected mode', 'PING', 'denied'],
    ['ERR invalid password', 'AUTH', 'denied'],
    ['ERR AUTH <password> called without any password configured for the default user.', 'AUTH', 'denied'],
    ['LOADING Redis is loading the dataset in memory', 'PING', 'unexpected'],
    ['LOADING Redis is loading the dataset in memory', 'AUTH', 'unexpected'],
    ['BUSY Redis is busy running a script.', 'AUTH', 'unexpected'],
    ['ERR max number of clients reached', 'AUTH', 'unexpected'],
    ['MASTERDOWN Link with MASTER is down', 'PING', 'lagging'],
    ['ERR unknown command', 'ROLE', 'unexpected'],
    ['', 'PING', 'unexpected'],
  ] as const;
  for (const [words, to, trouble] of rows)
    t.same(redisRefusal(words, to), { trouble, seen: `the server says: ${words}` }, `${to}: ${words}`);
  t.same(redisRefusal("ERR unknown command 'AUTH', with args beginning with: 'hidd", 'AUTH'), {
    trouble: 'denied',
    seen: 'the server says: ERR unknown command',
  });
});

t.test('no answer at all', async t => {
  t.same(hungSeen('asking', seconds(3)), { trouble: 'timeout', seen: 'no answer within 3 s, while asking' });
  t.same(hungSeen('connecting', millis(250)), { trouble: 'timeout', seen: 'no answer within 250 ms, while connecting' });
  t.same(lostSeen(null, 'logging in'), { trouble: 'unreachable', seen: 'the server closed the connection while logging in' });
  t.same(lostSeen('ECONNRESET', 'asking'), { trouble: 'unreachable', seen: 'connection reset while asking' });
  t.same(foreignSeen('MySQL', 'a packet came out of turn'), {
    trouble: 'protocol',
    seen: 'this is no MySQL protocol: a packet came out of turn',
  });
});

t.test('a UNIX socket', async t => {
  const rows = [
    ['ENOENT', 'refused', 'there is no /run/x.sock'],
    ['ENOTSOCK', 'refused', '/run/x.sock is no socket'],
    ['EACCES', 'denied', '/run/x.sock: permission denied'],
    ['EAGAIN', 'refused', '/run/x.sock: whoever listens there does not accept'],
    ['ECONNREFUSED', 'refused', '/run/x.sock: connection refused'],
  ] as const;
  for (const [code, trouble, seen] of rows) t.same(socketSeen(code, '/run/x.sock'), { trouble, seen }, code);
});
