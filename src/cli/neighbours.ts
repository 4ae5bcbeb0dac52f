// The neighbourhood in words: who else speaks VRRP, why it is not listened to, and what to write where so that it is.
// Must not know how tables are laid out.
import type { NeighbourReport, PeerReport, StatusReport } from '../api/status.ts';
import { evidence } from '../core/cures.ts';
import { explainTrouble } from '../core/explain.ts';

/** What is to be said about one neighbour, with the cure where there is one. */
export function verdict(neighbour: NeighbourReport, { routers }: StatusReport): string {
  const { reason, detail, address, router: name } = neighbour;
  if (reason === null) return name === null ? 'heard' : `accepted by ${name}${old(neighbour)}`;
  if (reason === 'not-running') return `nobody looks at it while [vrrp.${name ?? 'NAME'}] takes no part (${reason})`;
  const router = routers.find(each => each.name === name && each.family === neighbour.family);
  if (router === undefined) return `not ours: nothing here has VRID ${neighbour.vrid} on ${neighbour.interface}`;
  return `NOT ACCEPTED by ${router.name}: ${evidence(reason, detail ?? reason, address, router)} (${reason})`;
}

function old({ checksum }: NeighbourReport): string {
  return checksum === 'rfc5798' ? ', checksum in its older form' : '';
}

/** One unicast peer in a line. @param ago how long since it was heard, in words; null: never */
export function tellPeer({ address, self, trouble }: PeerReport, ago: string | null): string {
  if (self) return `peer ${address}: this machine, left out`;
  const heard = ago === null ? 'not heard (a Backup is silent)' : `heard ${ago} ago`;
  return trouble === null
    ? `peer ${address}: ${heard}`
    : `WARNING: peer ${address}: advertisements do not reach it: ${explainTrouble(trouble)}; ${heard}`;
}
