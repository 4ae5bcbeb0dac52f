// What a configuration looks like from this machine: findings that the files alone cannot show.
// Must not know how interfaces are listed; whoever asks brings the list.
import { type Address, contains, type Family, familyOf, formatPrefix, isLinkLocal, type Prefix } from '../vrrp/address.ts';
import { isOwner, type RouterSpec } from '../vrrp/router.ts';
import { type Diagnostic, quote } from './diagnostic.ts';
import { type Finding, resolve } from './finding.ts';
import type { Loaded } from './load.ts';
import { type CompleteRouter, familiesOf, isComplete, type Router } from './router.ts';
import type { Path } from './tree.ts';

/** Interfaces by name, with the addresses that they have. */
export type Interfaces = ReadonlyMap<string, readonly Prefix[]>;

/** Compares the plan with a machine. Nothing here is an error: an interface may come later, some clouds route foreign addresses.
 *  @param absent whether an interface that is not there is worth a warning */
export async function environment(loaded: Loaded, interfaces: Interfaces, absent: 'warn' | 'ignore'): Promise<readonly Diagnostic[]> {
  if (loaded.plan === null) return [];
  const here = withoutVirtual(loaded.plan.routers, interfaces);
  const { routers, checks } = loaded.machine;
  return resolve([
    ...routers
      .filter(isComplete)
      .flatMap(router => [
        ...(absent === 'warn' ? missingInterfaces(router, here) : []),
        ...addressesOutside(router, here),
        ...missingSource(router, here),
        ...ownPeers(router, here),
      ]),
    ...(absent === 'warn' ? checks.flatMap(check => missingInterface(check, check.settings.interface, ['interface'], here)) : []),
  ]);
}

/** While a router is Active its addresses are on the interface too, and say nothing about the networks there. */
function withoutVirtual(routers: readonly RouterSpec[], interfaces: Interfaces): Interfaces {
  const virtual = new Set(routers.flatMap(spec => (isOwner(spec) ? [] : spec.addresses.map(prefix => prefix.address))));
  return new Map(Array.from(interfaces, ([name, prefixes]) => [name, prefixes.filter(prefix => !virtual.has(prefix.address))]));
}

function missingInterfaces({ settings, placeOf }: CompleteRouter, here: Interfaces): Finding[] {
  const named = settings.addresses.map((address, index) => [address.interface, ['addresses', index, 'interface']] as const);
  return [[settings.interface, ['interface']] as const, ...named].flatMap(([device, path]) =>
    missingInterface({ placeOf }, device, path, here),
  );
}

function missingInterface({ placeOf }: Pick<Router, 'placeOf'>, device: string | undefined, path: Path, here: Interfaces): Finding[] {
  if (device === undefined || here.has(device)) return [];
  return [
    {
      code: 'interface-missing',
      severity: 'warning',
      message: `there is no interface ${quote(device)} on this machine`,
      place: placeOf(path),
      label: `this machine has ${list([...here.keys()])}`,
      hint: '`holdfast run` waits for it',
    },
  ];
}

function addressesOutside({ settings, placeOf }: CompleteRouter, here: Interfaces): Finding[] {
  const all = settings.addresses.map((virtual, index) => {
    const device = virtual.interface ?? settings.interface;
    return { virtual, device, index, networks: here.get(device) };
  });
  const outside = all.filter(({ virtual, networks }) => networks !== undefined && !isInside(virtual.address, networks));
  // One stray address is put elsewhere; if all of them are strays, it is the router that is on the wrong interface.
  const wrongRouter = outside.length === all.filter(({ virtual }) => !isEverywhere(virtual.address)).length;
  return outside.map(({ virtual, device, index, networks = [] }): Finding => {
    const { address } = virtual;
    const fits = [...here].find(([, prefixes]) => isInside(address, prefixes))?.[0];
    const move = `interface = "${fits}"`;
    const cure = virtual.interface !== undefined || wrongRouter ? move : `{ address = "${formatPrefix(virtual)}", ${move} }`;
    return {
      code: 'address-outside-networks',
      severity: 'warning',
      message: `${address} is not inside any network of ${device}`,
      place: placeOf(['addresses', index]),
      label: networksOf(device, networks, familyOf(address)),
      hint:
        fits === undefined ? 'other machines reach it only if they have a route to it' : `it is inside a network of ${fits}: \`${cure}\``,
    };
  });
}

function isInside(address: Address, networks: readonly Prefix[]): boolean {
  return isEverywhere(address) || networks.some(network => contains(network, address));
}

/** The network fe80::/64 is on each interface, whether it has an address in it by now or not. */
function isEverywhere(address: Address): boolean {
  return familyOf(address) === 'ipv6' && isLinkLocal(address);
}

function networksOf(device: string, networks: readonly Prefix[], family: Family): string {
  const has = networks.filter(({ address }) => familyOf(address) === family && !isEverywhere(address)).map(formatPrefix);
  if (has.length > 0) return `${device} has ${list(has)}`;
  if (family === 'ipv4') return `${device} has no IPv4 address`;
  return `${device} has no IPv6 address${networks.some(({ address }) => isEverywhere(address)) ? ' but its link-local one' : ''}`;
}

function missingSource({ settings, placeOf }: CompleteRouter, here: Interfaces): Finding[] {
  const { interface: device, source } = settings;
  const networks = here.get(device);
  if (source === undefined || networks === undefined || networks.some(({ address }) => address === source)) return [];
  return [
    {
      code: 'source-missing',
      severity: 'warning',
      message: `${device} does not have the address ${source} to send from`,
      place: placeOf(['source']),
      label: networksOf(device, networks, familyOf(source)),
      hint: 'until it is there, this machine takes no part',
    },
  ];
}

function ownPeers({ settings, placeOf }: CompleteRouter, here: Interfaces): Finding[] {
  // Those of the interface that speaks: what the engine leaves out.
  const own = here.get(settings.interface) ?? [];
  const isOwn = (peer: Address): boolean => own.some(({ address }) => address === peer);
  const peers = settings.peers.map(({ address }, index) => ({ address, index, own: isOwn(address) }));
  const notes = peers
    .filter(({ own }) => own)
    .map(
      ({ address, index }): Finding => ({
        code: 'own-address-among-peers',
        severity: 'note',
        message: `${address} is this machine itself, and left out`,
        place: placeOf(['peers', index]),
      }),
    );
  const alone = familiesOf(settings)
    .filter(family => peers.some(({ address }) => familyOf(address) === family))
    .filter(family => peers.every(({ address, own }) => own || familyOf(address) !== family));
  return [
    ...notes,
    ...alone.map(
      (family): Finding => ({
        code: 'no-other-peer',
        severity: 'warning',
        message: `no other machine is among the peers${familiesOf(settings).length > 1 ? ` over ${family === 'ipv4' ? 'IPv4' : 'IPv6'}` : ''}`,
        place: { ...placeOf(['peers']), at: 'key' },
        hint: 'this machine would talk to nobody; add the addresses of the others',
      }),
    ),
  ];
}

function list(words: readonly string[]): string {
  const shown = words.slice(0, 4).join(', ');
  return words.length > 4 ? `${shown} and ${words.length - 4} more` : shown;
}
