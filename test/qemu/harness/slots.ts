// The boot loader's memory on a disk that no machine uses: which slot is next, and what was tried. RAUC's variable names.
// Must not know what the boot loader makes of it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../netns/lab/exec.ts';
import { partition } from './image.ts';

const SIZE = 1024;
const HEADER = '# GRUB Environment Block\n';

export type Slots = Readonly<Record<string, string>>;

/** What grubenv of a raw disk says. */
export async function readSlots(disk: string): Promise<Slots> {
  const text = await withEsp(disk, async (esp, folder) => {
    const file = join(folder, 'grubenv');
    await run('mcopy', ['-n', '-i', esp, await grubenv(esp), file]);
    return readFileSync(file, 'latin1');
  });
  if (text.length !== SIZE || !text.startsWith(HEADER)) throw new Error(`grubenv of ${disk} is none`);
  const entries = text
    .slice(HEADER.length)
    .replace(/#*$/, '')
    .split('\n')
    .filter(line => line.includes('='));
  return Object.fromEntries(entries.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** Changes some variables, and puts slot a's kernel and initrd into another slot's folder. */
export async function setSlots(disk: string, changes: Slots, { kernelOf }: { readonly kernelOf?: string } = {}): Promise<void> {
  const slots = { ...(await readSlots(disk)), ...changes };
  const lines = Object.entries(slots).map(([name, value]) => `${name}=${value}\n`);
  await withEsp(disk, async (esp, folder) => {
    writeFileSync(join(folder, 'grubenv'), (HEADER + lines.join('')).padEnd(SIZE, '#'));
    await run('mcopy', ['-o', '-i', esp, join(folder, 'grubenv'), await grubenv(esp)]);
    if (kernelOf === undefined) return;
    await run('mmd', ['-D', 's', '-i', esp, `::/${kernelOf}`]).catch(() => {});
    for (const file of ['vmlinuz', 'initrd']) {
      await run('mcopy', ['-n', '-i', esp, `::/a/${file}`, join(folder, file)]);
      await run('mcopy', ['-o', '-i', esp, join(folder, file), `::/${kernelOf}/${file}`]);
    }
  });
}

async function withEsp<T>(disk: string, work: (esp: string, folder: string) => Promise<T>): Promise<T> {
  const { start } = await partition(disk, 'esp');
  const folder = mkdtempSync(join(tmpdir(), 'hf-slots-'));
  try {
    return await work(`${disk}@@${start}`, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where it lies on the ESP. */
async function grubenv(esp: string): Promise<string> {
  const found = (await run('mdir', ['-b', '-s', '-i', esp, '::/'])).split('\n').find(line => line.endsWith('/grubenv'));
  if (found === undefined) throw new Error('no grubenv on the ESP');
  return found.trim();
}
