// What is kept of a story that failed: consoles, capture, the client's log, QMP, the load of the machine.
// Must not know stories or verdicts.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CACHE } from './image.ts';
import type { Vm } from './vm.ts';

export interface Evidence {
  readonly vms: readonly Vm[];
  readonly files: readonly string[];
  readonly clientLog: string;
  /** What a reader wants to see first. */
  readonly notes: readonly string[];
}

/** Load average, as the machine tells it. */
export function load(): string {
  return readFileSync('/proc/loadavg', 'utf8').trim().split(' ').slice(0, 3).join(' ');
}

const folderOf = (name: string) => join(CACHE, name.replaceAll(/[^a-z0-9]+/gi, '-'));

/** Nothing of an earlier run is taken for this one's. */
export function forgetArtefacts(name: string): void {
  rmSync(folderOf(name), { recursive: true, force: true });
}

/** @returns where it lies now */
export function keepArtefacts(name: string, { vms, files, clientLog, notes }: Evidence): string {
  const folder = folderOf(name);
  mkdirSync(folder, { recursive: true });
  for (const file of files) if (existsSync(file)) copyFileSync(file, join(folder, basename(file)));
  for (const vm of vms) {
    const lines = vm.console.lines();
    const started = lines[0]?.at ?? 0;
    const timed = lines.map(({ at, text }) => `${((at - started) / 1_000_000).toFixed(2).padStart(8)} ${text}`);
    writeFileSync(join(folder, `${vm.name}.console.txt`), `${timed.join('\n')}\n`);
    writeFileSync(join(folder, `${vm.name}.qmp.txt`), `${vm.transcript().join('\n')}\n`);
  }
  writeFileSync(join(folder, 'client.log'), clientLog);
  writeFileSync(join(folder, 'notes.txt'), `${[...notes, `load average: ${load()}`].join('\n')}\n`);
  return folder;
}
