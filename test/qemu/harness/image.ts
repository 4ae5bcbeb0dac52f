// The appliance image as a file: where it is, where its partitions lie, disks made from it.
// Must not know what is inside the partitions beyond their names, nor guests.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../netns/lab/exec.ts';

export const ROOT = join(import.meta.dirname, '../../..');
export const IMAGE = process.env.HOLDFAST_QEMU_IMAGE ?? join(ROOT, 'dist/holdfast-x86_64.img');
/** What tests leave for whoever looks into a failure, and what they remember for a run. */
export const CACHE = join(ROOT, '.cache/qemu');

const SECTOR = 512;
const NEEDED: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-img': 'qemu-utils',
  mcopy: 'mtools',
  sfdisk: 'fdisk',
  tcpdump: 'tcpdump',
  cpio: 'cpio',
};
export const OVMF = '/usr/share/OVMF/OVMF_CODE.fd';

/** Why no guest can be started here, or null. */
export function whyNoGuests(): string | null {
  if (!existsSync(IMAGE)) return `no image: ${IMAGE}`;
  const folders = (process.env.PATH ?? '').split(':');
  for (const [program, wanted] of Object.entries(NEEDED)) {
    if (!folders.some(folder => existsSync(join(folder, program)))) return `guests need \`${program}\` (Debian: ${wanted})`;
  }
  return existsSync('/dev/net/tun') ? null : 'guests need /dev/net/tun';
}

export interface Partition {
  readonly name: string;
  /** Bytes. */
  readonly start: number;
  readonly size: number;
}

interface Table {
  readonly partitiontable: { readonly partitions: readonly { readonly name?: string; readonly start: number; readonly size: number }[] };
}

/** The partition of that name on a raw disk.
 *  @throws Error with the names that are there */
export async function partition(disk: string, name: string): Promise<Partition> {
  const { partitiontable } = JSON.parse(await run('sfdisk', ['--json', disk])) as Table;
  const found = partitiontable.partitions.find(entry => entry.name === name);
  if (found === undefined) {
    throw new Error(`no partition ${name} on ${disk}: ${partitiontable.partitions.map(entry => entry.name ?? '?').join(', ')}`);
  }
  return { name, start: found.start * SECTOR, size: found.size * SECTOR };
}

/** The disk of a guest. */
export interface Disk {
  /** What QEMU opens. */
  readonly path: string;
  readonly format: 'raw' | 'qcow2';
  /** The raw disk, or what lies under the overlay: for users' files, before the first start. */
  readonly raw: string;
}

export interface DiskOptions {
  /** With an overlay that can keep snapshots. What is written to `raw` after the first start is not seen then. */
  readonly snapshots?: boolean;
  /** Bytes; as large as the image unless it says otherwise. */
  readonly size?: number;
}

/** A disk of its own with what users flash. */
export async function makeDisk(folder: string, name: string, { snapshots = false, size }: DiskOptions = {}): Promise<Disk> {
  const raw = join(folder, `${name}.img`);
  await run('cp', ['--sparse=always', '--reflink=auto', IMAGE, raw]);
  if (size !== undefined) await run('truncate', ['-s', String(size), raw]);
  if (!snapshots) return { path: raw, format: 'raw', raw };
  const path = join(folder, `${name}.qcow2`);
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', raw, path]);
  return { path, format: 'qcow2', raw };
}

/** Overwrites the start of a partition with zeros: nothing can be mounted from it. */
export async function wipePartition(disk: string, name: string, bytes = 1 << 20): Promise<void> {
  const { start } = await partition(disk, name);
  const block = 4096;
  await run('dd', [
    'if=/dev/zero',
    `of=${disk}`,
    'conv=notrunc',
    'status=none',
    `bs=${block}`,
    `seek=${start / block}`,
    `count=${bytes / block}`,
  ]);
}
