// Does the steps of an install or uninstall, one after the other: each is told before it is done, what is done is remembered, and what
// fails leaves what was there working. Must not know why a step is wanted.
import { type Manifest, writeManifest } from '../install/manifest.ts';
import { MANIFEST_PATH, PREVIOUS_PATH } from '../install/paths.ts';
import type { Content, Plan, Step } from '../install/step.ts';
import { cureFor, tellStep } from '../install/words.ts';
import { unreachable } from '../lib/unreachable.ts';
import type { Host, Ran } from '../platform/install-ports.ts';
import type { Moves } from './hand-over.ts';
import { PATIENCE } from './install-facts.ts';

/** Stopping may take TimeoutStopSec of the unit, starting as long as systemd lets it; in ms. */
const RESTART_PATIENCE = 300_000;
const UNIT = 'holdfast.service';
/** Lines of the journal, when it does not start. */
const LAST_WORDS = 8;

export interface Desk {
  readonly host: Host;
  readonly moves: Moves;
  /** Its bytes, or the path of a file of this machine. */
  content(content: Content): Uint8Array | string;
  /** A line for people; what goes wrong is `complain`ed about. */
  say(line: string): void;
  complain(line: string): void;
}

export interface Work {
  readonly plan: Plan;
  /** The tree that is written to; empty: this machine. */
  readonly root: string;
  /** Of the holdfast that does it. */
  readonly version: string;
  /** As it was before. */
  readonly manifest: Manifest;
  /** Its own last record; false: what was recorded goes away. */
  readonly records: boolean;
}

/** @returns whether all was done */
export async function carryOut({ plan: { steps, adopted }, root, version, manifest, records }: Work, desk: Desk): Promise<boolean> {
  const { host, moves, say, complain } = desk;
  let done: Manifest = { ...manifest, files: { ...manifest.files, ...adopted } };
  let recorded = JSON.stringify(manifest);
  /** What puts back what this run has replaced, for a new holdfast that does not start. */
  const undo: (() => Promise<unknown>)[] = [];

  const record = async (): Promise<void> => {
    const text = JSON.stringify(done);
    if (!records || text === recorded) return;
    await host.write(MANIFEST_PATH, Buffer.from(writeManifest(done)), 0o600, null);
    recorded = text;
  };
  const made = (folders: readonly string[]): void => {
    done = { ...done, folders: [...new Set([...done.folders, ...folders])] };
  };

  async function write(step: Extract<Step, { readonly do: 'write' }>): Promise<void> {
    const { wanted, keep } = step;
    const { path } = wanted;
    const old = keep === null && step.replaces ? await host.read(path) : null;
    const kept = keep === null ? null : await host.look(path);
    made(await host.write(path, desk.content(wanted.content), wanted.mode, keep));
    if (keep !== null && kept !== null) {
      const { [keep]: _, ...others } = done.files;
      // One that somebody else brought stays when ours go.
      const ours = kept.kind === 'file' && done.files[path] === kept.sha256;
      done = { ...done, files: ours ? { ...others, [keep]: kept.sha256 } : others };
    }
    if (keep !== null) undo.unshift(() => host.write(path, `${root}${keep}`, wanted.mode, null));
    else if (old !== null) undo.unshift(() => host.write(path, Buffer.from(old), wanted.mode, null));
    done = { ...done, version, files: { ...done.files, [path]: wanted.sha256 } };
  }

  async function perform(step: Step): Promise<void> {
    switch (step.do) {
      case 'folder':
        return made(await host.folder(step.path, step.mode));
      case 'write':
        return write(step);
      case 'link':
        made(await host.link(step.path, step.target));
        done = { ...done, links: { ...done.links, [step.path]: step.target } };
        return;
      case 'remove':
        return host.remove(step.path);
      case 'remove-folder':
        await host.removeFolder(step.path);
        return;
      case 'remove-tree':
        return host.removeTree(step.path);
      case 'run': {
        const ran = await host.run(step.argv, PATIENCE);
        if (ran.status !== 0 && step.must) throw new Error(lastWords(ran));
        if (ran.status !== 0) complain(`${step.argv[0]}: ${lastWords(ran)}; the rest goes on`);
        return;
      }
      case 'open-zone':
        await firewall('--add-protocol=vrrp', step.zone);
        done = { ...done, zones: [...new Set([...done.zones, step.zone])] };
        return;
      case 'close-zone':
        return firewall('--remove-protocol=vrrp', step.zone);
      case 'hand-over':
        await record();
        return moves.handOver(step.restarts, line => say(`  ${line}`));
      case 'start':
        await record();
        return systemctl('start');
      case 'restart':
        return systemctl('restart');
      case 'take-back':
        return moves.takeBack();
      case 'stop':
        return systemctl('stop');
      default:
        return unreachable(step);
    }
  }

  /** For good and for now. */
  async function firewall(option: string, zone: string): Promise<void> {
    for (const scope of [['--permanent'], []]) {
      const ran = await host.run(['firewall-cmd', ...scope, `--zone=${zone}`, option], PATIENCE);
      if (ran.status !== 0) throw new Error(lastWords(ran));
    }
  }

  async function systemctl(verb: string): Promise<void> {
    const ran = await host.run(['systemctl', verb, UNIT], RESTART_PATIENCE);
    if (ran.status === 0) return;
    const journal = await host.run(['journalctl', '--no-pager', '--output=cat', '--unit', UNIT, '--lines', String(LAST_WORDS)], PATIENCE);
    const lines = [lastWords(ran), journal.out.trim()].flatMap(said => said.split('\n'));
    throw new Error(lines.filter(line => line !== '' && !line.startsWith('See "systemctl')).join('\n    '));
  }

  /** The holdfast of before runs again, and what was ordered for the restart is taken back. */
  async function goBack(): Promise<void> {
    say(`put back what was there before (${PREVIOUS_PATH}), and start that`);
    for (const each of undo) await each();
    await systemctlQuietly('daemon-reload');
    // As it was, but for the copy that was kept on the way.
    const { [PREVIOUS_PATH]: copy } = done.files;
    const { [PREVIOUS_PATH]: _, ...files } = manifest.files;
    done = { ...manifest, files: copy === undefined ? files : { ...files, [PREVIOUS_PATH]: copy } };
    const back = await host.run(['systemctl', 'restart', UNIT], RESTART_PATIENCE);
    await moves.takeBack().catch(() => {});
    complain(back.status === 0 ? 'the holdfast of before runs again' : `the holdfast of before does not start either: ${lastWords(back)}`);
  }

  async function systemctlQuietly(verb: string): Promise<void> {
    await host.run(['systemctl', verb], PATIENCE);
  }

  for (const step of steps) {
    const words = tellStep(step, root, version);
    say(words);
    try {
      await perform(step);
    } catch (error) {
      complain(`failed: ${words}`);
      complain(`  ${error instanceof Error ? error.message : String(error)}`);
      if (step.do === 'restart' && undo.length > 0) await goBack();
      complain(`  = hint: ${cureFor(step, codeOf(error))}`);
      await record().catch(() => {});
      return false;
    }
  }
  await record();
  return true;
}

function lastWords({ status, out, err }: Ran): string {
  const said = (err.trim() === '' ? out : err).trim();
  return said === '' ? `ended with ${status}` : said;
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
