// Which programs somebody else than root could change, with real files of several owners.
// Must not know who runs them.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, linkSync, mkdirSync, readdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { distrust } from '../../../src/platform/linux/trust.ts';
import { grantByAcl } from './fixtures/acl.ts';
import { startElsewhere } from './fixtures/elsewhere.ts';
import { makeShelf, needsRoot } from './fixtures/programs.ts';

const SCRIPT = '#!/bin/sh\nexit 0\n';
const [ROOT, NOBODY, DAEMON] = [0, 65534, 1];

t.test('what the system comes with', async t => {
  for (const path of ['/bin/true', '/usr/bin/env', '/bin/sh', '/usr/bin/ldd', '//bin/./../bin//true'])
    t.equal(await distrust(path), null, path);
});

t.test('who owns it, and who may write it', needsRoot, async t => {
  const { put } = makeShelf(t);
  const path = put('notify.sh', SCRIPT);
  t.equal(await distrust(path), null);
  chownSync(path, NOBODY, ROOT);
  t.equal(await distrust(path), `${path} may be changed by nobody (owner nobody, mode 0755): chown root ${path}`);
  chmodSync(path, 0o500);
  t.match(await distrust(path), /owner nobody, mode 0500/, 'an owner can always make it writable');
  chownSync(path, 4_000_000_001, ROOT);
  t.match(await distrust(path), /may be changed by 4000000001 \(owner 4000000001/, 'an owner without a name');
  chownSync(path, ROOT, DAEMON);
  chmodSync(path, 0o775);
  t.equal(await distrust(path), `${path} may be changed by the group daemon (owner root, mode 0775): chmod g-w ${path}`);
  chownSync(path, ROOT, ROOT);
  chmodSync(path, 0o775);
  t.equal(await distrust(path), null, 'the group of root');
  chmodSync(path, 0o757);
  t.equal(await distrust(path), `${path} is writable for everybody (mode 0757): chmod o-w ${path}`);
});

t.test('an access control list hides behind the group', needsRoot, async t => {
  const { put } = makeShelf(t);
  const path = put('notify.sh', SCRIPT);
  if (!grantByAcl(path, NOBODY)) return t.comment('no lists on this file system');
  t.equal(await distrust(path), `${path} may be changed by those in its access control list (owner root, mode 0775): setfacl -b ${path}`);
  chmodSync(path, 0o755);
  t.equal(await distrust(path), null, 'the mask is in force');
});

t.test('every directory on the way', needsRoot, async t => {
  const { at, path } = makeShelf(t);
  mkdirSync(path('scripts/deep'), { recursive: true });
  const program = join(at, 'scripts/deep/run');
  linkSync(makeShelf(t).put('run', SCRIPT), program);
  const middle = path('scripts');
  t.equal(await distrust(program), null);
  chmodSync(middle, 0o777);
  t.equal(await distrust(program), `${middle} is writable for everybody (mode 0777): chmod o-w ${middle}`);
  chmodSync(middle, 0o1777);
  t.equal(
    await distrust(program),
    `${middle} is writable for everybody (mode 1777): put the program where only root writes, such as /usr/local/sbin`,
    'a directory like /tmp: the name may have been made by somebody else',
  );
  chmodSync(middle, 0o755);
  chownSync(middle, NOBODY, ROOT);
  t.match(await distrust(program), new RegExp(`^${middle} may be changed by nobody `));
  chownSync(middle, ROOT, DAEMON);
  chmodSync(middle, 0o2775);
  t.match(await distrust(program), new RegExp(`^${middle} may be changed by the group daemon \\(owner root, mode 2775\\)`));
  t.match(await distrust(join(middle, 'nothing/here')), new RegExp(`^${middle} `), 'who could put something there is told of');
});

t.test('links are followed, and their own directories count', needsRoot, async t => {
  const { put, path } = makeShelf(t);
  mkdirSync(path('open'));
  chmodSync(path('open'), 0o777);
  mkdirSync(path('closed'));
  const program = put('run', SCRIPT);
  symlinkSync('../run', path('closed/relative'));
  symlinkSync('relative', path('closed/chain'));
  symlinkSync(program, path('open/out'));
  symlinkSync('../open/out', path('closed/through'));
  symlinkSync(path('open/out'), path('closed/absolute'));
  symlinkSync('.', path('closed/self'));
  symlinkSync('loop', path('closed/loop'));
  t.equal(await distrust(path('closed/chain')), null);
  t.equal(await distrust(path('closed/self/self/relative')), null);
  t.match(await distrust(path('open/out')), new RegExp(`^${path('open')} is writable for everybody`), 'whoever made it can make it again');
  t.match(await distrust(path('closed/through')), new RegExp(`^${path('open')} is writable for everybody`));
  t.match(await distrust(path('closed/absolute')), new RegExp(`^${path('open')} is writable for everybody`));
  t.equal(await distrust(path('closed/loop')), `${path('closed/loop')} leads through too many links`);
  symlinkSync('nowhere', path('closed/broken'));
  t.equal(await distrust(path('closed/broken')), null, 'nothing is there, and only root can change that');
});

t.test('what is no program', needsRoot, async t => {
  const { at, put, path } = makeShelf(t);
  t.equal(await distrust(at), `${at} is a directory, not a program`);
  t.equal(await distrust('/'), '/ is a directory, not a program');
  spawnSync('mkfifo', [path('fifo')]);
  t.equal(await distrust(path('fifo')), `${path('fifo')} is a pipe, not a program`);
  const plain = put('no program', 'text', 0o644);
  t.equal(await distrust(plain), `${plain} is not executable (mode 0644): chmod +x '${plain}'`, 'quoted as a shell takes it');
  const odd = put("it's", 'text', 0o644);
  t.match(await distrust(odd), `chmod +x '${at}/it'\\''s'`);
  t.equal(await distrust(join(plain, 'below')), null, 'not there: starting it says so');
  t.equal(await distrust(path('nothing')), null);
});

t.test('the interpreter of a script', needsRoot, async t => {
  const { put, path } = makeShelf(t);
  const interpreter = put('interpreter', '\x7fELF');
  chownSync(interpreter, NOBODY, ROOT);
  const refused = new RegExp(`^${interpreter} may be changed by nobody`);
  for (const line of [`#!${interpreter}`, `#! \t${interpreter} -x y `, `#!${interpreter}\t-x`, `#!/usr/bin/env ${interpreter}`]) {
    t.match(await distrust(put('script', `${line}\n`)), refused, line);
  }
  t.match(await distrust(put('script', `#!${interpreter}`)), refused, 'without a line end');
  t.match(await distrust(put('second', `#!${put('first', `#!${interpreter}\n`)}\n`)), refused, 'a script that a script interprets');
  t.equal(await distrust(put('circle', `#!${path('circle')}\n`)), `${path('circle')} is a script of too many interpreters`);
  for (const line of ['#!/nowhere/sh', '#!', '#! ', '# !/bin/sh', '', '#!/bin/sh -e']) {
    t.equal(await distrust(put('script', `${line}\n`)), null, line === '' ? 'none' : line);
  }
  t.match(await distrust(put('script', '#!tmp/interpreter\n')), /^\/tmp is writable/, 'from /, where the program will be');
});

t.test('env(1) as an interpreter', needsRoot, async t => {
  const { put, path, at } = makeShelf(t);
  const [first, second] = [path('first'), path('second')];
  for (const directory of [first, second]) mkdirSync(directory);
  const call = startElsewhere(t, { '/usr/local/sbin': first, '/usr/local/bin': second });
  const env = (rest: string) => call.distrust(put('script', `#!/usr/bin/env ${rest}\n`));
  for (const rest of ['sh', '-S sh -e', '-S -u HOME A=1 sh', '-Ssh', '--split-string=sh', '-i sh', 'hf-nothing', '', '-S'])
    t.equal(await env(rest), null, rest);
  put('second/hf-tool', SCRIPT);
  t.equal(await env('hf-tool'), null);
  chownSync(path('second/hf-tool'), NOBODY, ROOT);
  for (const rest of ['hf-tool', '-S hf-tool -x', '-S A=b hf-tool', `-S -C ${at} hf-tool`]) {
    t.match(await env(rest), /^\/usr\/local\/bin\/hf-tool may be changed by nobody/, rest);
  }
  put('first/hf-tool', 'not executable, so it is not the one', 0o644);
  t.match(await env('hf-tool'), /^\/usr\/local\/bin\/hf-tool /);
  unlinkSync(path('first/hf-tool'));
  chmodSync(first, 0o777);
  t.match(await env('hf-tool'), /^\/usr\/local\/sbin is writable for everybody/, 'it would be found there first');
  t.match(await env('sh'), /^\/usr\/local\/sbin is writable for everybody/);
});

t.test('a daemon that is not root, and may not look everywhere', needsRoot, async t => {
  const { put, path } = makeShelf(t);
  mkdirSync(path('private'));
  chmodSync(path('private'), 0o700);
  const hidden = put('private/run', SCRIPT);
  const unreadable = put('unreadable', SCRIPT, 0o711);
  const call = startElsewhere(t, {}, ['--reuid=65432', '--regid=65433', '--clear-groups']);
  let readable: string | null;
  try {
    readable = await call.distrust('/bin/true');
  } catch {
    return t.comment('this tree is not for others, so nobody else can test it');
  }
  t.equal(readable, null);
  t.equal(await call.distrust(hidden), `${hidden} cannot be examined at ${path('private')}: EACCES`);
  t.equal(await call.distrust(unreadable), null, 'what it may not read is no script for it');
});

t.test('how long it takes, and nothing is left open', async t => {
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  const begun = performance.now();
  for (let i = 0; i < 200; i++) await distrust('/usr/bin/ldd');
  t.comment(`${(((performance.now() - begun) / 200) * 1000).toFixed(0)} µs for a script`);
  t.equal(open(), before);
});
