// The neighbourhood in words: who else speaks VRRP, why it is not listened to, and what to write where so that it is.
// Must not know how tables are laid out.
import type { NeighbourReport, PeerReport, RouterReport, StatusReport } from '../api/status.ts';

/** What is to be said about one neighbour, with the cure where there is one. */
export function verdict(neighbour: NeighbourReport, { routers }: StatusReport): string {
  const { reason, router: name } = neighbour;
  const router = routers.find(each => each.name === name && each.family === neighbour.family);
  if (reason === null) return name === null ? 'heard' : `accepted by ${name}${old(neighbour)}`;
  if (reason === 'unknown-vrid') return `not ours: nothing here has VRID ${neighbour.vrid} on ${neighbour.interface}`;
  return `NOT ACCEPTED by ${name ?? 'anyone here'}: ${CURES[reason](neighbour, `[vrrp.${name ?? 'NAME'}]`, router)} (${reason})`;
}

function old({ checksum }: NeighbourReport): string {
  return checksum === 'rfc5798' ? ', checksum in its older form' : '';
}

type Cure = (neighbour: NeighbourReport, table: string, router: RouterReport | undefined) => string;

/** @param why what the evidence is there for */
const evidence =
  (why: string): Cure =>
  ({ detail }) =>
    detail === null ? why : `${why}: ${detail}`;

const CURES: Readonly<Record<Exclude<NonNullable<NeighbourReport['reason']>, 'unknown-vrid'>, Cure>> = {
  'wrong-version': ({ version, family }, table) => {
    if (version !== 2 && version !== 3) return `speaks version ${version}, which is none`;
    if (version === 2 && family === 'ipv6') return 'speaks version 2, which does not exist for IPv6: vrrp_version 3 there';
    return `speaks version ${version}; to take part: version = ${version} in ${table}, or vrrp_version ${version === 2 ? 3 : 2} there`;
  },
  'not-running': (_neighbour, table) => `nobody looks at it while ${table} takes no part`,
  'wrong-password': ({ detail }, table) => `${detail ?? 'another password'}: password in ${table} and auth_pass there must be the same`,
  'wrong-interval': ({ interval_ms }, table, router) => {
    const theirs = interval_ms === null ? 'its own' : `${interval_ms / 1000}s`;
    const ours = router === undefined ? '' : `, or advert_int ${router.advert_interval_ms / 1000} there`;
    return `version 2 wants the same interval everywhere: advert_interval = "${theirs}" in ${table}${ours}`;
  },
  'not-a-peer': ({ address }, table) => `add "${address}" to peers in ${table} if it belongs there`,
  'not-multicast': ({ address }, table) => `speaks unicast: peers = ["${address}"] in ${table}, or no unicast_peer there`,
  'not-unicast': (_neighbour, table) => `speaks multicast: no peers in ${table}, or unicast_peer there`,
  'ttl-not-255': ({ detail }, table, router) => {
    const found = detail ?? 'not 255';
    if (router === undefined || router.peers.length === 0) return `came through a router, or is forged: ${found}`;
    return `came through a router: ${found}; if that is meant: a min_ttl for this peer in ${table}`;
  },
  'wrong-checksum': evidence('damaged on the way, or no VRRP'),
  'wrong-type': evidence('no advertisement'),
  'wrong-length': evidence('damaged, or no VRRP'),
  'no-addresses': () => 'advertises no address',
  'zero-vrid': () => 'VRID 0 is none',
  'zero-interval': () => 'an interval of 0 is none',
  'own-packet': () => 'our own advertisement came back: a loop in the network, or another machine has our address',
};

/** One unicast peer in a line. @param ago how long since it was heard, in words; null: never */
export function tellPeer({ address, self, trouble }: PeerReport, ago: string | null): string {
  if (self) return `peer ${address}: this machine, left out`;
  const heard = ago === null ? 'not heard (a Backup is silent)' : `heard ${ago} ago`;
  return trouble === null
    ? `peer ${address}: ${heard}`
    : `WARNING: peer ${address}: ${TROUBLES[trouble] ?? `cannot be reached: ${trouble}`}; ${heard}`;
}

/** What ICMP and the kernel say, icmp(7) and ip(7). */
const TROUBLES: Readonly<Record<string, string>> = {
  ENOPROTOOPT: 'protocol unreachable: no VRRP daemon runs there',
  ECONNREFUSED: 'refused: no VRRP daemon runs there, or a firewall there says no',
  EHOSTUNREACH: 'host unreachable: it is down, or a firewall says no',
  EHOSTDOWN: 'host is down',
  ENETUNREACH: 'network unreachable: no route to it',
  EPERM: 'a firewall of this machine lets nothing out to it',
  EACCES: 'this machine is not allowed to send to it',
  EMSGSIZE: 'the advertisement is too large for the path to it',
  EINVAL: 'it cannot be sent to from this interface',
};
