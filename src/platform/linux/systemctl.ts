// Asks systemd and gives it orders, through its own program: what units are doing, start, stop, kill.
// Must not know what follows from an answer. systemctl(1)

import { access } from 'node:fs/promises';
import { type Micros, micros } from '../../vrrp/units.ts';
import { ownAccount } from './accounts.ts';
import { devNull } from './dev-null.ts';
import { failureWords, launch } from './launch.ts';
import { LATE, within } from './patience.ts';
import { onExit } from './process-watch.ts';
import { errnoName, sysnet } from './sysnet.ts';
import { PROPERTIES, parseShow, type UnitFacts } from './unit-facts.ts';

/** What a command came to. */
export type Said =
  /** `status` as `reap` gives it. `text`: both streams. */
  | { readonly kind: 'ended'; readonly status: number; readonly text: string }
  | { readonly kind: 'late' }
  /** There is no systemd here, or none that can be asked. */
  | { readonly kind: 'absent'; readonly why: string };

/** There exactly when systemd is the first process: sd_booted(3). */
const BOOTED = '/run/systemd/system';
/** /bin where it is a directory of its own. */
const PLACES = ['/usr/bin', '/bin'];
/** More than the properties of a thousand units; in bytes. */
const MOST = 1 << 20;

const chunk = Buffer.alloc(1 << 16);
let place: Promise<string | null> | null = null;

/** Whether systemd manages this machine. */
export async function systemdRuns(): Promise<boolean> {
  return access(BOOTED).then(
    () => true,
    () => false,
  );
}

/** Runs one of systemd's programs to its end, or until `timeout`; then it is killed, and what it asked for goes on. 10 to 20 ms,
 *  nearly all of it for the start of the program.
 *  @param argv `systemctl` or `systemd-run`, and its arguments */
export async function tellSystemd(argv: readonly string[], timeout: Micros): Promise<Said> {
  const deadline = sysnet.now() + timeout;
  if (!(await systemdRuns())) return { kind: 'absent', why: 'systemd does not run here' };
  place ??= find();
  const folder = await place;
  const [name = '', ...rest] = argv;
  if (folder === null) {
    place = null;
    return { kind: 'absent', why: `${PLACES[0]}/systemctl does not exist` };
  }
  const account = await ownAccount();
  const pipe = sysnet.pipe(0);
  if (typeof pipe === 'number') return { kind: 'absent', why: `no pipe to ${name}: ${errnoName(pipe)}` };
  const [ours, its] = pipe;
  const pid = launch([`${folder}/${name}`, ...rest], account, {}, [devNull(), 0, its, 1, its, 2]);
  sysnet.close(its);
  if (typeof pid !== 'number') {
    sysnet.close(ours);
    return { kind: 'absent', why: failureWords(pid) };
  }
  const text = collect(ours);
  const over = new Promise<number>(resolve => onExit({ pid, started: null }, () => resolve(sysnet.reap(pid))));
  const status = await within(over, micros(Math.max(0, deadline - sysnet.now())));
  if (status === LATE) {
    process.kill(pid, 'SIGKILL');
    text();
    return { kind: 'late' };
  }
  return { kind: 'ended', status, text: text() };
}

async function find(): Promise<string | null> {
  for (const folder of PLACES) {
    const there = await access(`${folder}/systemctl`).then(
      () => true,
      () => false,
    );
    if (there) return folder;
  }
  return null;
}

/** @returns what came until now, and no more is taken */
function collect(fd: number): () => string {
  const parts: Buffer[] = [];
  let size = 0;
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    sysnet.unwatch(fd);
    sysnet.close(fd);
  };
  /** @returns whether there may be more */
  const take = (): boolean => {
    const length = sysnet.read(fd, chunk);
    if (length > 0 && size < MOST) parts.push(Buffer.from(chunk.subarray(0, length)));
    size += Math.max(0, length);
    if (length === 0) close();
    return length > 0;
  };
  sysnet.watch(fd, () => void take());
  return () => {
    while (open && take());
    close();
    return Buffer.concat(parts).toString();
  };
}

/** What systemd knows of units, in the order asked for.
 *  @returns `Said` when it did not say it */
export async function askUnits(units: readonly string[], timeout: Micros): Promise<readonly UnitFacts[] | Said> {
  const said = await tellSystemd(['systemctl', 'show', `--property=${PROPERTIES.join()}`, '--', ...units], timeout);
  if (said.kind !== 'ended' || said.status !== 0) return said;
  const facts = parseShow(said.text);
  return facts.length === units.length ? facts : said;
}

/** One unit.
 *  @returns why nothing is known of it, in words, and whether that is so for the moment only */
export async function askUnit(unit: string, timeout: Micros): Promise<UnitFacts | { readonly why: string; readonly passing: boolean }> {
  const answer = await askUnits([unit], timeout);
  if ('kind' in answer) return { why: refusalWords(answer), passing: answer.kind === 'late' };
  const [facts] = answer;
  return facts ?? { why: `systemd says nothing about ${unit}`, passing: true };
}

/** Why nothing is started any more. */
export const SHUTTING_DOWN = 'the machine is shutting down';

/** Whether systemd is about to end this machine; it refuses by itself to start units then. */
export async function isShuttingDown(timeout: Micros): Promise<boolean> {
  const said = await tellSystemd(['systemctl', 'is-system-running'], timeout);
  return said.kind === 'ended' && said.text.trim() === 'stopping';
}

/** Whether a start was refused since the machine is shut down: nobody can undo what that orders.
 *  systemctl(1) --job-mode=replace-irreversibly */
export function isRefusedByShutdown(said: Said): boolean {
  return said.kind === 'ended' && said.text.includes('is destructive');
}

/** Why systemd did not do it, for people: its own last line. */
export function refusalWords(said: Said): string {
  switch (said.kind) {
    case 'late':
      return 'systemd does not answer';
    case 'absent':
      return said.why;
    case 'ended': {
      const lines = said.text.split('\n').filter(line => line.trim() !== '');
      // The last lines say what to type next.
      const line = lines.find(each => /^(Failed|Job|System|Error|Invalid)/.test(each)) ?? lines.at(-1);
      return line?.trim() ?? `systemctl: exit status ${said.status}`;
    }
  }
}
