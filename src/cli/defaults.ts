// Where things are unless told otherwise.
// Must not know who uses them.

export const DEFAULT_CONFIG = '/etc/holdfast/holdfast.toml';
export const DEFAULT_SOCKET = '/run/holdfast/control.sock';

/** Options of `run`, which the engine hands on to its agent as they are. */
export const RUN_OPTIONS = {
  config: { type: 'string', default: DEFAULT_CONFIG },
  socket: { type: 'string', default: DEFAULT_SOCKET },
  node: { type: 'string' },
} as const;
