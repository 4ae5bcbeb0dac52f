// The lab's clock: CLOCK_MONOTONIC in microseconds, the same one that the observer stamps frames with.
// Must not know the wall clock; and the only waits are for a condition with a bound.

/** A monotonic instant in microseconds, comparable between this process and the observer. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

export function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

/** Waits until `condition` gives something other than undefined and false, looking every 10 ms.
 *  @param boundMs how long at most
 *  @param seen what to print when it never came true: what was there instead
 *  @throws Error that names what was waited for */
export async function until<T>(
  what: string,
  boundMs: number,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  seen: () => string = () => 'nothing more is known',
): Promise<T> {
  const started = now();
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (now() - started > boundMs * 1000) throw new Error(`waited ${boundMs} ms for ${what}; seen last: ${seen()}`);
    await sleep(10);
  }
}
