// `holdfast install` and `holdfast uninstall`: this executable and what belongs to it, onto a machine with systemd or into a tree, and away
// again. Must not know what is wanted where (src/install/plan.ts), nor how a step is done (install-run.ts).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import { parseArgs } from 'node:util';
import { printable } from '../config/diagnostic.ts';
import { assets, EXAMPLE, UNIT } from '../install/assets.ts';
import type { Facts, There } from '../install/facts.ts';
import { emptyManifest, type Manifest, readManifest } from '../install/manifest.ts';
import {
  CONFIG_FOLDER,
  CONFIG_PATH,
  DOC_FOLDER,
  ENABLED_PATH,
  EXECUTABLE_PATH,
  MAN_FOLDER,
  MANIFEST_PATH,
  ORDER_PATH,
  OVERRIDE_PATH,
  PREVIOUS_PATH,
  STATE_FOLDER,
  UNIT_PATH,
} from '../install/paths.ts';
import { installPlan, networkDropIns, orderDropIn, uninstallPlan } from '../install/plan.ts';
import type { Content, Wanted } from '../install/step.ts';
import { tellStep } from '../install/words.ts';
import { version } from '../lib/version.ts';
import { type Host, HostTrouble } from '../platform/install-ports.ts';
import { digest, openHost } from '../platform/linux/host.ts';
import { DEFAULT_SOCKET } from './defaults.ts';
import { EXIT } from './exit.ts';
import { openMoves } from './hand-over.ts';
import { configurationHere, type Refused } from './install-configuration.ts';
import { gather, NO_UNITS, type Units, unitsOf } from './install-facts.ts';
import { carryOut, type Work } from './install-run.ts';
import { manualPage, schemaText } from './manual.ts';

const OPTIONS = {
  'dry-run': { type: 'boolean', default: false },
  /** A tree that does not run: an image, a chroot. */
  root: { type: 'string' },
} as const;

/** @returns exit code: 0 all is installed, 1 a step failed or this machine is none for it, 2 usage, 78 the configuration does not check */
export function install(argv: readonly string[]): Promise<number> {
  return guarded(() => installHere(argv));
}

async function installHere(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: { ...OPTIONS, 'no-start': { type: 'boolean', default: false } } });
  const place = await placeOf(values.root, 'install');
  if (typeof place === 'number') return place;
  const { host, root } = place;
  if (!isSea())
    return refuse('this runs from its sources, and the executable is what is installed: ./build.sh binary, then dist/holdfast install');
  const manifest = await recorded(host);
  const executable: Wanted = { path: EXECUTABLE_PATH, mode: 0o755, sha256: await digest(process.execPath), content: { is: 'self' } };
  const files = assets().map(({ from, to }): Wanted => fileOf(to, { is: 'asset', name: from }));
  for (const [path, text] of [
    [`${MAN_FOLDER}/man8/holdfast.8`, manualPage(8)],
    [`${MAN_FOLDER}/man5/holdfast.toml.5`, manualPage(5)],
    [`${DOC_FOLDER}/holdfast.schema.json`, schemaText()],
  ] as const)
    files.push(fileOf(path, { is: 'text', text }));
  const example = fileOf(CONFIG_PATH, { is: 'asset', name: EXAMPLE });
  const units = root === null ? await unitsOf(host, EXECUTABLE_PATH, sameFile) : NO_UNITS;
  const untouched = [example.sha256, manifest?.files[CONFIG_PATH] ?? ''];
  const used = await configurationHere(host, root, await host.look(CONFIG_PATH), untouched, units.options);
  if ('report' in used) return refuseConfiguration(used);
  process.stderr.write(used.warnings);
  const facts = await gather(host, root, used, units);
  const order = orderDropIn(facts, unitText());
  if (order !== null) files.push(fileOf(ORDER_PATH, { is: 'text', text: order }));
  files.push(...networkDropIns(facts).map(({ path, text }) => fileOf(path, { is: 'text', text })));

  const paths = [executable.path, example.path, ENABLED_PATH, OVERRIDE_PATH, STATE_FOLDER, CONFIG_FOLDER, ...files.map(({ path }) => path)];
  const there = await lookAt(host, paths);
  const plan = installPlan({ facts, executable, files, unit: UNIT_PATH, example, there, manifest, start: !values['no-start'] });
  const words = { nothing: `nothing to do: holdfast ${version} is installed`, done: `holdfast ${version} is installed` };
  const work = { plan, root: root ?? '', version, manifest: manifest ?? emptyManifest(version), records: true };
  return finish(host, work, values['dry-run'], units, words, `holdfast ${version}, ${facts.distribution}`);
}

/** @returns exit code: 0 nothing of it is left but what was said to be, 1 a step failed, 2 usage */
export function uninstall(argv: readonly string[]): Promise<number> {
  return guarded(() => uninstallHere(argv));
}

