// Stories of nginx on the Active: it is killed, and comes back where it was; it cannot come back, and the address goes.
// Must not know the watchdog. What is done to nginx is done by a user who logged in.
import { now, sleep } from '../../netns/lab/clock.ts';
import { BOX_A, BOX_B, filesOf } from '../harness/config.ts';
import { answersItself, bootPair, judgeGap, oneHolder, quietGap, servedBy } from '../harness/pair.ts';
import { makeKeys, whyNoSsh } from '../harness/ssh.ts';
import { story } from '../harness/story.ts';

// `revive_within` of the watchdog, and a start of nginx by systemd under TCG. Then the other box serves anyhow.
const REVIVED_MS = 2000 + 2000;

await story('nginx dies', { limitMs: 900_000, missing: whyNoSsh() }, async (t, stage) => {
  const keys = await makeKeys(stage.network);
  await bootPair(stage, { files: box => ({ ...filesOf(box), ...keys.files }) });
  await keys.insideOnceUp(BOX_A, 'true');

  for (const victim of ['the master', 'all of it']) {
    await t.test(`${victim} is killed`, async t => {
      const own = await quietGap(stage, BOX_A);
      const kill = victim === 'the master' ? 'kill -9 $(cat /run/nginx.pid)' : 'killall -9 nginx';
      const since = now();
      await keys.inside(BOX_A, `${kill}; echo done`);
      // The workers outlive their master for a while.
      await sleep(8000);
      await servedBy(stage, BOX_A, { boundMs: 60_000 });
      judgeGap(t, stage, `${victim} killed`, since, REVIVED_MS, own);
      await quietGap(stage, BOX_A);
      await oneHolder(t, stage, BOX_A, 3000);
    });
  }

  await t.test('it cannot start again', async t => {
    const own = await quietGap(stage, BOX_A);
    const before = now();
    await keys.inside(BOX_A, 'echo nonsense >/run/appliance/active/nginx/nginx.conf; killall -9 nginx');
    await servedBy(stage, BOX_B, { boundMs: 60_000, steadyMs: 1000 });
    judgeGap(t, stage, 'nginx broken', before, REVIVED_MS + 2000, own);
    await quietGap(stage, BOX_B);
    await oneHolder(t, stage, BOX_B, 10_000);
  });

  await t.test('it is mended', async () => {
    await keys.inside(BOX_A, 'cp /usr/share/appliance/nginx/nginx.conf /run/appliance/active/nginx/nginx.conf');
    await answersItself(stage, BOX_A, 180_000);
    await servedBy(stage, BOX_A, { boundMs: 120_000, steadyMs: 3000 });
  });
});
