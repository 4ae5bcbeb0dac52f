// Step 4: the disk, from root, kernel, initrd and GRUB: dist/holdfast-x86_64.img, packed beside it, its checksums and the manifest.
// Must not know what is in the root. Everything is written into a plain file: no loop device, no mount.
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeFat } from './fat.ts';
import { installBios, makeEfi } from './grub.ts';
import { partition, partitions, SCRIPT } from './partitions.ts';
import { at, WORK } from './paths.ts';
import { run } from './run.ts';

const SECTOR = 512;
const MIB = 1 << 20;
const IMAGE = at('dist/holdfast-x86_64.img');
const README = at('image/config-readme.txt');

rmSync(WORK.disk, { recursive: true, force: true });
mkdirSync(WORK.disk, { recursive: true });
const work = (name: string): string => join(WORK.disk, name);

// ---- what goes into the partitions ----

const grubCfg = readFileSync(at('firmware/grub/grub.cfg'), 'utf8');
for (const name of ['root-a', 'root-b']) {
  if (!grubCfg.includes(partition(name).uuid)) throw new Error(`firmware/grub/grub.cfg does not know the GUID of ${name}`);
}
const environment = '# GRUB Environment Block\nORDER=a b\na_OK=1\na_TRY=0\nb_OK=1\nb_TRY=0\n'.padEnd(1024, '#');

makeEfi(work('BOOTX64.EFI'));
makeFat(
  work('esp'),
  {
    label: 'ESP',
    serial: '48464501',
    size: partition('esp').size,
    bits: 32,
    folders: ['/EFI', '/EFI/BOOT', '/a', '/b'],
    files: new Map<string, Buffer | string>([
      ['/EFI/BOOT/BOOTX64.EFI', readFileSync(work('BOOTX64.EFI'))],
      ['/grub.cfg', grubCfg],
      ['/grubenv', environment],
      ['/a/vmlinuz', readFileSync(WORK.vmlinuz)],
      ['/a/initrd', readFileSync(WORK.initrd)],
    ]),
  },
  work('esp.files'),
);
makeFat(
  work('config'),
  {
    label: 'CONFIG',
    serial: '48464303',
    size: partition('CONFIG').size,
    bits: 16,
    folders: [],
    files: new Map([['/README.TXT', readFileSync(README, 'utf8').replaceAll('\n', '\r\n')]]),
  },
  work('config.files'),
);

// ---- the disk ----

const last = partitions().at(-1);
if (last === undefined) throw new Error(`${SCRIPT} has no partitions`);
// Room for the copy of the table at the end, and for a small state: who boots the file as it is gets a box that remembers. A disk
// that was flashed with nothing written for these zeros is taken care of by the box (usr/lib/appliance/state).
const size = Math.ceil(((last.start + last.size) * SECTOR) / MIB) * MIB + 62 * MIB;
const image = work('image');
const disk = openSync(image, 'w');
ftruncateSync(disk, size);
run('sfdisk', ['--quiet', image], { input: readFileSync(SCRIPT) });

const write = (bytes: Buffer, offset: number): void => {
  // Sparse: blocks of nothing are not written.
  const block = 64 << 10;
  for (let at = 0; at < bytes.length; at += block) {
    const part = bytes.subarray(at, at + block);
    if (part.some(byte => byte !== 0)) writeSync(disk, part, 0, part.length, offset + at);
  }
};
installBios(write, partition('bios').start, work('core.img'));
for (const [name, file] of [
  ['esp', work('esp')],
  ['CONFIG', work('config')],
  ['root-a', WORK.root],
] as const) {
  const { start, size: room } = partition(name);
  if (statSync(file).size > room * SECTOR) throw new Error(`${file} is larger than the partition ${name}`);
  write(readFileSync(file), start * SECTOR);
}
closeSync(disk);

// ---- dist ----

mkdirSync(at('dist'), { recursive: true });
renameSync(image, IMAGE);
run('zstd', ['-q', '-f', '-10', '-T0', IMAGE, '-o', `${IMAGE}.zst`]);
const checksum = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
writeFileSync(
  `${IMAGE}.sha256`,
  [IMAGE, `${IMAGE}.zst`].map(path => `${checksum(path)}  ${path.slice(path.lastIndexOf('/') + 1)}\n`).join(''),
);
copyFileSync(WORK.manifest, `${IMAGE}.manifest`);
process.stderr.write(`${IMAGE}.zst: ${(statSync(`${IMAGE}.zst`).size / 1e6).toFixed(1)} MB\n`);
