// Room for what a socket is sent while nobody reads it.
// Must not know whose socket it is.
import { SO_RCVBUF, SOL_SOCKET } from './socket-options.ts';
import { sysnet } from './sysnet.ts';

/** As SO_RCVBUF, beyond what the system grants to everybody; needs CAP_NET_ADMIN. socket(7) */
const SO_RCVBUFFORCE = 33;

/** As many bytes as are wanted, or as many as this process may have. */
export function receiveBuffer(fd: number, bytes: number): void {
  if (sysnet.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) < 0) sysnet.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}
