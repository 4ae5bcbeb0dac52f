// Makes FAT file systems in files with mtools, the same from the same input.
// Must not know what they are for.
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EPOCH } from './paths.ts';
import { run } from './run.ts';

export interface Fat {
  readonly label: string;
  /** Eight hexadecimal digits. */
  readonly serial: string;
  /** In sectors of 512 bytes. */
  readonly size: number;
  /** 16 where some systems would not take a small FAT32. */
  readonly bits: 16 | 32;
  /** path -> content */
  readonly files: ReadonlyMap<string, Buffer | string>;
  readonly folders: readonly string[];
}

/** @param work a folder for the files while they are copied */
export function makeFat(output: string, { label, serial, size, bits, files, folders }: Fat, work: string): void {
  rmSync(output, { force: true });
  const descriptor = openSync(output, 'w');
  ftruncateSync(descriptor, size * 512);
  closeSync(descriptor);
  // mkfs.fat writes no time but in the label's entry, for which it takes SOURCE_DATE_EPOCH.
  run('mkfs.fat', ['-F', String(bits), '-n', label, '-i', serial, '--invariant', output]);
  for (const folder of folders) run('mmd', ['-i', output, `::${folder}`]);
  for (const [path, content] of files) {
    const file = join(work, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    utimesSync(file, EPOCH, EPOCH);
    run('mcopy', ['-i', output, '-m', file, `::${path}`]);
  }
}
