// The agent's side of the conversation: gets the configuration to the engine once, asks it for its status, keeps
// systemd's status line true. Must not know sockets, files or HTTP; never decides about a role.
import type { Log } from '../lib/log.ts';
import { type Plan, routerKey } from '../vrrp/router.ts';
import { PROTOCOL, type ToAgent, type ToEngine, type Transition } from './messages.ts';
import type { EngineStatus } from './status.ts';

/** An engine that does not answer for so long has other worries; in ms. */
const STATUS_TIMEOUT = 2_000;

export interface AgentPorts {
  readonly version: string;
  readonly log: Log;
  send(message: ToEngine): void;
  /** Reads, checks and explains. @returns the plan, or the exit code when this machine cannot run it */
  load(): Promise<Plan | { readonly exit: number }>;
  /** One line for `systemctl status`. */
  tell(status: string): void;
}

export interface Agent {
  received(message: ToAgent): void;
  /** @returns null when the engine does not answer */
  status(): Promise<EngineStatus | null>;
}

export function createAgent(ports: AgentPorts): Agent {
  const waiting = new Map<number, (status: EngineStatus | null) => void>();
  const roles = new Map<string, Transition['to']>();
  let asked = 0;

  async function greet(running: Plan | null, protocol: number): Promise<void> {
    ports.send({ type: 'hello', protocol: PROTOCOL, version: ports.version });
    if (protocol !== PROTOCOL) {
      // Cannot happen while the engine starts us from its own executable.
      ports.log.write(
        'error',
        'agent.protocol',
        { engine: protocol, agent: PROTOCOL },
        'engine and agent are of different builds; restart holdfast',
      );
      return;
    }
    if (running !== null) {
      await refresh();
      return;
    }
    const loaded = await ports.load();
    ports.send('exit' in loaded ? { type: 'refuse', exit: loaded.exit } : { type: 'plan', plan: loaded });
  }

  function ask(): Promise<EngineStatus | null> {
    asked += 1;
    const id = asked;
    return new Promise(resolve => {
      const timer = setTimeout(settle, STATUS_TIMEOUT, null);
      function settle(status: EngineStatus | null): void {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(status);
      }
      waiting.set(id, settle);
      ports.send({ type: 'status', id });
    });
  }

  /** Roles from the engine itself: routers that wait have made no transition, and a new agent has heard of none. */
  async function refresh(): Promise<void> {
    const status = await ask();
    if (status === null) return;
    roles.clear();
    for (const { spec, state } of status.routers) roles.set(routerKey(spec), state);
    tell();
  }

  function tell(): void {
    const parts = [...roles].map(([router, role]) => `${router} ${role}`);
    ports.tell(parts.length === 0 ? 'no virtual router' : parts.join(', '));
  }

  return {
    received(message) {
      switch (message.type) {
        case 'hello':
          void greet(message.plan, message.protocol);
          return;
        case 'applied':
          void refresh();
          return;
        case 'transition':
          roles.set(message.transition.router, message.transition.to);
          tell();
          return;
        case 'status':
          waiting.get(message.id)?.(message.status);
          return;
      }
    },
    status: ask,
  };
}
