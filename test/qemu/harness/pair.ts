// The pair that most stories are about: box-a with the higher priority and box-b, one VIP, and what may be said of it.
// Must not know what is done to the pair.
import type { Test } from 'tap';
import { now, sleep, until } from '../../netns/lab/clock.ts';
import { skewMs } from '../../netns/lab/protocol.ts';
import { exactlyOneHolder } from '../../netns/lab/verdict.ts';
import { load } from './artefacts.ts';
import { BOX_A, BOX_B, type Box, type Files, filesOf, INTERVAL_MS, PRIORITY_B, VIP, writeConfig } from './config.ts';
import type { GuestOptions, Stage } from './story.ts';
import type { Vm } from './vm.ts';

export interface Pair {
  readonly a: Vm;
  readonly b: Vm;
}

export interface PairOptions {
  readonly snapshots?: boolean;
  readonly files?: (box: Box) => Files;
  readonly guest?: Omit<GuestOptions, 'disk'>;
  /** Of the disk, bytes. */
  readonly size?: number;
}

/** How long one box may take from power-on to its page, ms. Four times what it takes on a quiet machine: facts of the image. */
export function readyMs(stage: Stage): number {
  return stage.accel === 'kvm' ? 30_000 : 180_000;
}

/** Longest silence that one dead machine may cause, ms: RFC 9568 §6.1 and what a busy machine adds. */
export const DEATH_MS = 3 * INTERVAL_MS + skewMs(INTERVAL_MS, PRIORITY_B) + 300;

/** keepalived lets its address alone for the skew (test/netns/laboratory.ts); a planned leave is to take a quarter of that at most. */
export const PLANNED_MS = skewMs(INTERVAL_MS, PRIORITY_B) / 4;

/** The longest gap that a log may have of its own, ms. */
const QUIET_MS = 150;

/** Makes a guest with its files on CONFIG; off. */
export async function makeBox(stage: Stage, box: Box, options: PairOptions = {}): Promise<Vm> {
  const { snapshots = false, size } = options;
  const disk = await stage.disk(stage.network.folder, box.node, { snapshots, ...(size === undefined ? {} : { size }) });
  await writeConfig(disk.raw, (options.files ?? filesOf)(box));
  return stage.guest(box.node, { ...options.guest, disk });
}

/** Switches a box on and waits until it serves the VIP.
 *  @returns seconds that this took */
export async function bootAlone(stage: Stage, box: Box, vm: Vm): Promise<number> {
  const on = await vm.start();
  await servedBy(stage, box, { boundMs: readyMs(stage), steadyMs: 1000 });
  const seconds = (now() - on) / 1_000_000;
  stage.note(`${seconds.toFixed(1)} s from power-on to the VIP served by ${box.host}; load ${load()}`);
  return seconds;
}

/** Presses the power button until the box goes off: in the first moments of a box nobody listens to it. */
export async function shutDown(vm: Vm): Promise<void> {
  for (let press = 1; press < 5; press++) {
    await vm.powerButton();
    const off = await vm.ended(30_000).then(
      () => true,
      () => false,
    );
    if (off) return;
  }
  await vm.ended(30_000);
}

/** Switches on both at once and waits until box-a alone serves the VIP. */
export async function bootPair(stage: Stage, options: PairOptions = {}): Promise<Pair> {
  const a = await makeBox(stage, BOX_A, options);
  const b = await makeBox(stage, BOX_B, options);
  const on = await a.start();
  await b.start();
  await answersItself(stage, BOX_B, 2 * readyMs(stage));
  await servedBy(stage, BOX_A, { boundMs: readyMs(stage), steadyMs: 2000 });
  stage.note(`${((now() - on) / 1_000_000).toFixed(1)} s from power-on of both to the VIP served by ${BOX_A.host}; load ${load()}`);
  return { a, b };
}

export interface WaitOptions {
  readonly boundMs: number;
  readonly steadyMs?: number;
}

/** Waits until this box alone has answered for the VIP for `steadyMs`. */
export async function servedBy(stage: Stage, box: Box, { boundMs, steadyMs = 1500 }: WaitOptions): Promise<void> {
  await stage.client.servedBy(box.host, VIP, { boundMs, steadyMs, alive: () => stage.check() });
}

