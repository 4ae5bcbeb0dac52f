// Drill: 4,000 hostile packets a second for 5 s beside a live Active and Backup: every check failed by turns, claims of lower
// priority from spoofed sources among them; and a flood of priority 0, with a live and with a dead Active.
// Must not know how the product receives.
import type { Test } from 'tap';
import { now, sleep } from '../lab/clock.ts';
import { drill, type Lab, marginMs } from '../lab/drill.ts';
import { blackhole } from '../lab/faults.ts';
import { memoryOf } from '../lab/holdfast.ts';
import {
  addressOf,
  badFramesFor,
  CHECKS,
  goodPacket,
  IPV6,
  type Manner,
  MULTICAST,
  type Place,
  placesOf,
  settingsOn,
} from '../lab/hostile-checks.ts';
import { hostileFrame, merged } from '../lab/hostile-frames.ts';
import { inject } from '../lab/inject.ts';
import type { Product } from '../lab/product.ts';
import { downMs } from '../lab/protocol.ts';
import { exactlyOneHolder, outageAtMost, steadyAdverts, type Window } from '../lab/verdict.ts';

const SECONDS = 5;
const PER_SECOND = 4000;

async function pair(lab: Lab, manner: Manner): Promise<readonly [a: Product, b: Product]> {
  const a = lab.start('a', settingsOn(lab.network, manner, 'a'));
  await a.entered(manner.name, 'active', 15_000);
  const b = await lab.backup('b', settingsOn(lab.network, manner, 'b'));
  await lab.observer.servesAlone('a', addressOf(manner, manner.vrid), 5000);
  return [a, b];
}

/** Valid claims that no Active yields to: below its priority, above and below that of the Backup, each from another source. */
function lowerClaims(manner: Manner, place: Place, count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const { message, envelope } = goodPacket(manner, place, 1 + (i % 199));
    const source = manner.family === 'ipv4' ? `10.77.${1 + (i >> 8)}.${i & 0xff}` : `fe80::66:${(i + 1).toString(16)}`;
    return hostileFrame(message, { ...envelope, source });
  });
}

function mixed(manner: Manner, places: readonly Place[], seconds: number): readonly Uint8Array[] {
  const checks = CHECKS.filter(check => check.applies(manner));
  const claims = PER_SECOND / 4;
  const perSecond = (PER_SECOND - claims) / checks.length / places.length;
  const bad = checks.flatMap(check =>
    places.map(place => ({ frames: badFramesFor(check, manner, place, Math.floor(perSecond * seconds)), perSecond })),
  );
  const [first] = places;
  if (first === undefined) throw new Error('no place');
  return merged([...bad, { frames: lowerClaims(manner, first, claims * seconds), perSecond: claims }]).frames;
}

/** What is to be answered at once, RFC 9568 §6.4.3, is answered at most four times in an interval, beside its own rhythm. */
function fewAnswers(t: Test, window: Window, intervalMs: number): void {
  const count = window.seen.adverts.length;
  const most = ((window.to - window.from) / 1000 / intervalMs) * 5 + 5;
  t.ok(count <= most, `${count} advertisements, ${most.toFixed(0)} at most`);
}

for (const manner of [MULTICAST, IPV6]) {
  const address = addressOf(manner, manner.vrid);
  const { vrid, intervalMs, name } = manner;

  await drill(`${name}: ${PER_SECOND} hostile packets a second`, { addresses: [address] }, async (t, lab) => {
    const places = await placesOf(lab.network);
    const daemons = await pair(lab, manner);
    // The first packets of each kind grow tables and compile code; from then on memory has to stand still.
    await inject(lab.network, mixed(manner, places, 3), PER_SECOND);
    const frames = mixed(manner, places, SECONDS);
    t.ok(frames.length > 0.95 * PER_SECOND * SECONDS, `${frames.length} packets`);
    const before = daemons.map(daemon => memoryOf(daemon.pid).anonymous);
    const from = now();
    await inject(lab.network, frames, PER_SECOND);
    const window = await lab.window(from);
    t.ok((window.to - window.from) / 1e6 < 2 * SECONDS, 'they came in about 5 s');
    lab.judge(exactlyOneHolder(window, address, 'a'));
    lab.judge(steadyAdverts(window, vrid, 'a', intervalMs, marginMs(intervalMs)));
    fewAnswers(t, window, intervalMs);
    const said = daemons.flatMap(daemon => daemon.lines.filter(line => line.at >= from && /transition|Entering/.test(line.text)));
    t.strictSame(said, [], 'no change of state');
    const lines = daemons.map(daemon => daemon.lines.filter(line => line.at >= from).length);
    t.ok(Math.max(...lines) < 500, `the log stays readable: ${lines.join(' and ')} lines`);
    const grown = daemons.map((daemon, i) => memoryOf(daemon.pid).anonymous - (before[i] ?? 0));
    t.ok(Math.max(...grown) < 6144, `memory is flat: ${grown.join(' and ')} KiB more than ${before.join(' and ')}`);
  });

  await drill(`${name}: a flood of priority 0`, { addresses: [address] }, async (t, lab) => {
    const places = await placesOf(lab.network);
    const [a, b] = await pair(lab, manner);
    const [place] = places;
    if (place === undefined) throw new Error('no place');
    const { message, envelope } = goodPacket(manner, place, 0);
    const zero = hostileFrame(message, envelope);
    const flood = (seconds: number) => inject(lab.network, Array<Uint8Array>(1000 * seconds).fill(zero), 1000);

    const from = now();
    await flood(3);
    const window = await lab.window(from);
    lab.judge(exactlyOneHolder(window, address, 'a'), 'the Active lives');
    lab.judge(steadyAdverts(window, vrid, 'a', intervalMs, marginMs(intervalMs)), 'the Active lives');
    fewAnswers(t, window, intervalMs);
    const said = [a, b].flatMap(daemon => daemon.lines.filter(line => line.at >= from && /transition|Entering/.test(line.text)));
    t.strictSame(said, [], 'no change of state');

    const flooding = flood(4);
    await sleep(1000);
    const died = now();
    await blackhole(lab.network, lab.node('a'));
    await lab.observer.answersFrom('b', address, 3500).catch(() => {});
    const dead = await lab.window(died);
    lab.judge(outageAtMost(dead, address, downMs(intervalMs, 100) + marginMs(intervalMs)), 'the Active dies in the flood');
    await flooding;
  });
}
