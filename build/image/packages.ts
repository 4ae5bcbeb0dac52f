// Step 1: the packages, as Debian installs them, and the kernel beside them. Runs mmdebstrap, which needs root.
// Must not know what of it stays: that is the next step's. The kernel is unpacked and not installed, because its package wants a
// generator of initrds.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aptSources } from './apt.ts';
import { entries } from './lists.ts';
import { at, SUITE, WORK } from './paths.ts';
import { run } from './run.ts';

const KERNEL = 'linux-image-amd64';
const archives = '/var/cache/apt/archives/';
const kernelDebs = join(WORK.debs, 'kernel');

// Documents stay away from the start, except for the licences.
const EXCLUDED = ['man', 'locale', 'info', 'lintian', 'bash-completion', 'doc-base', 'bug', 'i18n'];

// The newest kernel by name, since the package that follows it has the name of each as its dependency.
const fetchKernel = [
  'export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"',
  `cd '${kernelDebs}'`,
  `name=$(apt-cache depends ${KERNEL} | sed -n 's/ *Depends: //p')`,
  'version=$(apt-cache show --no-all-versions "$name" | sed -n "s/^Version: //p")',
  '[ -e "$name"_"$version"_amd64.deb ] || { rm -f ./*.deb; apt-get -q download "$name"; }',
].join(' && ');

rmSync(WORK.base, { recursive: true, force: true });
rmSync(WORK.kernel, { recursive: true, force: true });
mkdirSync(kernelDebs, { recursive: true });

run(
  'mmdebstrap',
  [
    '--mode=root',
    '--variant=essential',
    '--format=directory',
    '--architectures=amd64',
    `--include=${entries(at('image/packages.list')).join(',')}`,
    '--aptopt=Apt::Install-Recommends "false"',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    ...EXCLUDED.map(name => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
    // The .debs of an earlier build are taken from here, and those of this one are left here.
    `--setup-hook=mkdir -p "$1"${archives}`,
    `--setup-hook=sync-in '${WORK.debs}' ${archives}`,
    '--skip=download/empty',
    '--skip=essential/unlink',
    `--customize-hook=${fetchKernel}`,
    `--customize-hook=chroot "$1" dpkg-query --show >'${WORK.manifest}.packages'`,
    `--customize-hook=find "$1"${archives} -maxdepth 1 -name '*.deb' -exec cp -n {} '${WORK.debs}' ';'`,
    SUITE,
    WORK.base,
    ...aptSources(),
  ],
  { env: { TMPDIR: undefined } },
);

const deb = readdirSync(kernelDebs).find(name => name.endsWith('.deb'));
if (deb === undefined) throw new Error(`no ${KERNEL}`);
const unpacked = `${WORK.kernel}.new`;
rmSync(unpacked, { recursive: true, force: true });
run('dpkg-deb', ['-x', join(kernelDebs, deb), unpacked]);
// depmod looks below /lib.
if (!existsSync(join(unpacked, 'lib'))) symlinkSync('usr/lib', join(unpacked, 'lib'));
const version = readdirSync(join(unpacked, 'lib/modules'))[0];
if (version === undefined) throw new Error(`${deb} has no modules`);
run('depmod', ['-b', unpacked, version]);
renameSync(unpacked, WORK.kernel);

const packages = run('cat', [`${WORK.manifest}.packages`])
  .trimEnd()
  .split('\n');
const kernel = run('dpkg-deb', ['--show', join(kernelDebs, deb)]).trimEnd();
writeFileSync(WORK.manifest, `${[...packages, kernel].sort().join('\n')}\n`);
