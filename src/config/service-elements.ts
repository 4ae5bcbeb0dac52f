// Values with parts that checks, watchdogs and hooks have: programs, secrets, consequences, hooks.
// Must not know which keys hold them, nor what depends on other keys.
import { z } from 'zod';
import type { Consequence, Hook } from '../check/duties.ts';
import { MAX_WEIGHT } from '../check/fitness.ts';
import type { SecretSource } from '../check/probe.ts';
import { millis, seconds } from '../vrrp/units.ts';
import { quote } from './diagnostic.ts';
import { type Context, duration, MUST, refuse } from './rules.ts';
import { isFullPath, program, programAlone, someText, webAddress } from './service-rules.ts';

/** A program in quotes, or a list of a program and its arguments. */
export function programValue(key: string) {
  return z.union(
    [
      z.string().transform((text, context) => programAlone(key, text, context)),
      z.array(z.string({ error: MUST.text })).transform((words, context) => program(key, words, context)),
    ],
    { error: MUST.program },
  );
}

/** Keys of a table that says where a secret is. */
export const SECRET_KEYS = {
  file: z.string({ error: MUST.text }).exactOptional().meta({ description: 'A file with nothing but the secret, by its full path.' }),
  env: z.string({ error: MUST.text }).exactOptional().meta({ description: 'A variable in the environment of holdfast, by its name.' }),
  credential: z
    .string({ error: MUST.text })
    .exactOptional()
    .meta({ description: 'A credential of the service, `LoadCredential=` in its systemd unit, by its name.' }),
} as const;

/** Where a secret is. Text is refused: secrets are not written into this file. */
export function secretValue(key: string) {
  const hint = `write \`${key} = { file = "/etc/holdfast/${key}" }\`, and \`chmod 600\` that file`;
  return z.strictObject(SECRET_KEYS, { error: MUST.secret }).transform(({ file, env, credential }, context): SecretSource => {
    const wrong = (message: string, cure = hint) => refuse(context, message, { code: 'bad-secret', hint: cure });
    const [one, another] = [file, env, credential].filter(place => place !== undefined);
    if (one === undefined || another !== undefined) return wrong(`\`${key}\` has one of \`file\`, \`env\` and \`credential\``);
    // What is no name may be the secret itself.
    if (env !== undefined) {
      const name = /^[A-Z_][A-Z0-9_]*$/i.test(env);
      return name ? { from: 'env', name: env } : wrong('`env` is no name of a variable', `for example \`${key} = { env = "SECRET" }\``);
    }
    if (file !== undefined) return isFullPath(file) ? { from: 'file', path: file } : wrong('`file` is not a full path');
    if (/^[^/\0]+$/.test(one) && !/^\.\.?$/.test(one)) return { from: 'credential', name: one };
    return wrong('`credential` is no name of a credential', 'it has the name before the colon in `LoadCredential=`');
  });
}

/** Keys of a consequence that is a table. */
export const WEIGHT_KEYS = {
  weight: z
    .union(
      [
        z
          .number({ error: MUST.weight })
          .meta({ type: 'integer', minimum: -MAX_WEIGHT, maximum: MAX_WEIGHT })
          .transform((weight, context) => {
            if (Number.isInteger(weight) && weight !== 0 && Math.abs(weight) <= MAX_WEIGHT) return weight;
            const message = `\`weight\` must be a whole number from -${MAX_WEIGHT} to -1 or from 1 to ${MAX_WEIGHT}, not ${weight}`;
            return refuse(context, message, { code: 'out-of-range' });
          }),
        z.literal('number', { error: MUST.weight }),
      ],
      { error: MUST.weight },
    )
    .meta({
      description:
        'Added to the priority: below 0 while the check is down, above 0 while it is up. "number": the number that a file or a program says.',
    }),
} as const;

/** What follows when a check is down. */
export const consequence = z.union(
  [
    z.strictObject(WEIGHT_KEYS, { error: MUST.onFail }).transform(({ weight }): Consequence => ({ do: 'weight', weight })),
    z.enum(['demote', 'release'], { error: MUST.onFail }).transform((what): Consequence => ({ do: what })),
  ],
  { error: MUST.onFail },
);

