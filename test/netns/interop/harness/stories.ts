// What holdfast and another daemon go through together, told once for every pairing. Two virtual routers with crossed
// priorities run at the same time: `web` belongs to holdfast's node a and `mail` to the peer's node b, so that each event is
// seen from both roles. Must not know how a daemon is told or what it says: the verdict is made of what client and switch saw.
import type { Test } from 'tap';
import { now, sleep } from '../../lab/clock.ts';
import { drill, HANDOVER_MS, type Lab, marginMs } from '../../lab/drill.ts';
import { blackhole, bringBack, forgetNeighbour, isolate } from '../../lab/faults.ts';
import { downMs, skewMs } from '../../lab/protocol.ts';
import { type Family, linkLocal, type RouterSettings, VIP, VIP6 } from '../../lab/router.ts';
import { type Kind, kindMissing, type Speaker, startSpeaker } from '../../lab/speaker.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost, steadyAdverts, type Window } from '../../lab/verdict.ts';

/** How two daemons meet. */
export interface Pairing {
  readonly peer: Kind;
  readonly version: 2 | 3;
  readonly family: Family;
  readonly intervalMs: number;
  readonly unicast?: boolean;
  readonly password?: string;
}

const HIGH = 200;
const LOW = 100;
const MAIL = { ipv4: '10.77.0.201', ipv6: '2001:db8:77::201' } as const;
const WEB = { ipv4: VIP, ipv6: VIP6 } as const;

interface Priorities {
  readonly web: number;
  readonly mail: number;
}

/** Tells all stories of a pairing, in one laboratory, one after the other. */
export async function tellAll(name: string, pairing: Pairing): Promise<void> {
  const addresses = [WEB[pairing.family], MAIL[pairing.family]];
  await drill(name, { addresses, limitMs: 150_000, missing: kindMissing(pairing.peer) }, async (t, lab) => {
    const meeting = makeMeeting(lab, pairing);
    for (const [told, story] of STORIES) {
      const from = now();
      await story(meeting, told);
      t.comment(`${told}: ${((now() - from) / 1e6).toFixed(1)} s`);
    }
    await end(t, meeting);
  });
}

/** How a node comes to hold an address: another one is silent or resigns; it has the higher priority; two hold it and meet. */
type How = 'takeover' | 'preemption' | 'heal';

interface Holders {
  readonly web?: string;
  readonly mail?: string;
  /** How the peer got `mail`. */
  readonly how?: How;
}

/** Whether the peer leaves it to the client's neighbour cache to find out that it holds the address now. FRR 8.4.4 announces
 *  once, when it becomes Active, and never because another one was Active too; over IPv6 it does so up to two intervals before
 *  its first advertisement leaves the machine, so a holdfast that is Active may still announce after it. A client then waits
 *  until its entry has aged, 8 s. */
function isMute({ peer, family }: Pairing, how: How): boolean {
  return peer === 'frr' && (how === 'heal' || (how === 'preemption' && family === 'ipv6'));
}

interface Meeting {
  readonly lab: Lab;
  readonly pairing: Pairing;
  readonly web: string;
  readonly mail: string;
  /** What the machine and the daemons may be late beyond the protocol, ms. */
  readonly margin: number;
  /** Starts the daemon of a node, with these priorities or those of before. */
  start(node: 'a' | 'b', priorities?: Priorities): Promise<void>;
  stop(node: 'a' | 'b'): Promise<number>;
  reload(node: 'a' | 'b', priorities: Priorities): Promise<number>;
  /** Waits until each router is served by the node that it belongs to, or by this one. */
  served(by?: Holders): Promise<void>;
  /** Waits for that, then judges that each address has exactly one holder over a window. */
  settled(told: string, by?: Holders): Promise<void>;
  /** The moment just after an advertisement of a node: the other one speaks next. */
  justAfter(node: 'a' | 'b', vrid: number): Promise<void>;
  /** How long a Backup of this priority may leave the client alone. */
  down(priority: number): number;
  skew(priority: number): number;
}

