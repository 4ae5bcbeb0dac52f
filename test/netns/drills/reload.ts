// Drill: many reloads of a running node, by signal and by command in turn, with changes by chance, a quarter of them invalid.
// The router that no change touches must not notice, and at the end what runs is what the last valid file says.
// Must not know how a change is applied.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { now, sleep, until } from '../lab/clock.ts';
import { type FullStatus, holdfast, statusOf } from '../lab/control.ts';
import { drill, type Lab, marginMs } from '../lab/drill.ts';
import { run } from '../lab/exec.ts';
import { memoryOf, startHoldfast } from '../lab/holdfast.ts';
import { type Change, first, OTHER, randomChanges, STEADY } from '../lab/reload-changes.ts';
import { linkLocal, type RouterSettings, VIP, VIP6, withPrefix } from '../lab/router.ts';
import { exactlyOneHolder, outageAtMost, steadyAdverts } from '../lab/verdict.ts';

/** 200 in `./build.sh test all`. */
const RELOADS = Number(process.env.HOLDFAST_RELOADS ?? 60);
/** After so many it has what it needs, and should not grow any more. */
const WARM = 20;
const INTERVAL = 100;
const MAIL = '10.77.0.201';
const seed = Number(process.env.HOLDFAST_SEED ?? 20260);

const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? null : 'only holdfast reloads by command';

await drill(`${RELOADS} reloads`, { addresses: [VIP, MAIL, VIP6], probeMs: 3, askMs: 15, limitMs: 250_000, missing }, async (t, lab) => {
  t.comment(`HOLDFAST_SEED=${seed}`);
  const file = join(lab.network.folder, 'a.toml');
  const a = startHoldfast(lab.network, lab.node('a'), first().routers ?? []);
  lab.watch(a);
  await lab.observer.servesAlone('a', VIP, 15_000);
  const b = startHoldfast(lab.network, lab.node('b'), OTHER);
  lab.watch(b);
  await b.says(/router=six .*to=backup/, 15_000);

  const asked = now();
  await statusOf(a.socket);
  const start = (now() - asked) / 1000;
  const from = now();
  let running = first();
  let early = 0;
  for (const [i, change] of randomChanges(RELOADS, seed).entries()) {
    const told = `${i + 1}, ${change.told}`;
    writeFileSync(file, change.text);
    const before = Date.now();
    if (i % 2 === 0) await byCommand(t, a.socket, change, told);
    else {
      a.signal('SIGHUP');
      await until(`reload ${told}`, 10_000, async () => Date.parse((await lastReload(a.socket))?.at ?? '') >= before);
    }
    if (change.routers !== null) running = change;
    else await nothingChanged(t, a.socket, running, told);
    if (i + 1 === WARM) early = memoryOf(a.pid).anonymous;
    // Now and then the one before is still at work, now and then it is done.
    await sleep(i % 10 === 9 ? 500 : (i * 7) % 60);
  }
  const window = await lab.window(from);
  const late = memoryOf(a.pid).anonymous;
  const seconds = (window.to - window.from) / 1e6;
  // Each is asked for and seen by commands of their own, so what a start of the executable costs here decides.
  const allowed = (RELOADS * (100 + 4 * start)) / 1000;
  t.ok(seconds < allowed, `${RELOADS} reloads in ${seconds.toFixed(1)} s; ${allowed.toFixed(1)} s at ${start.toFixed(0)} ms for a command`);
  const margin = marginMs(INTERVAL);
  lab.judge(steadyAdverts(window, STEADY.vrid, 'a', INTERVAL, margin));
  const count = window.seen.adverts.filter(advert => advert.vrid === STEADY.vrid).length;
  t.ok(count <= (seconds * 1000) / INTERVAL + 2, `${count} advertisements of web in ${seconds.toFixed(1)} s: none too many`);
  lab.judge(exactlyOneHolder(window, VIP, 'a'));
  lab.judge(outageAtMost(window, VIP, margin + 3));
  t.ok(late - early < 6144, `memory is flat: ${early} KiB after ${WARM} reloads, ${late} after ${RELOADS}`);
  t.strictSame(
    a.lines.filter(line => line.at >= from && /router=web .*to=/.test(line.text)),
    [],
    'web changed no state',
  );
  await settled(t, lab, a.socket, b.socket, running.routers ?? []);
});

