// Puts hand-made frames on the switch, from the observer's port.
// Must not know what they are: see frames.ts.
import { spawn } from 'node:child_process';
import { kill, mayStartIn, onExit } from './guard.ts';
import { build } from './native.ts';
import type { Network } from './network.ts';

/** Sends frames one after the other.
 *  @param perSecond how many in a second
 *  @throws Error unless all of them were sent */
export async function inject(network: Network, frames: readonly Uint8Array[], perSecond: number): Promise<void> {
  const program = await build('inject', ['inject.c']);
  mayStartIn(network.observer.namespace);
  const child = spawn('ip', ['netns', 'exec', network.observer.namespace, program, String(perSecond)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const forget = onExit(() => {
    if (child.pid !== undefined && child.exitCode === null) kill(child.pid, 'SIGKILL');
  });
  const pieces = frames.flatMap(frame => [Uint8Array.of(frame.length >> 8, frame.length & 0xff), frame]);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
    child.stdin.on('error', reject);
    child.stdin.end(Buffer.concat(pieces));
  });
  forget();
  if (code !== 0) throw new Error(`inject ended with ${code}`);
  const result: { sent: number; refused: number } = JSON.parse(said);
  if (result.sent !== frames.length || result.refused > 0) throw new Error(`inject: ${said.trim()} of ${frames.length} frames`);
}
