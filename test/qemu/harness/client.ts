// The client on the segment, with its log of requests: who answered when. What a test says of an outage is said from this log alone.
// Must not know guests or how an answer came about; the arithmetic is in gaps.ts.
import { join } from 'node:path';
import { now, until } from '../../netns/lab/clock.ts';
import { type Daemon, start } from '../../netns/lab/daemon.ts';
import type { Network } from '../../netns/lab/network.ts';
import { answerers, type Gap, handover, longestGap, longestSilence, type Request, tally } from './gaps.ts';

export interface Client {
  /** Requests to an address that ended in `from <= at <= to`, in the order of their end. */
  requests(address: string, from: number, to?: number): readonly Request[];
  /** Longest time without a page among those that ended after `since`, with the page before it, if there was one within a second. */
  longestGap(address: string, since: number, to?: number): Gap;
  /** The gap in which `next` took over. */
  handover(address: string, since: number, next: string): Gap | null;
  /** Longest time in which it did not ask, ms. */
  longestSilence(address: string, from: number, to?: number): number;
  tally(address: string, from: number, to?: number): ReturnType<typeof tally>;
  /** Who answered in the window. */
  answerers(address: string, from: number, to?: number): readonly string[];
  /** Waits until for `steadyMs` only `name` has answered, at least half of the requests.
   *  @param alive called at each look: throws when waiting is hopeless */
  servedBy(name: string, address: string, options: WaitOptions): Promise<void>;
  /** The whole log as text, for whoever has to find out why. */
  log(): string;
  stop(): Promise<void>;
}

export interface WaitOptions {
  readonly boundMs: number;
  readonly steadyMs?: number;
  readonly alive?: () => void;
}

export interface ClientOptions {
  readonly addresses: readonly string[];
  /** Time between two requests to one address, ms. */
  readonly everyMs: number;
  /** When a request is given up: before TCP's own second try, as a new request is quicker then; and not earlier, as on a busy machine a late
   *  page is a page, and a short patience would make an outage of a queue. */
  readonly patienceMs?: number;
}

export function startClient(network: Network, { addresses, everyMs, patienceMs = 1000 }: ClientOptions): Client {
  const program = join(import.meta.dirname, 'client-program.ts');
  const command = [process.execPath, program, String(everyMs), String(patienceMs), ...addresses];
  const daemon = start(network.client, { name: 'the client', command });
  const read = reader(daemon);
  const requests = (address: string, from: number, to = Number.POSITIVE_INFINITY) => {
    const found: Request[] = [];
    const all = read();
    // Lines come within a few milliseconds of the end that they tell.
    for (let i = all.length - 1; i >= 0; i--) {
      const request = all[i];
      if (request === undefined || request.at < from - 1_000_000) break;
      if (request.address === address && request.at >= from && request.at <= to) found.push(request);
    }
    return found.reverse();
  };
  const client: Client = {
    requests,
    longestGap: (address, since, to = now()) => {
      const from = since - 1_000_000;
      return longestGap(requests(address, from, to), from, to, since);
    },
    handover: (address, since, next) => handover(requests(address, since - 1_000_000), since - 1_000_000, now(), next),
    longestSilence(address, from, to = now()) {
      // What was sent lately may not be over, and is not in the log.
      const known = Math.max(from, Math.min(to, now() - patienceMs * 1000));
      return longestSilence(requests(address, from), from, known);
    },
    tally: (address, from, to = now()) => tally(requests(address, from), from, to),
    answerers: (address, from, to = now()) => answerers(requests(address, from, to), from, to),
    async servedBy(name, address, { boundMs, steadyMs = 300, alive }) {
      await until(
        `${name} to serve ${address}`,
        boundMs,
        () => {
          if (daemon.exit() !== undefined) throw new Error(`the client ended: ${daemon.lines.at(-1)?.text ?? 'no word'}`);
          alive?.();
          const recent = requests(address, now() - steadyMs * 1000).filter(({ page }) => page !== null);
          return recent.length >= Math.max(1, steadyMs / everyMs / 2) && recent.every(({ page }) => page === name);
        },
        () => {
          const last = requests(address, now() - 2_000_000).slice(-5);
          return last.map(({ page, lost }) => page ?? lost).join(', ') || 'not one request ended for 2 s';
        },
      );
    },
    log: () => daemon.lines.map(line => line.text).join('\n'),
    stop: () => daemon.stop(),
  };
  return client;
}

/** Reads each line once. What is no request (a stack trace, say) is left to the log. */
function reader(daemon: Daemon): () => readonly Request[] {
  const all: Request[] = [];
  let next = 0;
  return () => {
    for (; next < daemon.lines.length; next++) {
      const [sent, at, address, what] = daemon.lines[next]?.text.split(' ') ?? [];
      if (address === undefined || what === undefined || !/^\d+$/.test(sent ?? '')) continue;
      const lost = what.startsWith('!') ? what.slice(1) : null;
      all.push({ sent: Number(sent), at: Number(at), address, page: lost === null ? what : null, lost });
    }
    return all;
  };
}
