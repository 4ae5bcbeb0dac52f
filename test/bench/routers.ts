// Many routers in one daemon: what they cost while nothing happens, how long they take to start and to take over.
// Must not know who competes, or what is good enough.
import { now, sleep } from '../netns/lab/clock.ts';
import { holdfast } from '../netns/lab/control.ts';
import type { Daemon } from '../netns/lab/daemon.ts';
import { makeNetwork } from '../netns/lab/network.ts';
import { type Observer, startObserver } from '../netns/lab/observer.ts';
import { downMs } from '../netns/lab/protocol.ts';
import type { RouterSettings } from '../netns/lab/router.ts';
import type { Advert, Sightings } from '../netns/lab/sightings.ts';
import { announcements } from './addresses.ts';
import { type Contender, cpuTime, type Memory, memory, socketOf } from './contender.ts';
import { complete, PRIORITY } from './pair.ts';
import { blackholeAll, portsOf, wideAddress, widen } from './wide.ts';

const INTERVAL_MS = 1000;
/** keepalived announces once more 5 s after it has become Active. */
const SETTLE_MS = 6000;
const STEADY_MS = 10_000;
/** How often it is looked whether all routers are there: each look costs something itself. */
const LOOK_MS = 250;

export interface Crowd {
  /** From exec to the first advertisement, and until every router has sent one, beyond the protocol's own wait, ms. */
  readonly firstAdvertMs: number;
  readonly allAdvertsMs: number;
  /** Of one CPU, in percent, while nothing happens. */
  readonly activeCpu: number;
  readonly backupCpu: number;
  readonly activeMemory: Memory;
  readonly backupMemory: Memory;
  /** How far the latest advertisement lay behind its time while nothing happened, ms. */
  readonly latestAdvertMs: number;
  /** `holdfast status` from exec to end, ms; null for others. */
  readonly statusMs: number | null;
  /** How far the latest advertisement lay behind its time while somebody asked for the status, ms. */
  readonly latestWithStatusMs: number | null;
  /** From the death of the Active until the last address was announced, and until the last one asked for answered, ms. */
  readonly announcedMs: number;
  readonly answeringMs: number;
  /** From the last advertisement of each router to its announcement, beyond the protocol's own wait: the longest, ms. */
  readonly beyondMs: number;
}

/** Routers of one address each: up to 255 on hf0, more spread over four interfaces, the last one on hf0. */
function crowd(count: number, interfaces: number, priority: number): readonly RouterSettings[] {
  return Array.from({ length: count }, (_, i) => {
    const device = interfaces - 1 - (i % interfaces);
    const number = Math.floor(i / interfaces);
    return {
      name: `r${i}`,
      vrid: number + 1,
      priority,
      intervalMs: INTERVAL_MS,
      addresses: [wideAddress(device, number)],
      interface: `hf${device}`,
    };
  });
}

/** By the switch port and VRID, in order. */
function byRouter(adverts: readonly Advert[], ports: readonly string[]): ReadonlyMap<string, readonly Advert[]> {
  const found = new Map<string, Advert[]>();
  for (const advert of adverts) {
    if (!ports.includes(advert.node)) continue;
    const key = `${ports.indexOf(advert.node)}/${advert.vrid}`;
    const list = found.get(key) ?? [];
    found.set(key, list);
    list.push(advert);
  }
  return found;
}

async function eventually<T>(what: string, boundMs: number, look: () => Promise<T | null>): Promise<T> {
  const started = now();
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (now() - started > boundMs * 1000) throw new Error(`waited ${boundMs} ms for ${what}`);
    await sleep(LOOK_MS);
  }
}

function latest(seen: Sightings, ports: readonly string[]): number {
  let worst = 0;
  for (const list of byRouter(seen.adverts, ports).values()) {
    for (let i = 1; i < list.length; i++) worst = Math.max(worst, ((list[i]?.at ?? 0) - (list[i - 1]?.at ?? 0)) / 1000 - INTERVAL_MS);
  }
  return worst;
}

async function status(observer: Observer, daemon: Daemon, ports: readonly string[]): Promise<{ ms: number; latestMs: number } | null> {
  const socket = socketOf(daemon);
  if (socket === null) return null;
  const times: number[] = [];
  const from = now();
  for (let i = 0; i < 3; i++) {
    const started = now();
    const { code } = await holdfast(socket, 'status');
    if (code > 1) throw new Error(`status ended with ${code}`);
    times.push((now() - started) / 1000);
    await sleep(INTERVAL_MS / 2);
  }
  const seen = await complete(observer, from - INTERVAL_MS * 1500, now());
  return { ms: times.sort((x, y) => x - y)[1] ?? 0, latestMs: latest(seen, ports) };
}

