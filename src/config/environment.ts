// What a configuration looks like from this machine: findings that the files alone cannot show.
// Must not know how interfaces are listed; whoever asks brings the list.
import { contains, formatPrefix, type Prefix } from '../vrrp/address.ts';
import { isOwner, type RouterSpec } from '../vrrp/router.ts';
import { type Diagnostic, quote } from './diagnostic.ts';
import { type Finding, resolve } from './finding.ts';
import type { Loaded } from './load.ts';
import type { Router } from './meaning.ts';

/** Interfaces by name, with the addresses that they have. */
export type Interfaces = ReadonlyMap<string, readonly Prefix[]>;

/** Compares the plan with a machine. All findings are warnings: an interface may come later, some clouds route foreign addresses.
 *  @param absent whether an interface that is not there is worth a warning */
export async function environment(loaded: Loaded, interfaces: Interfaces, absent: 'warn' | 'ignore'): Promise<readonly Diagnostic[]> {
  const routers = loaded.plan?.routers ?? [];
  const networks = ownNetworks(routers, interfaces);
  return resolve(
    routers.flatMap(spec =>
      loaded.routers
        .filter(router => router.name === spec.name)
        .flatMap(router => {
          const here = networks.get(spec.interface);
          if (here === undefined) return absent === 'warn' ? [missingInterface(router, spec, networks)] : [];
          return addressesOutside(router, spec, here, networks);
        }),
    ),
  );
}

/** While a router is Active its addresses are on the interface too, and say nothing about the networks there. */
function ownNetworks(routers: readonly RouterSpec[], interfaces: Interfaces): Interfaces {
  const virtual = new Set(routers.flatMap(spec => (isOwner(spec) ? [] : spec.addresses.map(prefix => prefix.address))));
  return new Map(Array.from(interfaces, ([name, prefixes]) => [name, prefixes.filter(prefix => !virtual.has(prefix.address))]));
}

function missingInterface(router: Router, spec: RouterSpec, networks: Interfaces): Finding {
  return {
    code: 'interface-missing',
    severity: 'warning',
    message: `there is no interface ${quote(spec.interface)} on this machine`,
    place: router.placeOf(['interface']),
    label: `this machine has ${list([...networks.keys()])}`,
    hint: '`holdfast run` waits for it',
  };
}

function addressesOutside(router: Router, spec: RouterSpec, here: readonly Prefix[], networks: Interfaces): Finding[] {
  return [...spec.addresses.entries()]
    .filter(([, virtual]) => !here.some(network => contains(network, virtual.address)))
    .map(([index, virtual]): Finding => {
      const fits = [...networks].find(([, prefixes]) => prefixes.some(network => contains(network, virtual.address)));
      const has = here.filter(prefix => !prefix.address.includes(':')).map(formatPrefix);
      return {
        code: 'address-outside-networks',
        severity: 'warning',
        message: `${virtual.address} is not inside any network of ${spec.interface}`,
        place: router.placeOf(['addresses', index]),
        label: has.length === 0 ? `${spec.interface} has no IPv4 address` : `${spec.interface} has ${list(has)}`,
        hint:
          fits === undefined
            ? 'other machines reach it only if they have a route to it'
            : `it is inside a network of ${fits[0]}: \`interface = "${fits[0]}"\``,
      };
    });
}

function list(words: readonly string[]): string {
  const shown = words.slice(0, 4).join(', ');
  return words.length > 4 ? `${shown} and ${words.length - 4} more` : shown;
}
