// Gives memory back after work that leaves much garbage and is not repeated soon: reading a large configuration leaves 20 MiB.
// Must not know the work. For the agent only: a collection of everything takes some ten milliseconds.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** V8 itself collects that only when its heap has grown to its limit, and keeps the pages. */
export function collectGarbage(): void {
  // There is no other way to V8's collector in a process that was started without the flag; only contexts made from now on have `gc`.
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect();
}