function makeMeeting(lab: Lab, pairing: Pairing): Meeting {
  const { intervalMs, version, family, unicast } = pairing;
  const running = new Map<string, Speaker>();
  const last = new Map<string, Priorities>([
    ['a', { web: HIGH, mail: LOW }],
    ['b', { web: LOW, mail: HIGH }],
  ]);
  const speaker = (node: string) => {
    const found = running.get(node);
    if (found === undefined) throw new Error(`nothing runs on ${node}`);
    return found;
  };
  const routers = (node: 'a' | 'b'): readonly RouterSettings[] => {
    const priorities = last.get(node) ?? { web: LOW, mail: LOW };
    return [
      settings(pairing, lab, node, 'web', 51, priorities.web, WEB[family]),
      settings(pairing, lab, node, 'mail', 52, priorities.mail, MAIL[family]),
    ];
  };
  const meeting: Meeting = {
    lab,
    pairing,
    web: WEB[family],
    mail: MAIL[family],
    margin: marginMs(intervalMs),
    async start(node, priorities) {
      if (priorities !== undefined) last.set(node, priorities);
      const started = await startSpeaker(node === 'a' ? 'holdfast' : pairing.peer, lab.network, lab.node(node), routers(node));
      lab.watch(started.daemon);
      running.set(node, started);
    },
    stop: node => speaker(node).stop(),
    reload(node, priorities) {
      last.set(node, priorities);
      return speaker(node).reload(routers(node));
    },
    async served({ web = 'a', mail = 'b', how = 'takeover' } = {}) {
      if (mail === 'b' && isMute(pairing, how)) {
        await lab.observer.heldBy('b', meeting.mail, 12_000);
        await forgetNeighbour(lab.network, meeting.mail);
      }
      await lab.observer.servesAlone(web, meeting.web, 12_000);
      await lab.observer.servesAlone(mail, meeting.mail, 12_000);
    },
    async settled(told, by = {}) {
      await meeting.served(by);
      const from = now();
      await sleep(Math.max(300, intervalMs));
      const window = await lab.window(from);
      lab.judge(exactlyOneHolder(window, meeting.web, by.web ?? 'a'), told);
      lab.judge(exactlyOneHolder(window, meeting.mail, by.mail ?? 'b'), told);
    },
    async justAfter(node, vrid) {
      const since = now();
      const seen = lab.observer.advert(
        `an advertisement of ${node}`,
        5 * intervalMs + 1000,
        since,
        a => a.node === node && a.vrid === vrid,
      );
      // Who hears nobody forgets in the end to which MAC address a peer belongs (some 15 to 45 s, by chance), and then nothing leaves it.
      await (unicast === true ? seen.catch(() => {}) : seen);
    },
    down: priority => downMs(intervalMs, priority, version),
    skew: priority => skewMs(intervalMs, priority, version),
  };
  return meeting;
}

function settings(
  pairing: Pairing,
  lab: Lab,
  node: 'a' | 'b',
  name: string,
  vrid: number,
  priority: number,
  address: string,
): RouterSettings {
  const { intervalMs, version, family, password, unicast } = pairing;
  return {
    name,
    vrid,
    priority,
    intervalMs,
    version,
    addresses: family === 'ipv6' ? [linkLocal(vrid), address] : [address],
    ...(password === undefined ? {} : { password }),
    ...(unicast === true ? { source: lab.node(node).address, peers: [lab.node(node === 'a' ? 'b' : 'a').address] } : {}),
  };
}

type Story = (meeting: Meeting, told: string) => Promise<void>;

const STORIES: readonly (readonly [string, Story])[] = [
  ['election', election],
  ['holdfast is stopped and comes back', stopA],
  ['the peer is stopped and comes back', stopB],
  ['the peer is restarted at once', restartB],
  ["holdfast's node dies and returns", deadA],
  ["the peer's node dies and returns", deadB],
  ['partition and heal', partitioned],
  ['reload on either side', reload],
];

