// The script of the image that puts the dropped configuration in force, with folders of the test's own: when the executable is asked, and what
// is in force after it broke down. Must not know what makes a configuration good.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';

const SCRIPT = join(import.meta.dirname, '../../image/rootfs-overlay/usr/lib/appliance/config');

function box(t: Test) {
  const root = t.testdir({ run: { drop: { 'holdfast.toml': 'first' } }, state: {}, version: '1', hostname: '' });
  const at = (path: string) => join(root, path);
  let text = readFileSync(SCRIPT, 'utf8').replace(/^#!.*/, '#!/bin/sh');
  // The version stands in a file of the image; the consoles are not ours.
  for (const [from, to] of [
    ['/run/appliance', 'run'],
    ['/var/lib/appliance', 'state'],
    ['/usr/lib/appliance/version', 'version'],
    ['/usr/bin/holdfast', 'holdfast'],
    ['/proc/sys/kernel/hostname', 'hostname'],
    ['/sys/class/tty/console/active', 'none'],
  ] as const) {
    t.ok(text.includes(from), `the script has ${from}`);
    text = text.replaceAll(from, at(to));
  }
  writeFileSync(at('config'), text);
  return {
    at,
    /** Starts the box: a fresh /run with what lies on CONFIG, and an executable that does this. */
    boot(drop: string, program: string) {
      spawnSync('rm', ['-rf', at('run'), at('asked')]);
      mkdirSync(at('run/drop'), { recursive: true });
      writeFileSync(at('run/drop/holdfast.toml'), drop);
      writeFileSync(at('holdfast'), `#!/bin/sh\ntouch ${at('asked')}\n${program}\n`);
      chmodSync(at('holdfast'), 0o755);
      const { status, stderr } = spawnSync('sh', [at('config')], { encoding: 'utf8' });
      const read = (path: string) => (existsSync(at(path)) ? readFileSync(at(path), 'utf8') : null);
      return { status, stderr, asked: existsSync(at('asked')), inForce: read('run/active/holdfast.toml'), name: read('hostname') };
    },
    apply: (what: string, code = 0) =>
      `mkdir -p ${at('run/active')}; echo ${what} >${at('run/active/holdfast.toml')}; echo edge >${at('run/active/hostname')}; exit ${code}`,
  };
}

t.test('asked once about what it has not seen', async t => {
  const { boot, apply } = box(t);
  t.match(boot('first', apply('first')), { status: 0, stderr: '', asked: true, inForce: 'first\n', name: 'edge\n' });
  t.match(boot('first', apply('never')), { status: 0, asked: false, inForce: 'first\n', name: 'edge\n' });
  t.match(boot('second', apply('second')), { asked: true, inForce: 'second\n' });
});

t.test('what was refused is asked about again, and what the executable chose is in force', async t => {
  const { boot, apply } = box(t);
  boot('first', apply('first'));
  for (let i = 0; i < 2; i += 1) t.match(boot('bad', apply('kept', 1)), { asked: true, inForce: 'kept\n' });
});

t.test('an executable that breaks down leaves what was in force, and says so', async t => {
  const { boot, apply, at } = box(t);
  boot('first', apply('first'));
  t.match(boot('second', 'echo broken >&2; exit 134'), { status: 0, stderr: 'broken\n', asked: true, inForce: 'first\n', name: 'edge\n' });
  const half = `mkdir -p ${at('run/active')}; echo half >${at('run/active/holdfast.toml')}; kill -9 $$`;
  t.match(boot('second', half), { inForce: 'first\n', name: 'edge\n' }, 'also in the middle');
  t.match(boot('second', apply('second')), { asked: true, inForce: 'second\n' });
});
