// A real machine's configuration as a node of the laboratory has it: interfaces under the laboratory's names, addresses kept, and
// said in words what cannot be had here. Pure. Nothing of the machine that the file was written for may be touched by it:
// no unit, no program unless it is asked for, no file with a secret.
import type { Machine } from '../config/duties.ts';
import { isComplete, specsOf } from '../config/router.ts';
import { isTable, type Table } from '../config/tree.ts';
import { isLoopback, parseAddress } from '../vrrp/address.ts';
import { formatTable, type Value } from './toml.ts';
import type { Plug, Wish } from './topology.ts';
import { PAGE } from './usual.ts';

/** What stands in for the passwords of files and credentials: the same everywhere, as the real one is. */
const PASSWORD = 'hf-lab';
const HOOKS = ['on_active', 'on_backup', 'on_fault', 'on_stop', 'on_change'] as const;

/** What the laboratory has to offer to one node. */
export interface Offer {
  readonly plugs: readonly Plug[];
  /** The command that starts the node's nginx, and where that leaves its number; null: there is none on this machine. */
  readonly nginx: { readonly start: readonly string[]; readonly pidFile: string } | null;
  /** Whether programs that the file names are run, inside the laboratory. */
  readonly programs: boolean;
}

export interface Adopted {
  /** The text of the node's own holdfast.toml. */
  readonly text: string;
  /** Whether holdfast looks after the node's page; else the laboratory starts it. */
  readonly watched: boolean;
  /** What is not as in the file, in words. */
  readonly notes: readonly string[];
}

/** What a configuration wants of the network around it. */
export function wishOf(name: string, machine: Machine): Wish {
  const complete = machine.routers.filter(isComplete);
  const routers = complete.flatMap(specsOf).map(spec => ({
    name: spec.name,
    family: spec.family,
    vrid: spec.vrid,
    device: spec.interface,
    addresses: spec.addresses.map(({ address, length, interface: device }) => ({ address, length, device: device ?? spec.interface })),
    peers: spec.peers.map(({ address }) => address),
    source: spec.source,
    accept: spec.accept,
    intervalMs: spec.advertInterval / 1000,
  }));
  const checks = machine.checks.map(({ settings }) => settings);
  const devices = [
    ...routers.flatMap(router => [router.device, ...router.addresses.map(({ device }) => device)]),
    ...checks.flatMap(({ interface: device }) => device ?? []),
  ];
  return {
    name,
    devices: [...new Set(devices)],
    routers,
    pinged: checks.flatMap(({ type, target, interface: device = null }) =>
      type === 'ping' && target !== undefined ? [{ address: target, device }] : [],
    ),
  };
}

/** The configuration of a node, made out of that of a machine. */
export function adopt(machine: Machine, offer: Offer): Adopted {
  const notes: string[] = [];
  const left = new Set<string>();
  const lab = new Map(offer.plugs.map(({ device, name }) => [device, name]));
  const named = (device: string): string => lab.get(device) ?? device;
  const tables: string[] = [];
  let watched = false;

  for (const { name, written } of machine.watchdogs) {
    const stand = isNginx(written);
    if (!stand && written.start !== undefined && offer.programs) {
      notes.push(`watchdog ${name}: ${programOf(written.start)} runs inside the lab, on the files of this machine`);
      tables.push(formatTable(['watchdog', name], values(written)));
    } else if (!stand) {
      left.add(name);
      const what =
        written.unit === undefined ? `${programOf(written.start)} is not started (--run-programs does)` : `there is no ${written.unit}`;
      notes.push(`watchdog ${name}: left out, ${what}`);
    } else if (offer.nginx === null) {
      notes.push(`watchdog ${name}: a check of the built-in page instead, as nginx is not installed here; nobody revives it`);
      tables.push(formatTable(['check', name], { ...PAGE, ...pick(written, ['on_fail', 'hold']) }));
    } else {
      notes.push(`watchdog ${name}: the lab's own nginx stands in for ${written.unit ?? programOf(written.start)}`);
      const kept = pick(written, ['revive_within', 'hand_over', 'start_limit', 'start_limit_interval', 'hold', 'on_fail']);
      const { start, pidFile } = offer.nginx;
      const probe = isTable(written.probe) ? { ...PAGE, ...pick(written.probe, ['interval', 'timeout', 'rise', 'fall']) } : PAGE;
      tables.push(formatTable(['watchdog', name], { start, pid_file: pidFile, user: 'root', probe, ...kept }));
      watched = true;
    }
  }

  for (const { name, written, settings } of machine.checks) {
    const answers = whoAnswers(settings.type, written, offer.programs);
    if (answers === null) {
      left.add(name);
      notes.push(`check ${name}: left out, ${absent(settings.type, written)}`);
      continue;
    }
    if (answers !== '') notes.push(`check ${name}: ${answers}`);
    const kept = settings.type === 'http' ? pick(written, HTTP_KEPT) : values(written);
    const device = settings.interface === undefined ? {} : { interface: named(settings.interface) };
    tables.push(formatTable(['check', name], { ...kept, ...device }));
  }

  const routers = machine.routers.map(({ name, written, settings }) => {
    const table: Record<string, Value> = values(written);
    if (settings.interface !== undefined) table.interface = named(settings.interface);
    if (Array.isArray(table.addresses)) table.addresses = table.addresses.map(each => moved(each, named));
    if (settings.password !== undefined && settings.password.from !== 'text') {
      const { password } = settings;
      notes.push(
        `${name}: a password of the lab stands in for ${password.from === 'file' ? password.path : `credential ${password.name}`}`,
      );
      table.password = PASSWORD;
    }
    if (Array.isArray(table.track)) {
      table.track = table.track.filter(each => !left.has(typeof each === 'string' ? each : String(isMap(each) ? each.name : '')));
      if (table.track.length === 0) delete table.track;
    }
    for (const hook of HOOKS) {
      const value = table[hook];
      if (value === undefined) continue;
      const posts = isMap(value) && value.post !== undefined;
      if (posts || !offer.programs) delete table[hook];
      if (posts) notes.push(`${name}: ${hook} is not told, there is no way out of the lab`);
      else if (offer.programs) notes.push(`${name}: ${hook} runs inside the lab, on the files of this machine`);
      else notes.push(`${name}: ${hook} is not run (--run-programs does)`);
    }
    return formatTable(['vrrp', name], table);
  });
  return { text: [...routers, ...tables].join('\n'), watched, notes };
}

