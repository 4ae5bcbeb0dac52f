// The laboratory without anybody's configuration: three nodes of one virtual router, each with a page. Pure.
// Must not know namespaces or processes.
import { type Prefix, parsePrefix } from '../vrrp/address.ts';
import { formatTable } from './toml.ts';
import type { Wish } from './topology.ts';

/** What the page of a node is asked with, and so what says whether it is there. */
export const PAGE = { type: 'http', url: 'http://127.0.0.1/', interval: '200ms', timeout: '500ms' } as const;

/** A tenth of the default, so that nobody has to wait. */
export const INTERVAL = 100;
const VIP = '10.77.0.200/24';
const VRID = 51;

/** What a node of the usual laboratory needs of the network. */
export function usualWish(name: string): Wish {
  const prefix: Prefix | null = parsePrefix(VIP);
  if (prefix === null) throw new Error(`${VIP} is no prefix`);
  return {
    name,
    devices: ['hf0'],
    routers: [
      {
        name: 'web',
        family: 'ipv4',
        vrid: VRID,
        device: 'hf0',
        addresses: [{ ...prefix, device: 'hf0' }],
        peers: [],
        source: null,
        accept: true,
        intervalMs: INTERVAL,
      },
    ],
    pinged: [],
  };
}

/** Its configuration.
 *  @param position 0 is the one that serves first
 *  @param nginx null: a page of holdfast's own stands in, which nobody revives */
export function usualText(position: number, nginx: { readonly start: readonly string[]; readonly pidFile: string } | null): string {
  const service = nginx === null ? 'page' : 'nginx';
  return [
    formatTable(['vrrp', 'web'], {
      interface: 'hf0',
      vrid: VRID,
      priority: 200 - 20 * position,
      addresses: [VIP],
      advert_interval: `${INTERVAL}ms`,
      track: [service],
    }),
    nginx === null
      ? formatTable(['check', service], { ...PAGE, hold: '0s' })
      : formatTable(['watchdog', service], { start: nginx.start, pid_file: nginx.pidFile, user: 'root', probe: PAGE }),
  ].join('\n');
}

/** The page of a node is its name, which is how the client knows who answers.
 *  @param folder of its own, from / on */
export function nginxText(node: string, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder};`);
  return `user root;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
http {
  access_log off;
  ${temporary.join('\n  ')}
  server {
    listen 80;
    listen [::]:80;
    location / { return 200 "${node}\\n"; }
  }
}
`;
}
