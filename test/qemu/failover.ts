// Stories of one pair: cold boot, the power of the Active fails, its power button is pressed, it stands still for a while, its cable
// is pulled. Between them it goes on from a snapshot: a boot under TCG takes longer than all the rest.
// Must not know how the boxes do it. What is said of outages comes from the client's log alone.
import { now, sleep } from '../netns/lab/clock.ts';
import { BOX_A, BOX_B, INTERVAL_MS } from './harness/config.ts';
import { bootPair, DEATH_MS, judgeGap, judgeLeave, noteGap, oneHolder, quietGap, servedBy } from './harness/pair.ts';
import { type Stage, story } from './harness/story.ts';
import type { Vm } from './harness/vm.ts';

const SNAPSHOT = 'ready';
const KILLS = 5;
/** The worst in which a Backup takes over, and what comes after: announcements, the client's stack. */
const TAKEOVER_MS = DEATH_MS + 10_000;

/** box-a goes on from where it was saved, and serves again. */
async function bringBack(stage: Stage, a: Vm): Promise<void> {
  await a.start(SNAPSHOT);
  await servedBy(stage, BOX_A, { boundMs: 30_000, steadyMs: 2 * INTERVAL_MS });
}

await story('failover', { limitMs: 900_000 }, async (t, stage) => {
  const { a, b } = await bootPair(stage, { snapshots: true });
  // The first minute of a box is a busy one.
  await quietGap(stage, BOX_A);
  await t.test('cold boot: one holder', async t => oneHolder(t, stage, BOX_A, 10 * INTERVAL_MS));
  await a.save(SNAPSHOT);
  await servedBy(stage, BOX_A, { boundMs: 30_000, steadyMs: 2 * INTERVAL_MS });

  for (let kill = 0; kill < KILLS; kill++) {
    await t.test(`power failure ${kill + 1} of ${KILLS}`, async t => {
      const own = await quietGap(stage, BOX_A);
      // At another place in the interval each time.
      await sleep((kill * INTERVAL_MS) / KILLS);
      const killed = await a.kill();
      await servedBy(stage, BOX_B, { boundMs: TAKEOVER_MS, steadyMs: 500 });
      judgeGap(t, stage, 'power failure', killed, DEATH_MS, own);
      await bringBack(stage, a);
    });
  }

  await t.test('the power button', async t => {
    const own = await quietGap(stage, BOX_A);
    const pressed = await a.powerButton();
    await servedBy(stage, BOX_B, { boundMs: 60_000, steadyMs: 500 });
    judgeLeave(t, stage, pressed, BOX_B, own);
    await a.ended(60_000);
    stage.note(`power button: QEMU ended ${((now() - pressed) / 1_000_000).toFixed(1)} s later`);
    await bringBack(stage, a);
  });

  await t.test('frozen for 10 s', async t => {
    const own = await quietGap(stage, BOX_A);
    const frozen = await a.freeze();
    await servedBy(stage, BOX_B, { boundMs: TAKEOVER_MS, steadyMs: 500 });
    judgeGap(t, stage, 'frozen', frozen, DEATH_MS, own);
    await sleep(10_000 - (now() - frozen) / 1000);
    const thawed = await a.thaw();
    await sleep(2 * INTERVAL_MS - (now() - thawed) / 1000);
    await oneHolder(t, stage, BOX_A, 5 * INTERVAL_MS);
    noteGap(stage, 'thawed', thawed);
  });

  await t.test('its cable is pulled and put back', async t => {
    const own = await quietGap(stage, BOX_A);
    const pulled = await a.pullCable();
    await servedBy(stage, BOX_B, { boundMs: TAKEOVER_MS, steadyMs: 500 });
    judgeGap(t, stage, 'cable pulled', pulled, DEATH_MS, own);
    await oneHolder(t, stage, BOX_B, 3 * INTERVAL_MS);
    const back = await a.putCableBack();
    await servedBy(stage, BOX_A, { boundMs: 30_000, steadyMs: 500 });
    noteGap(stage, 'cable put back', back);
    await oneHolder(t, stage, BOX_A, 5 * INTERVAL_MS);
  });

  stage.check();
  t.equal(b.state(), 'running', 'box-b ran all the time');
});
