// Accept_Mode false: packets to some addresses are dropped by a table of our own in the kernel's nf_tables.
// Must not know which router they belong to, nor the bytes: see nftables-codec.ts. Needs no program `nft`.
import { constants } from 'node:os';
import type { Network } from '../ports.ts';
import { NETLINK_NETFILTER, type Netlink, NOTHING_REPORTED, openNetlink } from './netlink.ts';
import { formatDeny, keyOfTable, LIST_TABLES } from './nftables-codec.ts';
import { errnoName } from './sysnet.ts';

/** What a kernel says that has no nf_tables, or not for both families in one table: there can be nothing to take back. */
const { EPROTONOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT } = constants.errno;
const ABSENT: readonly number[] = [EPROTONOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT];

/** Gives this part of `Network`. Its socket is opened when it is first needed, and again when that failed. */
export function createDeny(): Pick<Network, 'deny' | 'deniedByOthers'> {
  let kernel: Netlink | number = 0;
  /** Keys of this process. */
  const denied = new Set<string>();

  function open(): Netlink | number {
    if (typeof kernel === 'number') kernel = openNetlink(NETLINK_NETFILTER, [], NOTHING_REPORTED);
    return kernel;
  }

  function deniedByOthers(done: (keys: readonly string[]) => void): void {
    const netlink = open();
    if (typeof netlink === 'number') {
      setImmediate(done, []);
      return;
    }
    netlink.dump(LIST_TABLES.type, LIST_TABLES.data, (messages, result) => {
      // Somebody else changed tables meanwhile.
      if (messages === null && result === 0) deniedByOthers(done);
      else done((messages ?? []).flatMap(message => keyOfTable(message) ?? []).filter(key => !denied.has(key)));
    });
  }

  return {
    deny(key, family, addresses, done) {
      if (addresses.length === 0) denied.delete(key);
      else denied.add(key);
      const told = (result: number): void => {
        const fine = result === 0 || (addresses.length === 0 && ABSENT.includes(-result));
        done(fine ? null : { kind: 'system-error', op: 'deny packets', code: errnoName(result), target: key });
      };
      const netlink = open();
      if (typeof netlink === 'number') setImmediate(told, netlink);
      else netlink.batch(formatDeny(key, family, addresses), told);
    },
    deniedByOthers,
  };
}
