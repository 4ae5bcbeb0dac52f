// A real nginx on a node, whose one page is the node's name.
// Must not know who sends clients to it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemon, start } from './daemon.ts';
import type { Network, Node } from './network.ts';

/** Starts nginx on port 80 of all addresses that the node has or will have. */
export function startNginx(network: Network, node: Node): Daemon {
  const folder = join(network.folder, `nginx-${node.name}`);
  mkdirSync(folder);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder};`);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off;
user root;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${temporary.join('\n  ')}
  server {
    listen 80;
    location / { return 200 "${node.name}\\n"; }
  }
}
`,
  );
  return start(node, { name: `nginx ${node.name}`, command: ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf')] });
}
