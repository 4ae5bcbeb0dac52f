// Why an advertisement is not accepted, and what to write where so that it is: the same words in the log and in status.
// Must not know where they are shown.
import { unreachable } from '../lib/unreachable.ts';
import type { RejectReason } from '../vrrp/admit.ts';

/** What must be known of the router that does not accept it: its settings, or its status. */
export interface Judge {
  readonly name: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly version: number;
  /** Empty: multicast. */
  readonly peers: readonly unknown[];
}

/** The evidence and, behind it, the cure where there is one.
 *  @param detail the evidence, as the receive checks give it
 *  @param from its sender */
export function evidence(reason: RejectReason, detail: string, from: string, judge: Judge): string {
  const table = `[vrrp.${judge.name}]`;
  switch (reason) {
    case 'ttl-not-255':
      return judge.peers.length > 0
        ? `${detail}; if it comes through routers, give that peer a min_ttl in ${table}`
        : `${detail}; it came through a router, or is forged`;
    case 'not-multicast':
      return `${detail}; it speaks unicast: peers = ["${from}"] in ${table}, or no unicast peers there`;
    case 'not-unicast':
      return `${detail}; it speaks multicast: unicast peers there, or no peers in ${table}`;
    case 'wrong-version':
      return `${detail}, ${otherVersion(detail, judge, table)}`;
    case 'no-addresses':
      return `${detail}; it has no virtual addresses: addresses = [] in ${table}, or some there`;
    case 'not-a-peer':
      return `${detail}; to take part: add "${from}" to peers in ${table}`;
    case 'wrong-password':
      return `${detail}; set the same password in ${table} and there (keepalived: auth_type PASS, auth_pass)`;
    case 'wrong-interval':
      return `${detail}; version 2 takes part only at the same interval: set advert_interval in ${table}, or advert_int there`;
    case 'own-packet':
      return `${detail}, which is ours; a loop in the network, or another machine has our address`;
    case 'wrong-length':
    case 'wrong-checksum':
      return `${detail}; damaged on the way, or no VRRP`;
    case 'wrong-type':
    case 'zero-vrid':
    case 'zero-interval':
    case 'unknown-vrid':
      return detail;
    default:
      return unreachable(reason);
  }
}

function otherVersion(detail: string, { family, version }: Judge, table: string): string {
  if (!/^version [23]$/.test(detail)) return 'which is none';
  if (version === 2) return `ours is 2; to take part: version = 3 in ${table}, or version 2 there`;
  if (family === 'ipv6') return 'which is for IPv4 only; to take part: version 3 there (keepalived: vrrp_version 3)';
  return `ours is 3; to take part: version = 2 in ${table}, or version 3 there (keepalived: vrrp_version 3)`;
}
