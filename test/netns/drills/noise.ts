// Drill: 20,000 random and mutated packets in 5 s at a live pair, none of them an advertisement. Nothing may happen.
// Must not know which check refuses which packet.
import { now } from '../lab/clock.ts';
import { drill, marginMs } from '../lab/drill.ts';
import { badFrames } from '../lab/frames.ts';
import { memoryOf } from '../lab/holdfast.ts';
import { inject } from '../lab/inject.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, steadyAdverts } from '../lab/verdict.ts';

const INTERVAL = 100;
const seed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000);

await drill('20,000 random and mutated packets in 5 s', {}, async (t, lab) => {
  t.comment(`HOLDFAST_SEED=${seed}`);
  const a = await lab.active('a', web(200));
  const b = await lab.backup('b', web(100));
  const like = { source: '10.77.0.1', vrid: 51, priority: 200, intervalMs: INTERVAL, addresses: [VIP] };
  // The first packets of each kind grow tables and compile code; from then on memory has to stand still.
  await inject(lab.network, badFrames(12_000, seed + 1, like), 4000);
  const frames = badFrames(20_000, seed, like);
  const before = [a, b].map(daemon => memoryOf(daemon.pid).anonymous);
  const from = now();
  await inject(lab.network, frames, 4000);
  const window = await lab.window(from);
  const after = [a, b].map(daemon => memoryOf(daemon.pid).anonymous);
  t.ok((window.to - window.from) / 1e6 < 10, 'they came in about 5 s');
  lab.judge(exactlyOneHolder(window, VIP, 'a'));
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL) / 2));
  const said = [a, b].flatMap(daemon => daemon.lines.filter(line => line.at >= from && /transition|Entering/.test(line.text)));
  t.strictSame(said, [], 'no change of state');
  const lines = [a, b].map(daemon => daemon.lines.filter(line => line.at >= from).length);
  t.ok(Math.max(...lines) < 200, `the log stays readable: ${lines.join(' and ')} lines`);
  const grown = after.map((kib, i) => kib - (before[i] ?? 0));
  // What leaks 80 bytes for each packet is seen.
  t.ok(Math.max(...grown) < 1536, `memory is flat: ${grown.join(' and ')} KiB more than ${before.join(' and ')}`);
});
