// The partitions of the image, as firmware/disk.sfdisk says: the one place that says where they lie.
// Must not know what is in them.
import { readFileSync } from 'node:fs';
import { at } from './paths.ts';

export interface Partition {
  readonly name: string;
  /** In sectors of 512 bytes. */
  readonly start: number;
  readonly size: number;
  readonly uuid: string;
}

export const SCRIPT = at('firmware/disk.sfdisk');

export function partitions(): Partition[] {
  return readFileSync(SCRIPT, 'utf8')
    .split('\n')
    .flatMap(line => {
      const [, start, size, name, uuid] = /^start=(\d+), size=(\d+), name=(\S+), type=\S+, uuid=([^,\s]+)/.exec(line) ?? [];
      return start && size && name && uuid ? [{ name, start: Number(start), size: Number(size), uuid: uuid.toLowerCase() }] : [];
    });
}

export function partition(name: string): Partition {
  const found = partitions().find(partition => partition.name === name);
  if (found === undefined) throw new Error(`${SCRIPT}: no partition ${name}`);
  return found;
}
