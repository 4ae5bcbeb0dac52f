// From what is known of a machine and what is there already to the steps of an install. What is done already is no step, so a
// second run has none. Must not know how a step is done or told.
import type { Facts, There } from './facts.ts';
import type { Manifest } from './manifest.ts';
import { notesOf } from './notes.ts';
import {
  CONFIG_FOLDER,
  CONFIG_PATH,
  ENABLED_PATH,
  MANIFEST_PATH,
  NETWORK_FOLDER,
  ORDER_PATH,
  PREVIOUS_PATH,
  STATE_FOLDER,
  UNIT_PATH,
} from './paths.ts';
import type { Plan, Step, Wanted } from './step.ts';

export interface Situation {
  readonly facts: Facts;
  /** The executable that runs now. */
  readonly executable: Wanted;
  /** All other files, without the configuration; `unit` among them. */
  readonly files: readonly Wanted[];
  readonly unit: string;
  /** What goes to /etc/holdfast where nothing is. */
  readonly example: Wanted;
  there(path: string): There;
  /** null: nothing was installed before, or not by an install. */
  readonly manifest: Manifest | null;
  /** --no-start was not given. */
  readonly start: boolean;
}

export function installPlan(situation: Situation): Plan {
  const { facts, executable, files, unit, example, there, manifest, start } = situation;
  const live = facts.root === null;
  const steps: Step[] = [];
  const kept: string[] = [];
  const written: string[] = [];
  const adopted: Record<string, string> = {};
  const adopt = ({ path, sha256 }: Wanted): void => {
    if (manifest?.files[path] !== sha256) adopted[path] = sha256;
  };

  for (const [path, mode] of [
    [STATE_FOLDER, 0o750],
    [CONFIG_FOLDER, 0o755],
  ] as const) {
    if (there(path).kind === 'absent') steps.push({ do: 'folder', path, mode });
  }

  const now = there(executable.path);
  const replaced = now.kind === 'file' ? now.sha256 !== executable.sha256 : true;
  if (replaced) {
    const keep = now.kind === 'file' || now.kind === 'link' ? PREVIOUS_PATH : null;
    steps.push({ do: 'write', wanted: executable, keep, replaces: now.kind !== 'absent' });
    written.push(executable.path);
  } else adopt(executable);

  let unitWritten = false;
  const all = facts.configured === 'none' ? [...files, example] : files;
  for (const wanted of all) {
    const verdict = verdictOf(wanted, there(wanted.path), manifest?.files[wanted.path]);
    if (verdict === 'keep') kept.push(wanted.path);
    if (verdict === 'same') adopt(wanted);
    if (verdict === 'same' || verdict === 'keep') continue;
    steps.push({ do: 'write', wanted, keep: null, replaces: verdict === 'replace' });
    written.push(wanted.path);
    unitWritten ||= wanted.path === unit;
  }

  if (live) {
    if (facts.restorecon && facts.selinux !== 'off' && written.length > 0)
      steps.push({ do: 'run', argv: ['restorecon', ...written], words: 'give what was written its SELinux labels', must: false });
    for (const { name, permanent, now } of facts.firewalld?.zones ?? [])
      if (!permanent || !now) steps.push({ do: 'open-zone', zone: name });
    if (unitWritten || written.includes(ORDER_PATH))
      steps.push({ do: 'run', argv: ['systemctl', 'daemon-reload'], words: 'let systemd read the unit', must: true });
  }

  // Whoever disabled it after us had a reason, and so had whoever stopped it.
  const enabling = facts.configured === 'real' && there(ENABLED_PATH).kind === 'absent' && manifest?.links[ENABLED_PATH] === undefined;
  if (enabling && !facts.service.masked) steps.push({ do: 'link', path: ENABLED_PATH, target: unit });
  if (live && start && facts.configured === 'real' && !facts.service.masked)
    steps.push(...serviceSteps(facts, replaced || unitWritten, enabling));
  return { steps, adopted, notes: notesOf(situation, kept, enabling) };
}

function serviceSteps({ service }: Facts, changed: boolean, enabling: boolean): readonly Step[] {
  switch (service.state) {
    case 'active':
    case 'activating':
    case 'reloading':
      if (!changed && service.current !== false) return [];
      return [{ do: 'hand-over', restarts: true }, { do: 'restart' }, { do: 'take-back' }];
    case 'failed':
      return [{ do: 'start' }];
    default:
      return enabling ? [{ do: 'start' }] : [];
  }
}

/** What to do about a file. Only what we wrote ourselves, and nobody has touched since, is replaced.
 *  @param recorded the sum that it had when we wrote it */
