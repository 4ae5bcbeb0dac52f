// On a box that boots from our image: keeps its console true, and calls the slot that it runs good once all has been well for a while.
// Must not know how a screen is laid out or what makes a box sound (src/appliance/screen.ts), nor how a slot is marked.
import { readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { StatusReport } from '../api/status.ts';
import { isSound, ownAddresses, type Situation, screen } from '../appliance/screen.ts';
import { interfacesHere } from './files.ts';

/** How it looks at things, in ms. A unit that fails is asked for by a program, so not as often. */
const EVERY = 2_000;
const UNITS_EVERY = 15_000;
/** So long all must have been well. */
const SOUND_FOR = 60_000;
/** Of a file with problems; a screen has no more. */
const MOST_LINES = 20;

const SLOT = '/run/appliance/slot';
const PROBLEMS = ['/run/appliance/drop-error', '/run/appliance/state-error', '/run/appliance/errors.txt'];
/** proc(5): the devices behind /dev/console, `tty0 ttyS0`. The kernel gives /dev/console itself to the last one only. */
const CONSOLES = '/sys/class/tty/console/active';

export interface DeskPorts {
  status(): Promise<StatusReport | null>;
  /** Runs a program of the system. @returns what it said; null: it failed */
  run(argv: readonly string[]): Promise<string | null>;
  /** ms, monotonic */
  now(): number;
}

/** Looks until the process ends. */
export function keepDesk({ status, run, now }: DeskPorts): void {
  let shown = '';
  let failedUnits: readonly string[] | null = null;
  let unitsAt = Number.NEGATIVE_INFINITY;
  let soundSince: number | null = null;
  let good = false;

  async function look(): Promise<void> {
    const report = await status();
    if (report === null) return;
    if (now() - unitsAt >= UNITS_EVERY) {
      unitsAt = now();
      failedUnits = await failed(run);
    }
    const situation = await situationOf(report, failedUnits ?? []);
    const text = `\n${screen(situation).join('\n')}\n`;
    if (text !== shown) await show(text);
    shown = text;
    if (good || situation.slot === null) return;
    soundSince = failedUnits !== null && isSound(situation) ? (soundSince ?? now()) : null;
    if (soundSince === null || now() - soundSince < SOUND_FOR) return;
    good = (await run(['/usr/bin/systemctl', 'start', 'slot-good.service'])) !== null;
    await show(good ? `holdfast: slot ${situation.slot} is good\n` : `holdfast: slot ${situation.slot} cannot be called good\n`);
    soundSince = null;
  }

  const again = (): void =>
    void setTimeout(
      () =>
        look()
          .catch(() => {})
          .finally(again),
      EVERY,
    );
  again();
}

/** @returns null when systemd does not say */
async function failed(run: DeskPorts['run']): Promise<readonly string[] | null> {
  const said = await run(['/usr/bin/systemctl', 'list-units', '--failed', '--plain', '--no-legend', '--no-pager']);
  return said === null
    ? null
    : said
        .split('\n')
        .flatMap(line => line.trim().split(/\s+/, 1))
        .filter(unit => unit !== '');
}

async function situationOf(report: StatusReport, failedUnits: readonly string[]): Promise<Situation> {
  const text = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null);
  const virtual = new Set(report.routers.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  const own = networkInterfaces();
  const problems = await Promise.all(PROBLEMS.map(text));
  const names = [...(await interfacesHere()).keys()].filter(name => name !== 'lo');
  return {
    version: report.version,
    hostname: report.node,
    slot: (await text(SLOT))?.trim() ?? null,
    interfaces: await Promise.all(
      names.map(async name => ({
        name,
        up: (await text(`/sys/class/net/${name}/carrier`))?.trim() === '1',
        addresses: ownAddresses(own[name] ?? [], virtual),
      })),
    ),
    routers: report.routers.map(({ name, state, addresses, active, waiting }) => ({
      name,
      state,
      addresses: addresses.map(({ address }) => address),
      servedBy: active === null || active.self ? null : active.address,
      waiting,
    })),
    services: report.watchdogs.map(({ name, up, seen, reason }) => ({ name, up, words: reason ?? seen })),
    failedUnits,
    problems: problems.flatMap(problem =>
      problem === null ? [] : [problem.replaceAll('\r', '').split('\n').slice(0, MOST_LINES).join('\n')],
    ),
  };
}

/** A line that nobody reads must not hold us up, nor end us: there may be no device behind it. */
async function show(text: string): Promise<void> {
  const active = await readFile(CONSOLES, 'utf8').catch(() => '');
  const lines = text.replaceAll('\n', '\r\n');
  for (const device of active.split(/\s+/).filter(name => /^\w+$/.test(name))) await writeFile(`/dev/${device}`, lines).catch(() => {});
}
