// Every key of `[watchdog.NAME]` with its type, bounds, default and description.
// Must not know TOML, files, positions, nor how two settings depend on each other.
import { z } from 'zod';
import { millis, seconds } from '../vrrp/units.ts';
import { OUTCOME_KEYS, probeTable } from './check-schema.ts';
import { choice, duration, MUST, wholeNumber } from './rules.ts';
import { programValue } from './service-elements.ts';
import { fullPath, program, someText, unitName } from './service-rules.ts';

/** Every key of `[watchdog.NAME]`. */
export const WATCHDOG_KEYS = {
  unit: z
    .string({ error: MUST.text })
    .transform((text, context) => unitName(text, 'service', context))
    .optional()
    .meta({ description: 'The systemd service that is watched and started.', examples: ['nginx.service'] }),
  start: programValue('start')
    .optional()
    .meta({
      description: 'Without systemd: the program that starts the service, by its full path, or a list of it and its arguments.',
      examples: [['/usr/sbin/nginx']],
    }),
  pid_file: z
    .string({ error: MUST.text })
    .transform(fullPath)
    .optional()
    .meta({
      description: 'With `start`: where the service writes its process id. Without it, the program stays in the foreground.',
      examples: ['/run/nginx.pid'],
    }),
  user: z
    .string({ error: MUST.text })
    .transform(someText)
    .optional()
    .meta({
      description: 'With `start`: the account that the service is started as, by default that of holdfast.',
      examples: ['www-data'],
    }),
  probe: probeTable.optional().meta({
    description:
      'A real request: the service is up when it is answered. `type` and the keys of that type of check, `interval`, `timeout`, `rise`, `fall`.',
    examples: [{ type: 'http', url: 'http://127.0.0.1/' }],
  }),
  test: z
    .union(
      [
        z
          .array(z.string({ error: MUST.text }))
          .transform((words, context) => (words.length === 0 ? words : program('test', words, context))),
        programValue('test'),
      ],
      { error: MUST.program },
    )
    .optional()
    .meta({
      description:
        'A program that says why the service does not start. By default `nginx -t` where the service is nginx, else none; `[]`: none.',
      examples: [['/usr/sbin/nginx', '-t']],
    }),
  revive_within: duration('revive_within', seconds(0), seconds(600), millis(1))
    .prefault('2s')
    .meta({ description: 'How long the service may be away before the addresses are handed over, 0s to 10m.', examples: ['2s'] }),
  hand_over: choice(['if-not-revived', 'immediately', 'never'])
    .prefault('if-not-revived')
    .meta({ description: 'When the addresses go to another machine.', examples: ['immediately'] }),
  start_limit: wholeNumber('start_limit', [1, 100], Number)
    .prefault(5)
    .meta({ description: 'So many starts are made at once, 1 to 100; each further one waits longer.', examples: [5] }),
  start_limit_interval: duration('start_limit_interval', seconds(1), seconds(3600), millis(1))
    .prefault('1m')
    .meta({ description: 'Within that time, 1s to 1h.', examples: ['1m'] }),
  ...OUTCOME_KEYS,
} as const;

/** `[watchdog.NAME]` */
export const watchdogTable = z.strictObject(WATCHDOG_KEYS, { error: MUST.table }).meta({ description: 'One watchdog.' });

export type WatchdogSettings = z.output<typeof watchdogTable>;
