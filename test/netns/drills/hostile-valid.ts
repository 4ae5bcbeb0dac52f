// Drill: packets that are odd or hostile and yet valid: fragments, options, extension headers, and lies that the RFC believes.
// What comes of each is what docs/hostile.md says. Must not know how the product receives.
import { now, sleep, until } from '../lab/clock.ts';
import { statusOf } from '../lab/control.ts';
import { drill, HANDOVER_MS, type Lab, marginMs } from '../lab/drill.ts';
import { blackhole } from '../lab/faults.ts';
import { type Holdfast, startHoldfast } from '../lab/holdfast.ts';
import { addressOf, goodPacket, IPV6, type Manner, MULTICAST, type Place, placesOf, STRANGER, settingsOn } from '../lab/hostile-checks.ts';
import { type Envelope, hostileFrame, inFragments, type Message } from '../lab/hostile-frames.ts';
import { inject } from '../lab/inject.ts';
import { downMs, skewMs } from '../lab/protocol.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost, steadyAdverts, type Verdict } from '../lab/verdict.ts';

const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? null : 'what holdfast says is looked at';

interface Scene {
  readonly lab: Lab;
  readonly manners: readonly Manner[];
  readonly a: Holdfast;
  readonly b: Holdfast;
  readonly placeA: Place;
  readonly placeB: Place;
}

/** A live pair, Active and Backup in each manner. */
async function begin(lab: Lab, ...manners: readonly Manner[]): Promise<Scene> {
  const [placeA, placeB] = await placesOf(lab.network);
  if (placeA === undefined || placeB === undefined) throw new Error('two nodes are needed');
  const start = async (name: 'a' | 'b', state: string) => {
    const settings = manners.map(manner => settingsOn(lab.network, manner, name));
    const daemon = startHoldfast(lab.network, lab.node(name), settings);
    lab.watch(daemon);
    for (const router of settings) await daemon.says(new RegExp(`router=${router.name} .*to=${state}\\b`), 15_000);
    return daemon;
  };
  const a = await start('a', 'active');
  const b = await start('b', 'backup');
  for (const manner of manners) await lab.observer.servesAlone('a', addressOf(manner, manner.vrid), 8000);
  return { lab, manners, a, b, placeA, placeB };
}

const transitions = (daemon: Holdfast, from: number) =>
  daemon.lines.filter(line => line.at >= from && /vrrp\.transition/.test(line.text)).map(({ text }) => text);

/** The moment just after an advertisement of `a`. */
async function justAfterA({ lab }: Scene): Promise<void> {
  await lab.observer.advert('an advertisement of a', 5000, now(), advert => advert.node === 'a');
}

type Wrap = (message: Message, envelope: Envelope) => readonly Uint8Array[];
const around =
  (change: Partial<Envelope>): Wrap =>
  (message, envelope) => [hostileFrame(message, { ...envelope, ...change })];
const PAD = [1, 0]; // PadN with no bytes, RFC 8200 §4.2

const WRAPPED: readonly { readonly told: string; readonly manner: Manner; readonly wrap: Wrap; readonly reason: string | null }[] = [
  { told: 'two fragments', manner: MULTICAST, wrap: (m, e) => inFragments(m, e, 8, 7), reason: null },
  { told: 'two fragments, TTL 254', manner: MULTICAST, wrap: (m, e) => inFragments(m, { ...e, ttl: 254 }, 8, 8), reason: 'ttl-not-255' },
  { told: 'router alert', manner: MULTICAST, wrap: around({ options: [0x94, 4, 0, 0] }), reason: null },
  { told: 'record route', manner: MULTICAST, wrap: around({ options: [7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0] }), reason: null },
  { told: 'timestamp', manner: MULTICAST, wrap: around({ options: [0x44, 8, 5, 0, 0, 0, 0, 0] }), reason: null },
  { told: 'two fragments', manner: IPV6, wrap: (m, e) => inFragments(m, e, 24, 9), reason: null },
  {
    told: 'hop-by-hop options with router alert',
    manner: IPV6,
    wrap: around({ extensions: [{ header: 0, bytes: [0, 0, 5, 2, 0, 0, ...PAD] }] }),
    reason: null,
  },
  {
    told: 'destination options',
    manner: IPV6,
    wrap: around({ extensions: [{ header: 60, bytes: [0, 0, 1, 4, 0, 0, 0, 0] }] }),
    reason: null,
  },
  {
    told: 'hop-by-hop and destination options, hop limit 254',
    manner: IPV6,
    wrap: around({
      ttl: 254,
      extensions: [
        { header: 0, bytes: [0, 0, 1, 4, 0, 0, 0, 0] },
        { header: 60, bytes: [0, 0, 1, 4, 0, 0, 0, 0] },
      ],
    }),
    reason: 'ttl-not-255',
  },
];

