// keepalived as a peer and as the yardstick, with its defaults otherwise.
// Must not know holdfast.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemon, start } from './daemon.ts';
import type { Network, Node } from './network.ts';
import { type Family, familyOf, ofFamily, type RouterSettings, withPrefix } from './router.ts';

/** Starts Debian's keepalived on a node.
 *  @param under a command that starts commands, such as `chrt`
 *  @throws Error when it is not installed or the guard refuses */
export function startKeepalived(network: Network, node: Node, routers: readonly RouterSettings[], under: readonly string[] = []): Daemon {
  writeKeepalived(network, node, routers);
  return runKeepalived(node, fileOf(network, node, 'conf'), fileOf(network, node, ''), under);
}

/** With a configuration that is there already.
 *  @param pids what the paths of its pid files begin with
 *  @param under what it is started by */
export function runKeepalived(node: Node, file: string, pids: string, under: readonly string[] = []): Daemon {
  const command = [
    ...under,
    'keepalived',
    '--dont-fork',
    '--log-console',
    '--no-syslog',
    '--log-detail',
    '--vrrp',
    '--use-file',
    file,
    '--pid',
    `${pids}pid`,
    '--vrrp_pid',
    `${pids}vrrp.pid`,
    '--checkers_pid',
    `${pids}check.pid`,
  ];
  return start(node, { name: `keepalived ${node.name}`, command });
}

/** Writes the configuration anew for the SIGHUP that makes a running keepalived read it. */
export function writeKeepalived(network: Network, node: Node, routers: readonly RouterSettings[]): void {
  writeFileSync(fileOf(network, node, 'conf'), configuration(routers));
}

function fileOf(network: Network, node: Node, suffix: string): string {
  return join(network.folder, `keepalived-${node.name}.${suffix}`);
}

/** The name of the instance that stands for one family of a router: keepalived has one for each. */
export function instanceName(router: RouterSettings, family: Family): string {
  const families = new Set(router.addresses.map(familyOf));
  return families.size > 1 ? `${router.name}-${family}` : router.name;
}

function configuration(routers: readonly RouterSettings[]): string {
  const instances = routers.flatMap(router =>
    (['ipv4', 'ipv6'] as const).flatMap(family => {
      const addresses = ofFamily(router.addresses, family);
      return addresses.length === 0 ? [] : [instance(router, family, addresses)];
    }),
  );
  return `global_defs {\n  vrrp_garp_master_refresh 0\n}\n${instances.join('\n')}\n`;
}

function instance(router: RouterSettings, family: Family, addresses: readonly string[]): string {
  const device = router.interface ?? 'hf0';
  const lines = [
    `version ${router.version ?? 3}`,
    'state BACKUP',
    `interface ${device}`,
    `virtual_router_id ${router.vrid}`,
    `priority ${router.priority}`,
    `advert_int ${router.intervalMs / 1000}`,
  ];
  if (router.preempt === false) lines.push('nopreempt');
  if (router.accept === true) lines.push('accept');
  if (router.accept === false) lines.push('no_accept');
  if (router.password !== undefined) lines.push(`authentication {\n    auth_type PASS\n    auth_pass ${router.password}\n  }`);
  if (router.source !== undefined) lines.push(`unicast_src_ip ${router.source}`);
  if (router.peers !== undefined) lines.push(`unicast_peer {\n    ${router.peers.join('\n    ')}\n  }`);
  const list = addresses.map(address => `${withPrefix(address)} dev ${device}`).join('\n    ');
  lines.push(`virtual_ipaddress {\n    ${list}\n  }`);
  return `vrrp_instance ${instanceName(router, family)} {\n  ${lines.join('\n  ')}\n}`;
}
