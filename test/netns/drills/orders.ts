// Drill: planned moves, watched by probes 1 ms apart. drain and promote cost at most 5 ms without an answer; alone a drained node goes on serving;
// an order for a while ends by itself, one that is kept outlives the daemon. Must not know how an order reaches the engine.
import type { Test } from 'tap';
import { now, sleep, until } from '../lab/clock.ts';
import { type Answer, holdfast, statusOf } from '../lab/control.ts';
import { drill, type Lab } from '../lab/drill.ts';
import { startHoldfast } from '../lab/holdfast.ts';
import { type RouterSettings, VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, outageAtMost } from '../lab/verdict.ts';

/** issue: without an answer, ms; what the machine itself costs is measured beside, before anything moves. */
const GAP = 5;
const ROUNDS = 3;

const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? null : 'only holdfast takes orders';

async function pair(lab: Lab, more: Partial<RouterSettings> = {}) {
  const a = startHoldfast(lab.network, lab.node('a'), [{ ...web(200), ...more }]);
  lab.watch(a);
  await lab.observer.servesAlone('a', VIP, 15_000);
  const b = startHoldfast(lab.network, lab.node('b'), [{ ...web(100), ...more }]);
  lab.watch(b);
  await b.says(/to=backup/, 15_000);
  await sleep(500);
  return { a, b };
}

function good(t: Test, answer: Answer, words: RegExp): void {
  t.match(answer, { code: 0, out: words }, `${answer.out}${answer.err}`.trim());
}

await drill('drain and promote, there and back', { missing }, async (t, lab) => {
  const { a, b } = await pair(lab);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [verb, on, to, words] of [
      ['drain', a, 'b', /web\/ipv4: 10\.77\.0\.2 serves/],
      ['resume', a, 'a', /as the file says again: web/],
      ['promote', b, 'b', /web\/ipv4: served here/],
      ['resume', b, 'a', /as the file says again: web/],
    ] as const) {
      const from = now();
      good(t, await holdfast(on.socket, verb), words);
      await lab.observer.servesAlone(to, VIP, 5000);
      lab.judge(outageAtMost(await lab.window(from), VIP, GAP), `${verb} on ${on === a ? 'a' : 'b'}`);
    }
  }
});

await drill('alone, preempt = false, for a while, over a restart', { missing }, async (t, lab) => {
  const { a, b } = await pair(lab, { more: 'preempt = false' });
  good(t, await holdfast(a.socket, 'drain', '--for', '4s', 'web'), /10\.77\.0\.2 serves/);
  const [drained] = (await statusOf(a.socket)).routers;
  t.match(drained, { state: 'backup', health: { standing: 'demoted', order: { move: 'drain', keep: false } } });
  await a.says(/operator\.over/, 8000);
  await sleep(500);
  lab.judge(exactlyOneHolder(await lab.window(now() - 400_000), VIP, 'b'), 'preempt = false: it stays where it is');

  good(t, await holdfast(b.socket, 'drain', '--keep'), /10\.77\.0\.1 serves/);
  await b.stop();
  const alone = now();
  const still = await holdfast(a.socket, 'drain');
  t.match(still, { code: 1, err: /still served here, nobody else takes over; .* --force web lets go/ });
  lab.judge(exactlyOneHolder(await lab.window(alone), VIP, 'a'), 'nobody else is there');
  good(t, await holdfast(a.socket, 'resume'), /web/);

  const again = startHoldfast(lab.network, lab.node('b'), [{ ...web(250), more: 'preempt = true' }]);
  lab.watch(again);
  await again.says(/operator\.still .*drained since .*, over restarts too/, 15_000);
  await sleep(1500);
  lab.judge(exactlyOneHolder(await lab.window(now() - 1_000_000), VIP, 'a'), 'kept: the one that comes back stays behind');
  good(t, await holdfast(again.socket, 'resume'), /web/);
  await lab.observer.servesAlone('b', VIP, 5000);

  good(t, await holdfast(a.socket, 'drain', '--force'), /let go|serves/);
  const announced = now();
  good(t, await holdfast(again.socket, 'announce'), /web: announced 10\.77\.0\.200/);
  const seen = await until('an announcement', 2000, async () =>
    (await lab.window(announced)).seen.arps.find(({ sender }) => sender === VIP),
  );
  t.equal(seen.node, 'b');
  t.match(await holdfast(again.socket, 'drain', 'mail'), { code: 2, err: /no virtual router is called "mail"; there is web/ });
});
