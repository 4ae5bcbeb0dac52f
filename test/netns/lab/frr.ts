// FRR's vrrpd as a peer, with the zebra that it needs. Both run in the node's namespace, with sockets, files and PIDs in the
// network's own folder. Must not know holdfast.
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './clock.ts';
import { type Daemon, start } from './daemon.ts';
import { ip, run } from './exec.ts';
import type { Network, Node } from './network.ts';
import { type Family, familyOf, ofFamily, type RouterSettings, withPrefix } from './router.ts';

const PROGRAMS = '/usr/lib/frr';

/** Why FRR cannot take part here, or null. */
export function frrMissing(): string | null {
  return existsSync(`${PROGRAMS}/vrrpd`) ? null : `FRR is not installed (${PROGRAMS}/vrrpd)`;
}

/** Starts zebra once per node, then vrrpd with these routers.
 *  @param under a command that starts commands, such as `chrt`
 *  @throws Error when the guard refuses, or zebra does not come up */
export async function startFrr(
  network: Network,
  node: Node,
  routers: readonly RouterSettings[],
  under: readonly string[] = [],
): Promise<Daemon> {
  const folder = folderOf(network, node);
  const options = (name: string) => [
    ...['--socket', join(folder, 'zserv.api'), '--vty_socket', folder, '--vty_port', '0', '--log', 'stdout'],
    ...['--pid_file', join(folder, `${name}.pid`)],
  ];
  const begin = (name: string, config: string) =>
    start(node, { name: `${name} ${node.name}`, command: [...under, `${PROGRAMS}/${name}`, ...options(name), '--config_file', config] });
  if (!existsSync(folder)) {
    await makeFolder(network, folder);
    begin('zebra', '/dev/null');
    await until('zebra to listen', 10_000, () => existsSync(join(folder, 'zserv.api')));
  }
  for (const router of routers) await makeDevices(node, router);
  writeFrr(network, node, routers);
  return begin('vrrpd', join(folder, 'vrrpd.conf'));
}

/** Both daemons give up root and make their sockets as the user frr, who has to get there. */
async function makeFolder(network: Network, folder: string): Promise<void> {
  const id = async (option: string) => Number(await run('id', [option, 'frr']));
  chmodSync(network.folder, 0o711);
  mkdirSync(folder);
  chownSync(folder, await id('-u'), await id('-g'));
}

/** Writes the configuration anew; it is read at a start. */
function writeFrr(network: Network, node: Node, routers: readonly RouterSettings[]): void {
  writeFileSync(join(folderOf(network, node), 'vrrpd.conf'), `${['interface hf0', ...routers.flatMap(commands)].join('\n')}\n`);
}

/** Changes a running vrrpd: what is written in a file is only added to (vtysh(1)). */
export async function configureFrr(network: Network, node: Node, routers: readonly RouterSettings[]): Promise<void> {
  const lines = ['configure terminal', 'interface hf0', ...routers.flatMap(commands)];
  await vtysh(network, node, lines);
}

/** What vrrpd says of its routers, as text. */
export async function showFrr(network: Network, node: Node): Promise<string> {
  return vtysh(network, node, ['show vrrp']);
}

function vtysh(network: Network, node: Node, lines: readonly string[]): Promise<string> {
  const commands = lines.flatMap(line => ['-c', line]);
  return run('vtysh', ['--vty_socket', folderOf(network, node), '-d', 'vrrpd', ...commands]);
}

function folderOf(network: Network, node: Node): string {
  return join(network.folder, `frr-${node.name}`);
}

function commands(router: RouterSettings): readonly string[] {
  const settings = [
    `version ${router.version ?? 3}`,
    `priority ${router.priority}`,
    `advertisement-interval ${router.intervalMs}`,
    ...(router.preempt === false ? [] : ['preempt']),
    ...router.addresses.map(address => `${familyOf(address) === 'ipv6' ? 'ipv6' : 'ip'} ${address}`),
  ];
  return settings.map(setting => ` vrrp ${router.vrid} ${setting}`);
}

/** vrrpd moves no addresses: it switches a macvlan with the virtual MAC address that carries them. The node must not answer
 *  ARP for them by hf0 as well (also while the macvlan is down), nor ask for others in their name, nor send by a macvlan that
 *  is down. Over IPv6 vrrpd speaks from the macvlan's first link-local address, so there is one that only
 *  this node has. */
async function makeDevices(node: Node, router: RouterSettings): Promise<void> {
  const settings = ['all.arp_ignore=1', 'all.arp_announce=2', 'hf0.rp_filter=0'].map(setting => `net.ipv4.conf.${setting}`);
  await run('ip', ['netns', 'exec', node.namespace, 'sysctl', '-qw', ...settings]);
  for (const family of ['ipv4', 'ipv6'] as const) {
    const addresses = ofFamily(router.addresses, family).map(withPrefix);
    if (addresses.length === 0) continue;
    const device = `vr${family === 'ipv4' ? 4 : 6}-${router.vrid}`;
    const existing = await run('ip', ['-n', node.namespace, '-o', 'link', 'show', 'dev', device]).catch(() => '');
    if (existing !== '') continue;
    const own = family === 'ipv6' ? [`${ownLinkLocal(node, router.vrid)}/64`] : [];
    await ip(node.namespace, [
      `link add ${device} link hf0 address ${macOf(router.vrid, family)} type macvlan mode bridge`,
      `link set ${device} addrgenmode none`,
      ...[...own, ...addresses].map(address => `address add ${address} dev ${device} noprefixroute${family === 'ipv6' ? ' nodad' : ''}`),
      // Until vrrpd decides, as it would be left behind by one that was Backup.
      `link set ${device} protodown on`,
      `link set ${device} up`,
    ]);
  }
}

/** The address from which vrrpd on this node speaks over IPv6. */
export function ownLinkLocal(node: Node, vrid: number): string {
  return `fe80::f:${node.address6.split('::')[1]}:${vrid}`;
}

/** RFC 9568 §7.3. */
function macOf(vrid: number, family: Family): string {
  return `00:00:5e:00:0${family === 'ipv4' ? 1 : 2}:${vrid.toString(16).padStart(2, '0')}`;
}
