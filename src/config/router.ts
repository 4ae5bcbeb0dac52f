// One virtual router as one machine is to run it: its settings from all tables, and the routers of the protocol that come
// out of them, one in each family. Must not know TOML, nor whether the settings make sense together (meaning.ts).
import { type Address, addressFromBytes, type Family, familyOf, isLinkLocal } from '../vrrp/address.ts';
import type { RouterSpec, VirtualAddress } from '../vrrp/router.ts';
import { autoLease } from '../vrrp/timers.ts';
import type { Micros, Vrid } from '../vrrp/units.ts';
import { type Entry, entriesOf, type Sound } from './entry.ts';
import { REQUIRED, routerTable, type Settings } from './router-schema.ts';

/** One virtual router of a machine. */
export type Router = Entry<Settings>;

/** A router that has all that no default can stand for. */
export interface CompleteRouter extends Router {
  readonly settings: Settings & { readonly [Key in (typeof REQUIRED)[number]]: NonNullable<Settings[Key]> };
}

/** The machine's virtual routers: the common ones in the order of the file with its own settings over them, then its own. */
export function routersOf(sound: Sound, node: string): readonly Router[] {
  return entriesOf(sound, node, 'vrrp', routerTable);
}

export function isComplete(router: Router): router is CompleteRouter {
  return REQUIRED.every(key => router.settings[key] !== undefined);
}

const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** The families that a router serves: those of its addresses; without any, of its peers, then of its source; else IPv4. */
export function familiesOf({ addresses = [], peers, source }: Settings): readonly Family[] {
  const listed: readonly Address[] = [addresses, peers].find(list => list.length > 0)?.map(({ address }) => address) ?? [];
  const families = new Set((listed.length === 0 && source !== undefined ? [source] : listed).map(familyOf));
  return families.size === 0 ? ['ipv4'] : FAMILIES.filter(family => families.has(family));
}

/** Where a virtual address lives. */
export function deviceOf(address: VirtualAddress, settings: Settings): string | undefined {
  return address.interface ?? settings.interface;
}

/** RFC 9568 §5.2.9: the first IPv6 address is link-local.
 *  @returns the one to put first, of which the file says nothing; null when it has one, or needs none */
export function addedLinkLocal(settings: Settings): VirtualAddress | null {
  const { addresses = [], vrid } = settings;
  const own = addresses.filter(({ address }) => familyOf(address) === 'ipv6');
  if (own.length === 0 || vrid === undefined || own.some(address => canLead(address, settings))) return null;
  return { address: linkLocalOf(vrid), length: 64, derived: true };
}

/** The routers of the protocol: one in each family, IPv4 first. Without passwords from elsewhere, see `withPasswords`. */
export function specsOf({ name, settings }: CompleteRouter): readonly RouterSpec[] {
  const { interface: device, peers, source, password } = settings;
  return familiesOf(settings).map(family => ({
    name,
    family,
    interface: device,
    vrid: settings.vrid,
    version: settings.version,
    priority: settings.priority,
    addresses: inOrder(settings, family),
    advertInterval: settings.advert_interval,
    preempt: settings.preempt,
    preemptDelay: settings.preempt_delay,
    accept: settings.accept,
    checksum: settings.checksum,
    peers: peers.filter(({ address }) => familyOf(address) === family),
    source: source !== undefined && familyOf(source) === family ? source : null,
    password: password?.from === 'text' ? password.text : null,
    lease: leaseOf(settings),
    tracked: settings.track.length > 0,
    trackInterface: settings.track_interface,
  }));
}

function leaseOf({ lease, advert_interval }: Settings): Micros | null {
  if (lease === 'off') return null;
  return lease === 'auto' ? autoLease(advert_interval) : lease;
}

/** The addresses of one family as the advertisement has them: as in the file, but over IPv6 a link-local one first. */
function inOrder(settings: CompleteRouter['settings'], family: Family): readonly VirtualAddress[] {
  const own = settings.addresses.filter(({ address }) => familyOf(address) === family);
  const leader = (family === 'ipv6' ? addedLinkLocal(settings) : null) ?? own.find(address => canLead(address, settings));
  const ordered = leader === undefined ? own : [leader, ...own.filter(address => address !== leader)];
  return ordered.map(({ interface: device, ...address }) =>
    device === undefined || device === settings.interface ? address : { ...address, interface: device },
  );
}

/** A link-local address elsewhere is not one of the link that the advertisements are on. */
function canLead(address: VirtualAddress, settings: Settings): boolean {
  return familyOf(address.address) === 'ipv6' && isLinkLocal(address.address) && deviceOf(address, settings) === settings.interface;
}

/** fe80::112:VRID with the VRID's decimal digits, so that people recognise it: fe80::112:51. */
function linkLocalOf(vrid: Vrid): Address {
  const last = Number.parseInt(String(vrid), 16);
  return addressFromBytes(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x12, last >> 8, last & 0xff), 0, 'ipv6');
}
