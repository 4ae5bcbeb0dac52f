// From what lies on CONFIG to what is in force: each part is taken, or refused in words and replaced by the last good one, or by the default.
// Must not know where files lie, nor how nginx is asked.
import { type Diagnostic, render } from '../config/diagnostic.ts';
import { load } from '../config/load.ts';
import { decode, type Source } from '../config/source.ts';
import { suggest } from '../config/suggest.ts';
import { readNetwork } from './network.ts';
import { networkdFiles } from './networkd.ts';
import { defaultHostname, type Part, readHostname, readKeys, unixText } from './parts.ts';

/** By path below the folder that they come from, or go to. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** What stands on CONFIG, and what the box comes with. */
export interface Dropped {
  readonly drop: Files;
  /** What was taken last, part by part. */
  readonly kept: Files;
  /** `holdfast.toml`, `nginx.toml` (the watchdog of nginx), `network/`, `nginx/`. */
  readonly defaults: Files;
  /** machine-id(5) */
  readonly machineId: string;
}

export interface Refusal {
  /** What is wrong, as diagnostics with their lines where there are any. */
  readonly words: string;
  /** What is in force in its place. */
  readonly instead: string;
}

export interface Settled {
  readonly active: Files;
  readonly kept: Files;
  readonly refused: readonly Refusal[];
  readonly hostname: string;
}

/** What a part comes to. */
type Made = { readonly files: Files; readonly hostname?: string } | { readonly wrong: string };

interface PartRule {
  readonly name: string;
  /** Whether a path on CONFIG belongs to it. */
  owns(path: string): boolean;
  /** @param files those that it owns; empty: the default */
  make(files: Files): Promise<Made> | Made;
}

/** @param testNginx what nginx says to the files below `nginx/`; null: nothing is wrong. Asked for each candidate */
export async function settle(dropped: Dropped, testNginx: (files: Files) => Promise<string | null>): Promise<Settled> {
  const drop = dropOf(dropped.drop);
  const active = new Map<string, Uint8Array>();
  const kept = new Map<string, Uint8Array>();
  const refused: Refusal[] = strangers(drop);
  let hostname = defaultHostname(dropped.machineId);

  for (const part of rules(dropped.defaults, () => hostname, testNginx)) {
    const wanted = only(drop, part.owns);
    const before = only(dropped.kept, part.owns);
    const made = await choose(part, wanted, before, refused, kept);
    for (const [path, bytes] of made.files) active.set(path, bytes);
    hostname = made.hostname ?? hostname;
  }
  active.set('hostname', text(`${hostname}\n`));
  return { active, kept, refused, hostname };
}

async function choose(
  part: PartRule,
  wanted: Files,
  before: Files,
  refused: Refusal[],
  kept: Map<string, Uint8Array>,
): Promise<Extract<Made, { files: Files }>> {
  const tried = await part.make(wanted);
  if ('files' in tried) {
    for (const [path, bytes] of wanted) kept.set(path, bytes);
    return tried;
  }
  const old = before.size === 0 ? null : await part.make(before);
  if (old !== null && 'files' in old) {
    for (const [path, bytes] of before) kept.set(path, bytes);
    refused.push({ words: tried.wrong, instead: `the last good ${part.name} is in force` });
    return old;
  }
  const fallback = await part.make(new Map());
  if ('wrong' in fallback) throw new Error(`the image's own ${part.name} is not in order: ${fallback.wrong}`);
  refused.push({ words: tried.wrong, instead: `there was no good ${part.name} before: the box does without` });
  return fallback;
}

/** The host name comes first: holdfast.toml may have tables for each machine. */
function rules(defaults: Files, hostname: () => string, testNginx: (files: Files) => Promise<string | null>): readonly PartRule[] {
  return [
    oneFile('hostname', readHostname, value => ({ files: new Map(), hostname: value })),
    {
      name: 'network',
      owns: path => path === 'network.toml' || /^network\/[^/]+\.(network|netdev|link)$/.test(path),
      make: files => network(files, defaults),
    },
    oneFile('authorized_keys', readKeys, value => ({ files: new Map([['authorized_keys', text(value)]]) })),
    {
      name: 'nginx configuration',
      owns: path => path.startsWith('nginx/'),
      make: async files => {
        const all = nginx(files, defaults);
        // That of the image was tested with it.
        if (files.size === 0) return { files: all };
        const wrong = await testNginx(all);
        return wrong === null ? { files: all } : { wrong: `nginx refuses its configuration:\n${wrong}` };
      },
    },
    {
      name: 'holdfast.toml',
      owns: path => path === 'holdfast.toml' || /^holdfast\.d\/[^/]+\.toml$/.test(path),
      make: files => holdfast(files, defaults, hostname()),
    },
  ];
}

/** A part that is one small file, and nothing where there is none. */
function oneFile(name: string, take: (text: string) => Part<string>, made: (value: string) => Made): PartRule {
  return {
    name,
    owns: path => path === name,
    make: files => {
      const file = files.get(name);
      if (file === undefined) return { files: new Map() };
      const part = take(decode(name, file).text);
      return 'wrong' in part ? part : made(part.value);
    },
  };
}