const BOTH = [MULTICAST, IPV6];
const addressesOf = (manners: readonly Manner[]) => manners.map(manner => addressOf(manner, manner.vrid));

await drill('fragments, options and extension headers', { addresses: addressesOf(BOTH), missing }, async (t, lab) => {
  const scene = await begin(lab, ...BOTH);
  const from = now();
  for (const [i, { told, manner, wrap, reason }] of WRAPPED.entries()) {
    // To the Backup only: heard by nobody else, a claim between the two priorities moves nobody.
    const { message, envelope } = goodPacket(manner, scene.placeB, 150);
    const source = `${STRANGER[manner.family]}${i}`.replace('99', '7');
    await inject(lab.network, wrap(message, { ...envelope, source, mac: scene.placeB.home.mac }), 1000);
    const heard = await until(`${told} to be heard`, 3000, async () =>
      (await statusOf(scene.b.socket)).neighbours.find(({ address, vrid }) => address === source && vrid === manner.vrid),
    ).catch(String);
    t.match(heard, { router: manner.name, reason }, `${manner.name}, ${told}: ${reason ?? 'admitted'}`);
  }
  const window = await lab.window(from);
  for (const manner of BOTH) {
    lab.judge(exactlyOneHolder(window, addressOf(manner, manner.vrid), 'a'));
    lab.judge(steadyAdverts(window, manner.vrid, 'a', manner.intervalMs, marginMs(manner.intervalMs)));
  }
  t.strictSame([...transitions(scene.a, from), ...transitions(scene.b, from)], [], 'no change of state');
});

