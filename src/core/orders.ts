// What operators have ordered: which routers are put away or forward, until when, and whether that outlives the daemon.
// Must not know files or sockets, nor what an order makes of a router (check/orders.ts).
import type { Move, Ordered } from '../check/orders.ts';
import type { Log } from '../lib/log.ts';
import { showTime } from '../lib/time.ts';
import type { Timers } from '../platform/agent-ports.ts';
import { after, micros } from '../vrrp/units.ts';
import { isRecord, readList, writeList } from './kept-list.ts';

/** Instants in ms since 1970: it must be understood after a restart of the machine. */
export interface Order extends Ordered {
  /** Name of the virtual router, of both families. */
  readonly router: string;
  readonly since: number;
  /** null: until it is taken back. */
  readonly until: number | null;
  /** Also when the daemon is started again. */
  readonly keep: boolean;
}

export interface OrderPorts {
  readonly log: Log;
  readonly timers: Timers;
  /** ms since 1970 */
  wallNow(): number;
  /** @returns null when nothing was kept yet; rejects when it cannot be read */
  read(): Promise<string | null>;
  /** Replaces the text as a whole or not at all; rejects when it cannot. */
  write(text: string): Promise<void>;
}

export interface Orders {
  /** Reads what was kept. Never rejects.
   *  @param begun the daemon has just been started, so only what was to be kept counts */
  recall(begun: boolean): Promise<void>;
  of(router: string): Order | null;
  /** Replaces what was ordered for these routers. */
  give(routers: readonly string[], order: Omit<Order, 'router' | 'since'>): void;
  /** @returns those that there was an order for */
  takeBack(routers: readonly string[]): readonly string[];
  /** Whoever is to be told of each change. */
  onChange(changed: () => void): void;
}

/** Longer than any timer should wait at once; it is looked at again then. */
const NAP = micros(3_600_000_000);

export function createOrders({ log, timers, wallNow, read, write }: OrderPorts): Orders {
  const orders = new Map<string, Order>();
  let changed = (): void => {};
  let cancel = (): void => {};
  let writing: Promise<void> = Promise.resolve();

  function arm(): void {
    cancel();
    const first = Math.min(...[...orders.values()].map(({ until }) => until ?? Number.POSITIVE_INFINITY));
    if (first === Number.POSITIVE_INFINITY) return;
    const left = micros(Math.max(0, (first - wallNow()) * 1000));
    cancel = timers.schedule(after(timers.now(), left < NAP ? left : NAP), expire);
  }

  function expire(): void {
    const due = [...orders.values()].filter(({ until }) => until !== null && until <= wallNow());
    for (const { router, move } of due) {
      orders.delete(router);
      log.write('info', 'operator.over', { router }, `${router}: the time to ${move} it is over`);
    }
    if (due.length > 0) settle();
    else arm();
  }

  function settle(): void {
    arm();
    keep();
    changed();
  }

  /** One after the other, the last one as it is then. */
  function keep(): void {
    writing = writing
      .then(() => write(writeOrders([...orders.values()])))
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        log.write('warn', 'operator.unwritable', {}, `what was ordered is lost at the next restart: ${why}`);
      });
  }

  return {
    async recall(begun) {
      let kept: readonly Order[] | null = null;
      let why = 'it is no such list';
      try {
        const text = await read();
        kept = text === null ? [] : readOrders(text);
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
      }
      if (kept === null) log.write('warn', 'operator.unreadable', {}, `what was ordered before cannot be read, and is forgotten: ${why}`);
      for (const order of kept ?? []) {
        const over = order.until !== null && order.until <= wallNow();
        if (over || (begun && !order.keep) || orders.has(order.router)) continue;
        orders.set(order.router, order);
        if (begun) log.write('info', 'operator.still', { router: order.router }, `${order.router}: ${orderWords(order, wallNow())}`);
      }
      arm();
    },
    of: router => orders.get(router) ?? null,
    give(routers, order) {
      for (const router of routers) {
        const given = { ...order, router, since: wallNow() };
        orders.set(router, given);
        log.write('info', `operator.${order.move}`, { router, force: order.force }, `${router}: ${orderWords(given, wallNow())}`);
      }
      settle();
    },
    takeBack(routers) {
      const known = routers.filter(router => orders.delete(router));
      for (const router of known) log.write('info', 'operator.resume', { router }, `${router}: serves as the file says again`);
      if (known.length > 0) settle();
      return known;
    },
    onChange(tell) {
      changed = tell;
    },
  };
}

const WORDS: Readonly<Record<Move, string>> = { drain: 'drained', promote: 'promoted' };

/** `drained since 12:03:11 until 13:03:11, over restarts too`
 *  @param now ms since 1970 */
export function orderWords({ move, force, since, until, keep }: Order, now: number): string {
  const by = `${WORDS[move]}${force ? ' by force' : ''} since ${showTime(since, now)}`;
  return `${by}${until === null ? '' : ` until ${showTime(until, now)}`}${keep ? ', over restarts too' : ''}`;
}

/** The text that is kept, schema 1. */
export function writeOrders(orders: readonly Order[]): string {
  return writeList('orders', orders);
}

/** @returns null for anything that `writeOrders` has not written */
export function readOrders(text: string): readonly Order[] | null {
  return readList('orders', text, isOrder);
}

function isOrder(value: unknown): value is Order {
  if (!isRecord(value)) return false;
  const { router, move, force, since, until, keep } = value;
  return (
    typeof router === 'string' &&
    (move === 'drain' || move === 'promote') &&
    typeof force === 'boolean' &&
    typeof keep === 'boolean' &&
    typeof since === 'number' &&
    (until === null || typeof until === 'number')
  );
}
