// Whole link-layer frames onto any interface: one packet socket for all of them, which receives nothing. packet(7)
// Must not know what is in the frames, nor whether anybody hears them.
import { AF_PACKET, PRIORITY_NETWORK_CONTROL, SO_PRIORITY, SOCK_RAW, SOL_SOCKET, sockaddrLl } from './socket-options.ts';
import { sysnet } from './sysnet.ts';

/** @param index of the interface. A frame that cannot leave (interface gone or down, queue full) is lost. */
export type SendFrame = (index: number, frame: Uint8Array) => void;

/** @returns -errno when the kernel gives no packet socket */
export function openFrames(): SendFrame | number {
  // Protocol 0: nothing that arrives is copied for us.
  const fd = sysnet.socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) return fd;
  sysnet.setsockopt(fd, SOL_SOCKET, SO_PRIORITY, PRIORITY_NETWORK_CONTROL);
  return (index, frame) => void sysnet.sendto(fd, frame, 0, sockaddrLl(index));
}
