// Where things are unless told otherwise.
// Must not know who uses them.
import { basename, dirname, join } from 'node:path';

export const DEFAULT_CONFIG = '/etc/holdfast/holdfast.toml';
export const DEFAULT_SOCKET = '/run/holdfast/control.sock';

/** Of the unit that we ship, StateDirectory=holdfast. */
export const STATE_DIRECTORY = '/var/lib/holdfast';

/** Options of `run`, which the engine hands on to its agent as they are. */
export const RUN_OPTIONS = {
  config: { type: 'string', default: DEFAULT_CONFIG },
  socket: { type: 'string', default: DEFAULT_SOCKET },
  node: { type: 'string' },
} as const;

/** Where the agent keeps what routers have learned, and what was ordered of them: in systemd's StateDirectory=, else beside the control socket, which
 *  does not outlive a reboot. Its name follows the socket's, as several daemons may share the directory. */
export function keptPath(what: 'learned' | 'orders' | 'history', socket: string, environment: NodeJS.ProcessEnv): string {
  // systemd.exec(5): several are separated by colons.
  const [state = ''] = (environment.STATE_DIRECTORY ?? '').split(':', 1);
  return join(state === '' ? dirname(socket) : state, `${what}-${basename(socket, '.sock')}.json${what === 'history' ? 'l' : ''}`);
}

/** What to type to ask the same daemon something else, such as `holdfast confirm --socket /run/b.sock`. */
export function commandLine(verb: string, socket: string): string {
  if (socket === DEFAULT_SOCKET) return `holdfast ${verb}`;
  const word = /^[\w/.,:@%+=-]+$/.test(socket) ? socket : `'${socket.replaceAll("'", "'\\''")}'`;
  return `holdfast ${verb} --socket ${word}`;
}
