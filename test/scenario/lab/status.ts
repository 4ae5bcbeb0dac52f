// Parts of the engine's status in a line of text each. Must not know worlds.
import type { Neighbour, PeerStatus } from '../../../src/core/status.ts';

export function showNeighbour({ address, vrid, version, priority, interval, checksum, lastHeard, router, rejected }: Neighbour): string {
  const said = [
    `VRID ${vrid}`,
    `version ${version}`,
    priority === null ? null : `priority ${priority}`,
    interval === null ? null : `every ${interval / 1_000_000} s`,
    checksum,
  ].filter(each => each !== null);
  const speaksTo = router === null ? '' : ` to ${router}`;
  const verdict = rejected === null ? 'accepted' : `${rejected.reason} (${rejected.detail})`;
  return `hears ${address}${speaksTo}: ${said.join(', ')}, last at ${clock(lastHeard)}: ${verdict}`;
}

export function showPeer({ address, self, lastHeard, trouble }: PeerStatus): string {
  if (self) return `${address} is this machine`;
  return `${address} ${lastHeard === null ? 'never heard' : `last heard at ${clock(lastHeard)}`}, ${trouble ?? 'no trouble known'}`;
}

function clock(at: number): string {
  return (at / 1_000_000).toFixed(3);
}
