// Packet filters outlive who made them (decision 0020): what a daemon left behind that was killed is taken away by the next one.
// Must not know routers, only their places.
import type { Claims, Network } from '../platform/ports.ts';

/** As `placeOf` writes it; other names are other people's. */
const PLACE = /^[^/]+\/ipv[46]\/\d+$/;

/** Takes away every filter of a place that no daemon of this network namespace has, and those of our own places that none of
 *  our routers has made.
 *  @param ours we have claimed that place */
export function sweepFilters(network: Network, claims: Claims, ours: (place: string) => boolean): void {
  network.deniedByOthers(keys => {
    for (const key of keys) {
      if (!PLACE.test(key)) continue;
      const claim = ours(key) ? null : claims.claim(key);
      if (claim !== null && 'kind' in claim) continue;
      // The kernel acts before this returns, so nobody else can have begun there meanwhile.
      network.deny(key, 'ipv4', [], () => {});
      claim?.release();
    }
  });
}
