// Accept_Mode false: packets to some addresses are dropped by a table of our own in the kernel's nf_tables.
// Must not know which router they belong to, nor the bytes: see nftables-codec.ts. Needs no program `nft`.
import { constants } from 'node:os';
import type { Address, Family } from '../../vrrp/address.ts';
import type { SystemError } from '../ports.ts';
import { NETLINK_NETFILTER, type Netlink, NOTHING_REPORTED, openNetlink } from './netlink.ts';
import { formatDeny } from './nftables-codec.ts';
import { errnoName } from './sysnet.ts';

/** What a kernel says that has no nf_tables, or not for both families in one table: there can be nothing to take back. */
const { EPROTONOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT } = constants.errno;
const ABSENT: readonly number[] = [EPROTONOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT];

export type Deny = (key: string, family: Family, addresses: readonly Address[], done: (error: SystemError | null) => void) => void;

/** Gives the `deny` of `Network`. Its socket is opened when it is first needed, and again when that failed. */
export function createDeny(): Deny {
  let kernel: Netlink | number = 0;
  return (key, family, addresses, done) => {
    const told = (result: number): void => {
      const fine = result === 0 || (addresses.length === 0 && ABSENT.includes(-result));
      done(fine ? null : { kind: 'system-error', op: 'deny packets', code: errnoName(result), target: key });
    };
    if (typeof kernel === 'number') kernel = openNetlink(NETLINK_NETFILTER, [], NOTHING_REPORTED);
    if (typeof kernel === 'number') setImmediate(told, kernel);
    else kernel.batch(formatDeny(key, family, addresses), told);
  };
}
