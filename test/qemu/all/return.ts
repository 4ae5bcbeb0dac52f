// Stories of the pair at work: the Active is shut down, starts again and takes its address back; both serve, an address each.
// Must not know how roles are decided.
import { now, sleep } from '../../netns/lab/clock.ts';
import { exactlyOneHolder } from '../../netns/lab/verdict.ts';
import { BOX_A, BOX_B, filesOf, holdfastToml, INTERVAL_MS, LAN, VIP } from '../harness/config.ts';
import { bootPair, DEATH_MS, judgeGap, judgeLeave, noteGap, oneHolder, quietGap, readyMs, servedBy } from '../harness/pair.ts';
import { story } from '../harness/story.ts';

const SECOND = '10.77.0.201';

await story('the Active restarts', { limitMs: 900_000 }, async (t, stage) => {
  const { a } = await bootPair(stage);
  const own = await quietGap(stage, BOX_A);
  const pressed = await a.powerButton();
  await servedBy(stage, BOX_B, { boundMs: 60_000, steadyMs: 500 });
  judgeLeave(t, stage, pressed, BOX_B, own);
  await a.ended(90_000);
  await oneHolder(t, stage, BOX_B, 5 * INTERVAL_MS);
  const on = await a.start();
  await servedBy(stage, BOX_A, { boundMs: readyMs(stage), steadyMs: 2000 });
  stage.note(`returns: ${((now() - on) / 1_000_000).toFixed(1)} s from power-on to the VIP`);
  noteGap(stage, 'returns', on);
  await oneHolder(t, stage, BOX_A, 5 * INTERVAL_MS);
});

await story('both serve', { limitMs: 900_000, addresses: [VIP, SECOND] }, async (t, stage) => {
  const second = `
[vrrp.mail]
interface = "${LAN}"
vrid = 52
addresses = ["${SECOND}/24"]
track = ["nginx"]

[node.${BOX_B.host}.vrrp.mail]
priority = 150
`;
  const { a } = await bootPair(stage, { files: box => filesOf(box, holdfastToml({ more: second })) });
  await stage.client.servedBy(BOX_B.host, SECOND, { boundMs: readyMs(stage), steadyMs: 2000, alive: () => stage.check() });
  const from = now();
  await sleep(10 * INTERVAL_MS);
  const to = now();
  for (const [address, box] of [
    [VIP, BOX_A],
    [SECOND, BOX_B],
  ] as const) {
    t.strictSame(stage.client.answerers(address, from, to), [box.host], `${box.host} alone serves ${address}`);
    const verdict = exactlyOneHolder({ seen: await stage.observer.seen(from, to), from, to }, address, box.node);
    t.ok(verdict.ok, verdict.text, verdict.ok ? {} : { seen: verdict.seen });
  }
  const killed = await a.kill();
  await servedBy(stage, BOX_B, { boundMs: DEATH_MS + 10_000, steadyMs: 500 });
  judgeGap(t, stage, 'one is left', killed, DEATH_MS, 100);
  const other = stage.client.longestGap(SECOND, killed);
  t.ok(other.ms < 500 && other.before === BOX_B.host, `${SECOND} went on: ${other.ms.toFixed(0)} ms`);
});
