// The agent's process: composes configuration, control socket and systemd's status line around the engine's other end.
// Started by the engine only. Must not touch addresses or adverts, and ends when the engine does.
import { fstatSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import systemdNotify from 'systemd-notify';
import { SocketInUse, serveControl } from '../api/server.ts';
import { reportStatus } from '../api/status.ts';
import { createAgent } from '../core/agent.ts';
import type { ToAgent, ToEngine } from '../core/messages.ts';
import { version } from '../lib/version.ts';
import { AGENT_FD } from '../platform/linux/agent-process.ts';
import { type Channel, openChannel } from '../platform/linux/channel.ts';
import { openStderrLog } from '../platform/linux/stderr-log.ts';
import type { Plan } from '../vrrp/router.ts';
import { RUN_OPTIONS } from './defaults.ts';
import { EXIT } from './exit.ts';
import { examine, interfacesHere } from './files.ts';

/** Time for the engine to hear why, before it sees us gone; in ms. */
const LAST_WORDS = 1_000;

/** Runs until the engine is gone. @returns exit code 0, or 2 when no engine has started it */
export async function agent(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: RUN_OPTIONS });
  if (!engineIsThere()) {
    process.stderr.write('holdfast: the agent is started by `holdfast run`, not by hand\n');
    return EXIT.usage;
  }
  const node = values.node ?? hostname();
  const log = openStderrLog(process.env);
  // Ctrl-C reaches the whole terminal session; the engine decides when we end.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.on('SIGHUP', () => {});

  return new Promise(resolve => {
    let channel: Channel<ToEngine> | null = null;
    const core = createAgent({
      version,
      log,
      send: message => channel?.send(message),
      load: async () => ((await listening) ? load(values.config, node) : { exit: EXIT.failed }),
      tell: createTeller(),
    });
    channel = openChannel<ToAgent, ToEngine>(AGENT_FD, core.received, () => resolve(EXIT.done));
    const listening = listen();

    /** @returns false without a control socket: then nothing is started, and what runs goes on until a next agent tries again */
    async function listen(): Promise<boolean> {
      try {
        await serveControl(values.socket, {
          status: async () => {
            const status = await core.status();
            return status === null ? null : reportStatus(status, node, Date.now());
          },
        });
        return true;
      } catch (error) {
        const why = error instanceof SocketInUse ? `another daemon listens there; stop it or choose another --socket` : String(error);
        log.write('error', 'agent.socket', { path: values.socket }, `no control socket at ${values.socket}: ${why}`);
        setTimeout(resolve, LAST_WORDS, EXIT.failed);
        return false;
      }
    }
  });

  async function load(path: string, name: string): Promise<Plan | { readonly exit: number }> {
    const { loaded, report } = await examine(path, name, await interfacesHere(), 'warn');
    // Everything at once, as `check` shows it: this is where the operator looks when the daemon does not start.
    process.stderr.write(report);
    return loaded.plan ?? { exit: EXIT.configuration };
  }
}

function engineIsThere(): boolean {
  try {
    return fstatSync(AGENT_FD).isSocket();
  } catch {
    return false;
  }
}

/** Each line costs a program start, so only the last of a burst is told. */
function createTeller(): (status: string) => void {
  if (process.env.NOTIFY_SOCKET === undefined) return () => {};
  // Read once: without its parent this process is a child of PID 1.
  const engine = process.ppid;
  let busy = false;
  let next: string | null = null;
  const tell = (status: string): void => {
    if (busy) {
      next = status;
      return;
    }
    busy = true;
    // The package names its caller as main process unless told otherwise; that is the engine, our parent.
    systemdNotify({ status, pid: engine })
      .catch(() => {})
      .finally(() => {
        busy = false;
        const waiting = next;
        next = null;
        if (waiting !== null) tell(waiting);
      });
  };
  return tell;
}
