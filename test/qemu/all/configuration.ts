// Stories of CONFIG as a user meets it: nothing on it, a mistake, the mistake corrected, a mistake after something good.
// Must not know how the box reads it.
import { until } from '../../netns/lab/clock.ts';
import { run } from '../../netns/lab/exec.ts';
import { BOX_A, type Files, filesOf, holdfastToml, LAN, listConfig, readConfig, VIP, writeConfig } from '../harness/config.ts';
import { answersItself, bootAlone, makeBox, oneHolder, readyMs, shutDown } from '../harness/pair.ts';
import { story } from '../harness/story.ts';

const LIMIT_MS = 900_000;
/** Of the first card, from its MAC address: all that a box has without DHCP. */
const LINK_LOCAL = 'fe80::5054:ff:fe77:b%hf0';

await story('nothing on CONFIG', { limitMs: LIMIT_MS, sockets: ['a'] }, async (t, stage) => {
  const a = await makeBox(stage, BOX_A, { files: () => ({}) });
  const asking = stage.startClient({ addresses: [LINK_LOCAL], everyMs: 250 });
  await a.start();
  const name = await until('a page under the link-local address', readyMs(stage), () => {
    stage.check();
    return asking.answerers(LINK_LOCAL, 0)[0];
  });
  t.match(name, /^holdfast-[0-9a-f]{6}$/, 'the name of a box that was given none');
  await a.console.says(/put a holdfast\.toml on the CONFIG partition/, 60_000);
  t.strictSame(stage.client.answerers(VIP, 0), [], 'and nobody has the VIP');
});

await story('a mistake on CONFIG', { limitMs: LIMIT_MS, sockets: ['a'] }, async (t, stage) => {
  const wrong: Files = { ...filesOf(BOX_A), 'holdfast.toml': holdfastToml().replace('vrid = 51', 'vrid = 510') };
  const a = await makeBox(stage, BOX_A, { files: () => wrong });
  await t.test('never anything good', async t => {
    const on = await a.start();
    await answersItself(stage, BOX_A, readyMs(stage));
    await a.console.says(/holdfast\.toml:3:8/, 60_000, on);
    t.strictSame(stage.client.answerers(VIP, on), [], 'the box serves its page, and claims no address');
    await shutDown(a);
    t.match(await readConfig(a.disk.raw, 'errors.txt'), /holdfast\.toml:3:8[\s\S]*vrid = 510/, 'errors.txt says where');
  });
  await t.test('corrected', async t => {
    await writeConfig(a.disk.raw, filesOf(BOX_A));
    await bootAlone(stage, BOX_A, a);
    await shutDown(a);
    t.notOk((await listConfig(a.disk.raw)).includes('errors.txt'), 'errors.txt is gone');
  });
  await t.test('after something good', async t => {
    await writeConfig(a.disk.raw, { ...wrong, 'network.toml': `[interface.${LAN}]\naddresses = ["10.77.0.11"]\nwhat = 1\n` });
    await bootAlone(stage, BOX_A, a);
    await oneHolder(t, stage, BOX_A, 3000);
    await shutDown(a);
    const text = await readConfig(a.disk.raw, 'errors.txt');
    t.match(text, /holdfast\.toml:3:8[\s\S]*the last good holdfast\.toml is in force/);
    t.match(text, /network\.toml:3[\s\S]*the last good network is in force/);
  });
});

await story('a CONFIG that cannot be read', { limitMs: LIMIT_MS, sockets: ['a'] }, async (t, stage) => {
  const a = await makeBox(stage, BOX_A);
  await bootAlone(stage, BOX_A, a);
  await shutDown(a);
  const before = a.disk.raw;
  await run('dd', ['if=/dev/zero', `of=${before}`, 'bs=1M', 'seek=98', 'count=2', 'conv=notrunc', 'status=none']);
  t.strictSame(await listConfig(before), [], 'nothing can be read from it');
  const on = await a.start();
  await a.console.says(/CONFIG: cannot be mounted/, readyMs(stage), on);
});
