// How a router's peers want to be spoken to: learned from how they speak themselves. Decisions 0019 and 0025.
// Must not know packets or sockets.
import type { Address } from '../vrrp/address.ts';
import type { ChecksumForm, RouterSpec } from '../vrrp/router.ts';
import { between, type Micros } from '../vrrp/units.ts';

/** A form of the checksum, for version 3 over IPv4; or, over IPv6, the address list without what we put first (and else `rfc9568`). */
export type Dialect = ChecksumForm | 'short-list';

/** More speakers than one virtual router has; the one not heard for the longest time is forgotten first. */
const MOST = 16;
/** A dialect that a speaker did not use for so many of its intervals is one that it has given up: some use two. */
const PATIENCE = 3;

export interface Dialects {
  /** @param interval the speaker's
   *  @returns whether what is to be sent changes with it */
  heard(from: Address, dialect: Dialect, interval: Micros, spec: RouterSpec, now: Micros): boolean;
  /** What to send each advertisement in: one as a rule, several where the peers differ. */
  inUse(spec: RouterSpec): readonly Dialect[];
  /** Forms of the checksum to be remembered over a restart; nothing while RFC 9568 is all that was heard, as that is what we
   *  begin with. */
  learned(): readonly ChecksumForm[];
}

/** @param remembered of an earlier life: peers that are Backup say nothing from which to learn again */
export function createDialects(remembered: readonly ChecksumForm[]): Dialects {
  /** When each speaker last used each dialect. */
  const speakers = new Map<Address, ReadonlyMap<Dialect, Micros>>();

  function known(): readonly Dialect[] {
    return [...new Set([...remembered, ...[...speakers.values()].flatMap(uses => [...uses.keys()])])].sort();
  }

  function inUse(spec: RouterSpec): readonly Dialect[] {
    if (spec.version === 2) return ['rfc9568'];
    if (spec.family === 'ipv4' && spec.checksum !== 'auto') return [spec.checksum];
    const other = spec.family === 'ipv4' ? 'rfc5798' : 'short-list';
    const heard = known().filter(dialect => dialect === 'rfc9568' || dialect === other);
    return heard.length === 0 ? ['rfc9568'] : heard;
  }

  return {
    inUse,
    learned() {
      const forms = known().flatMap(dialect => (dialect === 'short-list' ? [] : [dialect]));
      return forms.includes('rfc5798') ? forms : [];
    },
    heard(from, dialect, interval, spec, now) {
      const before = inUse(spec).join();
      const fresh = [...(speakers.get(from) ?? [])].filter(([, at]) => between(at, now) <= PATIENCE * interval);
      speakers.delete(from);
      speakers.set(from, new Map([...fresh, [dialect, now]]));
      const [oldest] = speakers.keys();
      if (speakers.size > MOST && oldest !== undefined) speakers.delete(oldest);
      return inUse(spec).join() !== before;
    },
  };
}
