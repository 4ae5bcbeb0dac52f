// One owner per name in a network namespace: an abstract UNIX socket, which vanishes with its process (unix(7)).
// Must not know what is claimed.
import type { Claims } from '../ports.ts';
import { AF_UNIX, SOCK_DGRAM, sockaddrUn } from './socket-options.ts';
import { errnoName, sysnet } from './sysnet.ts';

export const claims: Claims = {
  claim(name) {
    const fd = sysnet.socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd < 0) return { kind: 'system-error', op: 'socket', code: errnoName(fd), target: name };
    const bound = sysnet.bind(fd, sockaddrUn(`\0holdfast/${name}`));
    if (bound < 0) {
      sysnet.close(fd);
      return { kind: 'system-error', op: 'claim', code: errnoName(bound), target: name };
    }
    return { release: () => void sysnet.close(fd) };
  },
};
