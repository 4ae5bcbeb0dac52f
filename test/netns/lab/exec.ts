// Runs the tools of the machine (ip, bridge, tc) to the end, and says what they said when they fail.
// Must not start anything that stays: see daemon.ts.
import { execFile, spawnSync } from 'node:child_process';

/** Runs a program to its end.
 *  @returns its standard output
 *  @throws Error with the command line and its standard error */
export function run(command: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')}: ${stderr.trim() || error.message}`));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });
}

/** The same without waiting its turn, for clean-up in the moment of exit; failures are ignored. */
export function runNow(command: string, args: readonly string[]): string {
  return spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '';
}

/** Many `ip` commands in one process; the first that fails throws. */
export async function ip(namespace: string | null, commands: readonly string[]): Promise<void> {
  const where = namespace === null ? [] : ['-n', namespace];
  await run('ip', [...where, '-batch', '-'], `${commands.join('\n')}\n`);
}
