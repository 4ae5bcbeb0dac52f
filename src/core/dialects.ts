// Which forms of the checksum a router's peers understand: learned from what they send themselves. Decision 0019.
// Must not know packets or sockets; only IPv4 in version 3 has two forms.
import type { Address } from '../vrrp/address.ts';
import type { ChecksumForm, RouterSpec } from '../vrrp/router.ts';
import { between, type Micros } from '../vrrp/units.ts';

/** More speakers than one virtual router has; the one not heard for the longest time is forgotten first. */
const MOST = 16;
/** A form that a speaker did not use for so many of its intervals is one that it has given up: some send both. */
const PATIENCE = 3;

export interface Checksums {
  /** @param interval the speaker's
   *  @returns whether what is to be sent changes with it */
  heard(from: Address, form: ChecksumForm, interval: Micros, spec: RouterSpec, now: Micros): boolean;
  /** What to send each advertisement in: one form as a rule, both where the peers differ. */
  forms(spec: RouterSpec): readonly ChecksumForm[];
  /** What is to be remembered over a restart; nothing while RFC 9568 is all that was heard, as that is what we begin with. */
  learned(): readonly ChecksumForm[];
}

/** @param remembered of an earlier life: peers that are Backup say nothing from which to learn again */
export function createChecksums(remembered: readonly ChecksumForm[]): Checksums {
  /** When each speaker last used each form. */
  const speakers = new Map<Address, ReadonlyMap<ChecksumForm, Micros>>();

  function known(): readonly ChecksumForm[] {
    return [...new Set([...remembered, ...[...speakers.values()].flatMap(uses => [...uses.keys()])])].sort();
  }

  function forms(spec: RouterSpec): readonly ChecksumForm[] {
    if (spec.checksum !== 'auto') return [spec.checksum];
    const heard = spec.version === 3 && spec.family === 'ipv4' ? known() : [];
    return heard.length === 0 ? ['rfc9568'] : heard;
  }

  return {
    forms,
    learned: () => (known().includes('rfc5798') ? known() : []),
    heard(from, form, interval, spec, now) {
      const before = forms(spec).join();
      const fresh = [...(speakers.get(from) ?? [])].filter(([, at]) => between(at, now) <= PATIENCE * interval);
      speakers.delete(from);
      speakers.set(from, new Map([...fresh, [form, now]]));
      const [oldest] = speakers.keys();
      if (speakers.size > MOST && oldest !== undefined) speakers.delete(oldest);
      return forms(spec).join() !== before;
    },
  };
}
