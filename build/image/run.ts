// Runs the programs that make the image, with the environment that makes them repeat themselves.
// Must not know what they do.
import { execFileSync } from 'node:child_process';
import { EPOCH } from './paths.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Buffer;
  /** undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What the program prints, as bytes; throws if it fails. */
export function runBytes(program: string, args: readonly string[], { cwd, input, env }: RunOptions = {}): Buffer {
  return execFileSync(program, args, {
    maxBuffer: 256 << 20,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC', SOURCE_DATE_EPOCH: String(EPOCH), ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? {} : { input }),
  });
}

/** What the program prints; throws if it fails. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): string {
  return runBytes(program, args, options).toString();
}
