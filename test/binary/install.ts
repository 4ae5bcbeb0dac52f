// dist/holdfast installs itself into a tree: from nothing, again, over what was changed, away. Must not know a running machine: that is
// test/netns/systemd/install.ts.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';

const BINARY = 'dist/holdfast';
const HERE = '/usr/local/bin/holdfast';
const UNIT = '/usr/local/lib/systemd/system/holdfast.service';
const CONFIG = '/etc/holdfast/holdfast.toml';
const ENABLED = '/etc/systemd/system/multi-user.target.wants/holdfast.service';
const REAL = '[vrrp.web]\ninterface = "eth0"\nvrid = 51\naddresses = ["192.0.2.200/24"]\n';

/** On the disk of the executable: it is copied without its bytes where the file system can. */
function tree(t: Test) {
  mkdirSync('.cache', { recursive: true });
  const root = mkdtempSync(join('.cache', 'tree-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/os-release'), 'PRETTY_NAME="CentOS Stream 9"\n');
  writeFileSync(join(root, 'etc/hostname'), 'edge-a\n');
  const at = (path: string) => join(root, path);
  const run = (...argv: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(BINARY, [...argv, '--root', root], { encoding: 'utf8', timeout: 60_000 });
    return { status, out: stdout, err: stderr };
  };
  return { root, at, run };
}

t.test('from nothing, and once more', async t => {
  const { root, at, run } = tree(t);
  const before = readdirSync(root);
  const dry = run('install', '--dry-run');
  t.match(dry, { status: 0, out: /^holdfast \S+, CentOS Stream 9: would do this, but this is a dry run\n {2}make / });
  t.same(readdirSync(root), before, 'a dry run writes nothing');
  const first = run('install');
  t.match(first, { status: 0, err: '' });
  t.same(first.out.match(/^ {2}.*$/gm), dry.out.match(/^ {2}.*$/gm), 'what a dry run says is what is done');
  t.ok(readFileSync(at(HERE)).equals(readFileSync(BINARY)));
  t.equal(statSync(at(HERE)).mode & 0o7777, 0o755);
  t.equal(readFileSync(at(UNIT), 'utf8'), readFileSync('systemd/holdfast.service', 'utf8'));
  t.equal(readFileSync(at(CONFIG), 'utf8'), readFileSync('docs/holdfast.example.toml', 'utf8'));
  t.notOk(existsSync(at(ENABLED)), 'nobody serves an example');
  t.match(run('install'), { status: 0, out: /^nothing to do: holdfast \S+ is installed\nnote: .*is the example/, err: '' });
});

t.test('a configuration: checked for the machine of the tree, and served at its next boot', async t => {
  const { at, run } = tree(t);
  mkdirSync(at('/etc/holdfast'));
  writeFileSync(at(CONFIG), `${REAL}\n[node.edge-b.vrrp.web]\npriority = 300\n`);
  t.match(run('install'), {
    status: 78,
    out: '',
    err: /error\[out-of-range\][\s\S]*does not take the configuration.*nothing was changed\n$/,
  });
  t.notOk(existsSync(at('/usr')));
  writeFileSync(at(CONFIG), REAL);
  t.match(run('install'), { status: 0, err: '' });
  t.equal(readlinkSync(at(ENABLED)), UNIT);
  t.equal(readFileSync(at(CONFIG), 'utf8'), REAL);
  t.match(run('install').out, /^nothing to do: holdfast \S+ is installed\n$/);
});

t.test('what was changed by hand is kept, and an uninstall takes the rest', async t => {
  const { root, at, run } = tree(t);
  run('install');
  writeFileSync(at(UNIT), '# mine\n');
  writeFileSync(at(HERE), 'another holdfast');
  t.match(run('install'), {
    status: 0,
    out: /^ {2}replace .*holdfast.previous\n[\s\S]*note: \/usr\/local\/lib\/systemd\/system\/holdfast.service is kept, it was changed by hand; compare: diff/m,
  });
  t.equal(readFileSync(at(`${HERE}.previous`), 'utf8'), 'another holdfast');
  const gone = run('uninstall');
  t.match(gone, { status: 0, err: '', out: /note: .*holdfast.service is kept: it was changed since it was installed/ });
  t.match(gone.out, /note: \/etc\/holdfast is kept, and \/var\/lib\/holdfast; --purge removes both/);
  t.notOk(existsSync(at(HERE)));
  t.same([readFileSync(at(UNIT), 'utf8'), readFileSync(at(`${HERE}.previous`), 'utf8')], ['# mine\n', 'another holdfast']);
  t.ok(existsSync(at(CONFIG)));
  t.match(run('uninstall'), { status: 0, out: /^nothing to do/ });
  rmSync(at(UNIT));
  rmSync(at(`${HERE}.previous`));
  t.match(run('install'), { status: 0 });
  t.match(run('uninstall', '--purge'), { status: 0, err: '' });
  t.same(readdirSync(at('/etc')).sort(), ['hostname', 'os-release']);
  t.notOk(existsSync(join(root, 'var/lib/holdfast')));
});

t.test('a tree that leads out of itself', async t => {
  const { root, at, run } = tree(t);
  mkdirSync(at('/usr'));
  const outside = mkdtempSync(join('.cache', 'outside-'));
  t.teardown(() => rmSync(outside, { recursive: true }));
  symlinkSync(join(process.cwd(), outside), at('/usr/local'));
  t.match(run('install'), { status: 1, out: '', err: `holdfast: ${join(process.cwd(), root)}/usr/local leads out of ` });
  t.same(readdirSync(outside), []);
  t.match(run('install').err, /; nothing was changed\n$/);
});

t.test('calls that make no sense, and machines that are none for it', async t => {
  const call = (...argv: readonly string[]) => spawnSync(BINARY, argv, { encoding: 'utf8', timeout: 60_000 });
  t.match(call('install', '--root', '/nonexistent'), { status: 1, stderr: 'holdfast: --root: /nonexistent is no folder\n' });
  t.match(call('install', '--purge'), { status: 2 });
  t.match(call('uninstall', '--no-start'), { status: 2 });
  if (!existsSync('/run/systemd/system'))
    t.match(call('install'), { status: 1, stdout: '', stderr: /^holdfast: systemd does not run here[\s\S]*By hand:\n {2}install -m 755/ });
});
