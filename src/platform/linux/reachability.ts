// Whether advertisements get through to each destination, said once for each cause and not with every advertisement.
// Must not know sockets: it is told what became of each, and what time it is.
import type { Address } from '../../vrrp/address.ts';
import type { Micros } from '../../vrrp/units.ts';
import type { AdvertLinkEvents } from '../ports.ts';

export interface Reachability {
  /** One did not leave. @param code an errno name */
  refused(code: string, source: Address, destination: Address): void;
  /** An earlier one left, and did not arrive: ICMP said so. */
  returned(code: string, destination: Address): void;
  /** One left, and nothing was heard of those before it. */
  left(source: Address, destination: Address): void;
}

/** Without an error for so long, what was returned before is over. Routers and hosts send about one ICMP error a second, and a
 *  neighbour that does not answer is given up every three seconds, so an advertisement that comes without one says little. */
const QUIET = 5_000_000;

interface Trouble {
  readonly causes: Set<string>;
  /** The address that could not speak; what leaves from another says nothing about it. null: it is about the destination. */
  source: Address | null;
  last: Micros;
}

/** The events come later, never inside of a call.
 *  @param target the interface, as errors name it */
export function createReachability(target: string, events: Pick<AdvertLinkEvents, 'failed' | 'reached'>, now: () => Micros): Reachability {
  const troubles = new Map<Address, Trouble>();

  function trouble(op: string, code: string, source: Address | null, destination: Address): void {
    const known = troubles.get(destination);
    const causes = known?.causes ?? new Set();
    troubles.set(destination, { causes, source, last: now() });
    if (causes.has(code)) return;
    causes.add(code);
    queueMicrotask(() => events.failed({ kind: 'system-error', op, code, target }, destination));
  }

  return {
    refused(code, source, destination) {
      trouble('send advertisement', code, source, destination);
    },
    returned(code, destination) {
      trouble('deliver advertisement', code, null, destination);
    },
    left(source, destination) {
      const known = troubles.get(destination);
      if (known === undefined || (known.source !== source && now() - known.last < QUIET)) return;
      troubles.delete(destination);
      queueMicrotask(() => events.reached(destination));
    },
  };
}
