// Every VRRP speaker heard on one interface, ours or not, as it was heard last.
// Must not decide whom to believe; holds a bounded number of them.
import type { Family } from '../vrrp/address.ts';
import { type Admitted, overheard, type Reception, type Rejected } from '../vrrp/admit.ts';
import type { Micros } from '../vrrp/units.ts';
import type { Neighbour } from './status.ts';

/** Of a flood from invented addresses the latest are kept. */
const MOST = 256;

type Seen = Omit<Neighbour, 'interface' | 'family'>;

export interface Neighbours {
  /** @param router the router here that has the VRID, null: none
   *  @param verdict of its receive checks, null: nobody judged */
  heard(message: Uint8Array, reception: Reception, router: string | null, verdict: Admitted | Rejected | null, now: Micros): void;
  list(): readonly Neighbour[];
}

export function createNeighbours(on: string, family: Family): Neighbours {
  /** In the order of last heard. */
  const seen = new Map<string, Seen>();

  return {
    heard(message, reception, router, verdict, now) {
      const speaks = overheard(message, reception);
      if (speaks === null) return;
      const key = `${reception.source} ${speaks.vrid}`;
      seen.delete(key);
      // Only version 3 over IPv4 has two forms.
      const checksum = family === 'ipv4' && speaks.version === 3 ? speaks.checksum : null;
      const rejected = why(router, verdict, speaks.vrid);
      seen.set(key, { address: reception.source, ...speaks, checksum, lastHeard: now, router, rejected });
      const [oldest] = seen.keys();
      if (seen.size > MOST && oldest !== undefined) seen.delete(oldest);
    },
    list: () => Array.from(seen.values(), speaker => ({ interface: on, family, ...speaker })),
  };
}

function why(router: string | null, verdict: Admitted | Rejected | null, vrid: number): Neighbour['rejected'] {
  if (router === null) return { reason: 'unknown-vrid', detail: `VRID ${vrid}` };
  if (verdict === null) return { reason: 'not-running', detail: 'takes no part now' };
  if (verdict.kind === 'admitted') return null;
  return { reason: verdict.reason, detail: verdict.detail };
}
