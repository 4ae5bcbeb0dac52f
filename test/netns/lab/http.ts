// The HTTP client of the client's machine, and what it met with.
// Must not know nginx, or how an answer came about.
import { join } from 'node:path';
import { now, until } from './clock.ts';
import { start } from './daemon.ts';
import type { Network } from './network.ts';

export interface Page {
  /** When it was complete, µs. */
  readonly at: number;
  readonly node: string;
}

export interface HttpClient {
  /** Pages that came in `from <= at < to`. */
  pages(from: number, to?: number): readonly Page[];
  /** Waits until this node alone has served for `steadyMs`. */
  servedBy(node: string, boundMs: number, steadyMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts requests to an address, each on a connection of its own.
 *  @param everyMs time between two requests */
export function startHttpClient(network: Network, address: string, everyMs: number): HttpClient {
  const program = join(import.meta.dirname, 'http-client.ts');
  const daemon = start(network.client, { name: 'the client', command: [process.execPath, program, address, String(everyMs)] });
  const pages = (from: number, to = Number.POSITIVE_INFINITY) => {
    const found: Page[] = [];
    for (let i = daemon.lines.length - 1; i >= 0; i--) {
      const [at = '', node = ''] = daemon.lines[i]?.text.split(' ') ?? [];
      if (Number(at) < from) break;
      if (Number(at) < to) found.push({ at: Number(at), node });
    }
    return found.reverse();
  };
  return {
    pages,
    async servedBy(node, boundMs, steadyMs = 200) {
      await until(
        `${node} to serve ${address}`,
        boundMs,
        () => {
          const recent = pages(now() - steadyMs * 1000);
          return recent.length >= steadyMs / everyMs / 3 && recent.every(page => page.node === node);
        },
        () => pages(now() - 1_000_000).at(-1)?.node ?? 'no page for a second',
      );
    },
    stop: () => daemon.stop(),
  };
}

/** The longest time without a page in a window, ms. */
export function longestWait(pages: readonly Page[], from: number, to: number): number {
  let longest = 0;
  let before = from;
  for (const at of [...pages.map(page => page.at), to]) {
    longest = Math.max(longest, at - before);
    before = at;
  }
  return longest / 1000;
}
