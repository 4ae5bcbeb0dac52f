// The CONFIG partition as users fill it: files copied onto it before the machine starts. Also the pair that the stories are about.
// Must not know what the appliance does with them.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../../netns/lab/exec.ts';
import { partition } from './image.ts';

/** Path on CONFIG, with `/`, and text. */
export type Files = Readonly<Record<string, string>>;

export interface Box {
  /** Its node on the segment. */
  readonly node: string;
  /** Its host name, which its page says. */
  readonly host: string;
  readonly address: string;
}

export const BOX_A: Box = { node: 'a', host: 'box-a', address: '10.77.0.11' };
export const BOX_B: Box = { node: 'b', host: 'box-b', address: '10.77.0.12' };
export const VIP = '10.77.0.200';
export const VRID = 51;
export const INTERVAL_MS = 1000;
export const PRIORITY_A = 150;
export const PRIORITY_B = 100;
/** How the guest calls its network card: on the bus of QEMU's `pc`, slot 3. */
export const LAN = 'ens3';

/** Copies files onto CONFIG of a raw disk that no machine uses. */
export async function writeConfig(disk: string, files: Files): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-config-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const entries = readdirSync(folder).map(name => join(folder, name));
    if (entries.length > 0) await run('mcopy', ['-o', '-s', '-Q', '-i', await place(disk), ...entries, '::/']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes files away from it. */
export async function removeConfig(disk: string, ...paths: readonly string[]): Promise<void> {
  await run('mdel', ['-i', await place(disk), ...paths.map(path => `::/${path}`)]);
}

/** What lies on it, as `mdir -b` lists it. */
export async function listConfig(disk: string): Promise<readonly string[]> {
  const text = await run('mdir', ['-b', '-i', await place(disk), '::/']).catch(() => '');
  return text
    .split('\n')
    .map(line => line.replace(/^::\//, ''))
    .filter(line => line !== '');
}

/** A file on it, as text; empty where there is none. */
export async function readConfig(disk: string, path: string): Promise<string> {
  return run('mtype', ['-i', await place(disk), `::/${path}`]).catch(() => '');
}

async function place(disk: string): Promise<string> {
  const { start } = await partition(disk, 'CONFIG');
  return `${disk}@@${start}`;
}

export interface HoldfastSettings {
  /** More lines for [vrrp.web], and more tables. */
  readonly router?: string;
  readonly more?: string;
}

/** holdfast.toml of the pair: the same file on both, as in the README. */
export function holdfastToml({ router = '', more = '' }: HoldfastSettings = {}): string {
  return `[vrrp.web]
interface = "${LAN}"
vrid = ${VRID}
addresses = ["${VIP}/24"]
priority = ${PRIORITY_B}
track = ["nginx"]
${router}

[watchdog.nginx]
unit = "nginx.service"
probe = { type = "http", url = "http://127.0.0.1/" }

[node.${BOX_A.host}.vrrp.web]
priority = ${PRIORITY_A}
${more}`;
}

/** What the user of a box drops: its name, its address, and the file that both have. */
export function filesOf(box: Box, holdfast = holdfastToml()): Files {
  return {
    hostname: `${box.host}\n`,
    'network.toml': `[interface.${LAN}]\naddresses = ["${box.address}/24"]\n`,
    'holdfast.toml': holdfast,
  };
}
