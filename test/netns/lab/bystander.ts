// A process like any other, at normal priority: how late this machine lets such a one be. The agent and the services are no better off, so what
// a drill allows them beyond a bound scales with this. Must not know drills.
import { start } from './daemon.ts';
import type { Network } from './network.ts';

export interface Bystander {
  /** What the machine may have cost in `from <= at < to` (µs), ms: the longest that it had to wait, as often as processes wait for each other.
   *  @param links how many there are in the chain: as a rule three from a death to a page, the agent, the service, the client */
  late(from: number, to?: number, links?: number): number;
}

const CHAIN = 3;

/** How long it sleeps each time, ms. */
const NAP = 5;

export function startBystander(network: Network): Bystander {
  const code = `let due = performance.now() + ${NAP};
    const tick = () => {
      const late = performance.now() - due;
      if (late > 1) console.log(late.toFixed(1));
      due = performance.now() + ${NAP};
      setTimeout(tick, ${NAP});
    };
    setTimeout(tick, ${NAP});`;
  const daemon = start(network.client, { name: 'the bystander', command: [process.execPath, '-e', code] });
  return {
    late(from, to = Number.POSITIVE_INFINITY, links = CHAIN) {
      const seen = daemon.lines.filter(({ at }) => at >= from && at < to).map(({ text }) => Number(text));
      return links * Math.max(0, ...seen.filter(Number.isFinite));
    },
  };
}