async function election(meeting: Meeting, told: string): Promise<void> {
  await meeting.start('a');
  await meeting.start('b');
  // A peer that is deaf to the checksum of RFC 9568 claims the address once, and is answered in the form that it knows.
  await sleep(meeting.down(LOW) + meeting.margin);
  await meeting.settled(told, { how: 'preemption' });
}

/** One node takes an address over from one that lives: nobody needs to wait, and two hold it for a moment at most.
 *  @param how how the peer got it, when it did */
function handedOver({ lab, margin, pairing }: Meeting, window: Window, address: string, told: string, how: How = 'takeover'): void {
  const mute = isMute(pairing, how);
  if (!mute) lab.judge(outageAtMost(window, address, HANDOVER_MS), told);
  lab.judge(overlapAtMost(window, address, (mute ? 2 : 1) * pairing.intervalMs + margin), told);
}

async function stopA(meeting: Meeting, told: string): Promise<void> {
  const { lab, web, mail } = meeting;
  const stopped = await meeting.stop('a');
  await meeting.settled(`${told}, away`, { web: 'b' });
  const stop = await lab.window(stopped);
  handedOver(meeting, stop, web, `${told}, stop`);
  lab.judge(exactlyOneHolder(stop, mail, 'b'), `${told}, stop`);
  const started = now();
  await meeting.start('a');
  await meeting.settled(`${told}, back`);
  const back = await lab.window(started);
  handedOver(meeting, back, web, `${told}, preemption`);
  lab.judge(exactlyOneHolder(back, mail, 'b'), `${told}, preemption`);
}

async function stopB(meeting: Meeting, told: string): Promise<void> {
  const { lab, web, mail } = meeting;
  const stopped = await meeting.stop('b');
  await meeting.settled(`${told}, away`, { mail: 'a' });
  const stop = await lab.window(stopped);
  // The others drop the address first and resign then, so the skew of the successor is dark.
  lab.judge(outageAtMost(stop, mail, meeting.skew(LOW) + meeting.margin), `${told}, stop`);
  lab.judge(exactlyOneHolder(stop, web, 'a'), `${told}, stop`);
  const started = now();
  await meeting.start('b');
  await meeting.settled(`${told}, back`, { how: 'preemption' });
  const back = await lab.window(started);
  handedOver(meeting, back, mail, `${told}, preemption`, 'preemption');
  lab.judge(exactlyOneHolder(back, web, 'a'), `${told}, preemption`);
}

async function restartB(meeting: Meeting, told: string): Promise<void> {
  const { lab, web, mail, pairing } = meeting;
  const stopped = await meeting.stop('b');
  await meeting.start('b');
  // It is away for less than the skew of its successor perhaps, and comes back as Backup all the same.
  await lab.observer.advert('a to advertise mail', 3000, stopped, a => a.node === 'a' && a.vrid === 52);
  await meeting.settled(told, { how: 'preemption' });
  const window = await lab.window(stopped);
  if (!isMute(pairing, 'preemption')) lab.judge(outageAtMost(window, mail, meeting.skew(LOW) + meeting.margin), told);
  lab.judge(exactlyOneHolder(window, web, 'a'), told);
  lab.judge(steadyAdverts(window, 51, 'a', pairing.intervalMs, meeting.margin), told);
}

/** Two sides that serve both learn of each other by an advertisement of the winner, which may be an interval away: `a` wins `web`
 *  and `b` wins `mail`. Before that an address may look served by one alone. */
async function bothSpoke({ lab, pairing }: Meeting): Promise<void> {
  const since = now();
  const bound = 3 * pairing.intervalMs + 3000;
  await lab.observer.advert('a to advertise web', bound, since, a => a.node === 'a' && a.vrid === 51);
  await lab.observer.advert('b to advertise mail', bound, since, a => a.node === 'b' && a.vrid === 52);
}