for (const fast of BOTH) {
  const slow: Manner = { ...fast, intervalMs: 1000 };
  const address = addressOf(fast, fast.vrid);
  const stranger = STRANGER[fast.family];

  await drill(`${fast.name}: a spoofed priority 0`, { addresses: [address], missing }, async (t, lab) => {
    const scene = await begin(lab, slow);
    const { a, b, placeA, placeB } = scene;
    const margin = marginMs(slow.intervalMs);
    const toA = goodPacket(slow, placeA, 0);
    await justAfterA(scene);
    const first = now();
    await inject(lab.network, [hostileFrame(toA.message, { ...toA.envelope, mac: placeA.home.mac })], 1000);
    await lab.observer.advert('an answer at once', skewMs(1000, 100) - 100, first, advert => advert.node === 'a');
    await sleep(1500);
    lab.judge(exactlyOneHolder(await lab.window(first), address, 'a'), 'from a stranger to the Active');
    t.strictSame(transitions(a, first), [], 'the Active stays');

    const toB = goodPacket(slow, placeB, 0);
    const source = slow.family === 'ipv4' ? placeA.node.address : placeA.home.linkLocal;
    await justAfterA(scene);
    const second = now();
    await inject(lab.network, [hostileFrame(toB.message, { ...toB.envelope, source, mac: placeB.home.mac })], 1000);
    await b.says(/to=active reason=priority-zero/, skewMs(1000, 100) + margin + 500, second);
    await b.says(/to=backup reason=higher-priority/, 500, second);
    await sleep(500);
    const window = await lab.window(second);
    lab.judge(outageAtMost(window, address, HANDOVER_MS), "from the Active's address to the Backup");
    lab.judge(overlapAtMost(window, address, HANDOVER_MS), "from the Active's address to the Backup");
    t.strictSame(transitions(a, second), [], 'the Active never left');
    await lab.observer.servesAlone('a', address, 3000);
  });

  await drill(`${fast.name}: a claim of priority 255`, { addresses: [address], missing }, async (t, lab) => {
    const scene = await begin(lab, slow);
    const { message, envelope } = goodPacket(slow, scene.placeA, 255);
    const from = now();
    await inject(lab.network, [hostileFrame(message, envelope)], 1000);
    const given = await scene.a.says(/to=backup reason=higher-priority/, 1000, from);
    t.match(given.text, `to ${stranger} (priority 255): higher priority`, 'the log names the liar');
    const [router] = (await statusOf(scene.a.socket)).routers;
    t.match(
      router,
      { state: 'backup', reason: 'higher-priority', active: { address: stranger, priority: 255, self: false } },
      'so does status',
    );
    await lab.observer.silence(address, 2000);
    await lab.observer.servesAlone('a', address, 6000);
    const back = await lab.window(from);
    lab.judge(outageAtMost(back, address, downMs(1000, 200) + marginMs(1000)), 'silence is believed as soon');
    t.ok(
      back.seen.adverts.some(advert => advert.node === 'a' && advert.at < given.at + 100_000),
      'a parting advertisement tells the claimant that there was another',
    );
    t.strictSame(transitions(scene.b, from), [], 'the Backup waited longer');
  });

  await drill(`${fast.name}: an interval of 40.95 s`, { addresses: [address], missing }, async (t, lab) => {
    const scene = await begin(lab, fast);
    const { b, placeA, placeB } = scene;
    const spoofed = goodPacket({ ...fast, intervalMs: 40_950 }, placeB, 200);
    const source = fast.family === 'ipv4' ? placeA.node.address : placeA.home.linkLocal;
    const from = now();
    await inject(lab.network, [hostileFrame(spoofed.message, { ...spoofed.envelope, source, mac: placeB.home.mac })], 1000);
    const noted = await b.says(/vrrp\.interval-differs/, 1000, from);
    t.match(noted.text, `${source} advertises every 41 s`, "in the Active's name: the log says so");
    await justAfterA(scene);
    const died = now();
    await blackhole(lab.network, lab.node('a'));
    await lab.observer.servesAlone('b', address, 3000);
    const takeover = await lab.window(died);
    lab.judge(outageAtMost(takeover, address, downMs(fast.intervalMs, 100) + marginMs(100)), 'its next own advertisement heals that');

    const claim = goodPacket({ ...fast, intervalMs: 40_950 }, placeB, 254);
    const lied = now();
    await inject(lab.network, [hostileFrame(claim.message, claim.envelope)], 1000);
    await b.says(/to=backup reason=higher-priority/, 1000, lied);
    await lab.observer.silence(address, 1000);
    await sleep(1500);
    const [router] = (await statusOf(b.socket)).routers;
    t.match(
      router,
      { state: 'backup', active: { address: stranger, priority: 254 } },
      'a higher claim is believed, and for three of its intervals',
    );
    lab.judge(await restarted(lab, b, fast, address), 'a restart ends the wait');
  });
}

/** Starts `b` anew, alone as it is, and judges that it serves again as soon as any other. */
async function restarted(lab: Lab, b: Holdfast, manner: Manner, address: string): Promise<Verdict> {
  b.signal('SIGTERM');
  await b.ended(5000);
  const again = startHoldfast(lab.network, lab.node('b'), [settingsOn(lab.network, manner, 'b')]);
  lab.watch(again);
  const started = (await again.says(/to=backup/, 15_000)).at;
  await lab.observer.servesAlone('b', address, 3000);
  return outageAtMost(await lab.window(started), address, downMs(manner.intervalMs, 100) + marginMs(100));
}