/** What of an http check is about the page itself, and not about what is on it. */
const HTTP_KEPT = ['type', 'url', 'interval', 'timeout', 'rise', 'fall', 'start', 'hold', 'on_fail'];

/** @returns what is to be said of a check that can be had, empty for nothing; null for one that cannot */
function whoAnswers(type: string | undefined, written: Table, programs: boolean): string | null {
  switch (type) {
    case 'ping':
      return `${String(written.target)} is the machine of the client, where no node has it`;
    case 'interface':
    case 'file':
      return '';
    case 'http':
      return isOwnPage(written.url) ? "asks the node's own page, whatever is on it" : null;
    case 'tcp':
      return written.port === 80 && isOwnHost(String(written.host ?? '127.0.0.1')) ? '' : null;
    case 'command':
      return programs ? `${programOf(written.run)} runs inside the lab, on the files of this machine` : null;
    default:
      return null;
  }
}

function absent(type: string | undefined, written: Table): string {
  if (type === 'command') return `${programOf(written.run)} is not run (--run-programs does)`;
  if (type === 'unit') return `there is no ${String(written.unit)}`;
  return `nothing in the lab answers to ${type ?? 'it'}${typeof written.url === 'string' ? ` ${written.url}` : ''}`;
}

function isNginx({ unit, start }: Table): boolean {
  return unit === 'nginx.service' || /(^|\/)nginx$/.test(programOf(start));
}

function isOwnPage(url: unknown): boolean {
  const [, host = '', port = '80'] = /^http:\/\/(\[[^\]]+\]|[^/:?#]+)(?::(\d+))?(?:[/?#]|$)/.exec(String(url)) ?? [];
  return port === '80' && isOwnHost(host.replace(/^\[|\]$/g, ''));
}

function isOwnHost(host: string): boolean {
  const address = parseAddress(host);
  return host === 'localhost' || (address !== null && isLoopback(address));
}

function programOf(value: unknown): string {
  return Array.isArray(value) ? String(value[0]) : String(value ?? '');
}

/** A virtual address with the names of the laboratory. A label begins with the name of its interface. */
function moved(element: Value, named: (device: string) => string): Value {
  if (!isMap(element)) return element;
  const { interface: device, label: _label, ...rest } = element;
  return typeof device === 'string' ? { ...rest, interface: named(device) } : rest;
}

function isMap(value: Value | undefined): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && !Array.isArray(value);
}

function pick(table: Table, keys: readonly string[]): Record<string, Value> {
  return Object.fromEntries(Object.entries(values(table)).filter(([key]) => keys.includes(key)));
}

/** What was read from TOML is what can be written as such; the shape has been checked. */
function values(table: Table): Record<string, Value> {
  return { ...table } as Record<string, Value>;
}
