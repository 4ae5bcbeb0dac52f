// A real nginx in the background, as Debian runs it, that a daemon under test may start and end; and the table that makes holdfast watch it.
// Must not know drills.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { now, until } from './clock.ts';
import { childrenOf, runs } from './daemon.ts';
import { run } from './exec.ts';
import { kill, onExit } from './guard.ts';
import type { Network, Node } from './network.ts';

export interface WatchedNginx {
  readonly folder: string;
  readonly config: string;
  readonly pidFile: string;
  /** What starts it. */
  readonly command: readonly string[];
  /** The master, undefined while none runs. */
  master(): number | undefined;
  workers(): readonly number[];
  /** Starts it as an administrator would. */
  start(): Promise<void>;
  /** Its configuration does not parse from now on, or does again. */
  breakConfig(broken: boolean): void;
  /** `[watchdog.nginx]` with these settings more, as TOML. */
  table(settings?: string, probe?: string): string;
}

/** Master and workers, all at once.
 *  @returns who they were, each ends a moment later; and the instant of the first signal */
export function stopNginx(nginx: WatchedNginx): { readonly pids: readonly number[]; readonly at: number } {
  const master = nginx.master();
  // It may be about to fork another worker.
  if (master !== undefined) kill(master, 'SIGSTOP');
  const pids = [master, ...nginx.workers()].filter(pid => pid !== undefined);
  const at = now();
  for (const pid of pids) kill(pid, 'SIGKILL');
  return { pids, at };
}

/** Where nginx listens beside port 80, so that a drill may ask it whatever becomes of that. */
export function watchNginx(network: Network, node: Node, port = 80): WatchedNginx {
  const folder = join(network.folder, `watched-nginx-${node.name}`);
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'nginx.conf');
  const pidFile = join(folder, 'nginx.pid');
  const command = ['/usr/sbin/nginx', '-p', folder, '-c', config];
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder};`);
  const write = (flaw: string): void =>
    writeFileSync(
      config,
      `user root;
worker_processes 2;
pid ${pidFile};
error_log ${folder}/error.log;
events {}
http {
  access_log off;
  ${temporary.join('\n  ')}
  server {
    listen ${port};
    ${flaw}location / { return 200 "${node.name}\\n"; }
  }
}
`,
    );
  write('');
  const readPid = (): number | undefined => {
    try {
      const pid = Number(readFileSync(pidFile, 'utf8').trim());
      return pid > 0 && runs(pid) ? pid : undefined;
    } catch {
      return undefined;
    }
  };
  // Whoever started it, it is of this lab.
  onExit(() => {
    const master = readPid();
    if (master === undefined) return;
    for (const worker of childrenOf(master)) kill(worker, 'SIGKILL');
    kill(master, 'SIGKILL');
  });
  return {
    folder,
    config,
    pidFile,
    command,
    master: readPid,
    workers() {
      const master = readPid();
      return master === undefined ? [] : childrenOf(master);
    },
    async start() {
      await run('ip', ['netns', 'exec', node.namespace, ...command]);
      await until('nginx', 5000, () => readPid() !== undefined);
    },
    breakConfig: broken => write(broken ? 'lisen 81;\n    ' : ''),
    table: (settings = '', probe = '') =>
      [
        '[watchdog.nginx]',
        `start = [${command.map(word => `"${word}"`).join(', ')}]`,
        `pid_file = "${pidFile}"`,
        `probe = { type = "http", url = "http://127.0.0.1:${port}/", interval = "200ms", timeout = "500ms"${probe} }`,
        settings,
      ].join('\n'),
  };
}
