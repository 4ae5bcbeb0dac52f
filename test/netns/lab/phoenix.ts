// keepalived with the well-known script that turns nginx into a phoenix: looks for it by name every two seconds, starts it, waits, looks again, and
// ends keepalived if it is not there. The yardstick of the watchdog drills. Must not know holdfast.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemon, start } from './daemon.ts';
import type { Network, Node } from './network.ts';
import { type RouterSettings, withPrefix } from './router.ts';
import type { WatchedNginx } from './watched-nginx.ts';

/** As the tutorials have it, but that it looks only for the nginx of its node, and ends only the keepalived of its node. */
export function startPhoenix(network: Network, node: Node, router: RouterSettings, nginx: WatchedNginx): Daemon {
  const file = (suffix: string) => join(network.folder, `phoenix-${node.name}.${suffix}`);
  const alive = `[ $(ps -eo args | grep -c "[n]ginx: master process .*${nginx.folder}") -ne 0 ]`;
  const script = `#!/bin/bash
if ! ${alive}; then
  ${nginx.command.join(' ')}
  sleep 2
  if ! ${alive}; then
    kill $(cat ${file('pid')})
  fi
fi
`;
  writeFileSync(file('sh'), script, { mode: 0o755 });
  writeFileSync(
    file('conf'),
    `global_defs {
  script_user root
  vrrp_garp_master_refresh 0
}
vrrp_script chk_nginx {
  script "${file('sh')}"
  interval 2
  timeout 5
  weight -20
}
vrrp_instance ${router.name} {
  version 3
  state BACKUP
  interface hf0
  virtual_router_id ${router.vrid}
  priority ${router.priority}
  advert_int ${router.intervalMs / 1000}
  accept
  virtual_ipaddress {
    ${router.addresses.map(withPrefix).join('\n    ')}
  }
  track_script {
    chk_nginx
  }
}
`,
  );
  const pids = ['--pid', file('pid'), '--vrrp_pid', file('vrrp.pid'), '--checkers_pid', file('check.pid')];
  const flags = ['--dont-fork', '--log-console', '--no-syslog', '--log-detail', '--vrrp', '--use-file', file('conf'), ...pids];
  return start(node, { name: `keepalived ${node.name}`, command: ['keepalived', ...flags] });
}
