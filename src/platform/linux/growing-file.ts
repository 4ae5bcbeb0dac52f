// A file that only grows, line by line, and is put aside when it is full: what was written stays, whenever the machine stops.
// Must not know what the lines say.
import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, stat } from 'node:fs/promises';

export interface GrowingFile {
  /** The file put aside, then the one that grows; at most twice `most` bytes.
   *  @throws the system's error */
  read(): Promise<string>;
  /** On disk when it returns. @throws the system's error */
  append(text: string): Promise<void>;
}

/** @param most bytes; the one before is put aside as `PATH.1`, in the place of an older one */
export function openGrowingFile(path: string, most: number): GrowingFile {
  const aside = `${path}.1`;

  async function text(of: string): Promise<string> {
    try {
      return await readFile(of, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
      throw error;
    }
  }

  /** What is there ends with a line of ours: it was looked at, and nothing went wrong since. */
  let whole = false;

  async function makeRoom(bytes: number): Promise<void> {
    const size = await stat(path).then(
      about => about.size,
      () => 0,
    );
    if (size > 0 && size + bytes > most) await rename(path, aside);
  }

  return {
    read: async () => (await text(aside)) + (await text(path)),
    async append(lines) {
      await makeRoom(Buffer.byteLength(lines));
      const file = await open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
      try {
        // A line that a power cut has torn must not swallow this one.
        const torn = !whole && !(await endsLine(file));
        whole = false;
        await file.writeFile(torn ? `\n${lines}` : lines);
        await file.datasync();
        whole = true;
      } finally {
        await file.close();
      }
    },
  };
}

async function endsLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, size - 1);
  return last[0] === 0x0a;
}
