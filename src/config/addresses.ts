// What is to be said about the virtual addresses of a machine: how many there are, what is put first, where each lives.
// Must not know single values, nor what the machine has.
import { familyOf, formatPrefix, isLinkLocal } from '../vrrp/address.ts';
import { maxAddresses } from '../vrrp/packet.ts';
import type { VirtualAddress } from '../vrrp/router.ts';
import { quote } from './diagnostic.ts';
import type { Place, PlacedFinding } from './finding.ts';
import { addedLinkLocal, deviceOf, familiesOf, type Router } from './router.ts';

/** The addresses of one router, each for itself and all together. */
export function checkAddresses(router: Router): readonly PlacedFinding[] {
  const { addresses = [] } = router.settings;
  return [
    ...tooMany(router),
    ...linkLocalFirst(router),
    ...addresses.flatMap((address, index) => [...wrongLabel(router, address, index), ...idleScope(router, address, index)]),
  ];
}

function tooMany({ settings, placeOf }: Router): PlacedFinding[] {
  const { addresses = [] } = settings;
  const added = addedLinkLocal(settings);
  return familiesOf(settings).flatMap((family): PlacedFinding[] => {
    const room = maxAddresses(family) - (family === 'ipv6' && added !== null ? 1 : 0);
    const own = addresses.filter(({ address }) => familyOf(address) === family).length;
    if (own <= room) return [];
    const name = family === 'ipv4' ? 'IPv4' : 'IPv6';
    const beside = family === 'ipv6' && added !== null ? ` beside ${added.address}, which is put first` : '';
    return [
      {
        code: 'too-many-addresses',
        severity: 'error',
        message: `${own} ${name} addresses do not fit into an advertisement`,
        place: placeOf(['addresses']),
        hint: `at most ${room} do${beside}; share them out over several virtual routers`,
      },
    ];
  });
}

/** RFC 9568 §5.2.9. The peers compare lists, so they should know. */
function linkLocalFirst({ settings, placeOf }: Router): PlacedFinding[] {
  const added = addedLinkLocal(settings);
  if (added === null || settings.version === 2) return [];
  return [
    {
      code: 'link-local-added',
      severity: 'note',
      message: `${formatPrefix(added)} is put before the IPv6 addresses: the first must be link-local (RFC 9568 §5.2.9)`,
      place: placeOf(['addresses']),
      hint: `holdfast does so on all machines; another peer needs \`${formatPrefix(added)}\` first in its own list`,
    },
  ];
}

/** ip-address(8): the label is the device's name, or that and a colon and a word. */
function wrongLabel({ settings, placeOf }: Router, address: VirtualAddress, index: number): PlacedFinding[] {
  const { label } = address;
  const device = deviceOf(address, settings);
  if (label === undefined) return [];
  const wrong = (message: string, hint: string): PlacedFinding[] => [
    { code: 'bad-label', severity: 'error', message, place: placeOf(['addresses', index, 'label']), hint },
  ];
  if (familyOf(address.address) === 'ipv6') return wrong('an IPv6 address has no label', 'leave it out');
  if (device === undefined || label === device || (label.startsWith(`${device}:`) && label !== `${device}:`)) return [];
  const hint = `\`ip address\` allows "${device}" or "${device}:" and a word, 15 bytes in all`;
  return wrong(`the label ${quote(label)} does not fit the interface ${device}`, hint);
}

function idleScope({ placeOf }: Router, { address, scope }: VirtualAddress, index: number): PlacedFinding[] {
  if (scope === undefined || familyOf(address) === 'ipv4') return [];
  return [
    {
      code: 'setting-without-effect',
      severity: 'warning',
      message: '`scope` has no effect on an IPv6 address: it follows from the address',
      place: { ...placeOf(['addresses', index, 'scope']), at: 'key' },
    },
  ];
}

/** An address has one place on a machine; a link-local one has one on each interface. */
export function duplicateAddresses(routers: readonly Router[]): readonly PlacedFinding[] {
  const first = new Map<string, { router: Router; place: Place }>();
  const findings: PlacedFinding[] = [];
  for (const router of routers) {
    for (const { prefix, place } of placed(router)) {
      const { address } = prefix;
      const key = isLinkLocal(address) ? `${address} ${deviceOf(prefix, router.settings)}` : address;
      const other = first.get(key);
      if (other === undefined) {
        first.set(key, { router, place });
        continue;
      }
      const where = other.router === router ? 'is listed twice' : `belongs to ${quote(other.router.name)} already`;
      findings.push({
        code: 'duplicate-address',
        severity: 'error',
        message: `${formatPrefix(prefix)} ${where}`,
        place,
        related: [{ message: 'first listed at', place: other.place }],
      });
    }
  }
  return findings;
}

/** The addresses with the one that the file does not write down, which stands where the list does. */
function placed({ settings, placeOf }: Router): readonly { readonly prefix: VirtualAddress; readonly place: Place }[] {
  const { addresses = [] } = settings;
  const added = addedLinkLocal(settings);
  const written = addresses.map((prefix, index) => ({ prefix, place: placeOf(['addresses', index]) }));
  return added === null ? written : [...written, { prefix: added, place: placeOf(['addresses']) }];
}
