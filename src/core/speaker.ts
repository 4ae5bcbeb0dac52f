// How a virtual router speaks: to the group or to its peers, from its own address, in the forms that they understand.
// Must not decide when to speak, nor what about.
import type { AdvertLink, Link } from '../platform/ports.ts';
import type { Address } from '../vrrp/address.ts';
import type { AddressDifference, Admitted } from '../vrrp/admit.ts';
import { authenticate, encode, VRRP_GROUP } from '../vrrp/packet.ts';
import type { ChecksumForm, RouterSpec, VirtualRouter } from '../vrrp/router.ts';
import type { Micros, Priority } from '../vrrp/units.ts';
import { createDialects } from './dialects.ts';
import type { PeerStatus } from './status.ts';

export interface Speaker {
  /** Sends one advertisement to everybody whom it concerns. */
  advertise(over: AdvertLink, on: Link, router: VirtualRouter, priority: Priority | 0): void;
  /** An admitted advertisement tells how its sender wants to be spoken to.
   *  @returns whether we speak otherwise from now on */
  heard({ advertisement, differs }: Admitted, from: Address, spec: RouterSpec, now: Micros): boolean;
  /** Over IPv6: some peer wants the list without the link-local address that we put first. */
  shortens(spec: RouterSpec): boolean;
  forms(spec: RouterSpec): readonly ChecksumForm[];
  learned(): readonly ChecksumForm[];
  /** @param on the interface while it is usable
   *  @param trouble errno of what keeps packets from arriving at that address, null: nothing known */
  peers(spec: RouterSpec, on: Link | null, trouble: (peer: Address) => string | null): readonly PeerStatus[];
}

/** @param remembered see `Learned` */
export function createSpeaker(remembered: readonly ChecksumForm[]): Speaker {
  const dialects = createDialects(remembered);
  const lastHeard = new Map<Address, Micros>();

  return {
    advertise(over, on, router, priority) {
      const said = {
        kind: 'advertisement',
        version: router.version,
        vrid: router.vrid,
        priority,
        interval: router.advertInterval,
        authentication: router.version === 2 ? authenticate(router.password) : null,
      } as const;
      // The same file may serve all machines: our own address among the peers is not spoken to.
      const others = router.peers.flatMap(({ address }) => (has(on, address) ? [] : [address]));
      const destinations = router.peers.length === 0 ? [VRRP_GROUP[router.family]] : others;
      for (const destination of destinations) {
        for (const dialect of dialects.inUse(router)) {
          const short = dialect === 'short-list';
          const addresses = router.addresses.flatMap(({ address, derived }) => (short && derived === true ? [] : [address]));
          const message = encode({ ...said, addresses, checksum: short ? 'rfc9568' : dialect }, router.primary, destination);
          over.send(message, router.primary, destination);
        }
      }
    },
    heard({ advertisement, differs }, from, spec, now) {
      if (spec.peers.length > 0) lastHeard.set(from, now);
      const dialect = differs !== null && lacksOnlyDerived(differs, spec) ? 'short-list' : advertisement.checksum;
      return dialects.heard(from, dialect, advertisement.interval, spec, now);
    },
    shortens: spec => dialects.inUse(spec).includes('short-list'),
    forms: spec => [...new Set(dialects.inUse(spec).map(dialect => (dialect === 'short-list' ? 'rfc9568' : dialect)))],
    learned: dialects.learned,
    peers(spec, on, trouble) {
      return spec.peers.map(({ address }) => {
        const self = on !== null && has(on, address);
        return { address, self, lastHeard: lastHeard.get(address) ?? null, trouble: self ? null : trouble(address) };
      });
    },
  };
}

function has(on: Link, address: Address): boolean {
  return on.addresses.some(held => held.address === address);
}

/** Whether a peer's list is ours but for the address that we put first. */
export function lacksOnlyDerived({ missing, extra }: AddressDifference, { addresses }: RouterSpec): boolean {
  const derived = addresses.flatMap(({ address, derived: ours }) => (ours === true ? [address] : []));
  return extra.length === 0 && missing.every(address => derived.includes(address));
}
