// Stories: the same image under UEFI, on every kind of disk that it may be flashed to, and on a disk that is larger than it.
// Must not know how the boot loader finds its way.
import { existsSync } from 'node:fs';
import { BOX_A } from '../harness/config.ts';
import { OVMF, partition } from '../harness/image.ts';
import { bootAlone, makeBox, oneHolder, shutDown } from '../harness/pair.ts';
import { story } from '../harness/story.ts';

const LIMIT_MS = 600_000;
const GIB = 1 << 30;

await story(
  'UEFI',
  { limitMs: LIMIT_MS, sockets: ['a'], missing: existsSync(OVMF) ? null : `no ${OVMF} (Debian: ovmf)` },
  async (t, stage) => {
    const a = await makeBox(stage, BOX_A, { guest: { firmware: 'uefi' } });
    await bootAlone(stage, BOX_A, a);
    t.ok(a.console.said(/holdfast: slot a, try 1 of 3/), 'GRUB says which slot');
    await oneHolder(t, stage, BOX_A, 3000);
  },
);

for (const bus of ['usb', 'nvme', 'ahci'] as const) {
  await story(`a disk on ${bus}`, { limitMs: LIMIT_MS, sockets: ['a'] }, async (t, stage) => {
    const a = await makeBox(stage, BOX_A, { guest: { bus } });
    await bootAlone(stage, BOX_A, a);
    await oneHolder(t, stage, BOX_A, 3000);
    await shutDown(a);
  });
}

await story('a disk of 2 GiB', { limitMs: LIMIT_MS, sockets: ['a'] }, async (t, stage) => {
  const a = await makeBox(stage, BOX_A, { size: 2 * GIB });
  await bootAlone(stage, BOX_A, a);
  await shutDown(a);
  const state = await partition(a.disk.raw, 'state');
  t.ok(state.start + state.size > 2 * GIB - (4 << 20), `the state reaches to ${state.start + state.size} of ${2 * GIB} bytes`);
  await bootAlone(stage, BOX_A, a);
});
