// The words of a scenario that say what a virtual router is like: `word value` pairs, and what they make of one.
// Must not know worlds: what the words mean is a `RouterSpec`, as it would stand in a file.
import { type Family, familyOf, isLinkLocal, type Prefix } from '../../../src/vrrp/address.ts';
import type { Peer, RouterSpec, VirtualAddress } from '../../../src/vrrp/router.ts';
import { autoLease } from '../../../src/vrrp/timers.ts';
import { type Micros, micros, priority, seconds, vrid } from '../../../src/vrrp/units.ts';
import { ip, prefix } from '../../fixtures/virtual-router.ts';

export interface Settings {
  /** By these the routers differ from what they were. */
  readonly changes: Partial<RouterSpec>;
  /** null: those that there are. */
  readonly families: readonly Family[] | null;
  /** null: those that there were. */
  readonly virtual: readonly VirtualAddress[] | null;
  /** Of the host; null: what hosts have by default. */
  readonly own: readonly Prefix[] | null;
}

type Changes = { -readonly [Key in keyof RouterSpec]?: RouterSpec[Key] };

/** @throws for a word that is none */
export function readSettings(words: readonly string[]): Settings {
  const changes: Changes = {};
  let families: readonly Family[] | null = null;
  let virtual: VirtualAddress[] | null = null;
  let own: Prefix[] | null = null;
  let peers: Peer[] = [];

  const last = (more: Partial<VirtualAddress>): void => {
    const address = virtual?.pop();
    if (address === undefined) throw new Error('there is no vip before it');
    virtual?.push({ ...address, ...more });
  };
  for (let at = 0; at < words.length; at += 2) {
    const value = words[at + 1] ?? '';
    switch (words[at]) {
      case 'name':
        changes.name = value;
        break;
      case 'priority':
        changes.priority = priority(Number(value));
        break;
      case 'vrid':
        changes.vrid = vrid(Number(value));
        break;
      case 'version':
        changes.version = value === '2' ? 2 : 3;
        break;
      case 'interval':
        changes.advertInterval = duration(value);
        changes.lease = autoLease(duration(value));
        break;
      case 'preempt':
        changes.preempt = value !== 'no';
        break;
      case 'delay':
        changes.preemptDelay = duration(value);
        break;
      case 'accept':
        changes.accept = value !== 'no';
        break;
      case 'lease':
        changes.lease = value === 'off' ? null : duration(value);
        break;
      case 'checksum':
        changes.checksum = value === 'rfc5798' || value === 'rfc9568' ? value : 'auto';
        break;
      case 'password':
        changes.password = value === 'none' ? null : value;
        break;
      case 'peer':
        peers = value === 'none' ? [] : [...peers, peer(value)];
        changes.peers = peers;
        break;
      case 'source':
        changes.source = value === 'any' ? null : ip(value);
        break;
      case 'tracked':
        changes.tracked = value !== 'no';
        break;
      case 'track-interface':
        changes.trackInterface = value !== 'no';
        break;
      case 'family':
        families = value === 'both' ? ['ipv4', 'ipv6'] : [value === 'ipv6' ? 'ipv6' : 'ipv4'];
        break;
      case 'vip':
        virtual = [...(virtual ?? []), ...(value === 'none' ? [] : [prefix(value)])];
        break;
      case 'iface':
        last({ interface: value });
        break;
      case 'label':
        last({ label: value });
        break;
      case 'own':
        own = [...(own ?? []), ...(value === 'none' ? [] : [prefix(value)])];
        break;
      default:
        throw new Error(`no setting ${words[at]}`);
    }
  }
  return { changes, families, virtual, own };
}

/** The routers of a name that is new, one for each family that is named, or that its addresses are of. */
export function createRouters(base: RouterSpec, { changes, families, virtual }: Settings): readonly RouterSpec[] {
  const implied = [...new Set(virtual?.map(({ address }) => familyOf(address)))];
  return (families ?? (implied.length > 0 ? implied : [base.family])).map(family => {
    const spec = { ...base, ...changes, family };
    return { ...spec, addresses: complete(spec, virtual === null ? DEFAULT[family] : of(family, virtual)) };
  });
}

/** Addresses change in the families of which some are named; `vip none` takes them all. */
export function changeRouter(spec: RouterSpec, { changes, virtual }: Settings): RouterSpec {
  const changed = { ...spec, ...changes };
  const named = virtual === null ? [] : of(spec.family, virtual);
  return virtual?.length === 0 || named.length > 0 ? { ...changed, addresses: complete(changed, named) } : changed;
}

const DEFAULT: Readonly<Record<Family, readonly VirtualAddress[]>> = {
  ipv4: [prefix('192.0.2.200/24')],
  ipv6: [prefix('2001:db8::200/64')],
};

function of(family: Family, addresses: readonly VirtualAddress[]): readonly VirtualAddress[] {
  return addresses.filter(({ address }) => familyOf(address) === family);
}

/** Over IPv6 the first address is link-local; where none is given, as the agent chooses it. */
function complete({ family, vrid }: RouterSpec, addresses: readonly VirtualAddress[]): readonly VirtualAddress[] {
  const [first] = addresses;
  if (family === 'ipv4' || first === undefined || isLinkLocal(first.address)) return addresses;
  return [prefix(`fe80::112:${vrid}/64`), ...addresses];
}

/** `192.0.2.12`, `fe80::12`, `192.0.2.12:250-255`. */
function peer(text: string): Peer {
  const [, address = text, min = '255', max = '255'] = /^(.*):(\d+)-(\d+)$/.exec(text) ?? [];
  return { address: ip(address), minTtl: Number(min), maxTtl: Number(max) };
}

/** `5s`, `1.5s`, `300ms`. */
export function duration(text: string): Micros {
  const [, number, unit] = /^([\d.]+)(s|ms)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`${text} is no duration`);
  return unit === 's' ? seconds(Number(number)) : micros(Number(number) * 1000);
}