async function deadA(meeting: Meeting, told: string): Promise<void> {
  const { lab, web, mail } = meeting;
  const died = now();
  await blackhole(lab.network, lab.node('a'));
  await meeting.settled(`${told}, dead`, { web: 'b' });
  const dead = await lab.window(died);
  lab.judge(outageAtMost(dead, web, meeting.down(LOW) + meeting.margin), `${told}, death`);
  lab.judge(exactlyOneHolder(dead, mail, 'b'), `${told}, death`);
  // A loser that yields before the winner has heard of it leaves the client with its own MAC address, and the winner has no
  // sign that there was one: here the winner hears it first.
  await meeting.justAfter('a', 51);
  const back = now();
  await bringBack(lab.network, lab.node('a'));
  await bothSpoke(meeting);
  await meeting.settled(`${told}, back`);
  const heal = await lab.window(back);
  handedOver(meeting, heal, web, `${told}, return`);
  handedOver(meeting, heal, mail, `${told}, return`);
}

async function deadB(meeting: Meeting, told: string): Promise<void> {
  const { lab, web, mail } = meeting;
  const died = now();
  await blackhole(lab.network, lab.node('b'));
  await meeting.settled(`${told}, dead`, { mail: 'a' });
  const dead = await lab.window(died);
  lab.judge(outageAtMost(dead, mail, meeting.down(LOW) + meeting.margin), `${told}, death`);
  lab.judge(exactlyOneHolder(dead, web, 'a'), `${told}, death`);
  // Whoever speaks first: holdfast loses `mail`, and says so before it lets go.
  const back = now();
  await bringBack(lab.network, lab.node('b'));
  await bothSpoke(meeting);
  await meeting.settled(`${told}, back`, { how: 'heal' });
  const heal = await lab.window(back);
  handedOver(meeting, heal, mail, `${told}, return`, 'heal');
  handedOver(meeting, heal, web, `${told}, return`);
}

async function partitioned(meeting: Meeting, told: string): Promise<void> {
  const { lab, web, mail, pairing } = meeting;
  const split = now();
  await isolate(lab.network, true);
  const bound = meeting.down(LOW) + 1000;
  await lab.observer.advert('b to advertise web', bound, split, a => a.node === 'b' && a.vrid === 51);
  await lab.observer.advert('a to advertise mail', bound, split, a => a.node === 'a' && a.vrid === 52);
  await sleep(2 * pairing.intervalMs);
  await meeting.justAfter('a', 51);
  const healed = now();
  await isolate(lab.network, false);
  await bothSpoke(meeting);
  await meeting.settled(told, { how: 'heal' });
  const heal = await lab.window(healed);
  handedOver(meeting, heal, web, told);
  handedOver(meeting, heal, mail, told, 'heal');
}

/** Priorities change under running daemons: a router that stays where it is loses no advertisement, one that moves moves. */
async function reload(meeting: Meeting, told: string): Promise<void> {
  const { lab, web, mail, margin, pairing } = meeting;
  const first = await meeting.reload('a', { web: 150, mail: 220 });
  await meeting.settled(`${told}, holdfast's`, { mail: 'a' });
  await lab.observer.advert('the new priority', 3 * pairing.intervalMs + 1000, first, a => a.node === 'a' && a.priority === 150);
  const one = await lab.window(first);
  lab.judge(exactlyOneHolder(one, web, 'a'), `${told}, holdfast's`);
  lab.judge(steadyAdverts(one, 51, 'a', pairing.intervalMs, margin), `${told}, holdfast's`);
  handedOver(meeting, one, mail, `${told}, holdfast's`);
  const second = await meeting.reload('b', { web: 90, mail: 240 });
  await meeting.settled(`${told}, the peer's`, { how: 'preemption' });
  const two = await lab.window(second);
  lab.judge(steadyAdverts(two, 51, 'a', pairing.intervalMs, margin), `${told}, the peer's`);
  handedOver(meeting, two, mail, `${told}, the peer's`, 'preemption');
}

async function end(t: Test, meeting: Meeting): Promise<void> {
  await meeting.stop('b');
  await meeting.stop('a');
  await meeting.lab.observer.silence(meeting.web, 5000);
  t.pass('both have ended, and nobody answers');
}
