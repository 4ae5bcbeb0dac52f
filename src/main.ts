// From the command line to a verb. Each verb is imported when it is asked for, so that the engine never evaluates what
// only the agent or a command needs. Must not know what a verb does.
import { version } from './lib/version.ts';

/** For a reader of standard error; in ms. */
const PATIENCE = 2_000;

type Verb = (argv: readonly string[]) => Promise<number>;

const VERBS: Readonly<Record<string, () => Promise<Verb>>> = {
  run: async () => (await import('./cli/run.ts')).run,
  agent: async () => (await import('./cli/agent.ts')).agent,
  check: async () => (await import('./cli/check.ts')).check,
  status: async () => (await import('./cli/status.ts')).status,
  reload: async () => (await import('./cli/reload.ts')).reload,
  confirm: async () => (await import('./cli/confirm.ts')).confirm,
  history: async () => (await import('./cli/history.ts')).history,
  why: async () => (await import('./cli/history.ts')).why,
  drain: async () => (await import('./cli/orders.ts')).drain,
  promote: async () => (await import('./cli/orders.ts')).promote,
  resume: async () => (await import('./cli/orders.ts')).resume,
  announce: async () => (await import('./cli/orders.ts')).announce,
  lab: async () => (await import('./cli/lab.ts')).lab,
  install: async () => (await import('./cli/install.ts')).install,
  uninstall: async () => (await import('./cli/install.ts')).uninstall,
  import: async () => (await import('./cli/import.ts')).importFile,
  manual: async () => (await import('./cli/manual.ts')).manual,
  // For the scripts of our image, so not in the usage.
  appliance: async () => (await import('./cli/appliance.ts')).appliance,
};

/** @returns exit code: 0 done, 1 failed, 2 usage, 3 daemon not reachable, 78 configuration */
async function main([verb, ...rest]: readonly string[]): Promise<number> {
  if (verb === '--version' || verb === '-V') {
    process.stdout.write(`holdfast ${version}\n`);
    return 0;
  }
  const asked = verb === '--help' || verb === '-h' || verb === 'help';
  if (asked || rest.includes('--help') || rest.includes('-h')) {
    const { usage, usageOf } = await import('./manual/usage.ts');
    process.stdout.write(usageOf((asked ? rest[0] : verb) ?? '') ?? usage());
    return 0;
  }
  const load = verb === undefined || !Object.hasOwn(VERBS, verb) ? undefined : VERBS[verb];
  if (load === undefined) {
    const { usage } = await import('./manual/usage.ts');
    process.stderr.write(verb === undefined ? usage() : `holdfast: there is no verb "${verb}"\n\n${usage()}`);
    return 2;
  }
  return (await load())(rest);
}

/** What was written to a pipe may still wait for its reader, and ending now would cut it off. Nobody waits for ever: a reader
 *  of standard error may stand still. */
function leave(code: number): void {
  const waiting = [process.stdout, process.stderr].filter(({ writableLength }) => writableLength > 0);
  if (waiting.length === 0) process.exit(code);
  process.exitCode = code;
  if (process.stderr.writableLength > 0) setTimeout(() => process.exit(code), PATIENCE);
  let left = waiting.length;
  for (const stream of waiting) {
    stream.on('error', () => process.exit(code));
    stream.write('', () => {
      left -= 1;
      if (left === 0) process.exit(code);
    });
  }
}

main(process.argv.slice(2)).then(leave, (error: unknown) => {
  const { name, code, message, stack }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  // What the caller or an operator can mend carries its own advice; anything else is our bug and shows where.
  const usage = code?.startsWith('ERR_PARSE_ARGS') ?? false;
  const known = usage || name === 'NativeUnavailable';
  process.stderr.write(`holdfast: ${known ? message : stack}\n`);
  leave(usage ? 2 : 1);
});