/** What may stand behind `vrrp.`, `check.` or `watchdog.`: it appears in logs, in metrics and on command lines. */
export const NAME = '^[a-zA-Z0-9_.-]{1,64}$';

/** An element of `track`, before anybody knows whether that name exists. */
export interface Reference {
  readonly name: string;
  /** null: as the check has it. */
  readonly onFail: Consequence | null;
}

function reference(text: string, context: Context): string {
  if (new RegExp(NAME).test(text)) return text;
  const [, name = '', weight] = /^([\w.-]+)\s+weight\s+([+-]?\d+)/.exec(text) ?? [];
  const hint = weight === undefined ? {} : { hint: `write { name = "${name}", on_fail = { weight = ${Number(weight)} } }` };
  return refuse(context, `${quote(text)} cannot be the name of a check or watchdog`, { code: 'bad-name', ...hint });
}

/** Keys of an element of `track` that is a table. */
export const TRACK_KEYS = {
  name: z.string({ error: MUST.text }).transform(reference).meta({ description: 'The name of a check or a watchdog.' }),
  on_fail: consequence.exactOptional().meta({ description: 'What follows for this virtual router, instead of what the check says.' }),
} as const;

/** An element of `track`. */
export const trackElement = z.union(
  [
    z.string().transform((text, context): Reference => ({ name: reference(text, context), onFail: null })),
    z.strictObject(TRACK_KEYS, { error: MUST.table }).transform(({ name, on_fail }): Reference => ({ name, onFail: on_fail ?? null })),
  ],
  { error: MUST.track },
);

/** How long a program may take, and how long a request with all its attempts. */
const [RUN_TIMEOUT, POST_TIMEOUT] = [seconds(30), seconds(300)];

/** Keys of a hook that is a table. */
export const HOOK_KEYS = {
  run: programValue('run').exactOptional().meta({ description: 'A program by its full path, or a list of it and its arguments.' }),
  user: z
    .string({ error: MUST.text })
    .transform(someText)
    .exactOptional()
    .meta({ description: 'With `run`: the account that it runs as; by default `holdfast` where that exists.' }),
  post: z
    .string({ error: MUST.text })
    .transform((text, context) => webAddress('post', text, context))
    .exactOptional()
    .meta({ description: 'Instead of `run`: a URL that is told by a POST request with a JSON body.' }),
  secret: secretValue('secret').exactOptional().meta({ description: 'With `post`: the key that the request is signed with.' }),
  timeout: duration('timeout', millis(100), seconds(3600), millis(1))
    .exactOptional()
    .meta({ description: 'Then it is given up, 100ms to 1h: by default 30s for a program, 5m for a request with all its attempts.' }),
} as const;

/** What is run or told when a virtual router changes its state. */
export function hookValue(key: string) {
  const alone = (run: readonly string[]): Hook => ({ do: 'run', run, user: null, timeout: RUN_TIMEOUT });
  return z.union(
    [
      z.string().transform((text, context): Hook => alone(programAlone(key, text, context))),
      z.array(z.string({ error: MUST.text })).transform((words, context): Hook => alone(program(key, words, context))),
      z.strictObject(HOOK_KEYS, { error: MUST.table }).transform(({ run, user, post, secret, timeout }, context): Hook => {
        const wrong = (message: string, hint: string) => refuse(context, message, { code: 'either-or', hint });
        if (run !== undefined && post === undefined) {
          if (secret !== undefined) return wrong('a `secret` signs requests, and this is a program', 'leave it out');
          return { do: 'run', run, user: user ?? null, timeout: timeout ?? RUN_TIMEOUT };
        }
        if (post !== undefined && run === undefined) {
          if (user !== undefined) return wrong('a `user` runs a program, and this is a request', 'leave it out');
          return { do: 'post', url: post, secret: secret ?? null, timeout: timeout ?? POST_TIMEOUT };
        }
        return wrong(`\`${key}\` has either \`run\` or \`post\``, `for example \`${key} = { run = "/etc/holdfast/hook.sh" }\``);
      }),
    ],
    { error: MUST.hook },
  );
}
