// The keys of network.toml, with the bounds and the words of each: the interfaces of a box, by name.
// Must not know systemd-networkd (networkd.ts), nor what the interfaces mean together (network.ts).
import { z } from 'zod';
import { choice, hostAddress, interfaceName, MUST, virtualAddress, wholeNumber } from '../config/rules.ts';
import type { Address, Prefix } from '../vrrp/address.ts';

/** Kernel, include/net/bonding.h; the words are those of ip-link(8) and of networkd. */
const BOND_MODES = ['active-backup', '802.3ad', 'balance-rr', 'balance-xor', 'broadcast', 'balance-tlb', 'balance-alb'] as const;

const name = () => z.string({ error: MUST.name }).transform(interfaceName);
const names = () => z.array(name(), { error: MUST.list });
const prefix = () => z.string({ error: MUST.text }).transform((text, context): Prefix => virtualAddress(text, context));
const address = () => z.string({ error: MUST.text }).transform((text, context): Address => hostAddress(text, context));

const vlan = z.strictObject(
  {
    id: wholeNumber('id', [1, 4094], Number).meta({ description: 'VLAN identifier, 1 to 4094.' }),
    on: name().meta({ description: 'The interface that carries it.' }),
  },
  { error: MUST.table },
);

const bond = z.strictObject(
  {
    members: names().meta({ description: 'The interfaces that it is made of.' }),
    mode: choice(BOND_MODES).prefault('active-backup').meta({ description: 'Bonding mode; `802.3ad` needs a switch that knows it.' }),
  },
  { error: MUST.table },
);

const bridge = z.strictObject({ members: names().meta({ description: 'The interfaces that it joins.' }) }, { error: MUST.table });

const interfaceTable = z.strictObject(
  {
    addresses: z.array(prefix(), { error: MUST.list }).prefault([]).meta({ description: 'Its own addresses with their prefix lengths.' }),
    dhcp: z
      .boolean({ error: MUST.flag })
      .exactOptional()
      .meta({ description: 'Ask DHCP for IPv4 and IPv6. True where `addresses` is empty and nothing else uses the interface.' }),
    gateway: z
      .union([address().transform(one => [one]), z.array(address())], { error: 'must be an address in quotes, or a list of them' })
      .prefault([])
      .meta({ description: 'The default route; one for IPv4 and one for IPv6 at most.' }),
    dns: z.array(address(), { error: MUST.list }).prefault([]).meta({ description: 'Name servers.' }),
    mtu: wholeNumber('mtu', [576, 65_535], Number)
      .exactOptional()
      .meta({ description: 'Bytes in a packet, 576 to 65535; 1280 and more for IPv6.' }),
    vlan: vlan.exactOptional().meta({ description: 'It is a VLAN: `{ id = 10, on = "eth0" }`.' }),
    bond: bond.exactOptional().meta({ description: 'It is a bond: `{ members = ["eth0", "eth1"] }`.' }),
    bridge: bridge.exactOptional().meta({ description: 'It is a bridge: `{ members = ["eth0", "eth1"] }`.' }),
  },
  { error: MUST.table },
);

/** The whole file. */
export const networkFile = z.strictObject(
  { interface: z.record(z.string(), interfaceTable, { error: MUST.table }).prefault({}) },
  { error: MUST.table },
);

export type InterfaceTable = z.output<typeof interfaceTable>;

/** The keys that a table at a path may have. */
export function keysOf(path: readonly (string | number)[]): readonly string[] {
  if (path.length === 0) return Object.keys(networkFile.shape);
  if (path.length === 2) return Object.keys(interfaceTable.shape);
  const inner = { vlan, bond, bridge }[String(path[2])];
  return inner === undefined ? [] : Object.keys(inner.shape);
}
