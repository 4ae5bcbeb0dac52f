// Step 3: the root of a slot, with our executable in it, as a squashfs.
// Must not know the disk it goes to.
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, EPOCH, WORK } from './paths.ts';
import { run } from './run.ts';

const binary = join(WORK.tree, 'usr/bin/holdfast');
copyFileSync(at('dist/holdfast'), binary);
chmodSync(binary, 0o755);

// What the box settled with another image has to be settled anew: usr/lib/appliance/config compares this.
const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
const hash = createHash('sha256').update(readFileSync(binary));
for (const path of ['usr/lib/appliance/config', 'usr/share/appliance'])
  hash.update(run('tar', ['-c', '--sort=name', '--mtime=@0', path], { cwd: WORK.tree }));
writeFileSync(join(WORK.tree, 'usr/lib/appliance/version'), `${version} ${hash.digest('hex')}\n`);

// Small blocks cost some megabytes here, and save them in the memory of a box: a page that is needed brings its whole block along.
rmSync(WORK.root, { force: true });
run(
  'mksquashfs',
  [
    ...[WORK.tree, WORK.root, '-noappend', '-no-progress', '-quiet'],
    ...['-comp', 'zstd', '-Xcompression-level', '19', '-b', '64K', '-no-xattrs', '-no-exports'],
    ...['-mkfs-time', String(EPOCH), '-all-time', String(EPOCH)],
  ],
  // It refuses both, this and the times.
  { env: { SOURCE_DATE_EPOCH: undefined } },
);