function verdictOf(wanted: Wanted, there: There, recorded: string | undefined): 'new' | 'replace' | 'same' | 'keep' {
  if (there.kind === 'absent') return 'new';
  if (there.kind !== 'file') return 'keep';
  if (there.sha256 === wanted.sha256) return 'same';
  return there.sha256 === recorded ? 'replace' : 'keep';
}

const KEEPS = `# By \`holdfast install\`: virtual addresses stay when this interface is configured anew.
[Network]
KeepConfiguration=yes
`;

/** The drop-ins that make systemd-networkd leave addresses of others alone, each with its text. When it configures an interface anew
 *  (`networkctl reload` after a change, `netplan apply`) it drops them: those with a lifetime, as ours, unless `yes`, which for an interface with
 *  DHCP would mean more. It is not told to read them now: that would take down and up the address of the machine itself, and it reads them
 *  with the next change. */
export function networkDropIns({ networks, configured }: Facts): readonly { readonly path: string; readonly text: string }[] {
  if (configured !== 'real') return [];
  return networks.flatMap(({ name, keeps, dhcp }) => {
    if (dhcp || keeps === 'yes' || keeps === 'true') return [];
    return [{ path: `${NETWORK_FOLDER}/${name}.d/holdfast.conf`, text: KEEPS }];
  });
}

/** Units stop in the reverse order of their starts: what the unit is not ordered behind by itself would stop beside it when the machine is shut down,
 *  with the address still here.
 *  @param unit the text of the unit
 *  @returns the text of the drop-in; null: nothing is missing */
export function orderDropIn({ watched }: Facts, unit: string): string | null {
  const known = new Set([...unit.matchAll(/^After=(.*)$/gm)].flatMap(([, names = '']) => names.split(/\s+/)));
  // A target may wait for us in its turn, as multi-user.target does.
  const missing = watched.filter(name => /^[\w:.@\\-]+\.service$/.test(name) && !known.has(name));
  if (missing.length === 0) return null;
  return `# By \`holdfast install\`: when the machine is shut down, addresses leave while these still serve.\n[Unit]\nAfter=${missing.join(' ')}\n`;
}

/** @param purge the configuration goes too, and what the daemon has learned */
export function uninstallPlan(
  { facts, there, purge }: Pick<Situation, 'there'> & { readonly facts: Pick<Facts, 'root' | 'service'>; readonly purge: boolean },
  manifest: Manifest,
): Plan {
  const live = facts.root === null;
  const steps: Step[] = [];
  const notes: string[] = [];
  if (live && facts.service.state !== 'inactive' && facts.service.state !== 'unknown')
    steps.push({ do: 'hand-over', restarts: false }, { do: 'stop' });
  for (const [path, target] of Object.entries(manifest.links)) {
    const found = there(path);
    if (found.kind === 'link' && found.target === target) steps.push({ do: 'remove', path });
    else if (found.kind !== 'absent') notes.push(`${path} is kept: it is not what install put there`);
  }
  const removed: string[] = [];
  for (const [path, sha256] of Object.entries(manifest.files)) {
    const found = there(path);
    if (found.kind === 'absent' || path === CONFIG_PATH) continue;
    if (found.kind === 'file' && found.sha256 === sha256) {
      steps.push({ do: 'remove', path });
      removed.push(path);
    } else notes.push(`${path} is kept: it was changed since it was installed`);
  }
  if (live) {
    for (const zone of manifest.zones) steps.push({ do: 'close-zone', zone });
    if (removed.some(path => path === UNIT_PATH || path === ORDER_PATH))
      steps.push({ do: 'run', argv: ['systemctl', 'daemon-reload'], words: 'let systemd forget the unit', must: false });
  }
  if (purge) {
    for (const path of [CONFIG_FOLDER, STATE_FOLDER]) if (there(path).kind === 'folder') steps.push({ do: 'remove-tree', path });
  } else {
    if (there(CONFIG_PATH).kind !== 'absent') notes.push(`${CONFIG_FOLDER} is kept, and ${STATE_FOLDER}; --purge removes both`);
    if (there(MANIFEST_PATH).kind === 'file') steps.push({ do: 'remove', path: MANIFEST_PATH });
  }
  for (const path of [...manifest.folders].reverse()) if (there(path).kind === 'folder') steps.push({ do: 'remove-folder', path });
  if (there(PREVIOUS_PATH).kind !== 'absent' && manifest.files[PREVIOUS_PATH] === undefined)
    notes.push(`${PREVIOUS_PATH} is kept: it was there before the first install`);
  return { steps, adopted: {}, notes };
}
