// Stories of what a box keeps: the power fails while it is made for the first time, it is full, it is to be forgotten.
// Must not know how it is kept; where it lies on the disk is seen from outside.
import { closeSync, openSync, readSync } from 'node:fs';
import { until } from '../../netns/lab/clock.ts';
import { BOX_A, filesOf, listConfig, writeConfig } from '../harness/config.ts';
import { partition } from '../harness/image.ts';
import { answersItself, bootAlone, makeBox, oneHolder, readyMs, shutDown } from '../harness/pair.ts';
import { makeKeys, whyNoSsh } from '../harness/ssh.ts';
import { story } from '../harness/story.ts';

const LIMIT_MS = 1_200_000;

/** Whether an ext4 begins there: the magic of its superblock. */
function hasExt4(disk: string, start: number): boolean {
  const file = openSync(disk, 'r');
  try {
    const bytes = Buffer.alloc(2);
    readSync(file, bytes, 0, 2, start + 1080);
    return bytes.readUInt16LE() === 0xef53;
  } finally {
    closeSync(file);
  }
}

await story('the power fails in the first boot', { limitMs: LIMIT_MS, sockets: ['a'] }, async (t, stage) => {
  const a = await makeBox(stage, BOX_A);
  const { raw } = a.disk;
  const state = () => partition(raw, 'state').catch(() => undefined);
  t.equal(await state(), undefined, 'a fresh image has no state');
  const cut = async (what: string, condition: () => Promise<unknown>) => {
    await a.start();
    await until(what, readyMs(stage), async () => {
      stage.check();
      return (await condition()) ? true : undefined;
    });
    await a.kill();
    t.pass(`cut: ${what}`);
  };
  await cut('the partition is there', state);
  await cut('the file system has its magic', async () => {
    const found = await state();
    return found !== undefined && hasExt4(raw, found.start);
  });
  await cut('the page is there', async () => {
    await answersItself(stage, BOX_A, readyMs(stage));
    return true;
  });
  await bootAlone(stage, BOX_A, a);
  await oneHolder(t, stage, BOX_A, 3000);
});

await story('factory reset', { limitMs: LIMIT_MS, sockets: ['a'], missing: whyNoSsh() }, async (t, stage) => {
  const keys = await makeKeys(stage.network);
  const a = await makeBox(stage, BOX_A, { files: box => ({ ...filesOf(box), ...keys.files }) });
  await bootAlone(stage, BOX_A, a);
  await keys.insideOnceUp(BOX_A, 'touch /var/lib/witness && sync');
  const before = await keys.hostKey(BOX_A);
  await shutDown(a);
  await bootAlone(stage, BOX_A, a);
  await keys.insideOnceUp(BOX_A, 'test -e /var/lib/witness');
  t.equal(await keys.hostKey(BOX_A), before, 'an ordinary start forgets nothing');
  await shutDown(a);
  await writeConfig(a.disk.raw, { 'factory-reset': '' });
  const on = await a.start();
  await a.console.says(/factory reset/, readyMs(stage), on);
  await answersItself(stage, BOX_A, readyMs(stage));
  const after = await until('another host key', 60_000, async () => (await keys.hostKey(BOX_A).catch(() => '')) || undefined);
  t.not(after, before, 'the box has another host key');
  await t.rejects(keys.inside(BOX_A, 'test -e /var/lib/witness'), 'what was kept is gone');
  await shutDown(a);
  t.notOk((await listConfig(a.disk.raw)).includes('factory-reset'), 'the file is gone, so that it happens once');
});

await story('the state is full', { limitMs: LIMIT_MS, sockets: ['a'], missing: whyNoSsh() }, async (t, stage) => {
  const keys = await makeKeys(stage.network);
  const files = { ...filesOf(BOX_A), ...keys.files };
  const a = await makeBox(stage, BOX_A, { files: () => files });
  await bootAlone(stage, BOX_A, a);
  const fill =
    'dd if=/dev/zero of=/var/fill bs=1M 2>/dev/null; dd if=/dev/zero of=/var/fill2 bs=1k 2>/dev/null; sync; df -k /var | tail -n 1';
  const said = await keys.insideOnceUp(BOX_A, fill);
  t.match(said, /100%/, 'it is full');
  await oneHolder(t, stage, BOX_A, 5000);
  await shutDown(a);
  await bootAlone(stage, BOX_A, a);
  await shutDown(a);
  await writeConfig(a.disk.raw, { hostname: 'box-z\n' });
  await a.start();
  await answersItself(stage, { ...BOX_A, host: 'box-z' }, readyMs(stage));
  t.pass('a changed file on CONFIG is in force all the same');
});
