// Story: many pages a second while the power of the Active fails, and while it leaves by its power button; every lost request is counted.
// Must not know how the boxes do it.
import { now, sleep } from '../../netns/lab/clock.ts';
import { BOX_A, BOX_B, VIP } from '../harness/config.ts';
import { bootPair, DEATH_MS, PLANNED_MS, servedBy } from '../harness/pair.ts';
import { story } from '../harness/story.ts';

const PATIENCE_MS = 250;

await story('pages across a failover', { limitMs: 900_000 }, async (t, stage) => {
  // What a guest under TCG can answer at all.
  const rate = stage.accel === 'kvm' ? 1000 : 40;
  const { a } = await bootPair(stage, { snapshots: true });
  await a.save('ready');
  await servedBy(stage, BOX_A, { boundMs: 30_000, steadyMs: 2000 });
  const crowd = stage.startClient({ addresses: [VIP], everyMs: 1000 / rate, patienceMs: PATIENCE_MS });

  const count = async (told: string, event: () => Promise<number>, boundMs: number) => {
    const quiet = now();
    await sleep(3000);
    const before = crowd.tally(VIP, quiet, now() - PATIENCE_MS * 1000);
    const at = await event();
    await servedBy(stage, BOX_B, { boundMs: 60_000, steadyMs: 1000 });
    const after = crowd.tally(VIP, at, now() - PATIENCE_MS * 1000);
    const lost = (of: typeof before) => Object.values(of.lost).reduce((sum, n) => sum + n, 0);
    const words =
      Object.entries(after.lost)
        .map(([why, n]) => `${n} ${why}`)
        .join(', ') || 'none';
    stage.note(`${told}: ${after.sent} requests, lost ${words}; before it ${lost(before)} of ${before.sent}`);
    t.ok(before.sent > rate * 2, `${before.sent} requests in the quiet before, ${rate} a second wanted`);
    // What is sent while nobody answers, what was under way, and as many as get lost anyhow.
    const anyhow = (lost(before) / before.sent) * after.sent;
    const bound = ((boundMs + PATIENCE_MS) / 1000) * rate + anyhow;
    t.ok(lost(after) <= bound, `${told}: ${lost(after)} lost of ${after.sent}; ${bound.toFixed(0)} allowed`);
  };

  await t.test('the power fails', () => count('power failure', () => a.kill(), DEATH_MS));
  await a.start('ready');
  await servedBy(stage, BOX_A, { boundMs: 30_000, steadyMs: 2000 });
  await t.test('the power button', () => count('power button', () => a.powerButton(), PLANNED_MS));
});
