// One virtual router as the drills describe it, for whatever daemon.

export interface RouterSettings {
  readonly name: string;
  readonly vrid: number;
  readonly priority: number;
  readonly intervalMs: number;
  /** Without prefix length: IPv4 ones are /24, IPv6 ones /64. A link-local one, if any, comes first among the latter. */
  readonly addresses: readonly string[];
  readonly preempt?: boolean;
  /** 3 unless it says otherwise. */
  readonly version?: 2 | 3;
  /** Version 2: at most 8 characters. */
  readonly password?: string;
  /** Unicast to these. */
  readonly peers?: readonly string[];
  /** Own address to send from. */
  readonly source?: string;
  readonly accept?: boolean;
  /** Names of checks and watchdogs that it depends on, and what else stands in its table, as TOML. */
  readonly track?: readonly string[];
  readonly more?: string;
  /** Tables of checks and watchdogs, as TOML. */
  readonly duties?: string;
  /** The interface of the advertisements and of the addresses; `hf0` unless it says otherwise. */
  readonly interface?: string;
}

export type Family = 'ipv4' | 'ipv6';

/** The virtual address of most drills. */
export const VIP = '10.77.0.200';

/** Its like over IPv6. */
export const VIP6 = '2001:db8:77::200';

/** The virtual link-local address that holdfast puts first by itself; said to the other daemons, so that all have one list. */
export function linkLocal(vrid: number): string {
  return `fe80::112:${vrid}`;
}

/** The router of most drills, at this priority. */
export function web(priority: number, intervalMs = 100): RouterSettings {
  return { name: 'web', vrid: 51, priority, intervalMs, addresses: [VIP] };
}

export function familyOf(address: string): Family {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** The addresses of one family, in order. */
export function ofFamily(addresses: readonly string[], family: Family): readonly string[] {
  return addresses.filter(address => familyOf(address) === family);
}

/** With the prefix length of the lab's network. */
export function withPrefix(address: string): string {
  return `${address}/${familyOf(address) === 'ipv6' ? 64 : 24}`;
}
