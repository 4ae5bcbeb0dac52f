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
  // For the scripts of our image, so not in the usage.
  appliance: async () => (await import('./cli/appliance.ts')).appliance,
};

const USAGE = `usage: holdfast VERB [OPTION...]

  run      [--config FILE] [--socket PATH] [--node NAME]   hold virtual addresses; stays in the foreground
  check    [FILE...] [--node NAME] [--strict] [--system] [--json]   find every mistake in a configuration
  check    FILE FILE... | FILE --prove                     who serves in each combination of failures of these machines
  status   [--watch|--json] [--socket PATH]                who serves, and why; who else is heard
  why      [ROUTER...] [--json] [--socket PATH]            why the addresses are where they are, in a sentence and its chain
  history  [ROUTER] [--since 24h] [--json] [--socket PATH] what happened, with its reason
  reload   [--dry-run] [--confirm 60s] [--socket PATH]     apply what changed in the configuration; --confirm: or go back
  confirm  [--socket PATH]                                 keep what reload --confirm applied
  drain    [ROUTER...] [--for 1h] [--keep] [--force] [--socket PATH]   let others serve; --keep: over restarts; --force: even if nobody does
  promote  [ROUTER...] [--for 1h] [--keep] [--force] [--socket PATH]   serve here; --force: even if checks say no
  resume   [ROUTER...] [--socket PATH]                     take back what was ordered
  announce [ROUTER...] [--socket PATH]                     announce the addresses that are held here once more
  --version

Configuration: /etc/holdfast/holdfast.toml. Exit status: 0 done, 1 failed, 2 usage, 3 daemon not reachable, 78 configuration.
`;

/** @returns exit code: 0 done, 1 failed, 2 usage, 3 daemon not reachable, 78 configuration */
async function main([verb, ...rest]: readonly string[]): Promise<number> {
  if (verb === '--version' || verb === '-V') {
    process.stdout.write(`holdfast ${version}\n`);
    return 0;
  }
  if (verb === '--help' || verb === '-h' || verb === 'help' || rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const load = verb === undefined || !Object.hasOwn(VERBS, verb) ? undefined : VERBS[verb];
  if (load === undefined) {
    process.stderr.write(verb === undefined ? USAGE : `holdfast: there is no verb "${verb}"\n\n${USAGE}`);
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
