// The interfaces of a box as files of systemd-networkd: systemd.network(5), systemd.netdev(5).
// Must not know network.toml.
import { formatPrefix } from '../vrrp/address.ts';
import type { Interface, Made } from './network.ts';

/** Files by name. Those of the same interface begin with the same number, before the default of the image (80-). */
export function networkdFiles(interfaces: readonly Interface[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const each of interfaces) {
    if (each.made !== null) files.set(`10-${each.name}.netdev`, netdev(each.name, each.made, each.mtu));
    files.set(`10-${each.name}.network`, network(each));
  }
  return files;
}

type Setting = readonly [key: string, value: string];

function section(name: string, settings: readonly Setting[]): string {
  return settings.length === 0 ? '' : `[${name}]\n${settings.map(([key, value]) => `${key}=${value}\n`).join('')}\n`;
}

function netdev(name: string, made: Made, mtu: number | null): string {
  const size: Setting[] = mtu === null ? [] : [['MTUBytes', String(mtu)]];
  const head = section('NetDev', [['Name', name], ['Kind', made.of], ...size]);
  switch (made.of) {
    case 'vlan':
      return head + section('VLAN', [['Id', String(made.id)]]);
    case 'bond':
      // A link is looked at every 100 ms, as everywhere; without, a dead one would never be noticed.
      return (
        head +
        section('Bond', [
          ['Mode', made.mode],
          ['MIIMonitorSec', '100ms'],
        ])
      );
    case 'bridge':
      // A loop would take a spanning tree of half a minute to be found; the one who joins two ports wants a switch.
      return head + section('Bridge', [['STP', 'no']]);
  }
}

function network({ name, addresses, dhcp, gateways, dns, mtu, vlans, master }: Interface): string {
  // `Name=` takes patterns; a name with one of their characters in it means itself.
  const match = section('Match', [['Name', name.replace(/[*?[\]!]/g, '\\$&')]]);
  const link = section('Link', mtu === null ? [] : [['MTUBytes', String(mtu)]]);
  const settings: Setting[] = vlans.map((vlan): Setting => ['VLAN', vlan]);
  if (master !== null) {
    settings.push([master.of === 'bond' ? 'Bond' : 'Bridge', master.name]);
    return match + link + section('Network', settings);
  }
  settings.push(
    ...addresses.map((prefix): Setting => ['Address', formatPrefix(prefix)]),
    ...gateways.map((gateway): Setting => ['Gateway', gateway]),
    ...dns.map((server): Setting => ['DNS', server]),
  );
  if (dhcp) settings.push(['DHCP', 'yes']);
  else if (addresses.length === 0) settings.push(['LinkLocalAddressing', 'no'], ['IPv6AcceptRA', 'no']);
  // A cable that is pulled does not take the addresses of the box away: its routers say what they do without one.
  settings.push(['ConfigureWithoutCarrier', 'yes'], ['IgnoreCarrierLoss', 'yes']);
  return match + link + section('Network', settings);
}
