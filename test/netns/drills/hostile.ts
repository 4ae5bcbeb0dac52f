// Drill: for every receive check packets that fail only that one, at twice the rate of the advertisements, to an Active, a
// Backup and an owner, in all manners of speaking. Nothing may change but one counter, and whoever asks is told why.
// Must not know how the product receives.
import type { Test } from 'tap';
import { now } from '../lab/clock.ts';
import { type FullStatus, holdfast, statusOf } from '../lab/control.ts';
import { drill, type Lab, marginMs } from '../lab/drill.ts';
import {
  addressOf,
  badFramesFor,
  CHECKS,
  type Check,
  isForOne,
  MANNERS,
  type Manner,
  NAMES,
  type Name,
  type Place,
  placesOf,
  settingsOn,
  sourceOf,
  vridOn,
} from '../lab/hostile-checks.ts';
import { merged } from '../lab/hostile-frames.ts';
import { inject } from '../lab/inject.ts';
import type { Product } from '../lab/product.ts';
import { exactlyOneHolder, steadyAdverts, type Window } from '../lab/verdict.ts';

const SECONDS = 3;

interface Stage {
  readonly t: Test;
  readonly lab: Lab;
  readonly daemons: Readonly<Record<Name, Product>>;
  readonly places: readonly Place[];
}

await drill(
  'packets that fail one receive check each',
  { nodes: NAMES, addresses: MANNERS.map(manner => addressOf(manner, manner.vrid)), limitMs: 240_000 },
  async (t, lab) => {
    const places = await placesOf(lab.network);
    const a = await start(lab, 'a', 'active');
    const b = await start(lab, 'b', 'backup');
    const c = await start(lab, 'c', 'active');
    const stage: Stage = { t, lab, daemons: { a, b, c }, places };
    for (const manner of MANNERS) await lab.observer.servesAlone('a', addressOf(manner, manner.vrid), 5000);
    const from = now();
    let since = from;
    let before = await statuses(stage);
    for (const check of CHECKS) {
      // Each window begins where the one before ends, so all the time is judged.
      const [until, after] = await round(stage, check, since, before);
      [since, before] = [until, after];
    }
    const said = [a, b, c].flatMap(daemon => daemon.lines.filter(line => line.at >= from && /transition|Entering/.test(line.text)));
    t.strictSame(said, [], 'no change of state');
    if (a.holdfast !== null) {
      const { out } = await holdfast(a.holdfast.socket, 'status');
      t.match(out, /NOT ACCEPTED by version2: .*\(wrong-interval\)/, 'status says it in words');
      t.notMatch(`${out}${a.lines.map(line => line.text).join('\n')}`, /sesame|tahini/, 'and shows no password, ours or theirs');
    }
  },
);

async function start(lab: Lab, name: Name, state: 'active' | 'backup'): Promise<Product> {
  const routers = MANNERS.map(manner => settingsOn(lab.network, manner, name));
  const daemon = lab.start(name, ...routers);
  for (const router of routers) await daemon.entered(router.name, state, 15_000);
  return daemon;
}

/** @returns until when it was judged, and the counters then */
async function round(stage: Stage, check: Check, since: number, before: Statuses): Promise<readonly [number, Statuses]> {
  const { t, lab, places } = stage;
  const manners = MANNERS.filter(check.applies);
  const sent = manners.flatMap(manner =>
    places
      // One frame to the group reaches both of the pair.
      .filter(place => isForOne(check, manner) || place.name !== 'b')
      .map(place => {
        const perSecond = 2000 / manner.intervalMs;
        return { frames: badFramesFor(check, manner, place, perSecond * SECONDS), perSecond };
      }),
  );
  const { frames, perSecond } = merged(sent);
  await inject(lab.network, frames, perSecond);
  const window = await lab.window(since);
  judge(stage, window, check.reason);
  const after = await statuses(stage);
  for (const { name } of places) {
    const [earlier, later] = [before[name], after[name]];
    if (earlier === null || later === null) continue;
    t.strictSame(counted(earlier, later), expected(check, manners, name), `${check.reason}: counted on ${name}`);
  }
  for (const manner of manners) for (const place of places) neighbour(stage, check, manner, place, after[place.name]);
  return [window.to, after];
}

type Statuses = Readonly<Record<Name, FullStatus | null>>;

/** null where no holdfast runs. */
async function statuses({ daemons }: Stage): Promise<Statuses> {
  const ask = async (name: Name) => {
    const daemon = daemons[name].holdfast;
    return daemon === null ? null : statusOf(daemon.socket);
  };
  return { a: await ask('a'), b: await ask('b'), c: await ask('c') };
}

/** By router what was counted between the two. */
function counted(before: FullStatus, after: FullStatus): Readonly<Record<string, Readonly<Record<string, number>>>> {
  return Object.fromEntries(
    after.routers.map(({ name, counters }) => {
      const earlier = before.routers.find(router => router.name === name)?.counters.rejected ?? {};
      const more = Object.entries(counters.rejected).map(([reason, count]) => [reason, count - (earlier[reason] ?? 0)] as const);
      return [name, Object.fromEntries(more.filter(([, count]) => count !== 0))];
    }),
  );
}

function expected(check: Check, manners: readonly Manner[], name: Name): Readonly<Record<string, Readonly<Record<string, number>>>> {
  return Object.fromEntries(
    MANNERS.map(manner => {
      const hit = manners.includes(manner) && check.fate(manner) === 'counted';
      const count = (2000 / manner.intervalMs) * SECONDS;
      return [`${manner.name}${name === 'c' ? '-owner' : ''}`, hit ? { [check.reason]: count } : {}];
    }),
  );
}

/** What NEIGHBOURS says about the sender, where it does not speak itself between the frames that bear its name. */
function neighbour({ t }: Stage, check: Check, manner: Manner, place: Place, status: FullStatus | null): void {
  const fate = check.fate(manner);
  const address = sourceOf(check, manner, place);
  const speaksItself = manner.unicast && place.name === 'b' && address === place.peer;
  if (status === null || fate === 'kernel' || speaksItself) return;
  const vrid = fate === 'sampled' ? (check.reason === 'zero-vrid' ? 0 : 99) : vridOn(manner, place.name);
  const seen = status.neighbours.find(each => each.address === address && each.vrid === vrid);
  const reason = fate === 'sampled' ? 'unknown-vrid' : check.reason;
  t.match(seen, { reason, detail: /./ }, `${check.reason}: ${place.name} shows ${address} as a neighbour, and why it is not heard`);
}

/** Nobody but the holder holds, and every advertisement comes when it is due: none late, none missing, none too many. */
function judge({ t, lab }: Stage, window: Window, told: string): void {
  for (const manner of MANNERS) {
    lab.judge(exactlyOneHolder(window, addressOf(manner, manner.vrid), 'a'), told);
    for (const name of ['a', 'c'] as const) {
      const vrid = vridOn(manner, name);
      const { intervalMs } = manner;
      lab.judge(steadyAdverts(window, vrid, name, intervalMs, marginMs(intervalMs)), `${told}, ${manner.name}`);
      const count = window.seen.adverts.filter(advert => advert.vrid === vrid).length;
      const most = Math.ceil((window.to - window.from) / 1000 / intervalMs) + 1;
      t.ok(count <= most, `${told}, ${manner.name}: ${count} advertisements, ${most} at most`);
    }
  }
}
