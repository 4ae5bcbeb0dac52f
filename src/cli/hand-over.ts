// Lets other machines serve while holdfast is restarted or before it goes, and takes that back: orders (decision 0031) that end by
// themselves, so that an install that is cut off leaves nothing behind. Must not know what is installed.
import { fetchStatus, NotReachable, requestOrder } from '../api/client.ts';
import type { RouterReport } from '../api/status.ts';
import { settled, tellMove } from './orders.ts';

/** Longer than any restart; in ms. */
const ENDS_ITSELF = 600_000;
const LEAST = 1_000;
/** For the control socket of a holdfast that systemd calls ready; in ms. */
const SOCKET_PATIENCE = 15_000;
const LOOK_EVERY = 100;

type Order = NonNullable<RouterReport['health']['order']>;

export interface Moves {
  /** Resolves when others serve, or cannot. @param say hears what came of it, a line a router */
  handOver(restarts: boolean, say: (line: string) => void): Promise<void>;
  /** Resolves when the daemon answers, and has its orders of before again. @throws Error when it does not answer */
  takeBack(): Promise<void>;
}

/** @param socket of the daemon that runs */
export function openMoves(socket: string): Moves {
  /** What was ordered before, by router; null: nothing. */
  const before = new Map<string, Order | null>();

  async function restore(name: string, order: Order | null): Promise<void> {
    const forMs = order === null ? null : remaining(order);
    if (order === null || forMs === 'over') {
      await requestOrder(socket, 'resume', { routers: [name], forMs: null, keep: false, force: false });
    } else {
      await requestOrder(socket, order.move, { routers: [name], forMs, keep: order.keep, force: order.force });
    }
    before.delete(name);
  }

  return {
    async handOver(restarts, say) {
      try {
        const { routers } = await fetchStatus(socket);
        const drained: string[] = [];
        for (const [name, order] of ordersOf(routers)) {
          if (order?.move === 'drain' && (order.keep || !restarts)) continue;
          if (order?.move === 'drain') {
            const forMs = remaining(order);
            if (forMs === 'over') continue;
            before.set(name, order);
            await requestOrder(socket, 'drain', { routers: [name], forMs, keep: true, force: order.force });
            continue;
          }
          before.set(name, order);
          drained.push(name);
          await requestOrder(socket, 'drain', { routers: [name], forMs: ENDS_ITSELF, keep: restarts, force: false });
        }
        if (drained.length === 0) return;
        const { routers: after } = await settled('drain', socket, drained);
        const lone = new Set<string>();
        for (const router of after.filter(({ name }) => drained.includes(name))) {
          const { good, words } = tellMove('drain', false, router, socket);
          const who = `${router.name}/${router.family}`;
          const away = restarts ? 'it is away while holdfast restarts' : 'nobody serves it when holdfast has stopped';
          say(good ? words : `${who}: nobody else takes over, so ${away}`);
          if (!good) lone.add(router.name);
        }
        // It comes back sooner when it is not the last in the line.
        for (const name of lone) await restore(name, before.get(name) ?? null);
      } catch (error) {
        if (!(error instanceof NotReachable)) throw error;
        say(`the daemon cannot be asked to, so it hands over as it stops: ${error.message}`);
      }
    },
    async takeBack() {
      const until = performance.now() + SOCKET_PATIENCE;
      for (;;) {
        try {
          await fetchStatus(socket);
          break;
        } catch (error) {
          if (!(error instanceof NotReachable) || performance.now() > until) throw error;
          await new Promise(resolve => setTimeout(resolve, LOOK_EVERY));
        }
      }
      for (const [name, order] of [...before]) await restore(name, order);
    },
  };
}

/** By router, for both families. */
function ordersOf(routers: readonly RouterReport[]): ReadonlyMap<string, Order | null> {
  return new Map(routers.map(({ name, health }) => [name, health.order]));
}

/** @returns ms; null: it has no end */
function remaining({ until }: Order): number | null | 'over' {
  if (until === null) return null;
  const left = Date.parse(until) - Date.now();
  return left < LEAST ? 'over' : Math.floor(left);
}
