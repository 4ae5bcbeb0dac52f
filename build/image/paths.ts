// Where the parts of the image are made, and what every step has to agree on.
// Must not know the steps.
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** A path below the repository. */
export const at = (path: string): string => join(root, path);

/** Each step leaves its result here for the next one. */
export const WORK = {
  debs: at('.cache/image/debs'),
  base: at('.cache/image/base'),
  kernel: at('.cache/image/kernel'),
  tree: at('.cache/image/tree'),
  initrd: at('.cache/image/initrd'),
  vmlinuz: at('.cache/image/vmlinuz'),
  root: at('.cache/image/root.squashfs'),
  manifest: at('.cache/image/manifest'),
  disk: at('.cache/image/disk'),
} as const;

export const SUITE = 'trixie';

/** Every time stamp in the image, in seconds (SOURCE_DATE_EPOCH): two builds must be the same. */
export const EPOCH = 1_764_547_200;
