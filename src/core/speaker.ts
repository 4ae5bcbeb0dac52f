// How a virtual router speaks: to the group or to its peers, from its own address, in the forms that they understand.
// Must not decide when to speak, nor what about.
import type { AdvertLink, Link } from '../platform/ports.ts';
import type { Address } from '../vrrp/address.ts';
import type { AddressDifference } from '../vrrp/admit.ts';
import { type Advertisement, authenticate, encode, VRRP_GROUP } from '../vrrp/packet.ts';
import type { ChecksumForm, RouterSpec, VirtualRouter } from '../vrrp/router.ts';
import type { Micros, Priority } from '../vrrp/units.ts';
import { createChecksums } from './checksums.ts';
import type { PeerStatus } from './status.ts';

export interface Speaker {
  /** Sends one advertisement to everybody whom it concerns. */
  advertise(over: AdvertLink, on: Link, router: VirtualRouter, priority: Priority | 0): void;
  /** An admitted advertisement tells in which form its sender wants to be answered.
   *  @returns whether we speak otherwise from now on */
  heard(advertisement: Advertisement, from: Address, spec: RouterSpec, now: Micros): boolean;
  /** A peer advertises our list without the link-local address that we put first: from now on ours is as short. Decision 0025.
   *  @returns whether we speak otherwise from now on */
  leaveOutDerived(): boolean;
  forms(spec: RouterSpec): readonly ChecksumForm[];
  learned(): readonly ChecksumForm[];
  /** @param on the interface while it is usable
   *  @param trouble errno of what keeps packets from arriving at that address, null: nothing known */
  peers(spec: RouterSpec, on: Link | null, trouble: (peer: Address) => string | null): readonly PeerStatus[];
}

/** @param remembered see `Learned` */
export function createSpeaker(remembered: readonly ChecksumForm[]): Speaker {
  const checksums = createChecksums(remembered);
  const lastHeard = new Map<Address, Micros>();
  let bare = false;

  return {
    advertise(over, on, router, priority) {
      const said = {
        kind: 'advertisement',
        version: router.version,
        vrid: router.vrid,
        priority,
        interval: router.advertInterval,
        addresses: router.addresses.flatMap(({ address, derived }) => (bare && derived === true ? [] : [address])),
        authentication: router.version === 2 ? authenticate(router.password) : null,
      } as const;
      // The same file may serve all machines: our own address among the peers is not spoken to.
      const others = router.peers.flatMap(({ address }) => (has(on, address) ? [] : [address]));
      const destinations = router.peers.length === 0 ? [VRRP_GROUP[router.family]] : others;
      for (const destination of destinations) {
        for (const checksum of checksums.forms(router)) {
          over.send(encode({ ...said, checksum }, router.primary, destination), router.primary, destination);
        }
      }
    },
    heard(advertisement, from, spec, now) {
      if (spec.peers.length > 0) lastHeard.set(from, now);
      return checksums.heard(from, advertisement.checksum, advertisement.interval, spec, now);
    },
    leaveOutDerived() {
      const news = !bare;
      bare = true;
      return news;
    },
    forms: checksums.forms,
    learned: checksums.learned,
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
