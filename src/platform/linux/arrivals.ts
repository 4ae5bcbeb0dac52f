// Addresses that were put and that the kernel does not show yet: who waits for them is told when it does, or does not.
// Must not know netlink. Linux takes an IPv6 address at once, but leaves the rest (its route, its multicast group) to a worker
// thread: before its report nobody gets an answer from that address. Measured: 0.1 ms later as a rule, 80 ms on a busy machine.
import { constants } from 'node:os';
import type { Address } from '../../vrrp/address.ts';

const GONE = -constants.errno.EADDRNOTAVAIL;
/** Nothing was reported. */
export const LATE = -constants.errno.ETIMEDOUT;
/** After this a worker thread does not run, or the report was lost; in ms. */
const PATIENCE = 1000;

/** @param result 0, or -errno: -EADDRNOTAVAIL it went before it had come, or LATE */
type Told = (result: number) => void;

export interface Arrivals {
  expect(index: number, address: Address, told: Told): void;
  /** It is there, or it is gone. Nobody is told before `tell`. */
  came(index: number, address: Address): void;
  went(index: number, address: Address): void;
  /** What is still expected. */
  expected(): readonly { readonly index: number; readonly address: Address }[];
  tell(): void;
}

interface Expected {
  readonly index: number;
  readonly address: Address;
  readonly waiting: Told[];
  readonly timer: NodeJS.Timeout;
}

export function createArrivals(): Arrivals {
  const open = new Map<string, Expected>();
  let due: (() => void)[] = [];
  const keyOf = (index: number, address: Address): string => `${index} ${address}`;

  function close(key: string, result: number): void {
    const found = open.get(key);
    if (found === undefined) return;
    open.delete(key);
    clearTimeout(found.timer);
    due.push(...found.waiting.map(told => () => told(result)));
  }

  function tell(): void {
    const now = due;
    due = [];
    for (const each of now) each();
  }

  return {
    expect(index, address, told) {
      const key = keyOf(index, address);
      const known = open.get(key);
      if (known !== undefined) {
        known.waiting.push(told);
        return;
      }
      const late = (): void => {
        close(key, LATE);
        tell();
      };
      open.set(key, { index, address, waiting: [told], timer: setTimeout(late, PATIENCE) });
    },
    came: (index, address) => close(keyOf(index, address), 0),
    went: (index, address) => close(keyOf(index, address), GONE),
    expected: () => [...open.values()],
    tell,
  };
}
