// `holdfast confirm`: keeps the configuration that `holdfast reload --confirm` brought.
// Must not know what is in it.
import { parseArgs } from 'node:util';
import { requestConfirm } from '../api/client.ts';
import { asking } from './asking.ts';
import { commandLine, DEFAULT_SOCKET } from './defaults.ts';
import { EXIT } from './exit.ts';

/** @returns exit code: 0 when it stays, 1 when nothing waits (any more) or the engine is silent, 3 when no daemon answers */
export async function confirm(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: { socket: { type: 'string', default: DEFAULT_SOCKET } } });
  return asking(async () => {
    const { outcome } = await requestConfirm(values.socket);
    switch (outcome) {
      case 'confirmed':
        process.stdout.write('confirmed: this configuration stays\n');
        return EXIT.done;
      case 'nothing-to-confirm':
        process.stderr.write(
          `holdfast: nothing waits for a confirmation; if it was too late, the configuration before runs again: ${commandLine('status', values.socket)}\n`,
        );
        return EXIT.failed;
      case 'silent':
        process.stderr.write(`holdfast: the engine does not answer: ${commandLine('status', values.socket)}\n`);
        return EXIT.failed;
    }
  });
}