/** Waits until a box answers under its own address, asking gently: it has a boot to do. */
export async function answersItself(stage: Stage, box: Box, boundMs: number): Promise<void> {
  const client = stage.startClient({ addresses: [box.address], everyMs: 250 });
  try {
    await client.servedBy(box.host, box.address, { boundMs, steadyMs: 1000, alive: () => stage.check() });
  } finally {
    await client.stop();
  }
}

/** What the client's log has of its own: the longest gap in a window in which nothing is done. Waits for a quiet one, as a noisy log
 *  judges nothing.
 *  @returns ms
 *  @throws Error when the machine does not come to rest */
export async function quietGap(stage: Stage, box: Box): Promise<number> {
  const windowMs = 2000;
  return until(
    'a quiet machine',
    180_000,
    async () => {
      const from = now();
      await sleep(windowMs);
      const gap = stage.client.longestGap(VIP, from, now());
      stage.check();
      return gap.ms <= QUIET_MS && stage.client.answerers(VIP, from).join() === box.host && Math.max(gap.ms, 1);
    },
    () => `gaps of ${stage.client.longestGap(VIP, now() - windowMs * 1000).ms.toFixed(0)} ms with nothing done; load ${load()}`,
  );
}

/** Judges the longest time without a page since something was done.
 *  @param ownMs gaps that the log has anyhow */
export function judgeGap(t: Test, stage: Stage, told: string, since: number, boundMs: number, ownMs: number): number {
  const to = now();
  const gap = stage.client.longestGap(VIP, since, to);
  const own = Math.max(ownMs, stage.client.longestSilence(VIP, since, to));
  const text = `${told}: ${gap.ms.toFixed(0)} ms without a page, from ${gap.before} to ${gap.after}`;
  stage.note(`${text}; load ${load()}`);
  t.ok(gap.ms <= boundMs + own, `${text}; ${boundMs.toFixed(0)} ms allowed and ${own.toFixed(0)} ms of the log's own`);
  return gap.ms;
}

/** Judges a planned leave: the time in which the other box took over, and all the time since the leave began, in which a busy machine may be
 *  slow with a page: in no more than keepalived is dark for. */
export function judgeLeave(t: Test, stage: Stage, since: number, next: Box, ownMs: number): void {
  const gap = stage.client.handover(VIP, since, next.host);
  const own = Math.max(ownMs, stage.client.longestSilence(VIP, since));
  const text = `planned leave: ${gap?.ms.toFixed(0)} ms from the last page of ${gap?.before} to the first of ${gap?.after}`;
  stage.note(`${text}; load ${load()}`);
  t.ok(
    gap !== null && gap.ms <= PLANNED_MS + own,
    `${text}; ${PLANNED_MS.toFixed(0)} ms allowed and ${own.toFixed(0)} ms of the log's own`,
  );
  judgeGap(t, stage, 'planned leave, all of it', since, 4 * PLANNED_MS, ownMs);
}

/** Tells the longest time without a page since something was done, where nothing is demanded of it. */
export function noteGap(stage: Stage, told: string, since: number): void {
  const gap = stage.client.longestGap(VIP, since);
  stage.note(`${told}: ${gap.ms.toFixed(0)} ms without a page, from ${gap.before} to ${gap.after}; load ${load()}`);
}

/** One holder over a window that begins now: pages from it alone, without an outage, and nobody else claims the address. */
export async function oneHolder(t: Test, stage: Stage, box: Box, ms: number): Promise<void> {
  const from = now();
  await sleep(ms);
  const to = now();
  const pages = stage.client.answerers(VIP, from, to);
  t.strictSame(pages, [box.host], `pages of ${VIP} come from ${pages.join(', ') || 'nobody'} for ${ms} ms`);
  const gap = stage.client.longestGap(VIP, from, to);
  t.ok(gap.ms < 1000, `the longest gap is ${gap.ms.toFixed(0)} ms`);
  const verdict = exactlyOneHolder({ seen: await stage.observer.seen(from, to), from, to }, VIP, box.node);
  t.ok(verdict.ok, verdict.text, verdict.ok ? {} : { seen: verdict.seen });
  stage.check();
}
