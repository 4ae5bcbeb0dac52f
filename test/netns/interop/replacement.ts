// Drill: a keepalived pair under probes is replaced by holdfast, machine by machine, as on a Tuesday morning.
// Must not know how: the client may miss something once per machine, and never more than keepalived's own clean stop costs.
import type { Test } from 'tap';
import { now, sleep } from '../lab/clock.ts';
import { drill, type Lab, marginMs } from '../lab/drill.ts';
import { type RouterSettings, VIP, web } from '../lab/router.ts';
import { kindMissing, startSpeaker } from '../lab/speaker.ts';
import { outages } from '../lab/timeline.ts';
import { exactlyOneHolder, longestOutageMs, outageAtMost } from '../lab/verdict.ts';

// A handover between two that live is no outage: the client's stack takes in an announcement.
const NOTICED_MS = 15;

async function replace(name: string, limitMs: number, settings: (priority: number) => RouterSettings): Promise<void> {
  await drill(name, { limitMs, missing: kindMissing('keepalived') }, async (t, lab) => {
    const { intervalMs } = settings(100);
    const start = async (kind: 'holdfast' | 'keepalived', node: 'a' | 'b') => {
      const speaker = await startSpeaker(kind, lab.network, lab.node(node), [settings(node === 'a' ? 200 : 100)]);
      lab.watch(speaker.daemon);
      return speaker;
    };
    const serves = (node: string) => lab.observer.answersFrom(node, VIP, 12_000, 200);
    let a = await start('keepalived', 'a');
    await serves('a');
    const b = await start('keepalived', 'b');

    const measured = await a.stop();
    await serves('b');
    const own = longestOutageMs(await lab.window(measured), VIP);
    t.comment(`a clean stop of keepalived: ${own.toFixed(1)} ms`);
    a = await start('keepalived', 'a');
    await serves('a');

    const first = now();
    await b.stop();
    await start('holdfast', 'b');
    await sleep(3 * intervalMs);
    await judged(t, lab, 'the Backup is replaced', first, own, 'a', intervalMs);

    const second = now();
    await a.stop();
    await serves('b');
    await start('holdfast', 'a');
    await serves('a');
    await judged(t, lab, 'the Active is replaced', second, own, 'a', intervalMs);
  });
}

async function judged(t: Test, lab: Lab, told: string, from: number, own: number, node: string, intervalMs: number): Promise<void> {
  const window = await lab.window(from);
  const noticed = outages(window.seen, VIP, window.from, window.to, NOTICED_MS).filter(outage => outage.ms - outage.controlMs > NOTICED_MS);
  const list = noticed.map(outage => `${outage.ms.toFixed(1)} ms from ${outage.before} to ${outage.after}`);
  t.ok(noticed.length <= 1, `${told}: ${list.length} outages`, { list });
  lab.judge(outageAtMost(window, VIP, own + marginMs(intervalMs) / 2), told);
  const alone = now();
  await sleep(Math.max(300, intervalMs));
  lab.judge(exactlyOneHolder(await lab.window(alone), VIP, node), told);
}

await replace('version 3, 100 ms', 60_000, priority => web(priority));
await replace('version 2 with a password, 1 s', 120_000, priority => ({ ...web(priority, 1000), version: 2, password: 'Tuesday1' }));
