// From the settings of a check, or of a watchdog's `probe`, to what is to be asked and how answers become a verdict.
// Must not know whether the settings make sense together (probe-meaning.ts).
import type { Timing } from '../check/duties.ts';
import type { Endpoint, Probe, ProcessProbe } from '../check/probe.ts';
import { parseAddress } from '../vrrp/address.ts';
import { micros } from '../vrrp/units.ts';
import type { CheckSettings, ProbeSettings } from './check-schema.ts';

const HERE = '127.0.0.1';

/** @returns null where something is missing that no default can stand for */
export function probeOf(settings: ProbeSettings): Probe | null {
  const { type, interface: device = null, name, user = null } = settings;
  switch (type) {
    case undefined:
      return null;
    case 'tcp':
      return settings.port === undefined ? null : { type, host: settings.host ?? HERE, port: settings.port };
    case 'http':
      return settings.url === undefined ? null : { type, url: settings.url, ...httpOf(settings) };
    case 'ping':
      return settings.target === undefined ? null : { type, target: settings.target, interface: device };
    case 'dns': {
      const { server, port = 53, record, transport, expect } = settings;
      return server === undefined || name === undefined
        ? null
        : { type, server, port, name, record, transport, expect: expect.map(canonical) };
    }
    case 'command':
      return settings.run === undefined ? null : { type, run: settings.run, user };
    case 'unit':
      return settings.unit === undefined ? null : { type, unit: settings.unit };
    case 'file': {
      const { path, minimum = null, maximum = null } = settings;
      return path === undefined ? null : { type, path, minimum, maximum };
    }
    case 'mysql': {
      const { writable, max_lag: maxLag = null, synced } = settings;
      return { type, ...endpointOf(settings, 3306), writable, maxLag, synced };
    }
    case 'postgres': {
      const { database, role, max_lag: maxLag = null } = settings;
      return { type, ...endpointOf(settings, 5432), database, role: role === 'primary' || role === 'standby' ? role : null, maxLag };
    }
    case 'redis': {
      const { role } = settings;
      return { type, ...endpointOf(settings, 6379), role: role === 'master' || role === 'replica' ? role : null };
    }
    case 'process': {
      const by = processOf(settings);
      return by === null ? null : { type, by, count: settings.count };
    }
    case 'interface':
      return device === null ? null : { type, interface: device };
  }
}

/** Addresses as they are compared. */
function canonical(answer: string): string {
  return parseAddress(answer) ?? answer;
}

function httpOf(settings: ProbeSettings) {
  const { method, host = null, headers, status, json, tls } = settings;
  const { body = null, body_regex: bodyRegex = null, max_latency: maxLatency = null } = settings;
  return { method, host, headers, status, body, bodyRegex, json, maxLatency, tls };
}

function endpointOf(settings: ProbeSettings, usual: number): Endpoint {
  const { host = HERE, port = usual, socket = null, user = null, password = null } = settings;
  return { host, port, socket, user, password };
}

function processOf({ pid_file, name, cgroup }: ProbeSettings): ProcessProbe['by'] | null {
  if (pid_file !== undefined) return { pidFile: pid_file };
  if (name !== undefined) return { name };
  return cgroup === undefined ? null : { cgroup };
}

/** @param settings without delays where only polled checks can stand */
export function timingOf(settings: ProbeSettings & Partial<Pick<CheckSettings, 'up_delay' | 'down_delay'>>, hold: Timing['hold']): Timing {
  const { interval, timeout, rise, fall, up_delay: upDelay = NONE, down_delay: downDelay = NONE, start } = settings;
  return { interval, timeout, rise, fall, upDelay, downDelay, start, hold };
}

const NONE = micros(0);
