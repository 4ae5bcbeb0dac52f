// Every key of `[check.NAME]` and of a watchdog's `probe`, and which type of check has which.
// Must not know TOML, files, positions, nor how two settings depend on each other beyond that.
import { z } from 'zod';
import type { Probe } from '../check/probe.ts';
import { millis, seconds } from '../vrrp/units.ts';
import { PROBE_KEYS } from './probe-schema.ts';
import { choice, duration, MUST, wholeNumber } from './rules.ts';
import { consequence } from './service-elements.ts';

const [HOUR, MINUTE] = [seconds(3600), seconds(60)];
const MILLI = millis(1);

/** The kinds of checks that are asked again and again. */
const POLLED = ['tcp', 'http', 'ping', 'dns', 'command', 'unit', 'file', 'mysql', 'postgres', 'redis'] as const;
/** And those that tell by themselves. */
const WATCHED = ['process', 'interface'] as const;

export type CheckType = Probe['type'];

/** How results become a verdict, where one looks again and again. */
export const LOOK_KEYS = {
  interval: duration('interval', millis(100), HOUR, MILLI)
    .prefault('1s')
    .meta({ description: 'Time from one look to the next, 100ms to 1h.', examples: ['1s'] }),
  timeout: duration('timeout', millis(10), MINUTE, MILLI)
    .prefault('1s')
    .meta({ description: 'Longest time of one look, 10ms to 1m.', examples: ['1s'] }),
  rise: wholeNumber('rise', [1, 100], Number)
    .prefault(2)
    .meta({ description: 'So many good looks in a row make it up, 1 to 100.', examples: [2] }),
  fall: wholeNumber('fall', [1, 100], Number)
    .prefault(2)
    .meta({ description: 'So many bad looks in a row make it down, 1 to 100.', examples: [2] }),
} as const;

const DELAY_KEYS = {
  up_delay: duration('up_delay', seconds(0), HOUR, MILLI)
    .prefault('0s')
    .meta({ description: 'It must be good for that long until it is up, 0s to 1h.', examples: ['0s'] }),
  down_delay: duration('down_delay', seconds(0), HOUR, MILLI)
    .prefault('0s')
    .meta({ description: 'It must be bad for that long until it is down, 0s to 1h.', examples: ['0s'] }),
} as const;

/** What counts before the first result. */
const START = choice(['down', 'up'])
  .prefault('down')
  .meta({ description: 'What counts before the first result.', examples: ['up'] });

/** What follows, of checks and watchdogs alike. */
export const OUTCOME_KEYS = {
  hold: duration('hold', seconds(0), HOUR, MILLI)
    .prefault('30s')
    .meta({
      description:
        'What goes down again and again is held down for so long after it is good again, doubled each time; 0s to 1h, 0s: never.',
      examples: ['30s'],
    }),
  on_fail: consequence.prefault('demote').meta({
    description:
      'What follows when it is down. demote: serve only if nobody else can. release: give the addresses up even if nobody takes them. ' +
      'A table with `weight`: change the priority.',
    examples: ['demote', { weight: -20 }],
  }),
} as const;

/** Every key of `[check.NAME]`. */
export const CHECK_KEYS = {
  type: choice([...POLLED, ...WATCHED])
    .optional()
    .meta({ description: 'What kind of check it is; the other keys follow from it.', examples: ['ping'] }),
  ...PROBE_KEYS,
  ...LOOK_KEYS,
  ...DELAY_KEYS,
  start: START,
  ...OUTCOME_KEYS,
} as const;

/** `[check.NAME]` */
export const checkTable = z.strictObject(CHECK_KEYS, { error: MUST.table }).meta({ description: 'One check.' });

/** A watchdog's `probe`: the service itself is asked, again and again. */
export const probeTable = z.strictObject(
  {
    type: choice([...POLLED, ...WATCHED])
      .optional()
      .meta({ description: 'What kind of check it is.', examples: ['http'] }),
    ...PROBE_KEYS,
    ...LOOK_KEYS,
    start: START,
  },
  { error: MUST.table },
);

export type CheckSettings = z.output<typeof checkTable>;
export type ProbeSettings = z.output<typeof probeTable>;

export type ProbeKey = keyof typeof PROBE_KEYS;

/** What a type has of its own. */
export interface TypeKeys {
  /** All of them must be written. */
  readonly needs: readonly ProbeKey[];
  readonly has: readonly ProbeKey[];
}

const ENDPOINT = ['host', 'port', 'socket', 'user', 'password'] as const;

export const TYPES: Readonly<Record<CheckType, TypeKeys>> = {
  tcp: { needs: ['port'], has: ['host'] },
  http: { needs: ['url'], has: ['method', 'host', 'headers', 'status', 'body', 'body_regex', 'json', 'max_latency', 'tls'] },
  ping: { needs: ['target'], has: ['interface'] },
  dns: { needs: ['server', 'name'], has: ['port', 'record', 'transport', 'expect'] },
  command: { needs: ['run'], has: ['user'] },
  unit: { needs: ['unit'], has: [] },
  file: { needs: ['path'], has: ['minimum', 'maximum'] },
  mysql: { needs: [], has: [...ENDPOINT, 'writable', 'max_lag', 'synced'] },
  postgres: { needs: [], has: [...ENDPOINT, 'database', 'role', 'max_lag'] },
  redis: { needs: [], has: [...ENDPOINT, 'role'] },
  process: { needs: [], has: ['pid_file', 'name', 'cgroup', 'count'] },
  interface: { needs: ['interface'], has: [] },
};

/** The keys that a type has of its own. */
export function ownKeys(type: CheckType): readonly string[] {
  const { needs, has } = TYPES[type];
  return Object.keys(PROBE_KEYS).filter(key => [...needs, ...has].some(own => own === key));
}

/** The keys about looks or delays that it has together with all types of its manner. */
export function mannerKeys(type: CheckType): readonly string[] {
  return Object.keys(WATCHED.some(watched => watched === type) ? DELAY_KEYS : LOOK_KEYS);
}

/** Whether a key is one of single types, and that type is none of them. */
export function isForeign(type: CheckType, key: string): boolean {
  return isTyped(key) && ![...ownKeys(type), ...mannerKeys(type)].includes(key);
}

/** Whether a key is one of single types. */
export function isTyped(key: string): boolean {
  return [PROBE_KEYS, LOOK_KEYS, DELAY_KEYS].some(keys => Object.hasOwn(keys, key));
}

/** All types that have a key. */
export function typesWith(key: string): readonly CheckType[] {
  return [...POLLED, ...WATCHED].filter(type => !isForeign(type, key));
}

export function isCheckType(value: unknown): value is CheckType {
  return typeof value === 'string' && Object.hasOwn(TYPES, value);
}
