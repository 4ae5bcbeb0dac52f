// What systemd wants to hear from the process it watches: one datagram each, sent from the loop it vouches for.
// Must not know why; does nothing where nobody listens. sd_notify(3)
import { AF_UNIX, SOCK_DGRAM, sockaddrUn } from './socket-options.ts';
import { sysnet } from './sysnet.ts';

export interface SdNotify {
  send(state: string): void;
  /** How often WATCHDOG=1 is due, in ms, half of what systemd allows; null: not asked for. */
  readonly watchdogEvery: number | null;
}

/** @param environment of this process: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID */
export function openSdNotify(environment: NodeJS.ProcessEnv, pid: number): SdNotify {
  const path = environment.NOTIFY_SOCKET ?? '';
  const usec = Number(environment.WATCHDOG_USEC ?? 0);
  const forUs = environment.WATCHDOG_PID === undefined || Number(environment.WATCHDOG_PID) === pid;
  if (path === '') return { send: () => {}, watchdogEvery: null };
  const address = sockaddrUn(path.startsWith('@') ? `\0${path.slice(1)}` : path);
  const fd = sysnet.socket(AF_UNIX, SOCK_DGRAM, 0);
  return {
    // Lost notifications are systemd's to notice: it has the watchdog for that.
    send: state => void sysnet.sendto(fd, Buffer.from(state), 0, address),
    watchdogEvery: usec > 0 && forUs ? Math.max(1, Math.floor(usec / 2000)) : null,
  };
}