async function byCommand(t: Test, socket: string, change: Change, told: string): Promise<void> {
  const answer = await holdfast(socket, 'reload');
  t.equal(answer.code, change.routers === null ? 78 : 0, `${told}: ${answer.out}${answer.err}`.trim());
}

async function lastReload(socket: string): Promise<FullStatus['configuration']['last_reload']> {
  return (await statusOf(socket)).configuration.last_reload;
}

async function nothingChanged(t: Test, socket: string, running: Change, told: string): Promise<void> {
  const { configuration, routers } = await statusOf(socket);
  t.match(configuration.last_reload, { outcome: 'invalid', problem: /./ }, `${told}: status says why`);
  const present = new Set(routers.map(describe));
  const lacking = (running.routers ?? []).map(wish).filter(text => !present.has(text));
  t.strictSame(lacking, [], `${told}: what ran goes on`);
}

/** A router as status tells it, and as the file wants it. */
function describe(router: FullStatus['routers'][number]): string {
  const addresses = router.addresses.map(({ address }) => address);
  return `${router.name} VRID ${router.vrid} priority ${router.priority.configured} every ${router.advert_interval_ms} ms: ${addresses.join(' ')}`;
}

function wish(router: RouterSettings): string {
  const addresses = router.addresses.map(withPrefix);
  return `${router.name} VRID ${router.vrid} priority ${router.priority} every ${router.intervalMs} ms: ${addresses.join(' ')}`;
}

/** What runs is what the file says, each address has one holder, and none is left that nobody wishes for. */
async function settled(t: Test, lab: Lab, a: string, b: string, routers: readonly RouterSettings[]): Promise<void> {
  let last = '';
  const done = (status: FullStatus) => status.routers.every(({ state }) => state === 'active' || state === 'backup');
  const [onA, onB] = await until(
    'the routers to settle',
    10_000,
    async () => {
      const both = [await statusOf(a), await statusOf(b)] as const;
      last = both.map(({ routers: all }) => all.map(each => `${each.name} ${each.vrid} ${each.state}`).join(', ')).join(' | ');
      const shared = OTHER.every(({ vrid }) => both.filter(({ routers: all }) => activeOf(all, vrid)).length === 1);
      return done(both[0]) && done(both[1]) && shared && both;
    },
    () => last,
  );
  t.strictSame(onA.routers.map(describe).sort(), routers.map(wish).sort(), 'what runs is what the last valid file says');
  for (const [name, status] of [['a', onA] as const, ['b', onB] as const]) {
    const node = lab.node(name);
    const held = status.routers
      .filter(({ state }) => state === 'active')
      .flatMap(({ addresses }) => addresses.map(({ address }) => address));
    const own = [`${node.address}/24`, `${node.address6}/64`];
    await until(
      `${name} to have the addresses that it serves, and no others`,
      3000,
      async () => {
        last = (await addressesOn(lab, name)).join(' ');
        return last === [...own, ...held].sort().join(' ');
      },
      () => `${last}, wished for ${[...own, ...held].sort().join(' ')}`,
    );
    t.pass(`${name} has ${last}`);
  }
}

function activeOf(routers: FullStatus['routers'], vrid: number): boolean {
  return routers.some(router => router.vrid === vrid && router.state === 'active');
}

/** All addresses of `hf0` but the kernel's own link-local one. */
async function addressesOn(lab: Lab, name: string): Promise<readonly string[]> {
  const text = await run('ip', ['-n', lab.node(name).namespace, '-o', 'address', 'show', 'dev', 'hf0']);
  const virtual = linkLocal(0).slice(0, -1);
  return [...text.matchAll(/inet6? (\S+)/g)]
    .map(([, address = '']) => address)
    .filter(address => !address.startsWith('fe80:') || address.startsWith(virtual))
    .sort();
}
