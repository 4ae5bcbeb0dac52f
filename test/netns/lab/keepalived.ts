// keepalived as a peer and as the yardstick, with its defaults otherwise.
// Must not know holdfast.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemon, start } from './daemon.ts';
import type { Network, Node } from './network.ts';
import type { RouterSettings } from './router.ts';

/** Starts Debian's keepalived on a node.
 *  @throws Error when it is not installed or the guard refuses */
export function startKeepalived(network: Network, node: Node, routers: readonly RouterSettings[]): Daemon {
  const file = (suffix: string) => join(network.folder, `keepalived-${node.name}.${suffix}`);
  writeFileSync(file('conf'), configuration(routers));
  const pids = ['--pid', file('pid'), '--vrrp_pid', file('vrrp.pid'), '--checkers_pid', file('check.pid')];
  const command = ['keepalived', '--dont-fork', '--log-console', '--log-detail', '--vrrp', '--use-file', file('conf'), ...pids];
  return start(node, { name: `keepalived ${node.name}`, command });
}

function configuration(routers: readonly RouterSettings[]): string {
  const instances = routers.map(
    router => `vrrp_instance ${router.name} {
  version 3
  state BACKUP
  interface hf0
  virtual_router_id ${router.vrid}
  priority ${router.priority}
  advert_int ${router.intervalMs / 1000}
  ${router.preempt === false ? 'nopreempt' : ''}
  virtual_ipaddress {
    ${router.addresses.map(address => `${address}/24 dev hf0`).join('\n    ')}
  }
}`,
  );
  return `global_defs {\n  vrrp_garp_master_refresh 0\n}\n${instances.join('\n')}\n`;
}
