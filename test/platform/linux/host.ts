// src/platform/linux/host.ts: files replaced as a whole, in a tree that nothing leads out of; programs of the system.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openHost } from '../../../src/platform/linux/host.ts';

function tree(t: Test) {
  const root = mkdtempSync(join(tmpdir(), 'hf-host-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  return { root, host: openHost(root), at: (path: string) => join(root, path) };
}

const bytes = (text: string) => new TextEncoder().encode(text);

t.test('written with its folders, which are told, whatever the umask is', async t => {
  const { host, at } = tree(t);
  const umask = process.umask(0o077);
  t.teardown(() => process.umask(umask));
  t.same(await host.write('/usr/local/bin/x', bytes('one'), 0o755, null), ['/usr', '/usr/local', '/usr/local/bin']);
  t.equal(readFileSync(at('/usr/local/bin/x'), 'utf8'), 'one');
  t.equal(statSync(at('/usr/local/bin/x')).mode & 0o7777, 0o755);
  t.equal(statSync(at('/usr/local')).mode & 0o7777, 0o755);
  t.same(await host.folder('/var/lib/holdfast', 0o750), ['/var', '/var/lib', '/var/lib/holdfast']);
  t.equal(statSync(at('/var/lib/holdfast')).mode & 0o7777, 0o750);
  t.same(await host.folder('/var/lib/holdfast', 0o750), []);
});

t.test('replaced: the old one is kept under its other name, and whoever has it open keeps it', async t => {
  const { host, at } = tree(t);
  await host.write('/x', bytes('one'), 0o755, null);
  const { ino } = statSync(at('/x'));
  writeFileSync(at('/source'), 'two');
  t.same(await host.write('/x', at('/source'), 0o755, '/x.previous'), []);
  t.equal(readFileSync(at('/x'), 'utf8'), 'two');
  t.equal(statSync(at('/x.previous')).ino, ino);
  await host.write('/x', bytes('three'), 0o755, '/x.previous');
  t.equal(readFileSync(at('/x.previous'), 'utf8'), 'two');
  t.same(readdirSync(at('/')).sort(), ['source', 'x', 'x.previous'], 'nothing of the way there is left');
});

t.test('what cannot be written leaves what was there, and no crumbs', async t => {
  const { host, at } = tree(t);
  await host.write('/x', bytes('one'), 0o755, null);
  await t.rejects(host.write('/x', at('/none'), 0o755, '/x.previous'), { code: 'ENOENT' });
  mkdirSync(at('/folder/in'), { recursive: true });
  await t.rejects(host.write('/folder', bytes('two'), 0o644, null), { code: 'EISDIR' });
  await t.rejects(host.write('/x/y', bytes('two'), 0o644, null));
  t.equal(readFileSync(at('/x'), 'utf8'), 'one');
  t.same(readdirSync(at('/')).sort(), ['folder', 'x']);
});

t.test('what lies where', async t => {
  const { host, at } = tree(t);
  await host.write('/file', bytes('one'), 0o644, null);
  await host.link('/a/link', '/file');
  t.same(await host.look('/file'), { kind: 'file', sha256: '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed' });
  t.same(await host.look('/a/link'), { kind: 'link', target: '/file' });
  t.same(await host.look('/a'), { kind: 'folder' });
  t.same(await host.look('/none/x'), { kind: 'absent' });
  t.same(await host.look('/file/x'), { kind: 'absent' });
  t.equal(await host.read('/file'), 'one');
  for (const path of ['/none', '/a']) t.equal(await host.read(path), null);
  t.same([await host.list('/a'), await host.list('/none')], [['link'], []]);
  t.ok(lstatSync(at('/a/link')).isSymbolicLink());
});

t.test('taken away', async t => {
  const { host, at } = tree(t);
  await host.write('/a/b/file', bytes('one'), 0o644, null);
  t.equal(await host.removeFolder('/a/b'), false);
  await host.remove('/a/b/file');
  await host.remove('/a/b/file');
  t.equal(await host.removeFolder('/a/b'), true);
  t.equal(await host.removeFolder('/a/b'), true);
  await host.write('/a/b/file', bytes('one'), 0o644, null);
  await host.removeTree('/a');
  t.notOk(existsSync(at('/a')));
});

t.test('links do not lead out of the tree', async t => {
  const { root, host, at } = tree(t);
  const outside = mkdtempSync(join(tmpdir(), 'hf-outside-'));
  t.teardown(() => rmSync(outside, { recursive: true }));
  mkdirSync(at('/usr'));
  symlinkSync(outside, at('/usr/local'));
  await t.rejects(host.write('/usr/local/bin/x', bytes('one'), 0o755, null), {
    message: `${at('/usr/local')} leads out of ${root}, to ${outside}`,
  });
  const works: readonly (() => Promise<unknown>)[] = [
    () => host.look('/usr/local/x'),
    () => host.read('/usr/local/x'),
    () => host.folder('/usr/local/x', 0o755),
    () => host.link('/usr/local/x', '/y'),
    () => host.removeTree('/usr/local/x'),
  ];
  for (const work of works) await t.rejects(work(), /leads out of/);
  t.same(readdirSync(outside), []);
  // One that stays in the tree, as an ostree has it.
  rmSync(at('/usr/local'));
  mkdirSync(at('/var'));
  symlinkSync('../var', at('/usr/local'));
  await host.write('/usr/local/bin/x', bytes('one'), 0o755, null);
  t.equal(readFileSync(at('/var/bin/x'), 'utf8'), 'one');
});

t.test('programs: how they end, and what they say', async t => {
  const host = openHost(null);
  t.match(await host.run(['sh', '-c', 'echo out; echo err >&2; exit 3'], 10_000), { status: 3, out: 'out\n', err: 'err\n' });
  t.match(await host.run(['true'], 10_000), { status: 0 });
  t.match(await host.run(['hf-no-such-program'], 10_000), { status: 'missing', err: 'hf-no-such-program is not there' });
  t.match(await host.run(['sleep', '100'], 100), { status: 'killed', err: 'no answer within 0.1 s' });
  t.equal((await host.run(['sh', '-c', 'echo "$LC_ALL $HOME"'], 10_000)).out, 'C \n', 'nothing of our own environment');
});