async function network(files: Files, defaults: Files): Promise<Made> {
  const made = new Map(under(defaults, 'network/'));
  const file = files.get('network.toml');
  if (file !== undefined) {
    const source = decode('network.toml', file);
    const { interfaces, diagnostics } = await readNetwork(source);
    if (diagnostics.some(({ severity }) => severity === 'error')) return { wrong: shown(diagnostics, [source]) };
    for (const [name, content] of networkdFiles(interfaces)) made.set(`network/${name}`, text(content));
  }
  // networkd's own files: it reads them as they are, and says in the journal what it does not like.
  for (const [path, bytes] of under(files, 'network/')) made.set(path, text(unixText(decode(path, bytes).text)));
  return { files: made };
}

/** Ours below theirs; with sites of their own, without our site. */
function nginx(files: Files, defaults: Files): Files {
  const sites = [...files.keys()].some(path => path.startsWith('nginx/conf.d/') && path.endsWith('.conf'));
  const ours = [...under(defaults, 'nginx/')].filter(([path]) => !(sites && path.startsWith('nginx/conf.d/')));
  return new Map([...ours, ...files]);
}

/** A box has nginx, so somebody looks after it: our watchdog, unless the file has one for it. */
async function holdfast(files: Files, defaults: Files, hostname: string): Promise<Made> {
  const ours = defaults.get('nginx.toml');
  const watched = (from: Files): Files => (ours === undefined ? from : new Map([...from, ['holdfast.d/appliance-nginx.toml', ours]]));
  // Nothing to hold: a box that waits.
  if (files.size === 0) return { files: watched(under(defaults, 'holdfast.toml')) };
  const alone = await read(files, hostname);
  if ('wrong' in alone) return alone;
  const both = watched(files);
  return { files: alone.watches || 'wrong' in (await read(both, hostname)) ? files : both };
}

async function read(files: Files, hostname: string): Promise<{ readonly watches: boolean } | { readonly wrong: string }> {
  const names = [...files.keys()].sort((a, b) => Number(b === 'holdfast.toml') - Number(a === 'holdfast.toml') || (a < b ? -1 : 1));
  const main: readonly Source[] = files.has('holdfast.toml') ? [] : [{ file: 'holdfast.toml', text: '' }];
  const sources = [...main, ...names.map(name => decode(name, files.get(name) ?? new Uint8Array()))];
  const { plan, diagnostics } = await load(sources, hostname);
  if (plan === null) return { wrong: shown(diagnostics, sources) };
  return { watches: plan.duties.watchdogs.some(({ service }) => service.by === 'unit' && service.unit === 'nginx.service') };
}

/** More than a console has lines for. */
const MOST_SHOWN = 10;

function shown(diagnostics: readonly Diagnostic[], sources: readonly Source[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const texts = new Map(sources.map(source => [source.file, source.text]));
  const first = errors.slice(0, MOST_SHOWN).map(diagnostic => render(diagnostic, texts.get(diagnostic.file) ?? ''));
  return [...first, ...(errors.length > MOST_SHOWN ? [`and ${errors.length - MOST_SHOWN} more`] : [])].join('\n\n');
}

const ROOT = ['holdfast.toml', 'network.toml', 'hostname', 'authorized_keys'] as const;
const FOLDERS = ['holdfast.d', 'network', 'nginx'] as const;
/** What we put there, and what other systems put on every disk. */
const OTHERS = /^(readme\.txt|errors\.txt|factory-reset|\..*|system volume information|\$recycle\.bin)$/i;

/** FAT knows names in capitals only in its short form, and a laptop may write either: the names that we know are what they are. */
function dropOf(files: Files): Files {
  const known = (name: string): string => [...ROOT, ...FOLDERS].find(each => each === name.toLowerCase()) ?? name;
  return new Map(
    [...files].map(([path, bytes]) => {
      const [first = '', ...rest] = path.split('/');
      return [[known(first), ...rest].join('/'), bytes];
    }),
  );
}

/** What nobody reads: most likely a slip, and the box would not do what its owner thinks. */
function strangers(files: Files): Refusal[] {
  const tops = new Set([...files.keys()].map(path => path.split('/', 1).join()));
  return [...tops]
    .filter(name => !OTHERS.test(name) && ![...ROOT, ...FOLDERS].some(known => known === name))
    .map(name => {
      const meant = suggest(name.replace(/\.txt$/i, ''), [...ROOT, ...FOLDERS]);
      const cure = meant === null ? '' : `; if you meant ${meant}, rename it`;
      return { words: `${name}: this box knows no such file${cure}`, instead: 'it is not used' };
    });
}

function only(files: Files, owns: (path: string) => boolean): Files {
  return new Map([...files].filter(([path]) => owns(path)));
}

function under(files: Files, prefix: string): Files {
  return only(files, path => path.startsWith(prefix));
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