async function uninstallHere(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: { ...OPTIONS, purge: { type: 'boolean', default: false } } });
  const place = await placeOf(values.root, 'uninstall');
  if (typeof place === 'number') return place;
  const { host, root } = place;
  const manifest = await recorded(host);
  const words = { nothing: 'nothing to do: nothing is recorded as installed', done: 'holdfast is uninstalled' };
  if (manifest === null) {
    process.stdout.write(`${words.nothing} (${root ?? ''}${MANIFEST_PATH})\n`);
    return EXIT.done;
  }
  const units = root === null ? await unitsOf(host, EXECUTABLE_PATH, sameFile) : NO_UNITS;
  const facts: Pick<Facts, 'root' | 'service'> = { root, service: units.service };
  const paths = [...Object.keys(manifest.files), ...Object.keys(manifest.links), ...manifest.folders, PREVIOUS_PATH, MANIFEST_PATH];
  const there = await lookAt(host, [...paths, CONFIG_PATH, STATE_FOLDER, CONFIG_FOLDER]);
  const plan = uninstallPlan({ facts, there, purge: values.purge }, manifest);
  const work = { plan, root: root ?? '', version, manifest, records: false };
  return finish(host, work, values['dry-run'], units, words, `holdfast ${manifest.version}`);
}

/** What is wrong with the machine is told in a line; what is wrong with us keeps its stack. */
async function guarded(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const system = 'syscall' in error && 'code' in error;
    if (!system && !(error instanceof HostTrouble)) throw error;
    return refuse(`${error.message}; nothing was changed`);
  }
}

async function finish(
  host: Host,
  work: Work,
  dryRun: boolean,
  { options }: Units,
  words: { readonly nothing: string; readonly done: string },
  head: string,
): Promise<number> {
  const say = (line: string): void => void process.stdout.write(`${plain(line)}\n`);
  const { root, plan } = work;
  const { steps, adopted, notes } = plan;
  const nothing = steps.length === 0;
  if (nothing) say(words.nothing);
  if (dryRun && !nothing) {
    say(`${head}: would do this, but this is a dry run`);
    for (const step of steps) say(`  ${tellStep(step, root, version)}`);
  } else if (!dryRun && (!nothing || Object.keys(adopted).length > 0)) {
    if (!nothing) say(head);
    const moves = openMoves(options?.socket ?? DEFAULT_SOCKET);
    const complain = (line: string): void => void process.stderr.write(`holdfast: ${plain(line)}\n`);
    if (!(await carryOut(work, { host, moves, content: bytesOf, say: line => say(`  ${line}`), complain }))) return EXIT.failed;
    if (!nothing) say(words.done);
  }
  for (const note of notes) say(`note: ${note}`);
  return EXIT.done;
}

/** @returns exit code for a place that nothing can be installed to */
async function placeOf(option: string | undefined, verb: string): Promise<{ readonly host: Host; readonly root: string | null } | number> {
  const asked = option === undefined ? null : resolve(option);
  // The root of this machine, while it runs, is no tree.
  const root = asked === '/' ? null : asked;
  if (root !== null && !(await stat(root).catch(() => null))?.isDirectory()) return refuse(`--root: ${root} is no folder`);
  const host = openHost(root);
  if (root !== null) return { host, root };
  if ((await host.look('/run/systemd/system')).kind !== 'folder') return refuse(BY_HAND);
  if (process.geteuid?.() !== 0) return refuse(`${verb} writes below /usr/local and /etc: sudo ${process.execPath} ${verb}`);
  return { host, root };
}

const BY_HAND = `systemd does not run here, and no other init is known to this verb. By hand:
  install -m 755 ${process.execPath} ${EXECUTABLE_PATH}
  write ${CONFIG_PATH}, then: holdfast check
  let the init of this machine, or of this container, run as root and keep running: ${EXECUTABLE_PATH} run
  let IP protocol 112 in where a firewall is
into a tree that does not run, with systemd in it: holdfast install --root DIR`;

/** Names of files, and what programs say, are not ours. */
function plain(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

function refuse(why: string): number {
  process.stderr.write(`holdfast: ${plain(why)}\n`);
  return EXIT.failed;
}

function refuseConfiguration({ report }: Refused): number {
  process.stderr.write(`${report}holdfast: holdfast ${version} does not take the configuration that is in place; nothing was changed\n`);
  return EXIT.configuration;
}

async function recorded(host: Host): Promise<Manifest | null> {
  const text = await host.read(MANIFEST_PATH);
  return text === null ? null : readManifest(text);
}

async function lookAt(host: Host, paths: readonly string[]): Promise<(path: string) => There> {
  const found = new Map<string, There>();
  for (const path of new Set(paths)) found.set(path, await host.look(path));
  return path => {
    const there = found.get(path);
    if (there === undefined) throw new Error(`${path} was not looked at`);
    return there;
  };
}

function fileOf(path: string, content: Content): Wanted {
  const sha256 = createHash('sha256').update(bytesOf(content)).digest('hex');
  return { path, mode: 0o644, sha256, content };
}

function unitText(): string {
  const bytes = bytesOf({ is: 'asset', name: UNIT });
  return typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
}

function bytesOf(content: Content): Uint8Array | string {
  switch (content.is) {
    case 'self':
      return process.execPath;
    case 'text':
      return Buffer.from(content.text);
    case 'asset':
      return isSea() ? new Uint8Array(getRawAsset(content.name)) : readFileSync(join(import.meta.dirname, '../..', content.name));
  }
}

async function sameFile(one: string, other: string): Promise<boolean | null> {
  try {
    const [a, b] = await Promise.all([stat(one), stat(other)]);
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return null;
  }
}