/** Starts a pair with so many routers, lets it be, and lets the Active die. */
export async function runCrowd(contender: Contender, count: number): Promise<Crowd> {
  const interfaces = count > 255 ? 4 : 1;
  const network = await makeNetwork(['a', 'b']);
  let observer: Observer | undefined;
  try {
    await widen(network, interfaces);
    const routers = { a: crowd(count, interfaces, PRIORITY.a), b: crowd(count, interfaces, PRIORITY.b) };
    const [a, b] = [network.node('a'), network.node('b')];
    const ports = { a: portsOf(a, interfaces), b: portsOf(b, interfaces) };
    const near = routers.a.filter(router => router.interface === 'hf0').flatMap(({ addresses }) => addresses);
    const probed = [...new Set([0, near.length >> 1, near.length - 1])].flatMap(i => near[i] ?? []);
    observer = await startObserver(network, { addresses: probed });
    const eye = observer;

    const executed = now();
    const active = contender.active.start(network, a, routers.a);
    const all = await eventually('every router to advertise', 60_000, async () => {
      const found = byRouter((await complete(eye, executed, now())).adverts, ports.a);
      return found.size === count ? [...found.values()].map(list => list[0]?.at ?? 0) : null;
    });
    const startMs = (at: number) => (at - executed) / 1000 - downMs(INTERVAL_MS, PRIORITY.a);
    const backup = contender.backup.start(network, b, routers.b);
    await eventually('every router to be Backup', 60_000, async () => ((await contender.backup.backups(backup)) >= count ? true : null));
    await sleep(SETTLE_MS);

    const [before, cpuA, cpuB] = [now(), cpuTime(active), cpuTime(backup)];
    await sleep(STEADY_MS);
    const [after, usedA, usedB] = [now(), cpuTime(active) - cpuA, cpuTime(backup) - cpuB];
    const percent = (ns: number) => ns / 10 / (after - before);
    const steady = await complete(eye, before, after);
    if (steady.adverts.some(({ node }) => ports.b.includes(node))) throw new Error('the Backup advertised beside the Active');
    const memories = { a: memory(active), b: memory(backup) };
    const asked = await status(eye, active, ports.a);

    const died = now();
    await blackholeAll(network, a, interfaces);
    const dead = now();
    const announced = await eventually('the last announcement', 30_000, async () => {
      const found = announcements(await complete(eye, died, now()), ports.b, died);
      return routers.b.every(({ addresses }) => addresses.every(address => found.has(address))) ? found : null;
    });
    for (const address of probed) await eye.answersFrom('b', address, 20_000, 100);
    const end = await complete(eye, died - INTERVAL_MS * 2000, now());
    const answers = probed.map(address => end.answers.find(x => x.at >= died && x.node === 'b' && x.address === address)?.at ?? dead);

    const heard = byRouter(end.adverts, ports.a);
    const beyond = routers.b.flatMap(({ vrid, interface: device, addresses }) => {
      const list = heard.get(`${device?.slice(2)}/${vrid}`) ?? [];
      // Whether one in that time got out is not known.
      if (list.some(({ at }) => at >= died && at <= dead)) return [];
      const last = list.findLast(({ at }) => at < died)?.at;
      const said = announced.get(addresses[0] ?? '');
      return last === undefined || said === undefined ? [] : [(said - last) / 1000 - downMs(INTERVAL_MS, PRIORITY.b)];
    });
    return {
      firstAdvertMs: startMs(Math.min(...all)),
      allAdvertsMs: startMs(Math.max(...all)),
      activeCpu: percent(usedA),
      backupCpu: percent(usedB),
      activeMemory: memories.a,
      backupMemory: memories.b,
      latestAdvertMs: latest(steady, ports.a),
      statusMs: asked?.ms ?? null,
      latestWithStatusMs: asked?.latestMs ?? null,
      announcedMs: (Math.max(...announced.values()) - died) / 1000,
      answeringMs: (Math.max(...answers) - died) / 1000,
      beyondMs: Math.max(...beyond),
    };
  } finally {
    observer?.stop();
    network.delete();
  }
}
