// Accounts out of the files of this machine, and of others; and what the machine's other directories know.
// Must not know what an account is wanted for.
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { accountOf, groupName, ownAccount, userName } from '../../../src/platform/linux/accounts.ts';
import { startElsewhere } from './fixtures/elsewhere.ts';
import { makeShelf, needsRoot } from './fixtures/programs.ts';

t.test('accounts that every machine has', async t => {
  t.match(await accountOf('root'), { name: 'root', uid: 0, gid: 0, home: '/root' });
  t.equal(await userName(0), 'root');
  t.equal(await groupName(0), 'root');
  t.equal(await userName(4_000_000_001), '4000000001', 'a number without a name');
  t.equal(await groupName(4_000_000_001), '4000000001');
  const own = await ownAccount();
  t.equal(own.uid, process.getuid?.());
  t.equal(own.gid, process.getgid?.());
});

t.test('what is no account', async t => {
  for (const name of ['nobody-of-this-name', '', ' ', '--help', '-s', 'a:b', 'a b', 'a\nb', '*', '+'])
    t.equal(await accountOf(name), null, name);
});

function begin(t: Test, passwd: readonly string[], group: readonly string[], getent = 'exit 2') {
  const shelf = makeShelf(t);
  const own = readFileSync('/etc/passwd', 'utf8');
  return startElsewhere(t, {
    '/etc/passwd': shelf.put('passwd', `${own}${passwd.join('\n')}\n`, 0o644),
    '/etc/group': shelf.put('group', `${group.join('\n')}\n`, 0o644),
    '/usr/bin/getent': shelf.put('getent', `#!/bin/sh\n${getent}\n`),
  });
}

t.test('user, group, supplementary groups, home', needsRoot, async t => {
  const passwd = [
    'hf-a:x:4711:4712:A comment, with a comma:/srv/a:/bin/false',
    'hf-b:x:4713:4714::',
    'hf-c:x:no:4',
    'hf-d',
    '',
    '#hf-e:x:1:1',
  ];
  const group = ['one:x:10:hf-b,hf-a', 'two:x:11:hf-a,hf-a', 'three:x:12:hf-aa,xhf-a', 'own:x:4712:hf-a', 'empty:x:13:', 'broken:x', ''];
  const call = begin(t, passwd, group);
  t.same(await call.accountOf('hf-a'), { name: 'hf-a', uid: 4711, gid: 4712, home: '/srv/a', groups: [10, 11] });
  t.same(await call.accountOf('hf-b'), { name: 'hf-b', uid: 4713, gid: 4714, home: '/', groups: [10] });
  for (const name of ['hf-c', 'hf-d', '#hf-e']) t.equal(await call.accountOf(name), null, `${name}: a line that is no account`);
});

t.test('an account of another directory', needsRoot, async t => {
  const getent = `
    case "$1 $2" in
      'passwd far') echo 'far:*:70001:70002:Far Away:/home/far:/bin/bash' ;;
      'initgroups far') echo 'far                  70002 70003 10' ;;
      'passwd slow') exec sleep 30 ;;
      'passwd other') echo 'else:x:1:1::/:/' ;;
      *) exit 2 ;;
    esac`;
  const call = begin(t, [], ['one:x:10:far', 'two:x:11:far'], getent);
  t.same(await call.accountOf('far'), { name: 'far', uid: 70001, gid: 70002, home: '/home/far', groups: [10, 11, 70003] });
  t.equal(await call.accountOf('unknown'), null);
  t.equal(await call.accountOf('other'), null, 'an answer about somebody else');
  t.equal(await call.accountOf('slow'), null, 'no answer in time');
});

t.test('an answer is kept for a while', needsRoot, async t => {
  const shelf = makeShelf(t);
  const call = startElsewhere(t, {
    '/usr/bin/getent': shelf.put('getent', `#!/bin/sh\necho $2 >>${shelf.path('asked')}\nexit 2\n`),
  });
  for (let i = 0; i < 3; i++) t.equal(await call.accountOf('nobody-there'), null);
  t.equal(readFileSync(shelf.path('asked'), 'utf8'), 'nobody-there\n');
});

t.test('who programs run as', needsRoot, async t => {
  const passwd = ['holdfast:x:4711:4712::/var/lib/holdfast:/usr/sbin/nologin'];
  const group = ['secrets:x:4713:holdfast'];
  const call = begin(t, passwd, group);
  t.same(await call.accountFor(null), { name: 'holdfast', uid: 4711, gid: 4712, groups: [4713], home: '/var/lib/holdfast' });
  t.match(await call.accountFor('root'), { name: 'root', uid: 0, gid: 0 });
  t.match(await call.accountFor('nobody-there'), { kind: 'system-error', op: 'find the account', code: 'ENOENT', target: 'nobody-there' });
  const { kind, output } = await call.run(['/usr/bin/id', '-a'], null).then(ended => ({ output: '', ...ended }));
  t.equal(kind, 'exit');
  t.equal(output, 'uid=4711(holdfast) gid=4712 groups=4712,4713(secrets)\n');
  const without = begin(t, [], []);
  t.match(await without.accountFor(null), { name: 'root', uid: 0 }, 'no such account: our own');
});

t.test('who programs of a daemon run as that is not root', needsRoot, async t => {
  const shelf = makeShelf(t);
  const own = readFileSync('/etc/passwd', 'utf8');
  const passwd = shelf.put('passwd', `${own}holdfast:x:4711:4712::/:/bin/false\n`, 0o644);
  // With what it takes to read this tree, wherever it lies.
  const list = '+dac_read_search,+dac_override';
  const as = ['--reuid=65432', '--regid=65433', '--groups=65434', `--inh-caps=${list}`, `--ambient-caps=${list}`];
  const call = startElsewhere(t, { '/etc/passwd': passwd }, as);
  t.same(await call.accountFor(null), { name: '65432', uid: 65432, gid: 65433, groups: [65434], home: '/' }, 'as itself, without a name');
  t.match(await call.run(['/usr/bin/id'], null), { kind: 'exit', output: 'uid=65432 gid=65433 groups=65433,65434\n' });
  t.match(await call.run(['/bin/true'], 'holdfast'), { kind: 'system-error', op: 'run as holdfast', code: 'EPERM', target: '/bin/true' });
});
