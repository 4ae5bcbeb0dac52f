// Makes GRUB's two cores, for BIOS and for UEFI, and writes the one for BIOS where it is found without grub-install.
// Must not know how a slot is chosen: firmware/grub/grub.cfg does that.
import { readFileSync, writeFileSync } from 'node:fs';
import { entries } from './lists.ts';
import { at } from './paths.ts';
import { run } from './run.ts';

const LIBRARY = '/usr/lib/grub';
/** Only what firmware/grub needs; `normal` reads grub.cfg. */
const MODULES = [
  'normal',
  'part_gpt',
  'fat',
  'linux',
  'loadenv',
  'test',
  'echo',
  'serial',
  'terminal',
  'sleep',
  'reboot',
  'datehook',
  'minicmd',
];
/** The disk that GRUB was loaded from, whatever its name; partition 2 has the slots' kernels. */
const PREFIX = '(,gpt2)/';
const SECTOR = 512;

function core(format: string, extra: readonly string[], output: string): void {
  // The parser in the core knows no comments, and stops at the first.
  const early = `${output}.cfg`;
  writeFileSync(early, `${entries(at('firmware/grub/early.cfg')).join('\n')}\n`);
  run('grub-mkimage', ['-O', format, '-o', output, '-p', PREFIX, '-c', early, ...MODULES, ...extra]);
}

/** BOOTX64.EFI. */
export function makeEfi(output: string): void {
  core('x86_64-efi', ['all_video'], output);
}

/** Writes boot.img to the first sector and the core to its partition. Offsets: GRUB's include/grub/i386/pc/boot.h and kernel.h.
 *  @param start first sector of the BIOS boot partition
 *  @param work a file for the core */
export function installBios(write: (bytes: Buffer, offset: number) => void, start: number, work: string): void {
  core('i386-pc', ['biosdisk'], work);
  const boot = readFileSync(`${LIBRARY}/i386-pc/boot.img`);
  // Sector of the core, for LBA; and no jump over the choice of the drive, which is for floppies.
  boot.writeBigUInt64LE(BigInt(start), 0x5c);
  boot.writeUInt16LE(0x9090, 0x66);
  write(boot.subarray(0, 440), 0);
  const image = readFileSync(work);
  // The first sector of the core loads the rest: the last entry of its block list, growing down from the end.
  image.writeBigUInt64LE(BigInt(start + 1), SECTOR - 12);
  write(image, start * SECTOR);
  writeFileSync(work, image);
}
